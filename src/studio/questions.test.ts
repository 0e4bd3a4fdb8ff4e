import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadMachine } from '../actors/load-machine.ts'
import { createArchive } from '../actors/machines.ts'
import { addressOf } from '../mail/address.ts'
import { createTelling } from '../actors/telling.ts'
import { retell, decideByRecord } from '../core/retell.ts'
import type { Chapter } from '../core/retell.ts'
import { toRecorded } from '../actors/identity.ts'
import { loadTemplates } from '../mail/templates.ts'
import { defaultShop, machinesDirectory, templatesDirectory } from '../main.ts'
import { openShop } from '../sim/shop.ts'
import type { Shop, ShopOptions } from '../sim/shop.ts'
import { openStore } from '../store/store.ts'
import type { CustomerList, CustomerPage, Next, Track, Turn, WhyAnswer } from './api.ts'
import { createQuestions } from './questions.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')
const min = 60_000
const h = 60 * min
const day = 24 * h
const templates = loadTemplates(templatesDirectory)
const fern = { product_id: 'fern', name: 'Boston fern', price: 24.5, currency: 'EUR' }
const mug = { product_id: 'mug', name: 'Mug', price: 9, currency: 'EUR' }

const temporary = () => mkdtempSync(join(tmpdir(), 'beckon-'))

/** A shop on disk, and the studio's questions on a connection of their own that cannot write. */
function studio(options: ShopOptions = {}) {
  const dir = options.dir ?? temporary()
  const shop = openShop({ ...options, dir })
  const store = openStore(join(dir, 'beckon.db'), { readonly: true })
  const questions = createQuestions({
    store,
    of: createArchive(store.meta, join(dir, 'reader')),
    version: shop.machines.version,
    config: { consentRequired: options.consentRequired ?? false, holdout: options.holdout ?? {} },
    letters: { templates, shop: defaultShop, publicUrl: 'http://127.0.0.1:4650', from: { address: 'hello@shop.test' } },
  })
  const about = (key: string, now = Infinity) => {
    const { id, head, life } = shop.find(key)!
    return { id, head, now: Math.max(life.at, now === Infinity ? 0 : now), lead: 0 }
  }
  return {
    dir,
    shop,
    store,
    questions,
    about,
    page: (key: string) => questions.customer(about(key)) as CustomerPage,
    track: (key: string) => questions.track(about(key)) as Track,
    turns: (key: string) => questions.turns({ ...about(key), from: 0, count: 500 }) as Turn[],
    next: (key: string, now?: number) => questions.next(about(key, now)) as Next,
    why: (key: string, template?: string) => questions.why({ ...about(key), ...(template === undefined ? {} : { template }) }) as WhyAnswer,
    list: (input: Partial<Parameters<typeof questions.customers>[0]>) => questions.customers({ now: 0, ...input }) as CustomerList,
  }
}

/** Ann: a look, a cart left for half an hour, another change, and the second letter too soon after the first. */
function ann(options: ShopOptions = {}) {
  const one = studio(options)
  const { shop } = one
  shop.track('ann', 'Product Viewed', noon - 5 * min, fern)
  shop.track('ann', 'Product Added', noon, mug)
  shop.pass(noon + 30 * min)
  shop.track('ann', 'Product Added', noon + 2 * h, { product_id: 'cup' })
  shop.pass(noon + 3 * h)
  return one
}

/** Every life that a log tells, row by row, as the engine tells it. */
function toldByTheEngine({ shop }: { shop: Shop }, key: string) {
  const { id, head } = shop.find(key)!
  const telling = createTelling(shop.machines.of, addressOf)
  const decide = decideByRecord(shop.store.decisions.of(id).map(toRecorded), () => null)
  let chapter: Chapter | null = null
  return shop.store.log.life(head).map((row) => (chapter = retell(chapter, row, { ...telling, decide })).life)
}

test('every turn of the timeline is the life as the engine had it: states, timers, cart', () => {
  const one = ann()
  const lives = toldByTheEngine(one, 'u:ann')
  const turns = one.turns('u:ann')
  const track = one.track('u:ann')
  expect(turns.length).toBe(lives.length)
  expect(track).toMatchObject({ count: lives.length, kinds: [0, 0, 1, 1, 0, 1, 1], letters: [0, 0, 0, 1, 0, 0, 2] })
  turns.forEach(({ at, standing }, index) => {
    const life = lives[index]!
    expect(standing.active).toEqual(life.snapshot.states.ids)
    expect(track.sets[track.states[index]!]).toEqual(life.snapshot.states.ids)
    expect(track.at[index]).toBe(at)
    expect(standing.timers.map(({ event, due }) => [event, due])).toEqual(life.timers.toSorted((a, b) => a[1] - b[1]))
    expect(standing.context).toEqual(life.snapshot.context)
  })
  expect(turns.at(-1)!.standing.cart.map(({ id }) => id)).toEqual(['mug', 'cup'])
  const { standing } = one.page('u:ann')
  expect(standing.active).toEqual(one.shop.find('u:ann')!.life.snapshot.states.ids)
})

test('a turn says what happened, what it was about, and what it did to timers', () => {
  const [look, add, , letter, again] = ann().turns('u:ann')
  expect(look).toMatchObject({ kind: 'event', name: 'Product Viewed', about: 'Boston fern · 24.50 EUR', unheard: null })
  expect(add).toMatchObject({ about: 'Mug · 9.00 EUR', moves: [{ region: 'cart', from: 'empty', to: 'active' }] })
  expect(add!.set.map(({ words, due }) => [words, due])).toEqual([
    ['quietFor', noon + 15 * min],
    ['abandonAfter', noon + 30 * min],
  ])
  expect(add!.cancelled).toMatchObject([{ words: 'quietFor', state: 'customer.presence.active', setAt: noon - 5 * min, due: noon + 10 * min }])
  expect(add!.taken).toContain('customer.cart site.product_added customer.cart.changed')
  expect(letter).toMatchObject({
    kind: 'timer',
    name: '30 min passed (abandonAfter)',
    body: null,
    cancelled: [],
    decisions: [{ decision: 'queued', letter: { state: 'queued' } }],
  })
  expect(letter!.taken).toContain('customer.cart.abandoned.reminding letter.* customer.cart.abandoned.reminded')
  expect(again!.cancelled.map(({ words }) => words)).toEqual(['followUpAfter'])
})

test('rows that no machine heard are turns too, with the reason', () => {
  const { shop, turns } = ann()
  shop.outcome('mail.opened', 1, noon + 3 * h, true)
  shop.send({ type: 'track', userId: 'ann', event: 'Product Viewed', properties: fern }, noon - 30 * day, { trust: 'verified', now: noon + 4 * h })
  shop.send({ type: 'group', userId: 'ann', groupId: 'g' }, noon + 5 * h)
  expect(
    turns('u:ann')
      .slice(7)
      .map(({ name, unheard, moves }) => [name, unheard, moves]),
  ).toEqual([
    ['Letter opened', 'not human', []],
    ['Product Viewed', 'too old', []],
    ['Group', 'nothing a journey listens to', []],
  ])
})

test('what lies ahead is what then happens, when nothing else does', () => {
  const one = ann()
  const { ahead } = one.next('u:ann')
  expect(ahead.map(({ name }) => name)).toEqual(['24 h passed (followUpAfter)', '30 d passed (lapseAfter)', '30 d passed (lapseAfter)'])
  const foreseen = ahead.flatMap(({ at, decisions }) => decisions.map(({ template, decision, subject }) => ({ at, template, decision, subject })))
  one.shop.pass(noon + 61 * day)
  const happened = one.shop.decisions().slice(2)
  expect(foreseen.map(({ at, template, decision }) => ({ at, template, decision }))).toEqual(
    happened.map(({ at, template, decision }) => ({ at, template, decision })),
  )
  expect(foreseen.length).toBe(2)
  // The subject is the same but for the code, which nobody gets to see before it is sent.
  const subjects = happened.map(({ id }) => one.store.letters.get(id)!.subject.replace(/code \S+/, 'code'))
  expect(foreseen.map(({ subject }) => subject!.replace(/code \S+/, 'code'))).toEqual(subjects)
  expect(foreseen[0]!.subject).not.toBe(one.store.letters.get(happened[0]!.id)!.subject)
  const moved = (turns: readonly Pick<Turn, 'at' | 'moves' | 'name'>[]) => turns.map(({ at, moves, name }) => ({ at, moves, name }))
  expect(moved(one.turns('u:ann').slice(7))).toEqual(moved(ahead))
})

test('a timer names what would call it off; an event says what it would do, and then does it', () => {
  const one = ann()
  const next = one.next('u:ann')
  expect(next.timers.map(({ words, cancelledBy }) => [words, cancelledBy])).toEqual([
    ['followUpAfter', ['Product Added', 'Product Removed', 'Cart Viewed', 'Cart Updated', 'Checkout Started', 'Order Completed']],
    ['lapseAfter', ['letter opened', 'letter clicked', 'Order Completed']],
  ])
  const { moves, taken, cancelled } = next.events.find(({ event }) => event === 'site.product_removed')!
  one.shop.track('ann', 'Product Removed', next.at, { product_id: 'cup' })
  expect(one.turns('u:ann').at(-1)).toMatchObject({ moves, taken, cancelled })
  expect(next.events.at(-1)).toMatchObject({ event: 'site.page', words: 'anything else they do' })
})

test('at night a letter waits, and the timer that wakes it is shown', () => {
  const machine = loadMachine(machinesDirectory)
  const one = studio({ machine: { ...machine, quietHours: { from: '11:00', to: '13:00', timeZone: 'UTC' } } })
  // The files on disk know of no night, so the questions are asked of the machine in hand.
  const questions = createQuestions({
    store: one.store,
    of: one.shop.machines.of,
    version: 1,
    config: { consentRequired: false, holdout: {} },
    letters: { templates, shop: defaultShop, publicUrl: 'http://x.test', from: { address: 'a@b.test' } },
  })
  one.shop.track('ann', 'Product Added', noon, mug)
  const { ahead } = questions.next(one.about('u:ann')) as Next
  const decided = ahead.flatMap(({ at, decisions }) => decisions.map(({ template, decision }) => [at, template, decision]))
  expect(decided.slice(0, 2)).toEqual([
    [noon + 30 * min, 'cart-abandoned', 'waits'],
    [noon + h, 'cart-abandoned', 'queued'],
  ])
  one.shop.pass(noon + 40 * min)
  const waiting = questions.next(one.about('u:ann')) as Next
  expect(waiting.timers).toMatchObject([{ event: 'letter.wait/cart-abandoned', state: null, words: 'quiet hours of cart-abandoned', due: noon + h }])
  expect(waiting.timers[0]!.cancelledBy).toContain('Order Completed')
  const why = questions.why({ ...one.about('u:ann'), template: 'cart-abandoned' }) as WhyAnswer
  expect(why).toMatchObject({ decisions: [], never: null })
})

test('why a letter went: its steps, the guards with what they saw, every question of the policy', () => {
  const [, sent] = ann().why('u:ann', 'cart-abandoned').decisions
  expect(sent).toMatchObject({ decision: 'queued', different: null })
  expect(sent!.steps.map(({ name, from, to }) => [name, from, to])).toEqual([
    ['Product Added', 'empty', 'active'],
    ['30 min passed (abandonAfter)', 'active', 'abandoned.reminded'],
  ])
  expect(sent!.steps[0]!.guards.find(({ guard }) => guard === 'has lines')).toMatchObject({
    held: true,
    taken: true,
    saw: { 'cart.lines': { count: 1, ids: ['mug'] } },
  })
  expect(sent!.steps[1]!.guards.find(({ guard }) => guard === 'presence is quiet')).toMatchObject({ held: true, saw: { presence: 'quiet' } })
  expect(sent!.policy.every(({ answer }) => answer === 'passed')).toBe(true)
  expect(sent!.policy.find(({ question }) => question.includes('enough'))).toMatchObject({ numbers: { queued: 0, allowed: 3 } })
})

test('why a letter did not: the question that objected with its numbers, those never asked, and what would have been different', () => {
  const [skipped] = ann().why('u:ann', 'cart-abandoned').decisions
  expect(skipped).toMatchObject({
    reason: 'window',
    different: 'None of the same letter in the 24 h before. One was queued 2 h before: it would have gone 22 h later, had nothing else happened.',
  })
  expect(skipped!.policy.map(({ answer }) => answer).filter((answer, index, all) => answer !== all[index - 1])).toEqual(['passed', 'objected', 'not asked'])
  expect(skipped!.policy.find(({ answer }) => answer === 'objected')).toMatchObject({ numbers: { queuedAt: noon + 30 * min, ageMs: 2 * h, windowMs: day } })
})

test('a full cap says when there would have been room; an order too recent, how much later', () => {
  const one = studio({ settings: { views: '1' } })
  const { shop } = one
  shop.track('ann', 'Order Completed', noon, { order_id: 'o1', total: 5, products: [mug] })
  shop.track('ann', 'Product Viewed', noon + 3 * h, fern)
  shop.pass(noon + 4 * h)
  expect(one.why('u:ann', 'browse-reminder').decisions[0]).toMatchObject({
    reason: 'recent-purchase',
    words: 'an order 3 h 15 min before; not within 24 h of one',
    different: 'No order in the 24 h before. There was one 3 h 15 min before: it would have gone 20 h 45 min later, had nothing else happened.',
  })
  shop.track('bob', 'Product Added', noon, mug)
  shop.send({ type: 'track', anonymousId: 'cat', event: 'Product Added', properties: { ...mug, email: 'cat@example.test' } }, noon + h, { trust: 'browser' })
  shop.pass(noon + 2 * h)
  shop.send({ type: 'track', anonymousId: 'cat', event: 'Order Completed', properties: { order_id: 'o2', products: [mug] } }, noon + 3 * h, {
    trust: 'browser',
  })
  shop.pass(noon + 5 * h)
  expect(one.why('a:cat', 'order-thanks').decisions[0]).toMatchObject({
    reason: 'cap',
    different: 'Fewer than 1 letter in the 24 h before; there was 1: it would have gone 21 h 30 min later, had nothing else happened.',
  })
})

test('why nothing came for one who never came near, who came half way, and an anonymous one', () => {
  const one = ann()
  const { shop } = one
  shop.send({ type: 'page', anonymousId: 'guest', properties: { path: '/' } }, noon, { trust: 'browser' })
  const far = one.why('a:guest', 'cart-discount')
  expect(far).toMatchObject({ decisions: [], templates: expect.arrayContaining(['win-back']) })
  expect(far.never).toMatchObject({
    state: 'empty',
    needs: ['Product Added', 'after 30 min', 'presence is quiet', 'cart-abandoned is decided', 'after 24 h', 'presence is quiet'],
    nearest: null,
  })
  shop.track('eve', 'Product Added', noon, mug)
  shop.track('eve', 'Order Completed', noon + 10 * min, { order_id: 'o1', products: [mug] })
  expect(one.why('u:eve', 'cart-abandoned').never).toMatchObject({
    state: 'empty',
    nearest: { at: noon, index: 0, state: 'active', needs: ['after 30 min', 'presence is quiet'], left: { index: 1, name: 'Order Completed', to: 'empty' } },
  })
  expect(one.why('u:ann', 'browse-reminder').never).toMatchObject({
    words: expect.stringContaining('The last Product Viewed did not do: "is often enough" said no'),
    nearest: { index: 0, state: 'watching', left: null },
  })
})

test('two lives that became one, and rows of an older machine, are told as the engine tells them', () => {
  const dir = temporary()
  const first = ann({ dir })
  first.shop.send({ type: 'track', anonymousId: 'device', event: 'Product Viewed', properties: mug }, noon + h, { trust: 'browser' })
  first.shop.send({ type: 'identify', userId: 'ann', anonymousId: 'device', traits: {} }, noon + 4 * h)
  expect(first.turns('u:ann').some(({ kind, name }) => kind === 'merge' && name === 'Two lives joined')).toBe(true)
  first.shop.finish()
  first.shop.close()
  first.store.close()
  const one = studio({ dir, settings: { abandonAfter: '45m' } })
  one.shop.track('ann', 'Product Added', noon + 5 * h, fern)
  const live = one.shop.find('u:ann')!.life
  expect(one.shop.machines.version).toBe(2)
  expect(one.page('u:ann')).toMatchObject({ ids: expect.arrayContaining(['u:ann', 'a:device']) })
  expect(one.page('u:ann').standing.active).toEqual(live.snapshot.states.ids)
  expect(one.page('u:ann').standing.timers.map(({ event, due }) => [event, due])).toEqual(live.timers.toSorted((a, b) => a[1] - b[1]))
  expect(one.turns('u:ann').flatMap(({ decisions }) => decisions.map(({ id }) => id))).toEqual([1, 2])
  expect(one.why('u:ann', 'cart-abandoned').decisions.map(({ steps }) => steps.length)).toEqual([2, 2])
  // Decided before the lives were joined: the record's own numbers are shown, also where the joined life says otherwise.
  expect(one.why('u:ann', 'cart-abandoned').decisions[1]!.policy.find(({ question }) => question.includes('enough'))).toMatchObject({
    answer: 'passed',
    numbers: { queued: 0, allowed: 3 },
  })
  expect(one.next('u:ann').ahead[1]).toMatchObject({ at: noon + 5 * h + 45 * min, name: '45 min passed (abandonAfter)' })
})

test('every letter can be looked at as it would be today, or it is said what it needs', async () => {
  const one = ann()
  const previewed = (key: string, template: string) => Promise.resolve(one.questions.preview({ ...one.about(key), template }))
  expect(one.next('u:ann').previews).toEqual(['cart-abandoned', 'cart-discount', 'browse-reminder', 'confirm-subscription', 'win-back'])
  expect(await previewed('u:ann', 'cart-abandoned')).toMatchObject({ html: expect.stringContaining('Mug') })
  expect(await previewed('u:ann', 'browse-reminder')).toMatchObject({ html: expect.stringContaining('Boston fern') })
  expect(await previewed('u:ann', 'order-thanks')).toMatchObject({ words: expect.stringContaining('needs order') })
  one.shop.track('ann', 'Order Completed', noon + 4 * h, { order_id: 'o7', total: 9, products: [mug] })
  one.shop.pass(noon + 6 * h)
  expect(await previewed('u:ann', 'order-thanks')).toMatchObject({ html: expect.stringContaining('o7') })
  one.shop.send({ type: 'page', anonymousId: 'guest', properties: { path: '/' } }, noon + 6 * h, { trust: 'browser' })
  // Of a guest nobody knows the address.
  expect(one.next('a:guest').previews).toEqual(['confirm-subscription', 'win-back'])
  // The cart is empty now: the letter is shown with what was last in it.
  expect(await previewed('u:ann', 'cart-abandoned')).toMatchObject({ html: expect.stringContaining('Mug') })
})

test('nothing that is asked writes anything', () => {
  const one = ann()
  const before = one.shop.store.db
    .prepare('SELECT (SELECT count(*) FROM log) + (SELECT count(*) FROM decision) + (SELECT count(*) FROM letter) + (SELECT count(*) FROM code) AS n')
    .get()
  const bytes = () => readFileSync(join(one.dir, 'beckon.db-wal')).length
  const wal = bytes()
  one.list({ query: 'ann' })
  one.turns('u:ann')
  one.next('u:ann')
  one.why('u:ann')
  one.questions.preview({ ...one.about('u:ann'), template: 'cart-discount' })
  expect(
    one.shop.store.db
      .prepare('SELECT (SELECT count(*) FROM log) + (SELECT count(*) FROM decision) + (SELECT count(*) FROM letter) + (SELECT count(*) FROM code) AS n')
      .get(),
  ).toEqual(before)
  expect(bytes()).toBe(wal)
  expect(() => one.store.meta.set('x', 1)).toThrow(/readonly/)
})

test('who is not there is refused, and so is a letter that nobody knows', () => {
  const one = ann()
  expect(one.questions.track({ id: 999, head: 999, now: 0, lead: 0 })).toEqual({ refused: 'customer.unknown' })
  expect(one.questions.why({ ...one.about('u:ann'), template: 'nothing' })).toEqual({ refused: 'studio.input_invalid', about: 'template' })
})

test('an event that was set aside is a turn that did nothing, and the life before and after it can be asked about', () => {
  const dir = temporary()
  const machines = join(dir, 'own')
  cpSync(machinesDirectory, machines, { recursive: true })
  const cart = join(machines, 'cart.ts')
  const source = readFileSync(cart, 'utf8')
  const broken = source.replace('takeOut: (cart, event) => ({', "takeOut: (cart, event) => event.properties['product_id'] === 'bomb' ? explode() : ({")
  expect(broken).not.toBe(source)
  writeFileSync(cart, `${broken}\nfunction explode(): never {\n  throw new Error('bang')\n}\n`)
  const one = studio({ dir, machine: loadMachine(machines) })
  one.shop.track('ann', 'Product Added', noon, mug)
  one.shop.track('ann', 'Product Removed', noon + min, { product_id: 'bomb' })
  one.shop.pass(noon + h)
  expect(one.turns('u:ann').map(({ name, unheard }) => [name, unheard])).toEqual([
    ['Product Added', null],
    ['Product Removed', 'quarantined'],
    ['15 min passed (quietFor)', null],
    ['30 min passed (abandonAfter)', null],
  ])
  expect(one.why('u:ann', 'cart-abandoned').decisions[0]!.steps.map(({ name }) => name)).toEqual(['Product Added', '30 min passed (abandonAfter)'])
  // What the machine would throw on is left out of what could be next.
  one.shop.track('ann', 'Product Viewed', noon + 2 * h, { product_id: 'bomb' })
  expect(one.next('u:ann').events.some(({ event }) => event === 'site.product_added')).toBe(true)
})

test('hostile values are short text, whatever their size and kind', () => {
  const one = studio()
  const long = 'x'.repeat(30_000)
  one.shop.track('mal', 'Product Added', noon, { product_id: long, name: '<img src=x onerror=alert(1)>', url: 'javascript:alert(1)', price: 'NaN' })
  one.shop.track('mal', 'Product Viewed', noon + min, { product_id: 'p', name: `\u202E${long}\n\n` })
  const [first, second] = one.turns('u:mal')
  expect(first!.about).toBe('<img src=x onerror=alert(1)>')
  expect(second!.about!.length).toBeLessThan(130)
  expect(second!.body!.length).toBe(4_000)
  expect(JSON.stringify(one.why('u:mal', 'browse-reminder')).length).toBeLessThan(8_000)
  expect(JSON.stringify(one.turns('u:mal')).length).toBeLessThan(20_000)
})

test('a customer is found by id, address, a part of either, and an address that was only typed; each once', () => {
  const one = studio()
  const { shop } = one
  shop.send({ type: 'identify', userId: 'ann', traits: { email: 'ann@example.test' } }, noon)
  shop.send({ type: 'identify', userId: 'joanna', traits: { email: 'jo@example.test' } }, noon + 1)
  shop.send({ type: 'identify', userId: 'a%b_c', traits: {} }, noon + 2)
  shop.send({ type: 'identify', anonymousId: 'd1', traits: { email: 'Typed@Example.test' } }, noon + 3, { trust: 'browser' })
  const names = (query: string, limit = 50) => one.list({ query, limit }).customers.map(({ name }) => name)
  expect(names('ann')).toEqual(['ann', 'joanna'])
  expect(names('ANN@EXAMPLE.test')).toEqual(['ann'])
  expect(names('%')).toEqual(['a%b_c'])
  expect(names('_')).toEqual(['a%b_c'])
  expect(names('a_b')).toEqual([])
  expect(names('\\')).toEqual([])
  expect(names('#2')).toEqual(['joanna'])
  // Not stored yet: its address is nowhere to be found but in memory.
  expect(names('typed@')).toEqual([])
  shop.finish()
  expect(names('typed@')).toEqual(['d1'])
  // Those known by their ids first; whoever only typed an address comes when more is asked for.
  expect(names('example.test')).toEqual(['ann', 'joanna'])
  const paged: string[] = []
  let after: string | null = null
  for (let page = 0; page < 20; page++) {
    const list: CustomerList = one.list({ query: 'example.test', limit: 1, after })
    paged.push(...list.customers.map(({ name }) => name))
    after = list.after
    if (after === null) break
  }
  expect(paged).toEqual(['ann', 'joanna', 'd1'])
  expect(one.list({}).customers.map(({ id }) => id)).toEqual([4, 3, 2, 1])
})

test('those who stand in a state are found, and so is somebody who came just now', () => {
  const one = ann()
  const { shop } = one
  for (let n = 0; n < 30; n++) shop.track(`c${n}`, n % 10 === 0 ? 'Product Added' : 'Product Viewed', noon + 3 * h, mug)
  expect(one.list({ query: 'c0' }).customers).toMatchObject([{ name: 'c0', states: { cart: 'active' } }])
  shop.finish()
  // What came since lives were last stored counts.
  shop.track('c0', 'Order Completed', noon + 3 * h + min, { order_id: 'o', products: [mug] })
  expect(one.list({ query: 'c0' }).customers).toMatchObject([{ states: { cart: 'empty' }, at: noon + 3 * h + min }])
  shop.finish()
  const standing = (state: string) => one.list({ state }).customers.map(({ name }) => name)
  expect(standing('customer.cart.active')).toEqual(['c20', 'c10'])
  expect(standing('customer.cart.abandoned')).toEqual(['ann'])
  expect(standing('engaged')).toEqual(['ann'])
  expect(one.list({ state: 'customer.cart.empty', limit: 2 })).toMatchObject({
    customers: [{ name: 'c29' }, { name: 'c28' }],
    after: expect.any(String),
    total: 31,
  })
})

test('among 20,000 customers a search takes milliseconds, hit or miss', () => {
  const one = ann()
  const { shop } = one
  shop.finish()
  const { life } = shop.store.customers.get(1)!
  shop.store.begin()
  for (let n = 2; n <= 20_000; n++) {
    shop.store.customers.point(`u:customer-${n}`, n)
    shop.store.customers.point(`e:person${n}@example.test`, n)
    shop.store.customers.put(n, 1, 1, null, life)
  }
  shop.store.commit()
  one.list({ query: 'warm' })
  for (const [query, found] of [
    ['customer-19999', 1],
    ['person777@example.test', 1],
    ['son777', 11],
    ['customer', 50],
    ['CUSTOMER', 50],
    ['nobody at all', 0],
  ] as const) {
    let ms = Infinity
    const ask = () => {
      const started = performance.now()
      const list = one.list({ query, limit: 50 })
      ms = Math.min(ms, performance.now() - started)
      return list
    }
    // The best of three: other work on the machine is not the search's.
    const { customers, total } = [ask(), ask(), ask()][0]!
    expect([query, customers.length, total]).toEqual([query, found, 20_000])
    expect(ms, query).toBeLessThan(250)
  }
})

test('a life of 10,000 events is tracked in well under a second, and paged in milliseconds', () => {
  const one = studio({ settings: { views: '400' } })
  const { shop } = one
  shop.store.begin()
  for (let n = 0; n < 10_000; n++) {
    const body = {
      type: 'track' as const,
      event: n % 50 === 0 ? 'Product Added' : 'Product Viewed',
      userId: 'ann',
      messageId: `x${n}`,
      properties: { ...mug, product_id: `p${n % 7}` },
    }
    shop.engine.take({ message: { ...body, at: noon + n * min, text: JSON.stringify(body) }, source: 1, trust: 'server', receivedAt: noon + n * min })
  }
  shop.store.commit()
  const timed = <T>(run: () => T): [T, number] => {
    const started = performance.now()
    const result = run()
    return [result, performance.now() - started]
  }
  const [track, trackMs] = timed(() => one.track('u:ann'))
  const [turns, turnsMs] = timed(() => one.questions.turns({ ...one.about('u:ann'), from: 9_000, count: 200 }) as Turn[])
  expect(track.count).toBeGreaterThanOrEqual(10_000)
  expect(turns.map(({ index }) => index)).toEqual(Array.from({ length: 200 }, (_, n) => 9_000 + n))
  expect(trackMs).toBeLessThan(3_000)
  expect(turnsMs).toBeLessThan(1_000)
}, 20_000)
