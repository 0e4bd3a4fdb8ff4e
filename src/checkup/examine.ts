/**
 * The checkup: every stored life, id, letter of late and product looked over, in slices between which others get their turn.
 * Read-only, from a connection of its own while the server works.
 * 1. Whatever is found because two tables disagree is looked at again at the end: a life may only not have been stored yet.
 * 2. Memory is bounded whatever there is: hashes of addresses, examples, a window of the log and of the letters.
 * 3. It reads no clock: `now` says what is recent and which lives the sample takes, so that a day has one answer.
 */
import type { Machine } from '../actors/load-machine.ts'
import { differs } from '../lab/check.ts'
import type { LetterData } from '../mail/view.ts'
import type { Product } from '../store/products.ts'
import type { Store } from '../store/store.ts'
import { hashAddress } from '../store/suppressions.ts'
import { createGoods } from './goods.ts'
import { createProfiles } from './profiles.ts'
import { Tally } from './report.ts'
import type { Looked, Report } from './report.ts'
import { createTrail } from './trail.ts'

export type Examination = {
  store: Store
  of: (version: number) => Machine
  shop: { url: string; currency: string }
  /** Products known besides those in the database: what the demonstration sells. */
  lent?: (id: string) => Product | undefined
  /** ms */
  now: number
}

const dayMs = 86_400_000
const recentMs = 30 * dayMs
const livesAtOnce = 250
const idsAtOnce = 2_000
const rowsAtOnce = 1_000
const lettersAtOnce = 200
const productsAtOnce = 1_000
/** How much of the log, and how many letters, are looked back on at most. */
const rowsMax = 300_000
const lettersMax = 100_000
/** So many stored lives are told again from their log. */
const sampleSize = 200
const strayMax = 10_000
const refusedDays = 7

export function* examine(given: Examination): Generator<void, Report> {
  const { store, shop, now, lent } = given
  const tally = new Tally()
  const looked: Looked = { customers: 0, compared: 0, letters: 0, rows: 0, products: 0 }
  const secret = String(store.meta.get('secret') ?? '')
  const goods = createGoods({ tally, shop, get: (id) => store.products.get(id) ?? lent?.(id) })
  const profiles = createProfiles({
    now,
    tally,
    isSuppressed: (email) => store.suppressions.has(hashAddress(secret, email)) !== undefined,
    onCart: goods.inCart,
  })

  const sample = yield* overLives(given, profiles, looked)
  profiles.finish()
  yield* overStrays(given, tally)
  for (const id of sample) {
    const fault = faultOf(given, id)
    if (fault !== null) tally.add('lives_differ', { customers: [id], words: fault.split('\n')[0]! })
    looked.compared++
    yield
  }
  yield* overLetters(given, goods, looked)
  const trail = createTrail({ tally, onProduct: goods.inEvent })
  yield* overLog(given, trail, looked)
  trail.finish()
  yield* overProducts(given, goods, looked)
  goods.finish()
  for (const { id, customer, code } of store.quarantine.latest(20)) tally.add('events_aside', { customers: [customer], aside: id, words: code }, 0)
  tally.add('events_aside', null, store.quarantine.count())
  refusals(given, tally)
  return { looked, found: tally.found().filter(({ count }) => count > 0) }
}

/** Returns whom the sample takes: spread evenly, others each day. */
function* overLives({ store, now }: Examination, profiles: ReturnType<typeof createProfiles>, looked: Looked): Generator<void, number[]> {
  const every = Math.max(1, Math.ceil(store.customers.count() / sampleSize))
  const offset = Math.floor(now / dayMs) % every
  const sample: number[] = []
  for (let after = 0; ;) {
    const lives = store.customers.slice(after, livesAtOnce)
    if (lives.length === 0) return sample
    const last = lives.at(-1)!.id
    profiles.slice(lives, store.customers.keysBetween(after, last))
    for (const { id } of lives) if (looked.customers++ % every === offset) sample.push(id)
    after = last
    yield
  }
}

/** Ids, decisions and letters without a life. */
function* overStrays({ store }: Examination, tally: Tally): Generator<void> {
  const found: ReturnType<Store['customers']['strays']> = []
  const last = store.customers.lastId()
  for (let after = 0; after < last && found.length < strayMax; after += idsAtOnce) {
    found.push(...store.customers.strays(after, after + idsAtOnce))
    yield
  }
  if (found.length === 0) return
  // First the log's tail, then the lives: one that left the tail meanwhile is stored by then.
  const behind = new Set(store.log.customersAfter(Number(store.meta.get('watermark') ?? 0)))
  for (const { what, customer, n } of found) {
    if (behind.has(customer) || store.customers.get(customer) !== undefined) continue
    if (what === 'identity') {
      const keys = store.customers.keysOf(customer).length
      if (keys > 0) tally.add('ids_astray', { customers: [customer] }, keys)
    } else tally.add('records_astray', { customers: [customer], words: `${n} ${what}${n === 1 ? '' : 's'}` }, n)
  }
}

/** What is read may be written to between two looks: only what stays wrong is wrong. */
function faultOf({ store, of }: Examination, id: number): string | null {
  let fault: string | null = null
  for (let tries = 0; tries < 3; tries++) {
    if (store.customers.get(id) === undefined) return null
    try {
      fault = differs(store, of, id)
    } catch {
      fault = 'it cannot be read, or not be told again from its log'
    }
    if (fault === null) return null
  }
  return fault
}

function* overLetters({ store, now }: Examination, goods: ReturnType<typeof createGoods>, looked: Looked): Generator<void> {
  for (let before = Number.MAX_SAFE_INTEGER; looked.letters < lettersMax;) {
    const contents = store.letters.contents(before, lettersAtOnce)
    for (const { id, at, data } of contents) {
      if (at < now - recentMs) return
      goods.inLetter(id, JSON.parse(data) as LetterData)
      looked.letters++
    }
    if (contents.length < lettersAtOnce) return
    before = contents.at(-1)!.id
    yield
  }
}

function* overLog({ store }: Examination, trail: ReturnType<typeof createTrail>, looked: Looked): Generator<void> {
  const last = store.log.newestSeq()
  for (let seq = Math.max(0, last - rowsMax); seq < last;) {
    const rows = store.log.after(seq, rowsAtOnce)
    if (rows.length === 0) return
    rows.forEach(trail.row)
    looked.rows += rows.length
    seq = rows.at(-1)!.seq
    yield
  }
}

function* overProducts({ store }: Examination, goods: ReturnType<typeof createGoods>, looked: Looked): Generator<void> {
  for (let after = ''; ;) {
    const products = store.products.page(after, productsAtOnce)
    if (products.length === 0) return
    for (const product of products) goods.known(product, looked.rows > 0)
    looked.products += products.length
    after = products.at(-1)!.id
    yield
  }
}

function refusals({ store, now }: Examination, tally: Tally) {
  const since = Math.floor(now / dayMs) - refusedDays + 1
  const counts = new Map<string, number>()
  for (const { name, count } of store.checkups.refusals(since)) counts.set(name, (counts.get(name) ?? 0) + count)
  for (const [code, count] of [...counts].sort((a, b) => b[1] - a[1])) tally.add('refused', { words: `${code} ${count}` }, count)
}
