/** A letter's products as the catalogue knows them now: words, price and stock of sending, and what is recommended. */
import type { Line as Told } from '../kit/lines.ts'
import type { Product } from '../store/products.ts'
import type { Line } from './view.ts'

/** Where a letter learns about products. */
export type Shelves = {
  get(id: string): Product | undefined
  recommend?(customer: number, about: readonly string[], not: readonly string[], at: number): { products: Product[]; steps: string[] } | null
}

/**
 * A line of a cart, or a product looked at. What the shop told of it wins over what the customer's events said, and a price
 * only in their own currency; what was learnt from events fills gaps. `stock` is there when it is known.
 */
export function asOfNow(line: Told, product: Product | undefined, currency: string): Line {
  if (product === undefined) return line
  if (product.source === 'gone') return { ...line, stock: 0 }
  const words = wordsOf(product)
  if (product.source === 'learnt') return { ...words, ...priceOf(product, line.currency ?? currency, line.price), ...line }
  return { ...line, ...words, ...priceOf(product, line.currency ?? currency), ...(product.stock === null ? {} : { stock: product.stock }) }
}

/** A line of an order: what was paid stays, whatever the product costs now. */
export function asOrdered(line: Told, product: Product | undefined): Line {
  return product === undefined || product.source === 'gone' ? line : { ...wordsOf(product), ...line }
}

/** What can be bought first, in the order it was put in; then what is sold out. */
export const buyableFirst = (lines: readonly Line[]): Line[] => [...lines.filter(({ stock }) => stock !== 0), ...lines.filter(({ stock }) => stock === 0)]

/** A recommended product as a line. */
export const shown = (product: Product): Line => ({
  id: product.id,
  quantity: 1,
  ...wordsOf(product),
  ...(product.price === undefined ? {} : { price: product.price }),
  ...(product.currency === undefined ? {} : { currency: product.currency }),
})

/** The products that a customer's journeys remember as `lines`: the cart, whatever a shop calls it. `context`: of their snapshot. */
export function heldIn(context: unknown): string[] {
  return Object.values((context ?? {}) as Record<string, unknown>).flatMap((known) => {
    const lines = (known as { lines?: unknown } | null)?.lines
    return Array.isArray(lines) ? lines.map((line) => (line as Told | null)?.id).filter((id) => typeof id === 'string') : []
  })
}

function wordsOf({ name, brand, category, url, image }: Product): Partial<Line> {
  const words = { name, brand, category, url, image }
  return Object.fromEntries(Object.entries(words).filter(([, value]) => value !== undefined))
}

/** Nothing where the two speak of different money, or the event already named a price. */
function priceOf({ price, currency }: Product, theirs: string, told?: number): Partial<Line> {
  if (price === undefined || told !== undefined || (currency !== undefined && currency !== theirs.toUpperCase())) return {}
  return currency === undefined ? { price } : { price, currency }
}
