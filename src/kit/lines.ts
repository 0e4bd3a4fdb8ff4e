/** Reads products, cart lines and orders out of shop events (Segment's ecommerce names), however untidy. Pure. */

/** One product in a cart, an order or a view. Texts are cut to what a letter can show. */
export type Line = {
  readonly id: string
  readonly quantity: number
  readonly name?: string
  readonly brand?: string
  readonly category?: string
  readonly variant?: string
  readonly price?: number
  readonly currency?: string
  readonly url?: string
  readonly image?: string
}

export type Order = {
  readonly id?: string
  readonly at: number
  readonly total?: number
  readonly currency?: string
  readonly lines: readonly Line[]
  readonly count: number
}

const linesMax = 1_000
const orderLinesShownMax = 12

/** The product an event is about; null when it names none. */
export function lineOf(properties: unknown): Line | null {
  if (typeof properties !== 'object' || properties === null) return null
  const p = properties as Record<string, unknown>
  const id = idOf(p['product_id']) ?? idOf(p['sku']) ?? idOf(p['id'])
  if (id === null) return null
  const line: { -readonly [K in keyof Line]: Line[K] } = { id, quantity: quantityOf(p['quantity']) }
  const name = textOf(p['name'], 200)
  if (name !== undefined) line.name = name
  const brand = textOf(p['brand'], 100)
  if (brand !== undefined) line.brand = brand
  const category = textOf(p['category'], 100)
  if (category !== undefined) line.category = category
  const variant = textOf(p['variant'], 100)
  if (variant !== undefined) line.variant = variant
  const price = amountOf(p['price'])
  if (price !== undefined) line.price = price
  const currency = textOf(p['currency'], 3)
  if (currency !== undefined) line.currency = currency
  const url = textOf(p['url'], 2_000)
  if (url !== undefined) line.url = url
  const image = textOf(p['image_url'], 2_000)
  if (image !== undefined) line.image = image
  return line
}

/** The lines an event carries in `products`, one per product; null when it carries none at all. */
export function linesOf(properties: Record<string, unknown>): Line[] | null {
  const products = properties['products']
  if (!Array.isArray(products)) return null
  const lines = new Map<string, Line>()
  for (const product of products) {
    const line = lineOf(product)
    if (line === null || lines.size >= linesMax) continue
    const before = lines.get(line.id)
    lines.set(line.id, before === undefined ? line : { ...line, quantity: before.quantity + line.quantity })
  }
  return [...lines.values()]
}

/** The order an event tells of; it shows its first lines and counts the rest. */
export function orderOf(properties: Record<string, unknown>, at: number): Order {
  const lines = linesOf(properties) ?? []
  const id = idOf(properties['order_id'])
  const total = amountOf(properties['total']) ?? amountOf(properties['revenue'])
  const currency = textOf(properties['currency'], 3)
  return {
    ...(id === null ? {} : { id }),
    at,
    ...(total === undefined ? {} : { total }),
    ...(currency === undefined ? {} : { currency }),
    lines: lines.slice(0, orderLinesShownMax),
    count: lines.length,
  }
}

/** The lines with one more in them; the newest words about a product win. */
export function addLine(lines: readonly Line[], line: Line): Line[] {
  const index = lines.findIndex(({ id }) => id === line.id)
  if (index === -1) return lines.length < linesMax ? [...lines, line] : [...lines]
  const before = lines[index]!
  return lines.with(index, { ...before, ...line, quantity: before.quantity + line.quantity })
}

export const removeLine = (lines: readonly Line[], id: string): Line[] => lines.filter((line) => line.id !== id)

/** Same products in the same numbers, in whatever order. */
export function sameLines(a: readonly Line[], b: readonly Line[]): boolean {
  if (a.length !== b.length) return false
  return a.every((line) => b.some((other) => other.id === line.id && other.quantity === line.quantity))
}

function idOf(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : value.slice(0, 255)
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : null
}

function quantityOf(value: unknown): number {
  const number = typeof value === 'string' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) && number > 0 ? number : 1
}

function amountOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined
}

function textOf(value: unknown, charsMax: number): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  return value.length > charsMax ? value.slice(0, charsMax) : value
}
