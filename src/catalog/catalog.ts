/**
 * What the shop sells, in memory: read at the start, and changed at once.
 * 1. What the shop told is never changed by events; what it took away is not learnt again.
 * 2. A server's events teach at once. What browsers say counts when its links are the shop's own and as many customers as
 *    `tellersMin` have said the very same: otherwise one visitor could write into everybody's letters.
 * 3. What the shop told is stored when `put` and `remove` return, in the caller's transaction; what was learnt is stored
 *    by `flush`, and learnt again from the log when a crash came first.
 */
import type { Trust } from '../core/event.ts'
import type { Line } from '../kit/lines.ts'
import type { Product, Products } from '../store/products.ts'
import type { Change, Told } from './read-product.ts'
import { readProduct } from './read-product.ts'

export type Catalog = ReturnType<typeof createCatalog>

/** How many products events may teach, and how many claims wait to be said again. */
const learntMax = 100_000
const claimsMax = 10_000
const claimsOfOneMax = 3
const tellersMin = 3
const flushedMax = 500

type Claim = { facts: string; tellers: number[] }

export function createCatalog({ products, shopUrl }: { products: Products; shopUrl: string }) {
  const known = new Map<string, Product>()
  const claims = new Map<string, Claim[]>()
  const unwritten = new Set<string>()
  const host = URL.parse(shopUrl)?.host
  let learnt = 0
  for (const product of products.all()) keep(product)

  function keep(product: Product) {
    if (known.get(product.id)?.source === 'learnt') learnt--
    if (product.source === 'learnt') learnt++
    known.set(product.id, product)
  }

  function write(product: Product) {
    products.set(product)
    unwritten.delete(product.id)
    keep(product)
  }

  /** What a browser may say of a product: plain words, and addresses of the shop alone; null without a link. */
  function claimOf({ id, name, brand, category, price, currency, url, image }: Line): Line | null {
    const own = (address: string | undefined) => address !== undefined && host !== undefined && URL.parse(address)?.host === host
    if (!own(url)) return null
    const plain = (text: string | undefined) => (text === undefined || text.length > 80 || /https?:|www\.|@|\.[a-z]{2,}\//i.test(text) ? undefined : text)
    const facts = { name: plain(name), brand: plain(brand), category: plain(category), price, currency, url, image: own(image) ? image : undefined }
    return { id, quantity: 1, ...Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) }
  }

  /** Whether enough different customers have said the same. */
  function isAgreed(claim: Line, customer: number): boolean {
    const facts = JSON.stringify(claim)
    const before = claims.get(claim.id) ?? []
    const same = before.find((one) => one.facts === facts) ?? { facts, tellers: [] }
    if (!same.tellers.includes(customer)) same.tellers.push(customer)
    claims.delete(claim.id)
    if (same.tellers.length >= tellersMin) return true
    if (claims.size >= claimsMax) claims.delete(claims.keys().next().value!)
    claims.set(claim.id, [...before.filter((one) => one !== same), same].slice(-claimsOfOneMax))
    return false
  }

  return {
    get: (id: string): Product | undefined => known.get(id),
    size: (): number => known.size,
    /** What the shop says, whole: a field it does not give is not known any more. Idempotent. */
    put(told: readonly Told[], now: number): void {
      for (const product of told) {
        const before = known.get(product.id)
        if (before?.source === 'shop' && sameFacts(before, product)) continue
        write({ ...product, source: 'shop', updated: now })
      }
    },
    /** Some fields of a product there is, which is the shop's own word from then on. False when there is none. Idempotent. */
    change({ id, set, clear }: Change, now: number): boolean {
      const before = known.get(id)
      if (before === undefined || before.source === 'gone') return false
      const kept = Object.entries(before).filter(([field]) => !(clear as string[]).includes(field))
      const after: Product = { ...(Object.fromEntries(kept) as Product), ...(clear.includes('stock') ? { stock: null } : {}), ...set }
      if (before.source !== 'shop' || !sameFacts(before, after)) write({ ...after, source: 'shop', updated: now })
      return true
    },
    /** What the demonstration shop sells: known as long as the server runs, so that no real shop finds it in its database. */
    lend: (told: readonly Told[]) => told.forEach((product) => known.has(product.id) || keep({ ...product, source: 'shop', updated: 0 })),
    /** False when there was no such product. */
    remove(id: string, now: number): boolean {
      const before = known.get(id)
      if (before === undefined || before.source === 'gone') return false
      write({ ...before, source: 'gone', stock: 0, updated: now })
      return true
    },
    /** What an event says of a product. */
    learn(line: Line, trust: Trust, customer: number, at: number): void {
      const before = known.get(line.id)
      if (before === undefined ? learnt >= learntMax : before.source !== 'learnt') return
      const claim = trust === 'server' ? line : claimOf(line)
      if (claim === null || (before !== undefined && saysNothingNew(before, claim))) return
      if (trust !== 'server' && !isAgreed(claim, customer)) return
      const { id, name, brand, category, price, currency, url, image } = claim
      const read = readProduct({ id, name, brand, category, price, ...(price === undefined ? {} : { currency }), url, image })
      if ('refused' in read) return
      const { stock: _, ...facts } = read
      keep({ stock: null, ...before, ...facts, source: 'learnt', updated: at })
      unwritten.add(line.id)
    },
    /** Stores some of what was learnt, in the caller's transaction; whether more is left. */
    flush(): boolean {
      let most = flushedMax
      for (const id of unwritten) {
        if (most-- === 0) break
        write(known.get(id)!)
      }
      return unwritten.size > 0
    },
    hasUnwritten: (): boolean => unwritten.size > 0,
  }
}

const facts = ['name', 'brand', 'category', 'price', 'currency', 'url', 'image'] as const

const sameFacts = (a: Told, b: Told): boolean => a.stock === b.stock && facts.every((field) => a[field] === b[field])

const saysNothingNew = (before: Product, line: Line): boolean => facts.every((field) => line[field] === undefined || line[field] === before[field])
