/** Reads a product as a shop tells of it, by API or feed: all of it, or one reason why not. Pure. */
import type { Refusal } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import type { Product } from '../store/products.ts'

/** What the shop says of a product; who said it and when is added by the catalogue. */
export type Told = Omit<Product, 'source' | 'updated'>

const textCharsMax = { name: 200, brand: 100, category: 200 } as const
const urlCharsMax = 2_000
const priceMax = 1e9
const stockMax = 1e9

const currencies = new Set(Intl.supportedValuesOf('currency'))

/**
 * The product in `value`, or a refusal whose `about` names the product and the field.
 * Null counts as not given; a field it does not know is left out.
 *
 *     readProduct({ id: 'fern', name: 'Boston fern', price: 24.5, currency: 'EUR', stock: 3 })
 *     readProduct({ id: 'fern', price: -1 })  // { refused: 'product.invalid', about: 'fern: price' }
 */
export function readProduct(value: unknown): Told | Refusal {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { refused: 'product.invalid', about: 'not an object' }
  const given = value as Record<string, unknown>
  const id = idOf(given['id'] ?? given['product_id'] ?? given['sku'])
  if (id === null) return { refused: 'product.id_invalid' }
  const product: { -readonly [K in keyof Told]: Told[K] } = { id, stock: null }
  const wrong = fill(product, given)
  return wrong === null ? product : { refused: 'product.invalid', about: `${id.slice(0, 80)}: ${wrong}` }
}

export type Field = 'name' | 'brand' | 'category' | 'price' | 'currency' | 'url' | 'image' | 'stock'
/** What changes of a product, and which fields are not known any more. */
export type Change = { id: string; set: Partial<Told>; clear: Field[] }

const fields: readonly (readonly [field: Field, ...names: string[]])[] = [
  ...(['name', 'brand', 'category', 'price', 'currency', 'stock'] as const).map((field) => [field, field] as const),
  ['url', 'url', 'link'],
  ['image', 'image', 'image_url'],
]

/**
 * The fields that `value` names, or a refusal as from `readProduct`. Null, or an empty text, clears a field; one that is not
 * named stays as it is.
 *
 *     readChange({ id: 'fern', stock: 2, image: null })  // { id: 'fern', set: { stock: 2 }, clear: ['image'] }
 */
export function readChange(value: unknown): Change | Refusal {
  const read = readProduct(value)
  if ('refused' in read) return read
  const given = value as Record<string, unknown>
  const { id, ...told } = read
  const isNamed = ([, ...names]: (typeof fields)[number]) => names.some((name) => given[name] !== undefined)
  const isKnown = ([field]: (typeof fields)[number]) => (told[field] ?? null) !== null
  const named = fields.filter(isNamed)
  const set = Object.fromEntries(named.filter(isKnown).map(([field]) => [field, told[field]]))
  return { id, set, clear: named.filter((field) => !isKnown(field)).map(([field]) => field) }
}

/** Fills `product` in and names the first field that is wrong. */
function fill(product: { -readonly [K in keyof Told]: Told[K] }, given: Record<string, unknown>): string | null {
  for (const field of ['name', 'brand', 'category'] as const) {
    const text = given[field] ?? undefined
    if (text === undefined) continue
    if (typeof text !== 'string' || !text.isWellFormed()) return field
    const plain = text
      .slice(0, textCharsMax[field] * 4)
      .replaceAll(/[\s\p{Cc}]+/gu, ' ')
      .trim()
      .slice(0, textCharsMax[field])
      .toWellFormed()
    if (plain !== '') product[field] = plain
  }
  const price = numberOf(given['price'] ?? undefined)
  if (price !== undefined) {
    if (!(price >= 0 && price <= priceMax)) return 'price'
    product.price = price
  }
  const currency = given['currency'] ?? undefined
  if (currency !== undefined) {
    if (typeof currency !== 'string' || !currencies.has(currency.toUpperCase())) return 'currency'
    product.currency = currency.toUpperCase()
  }
  for (const [field, other] of [
    ['url', 'link'],
    ['image', 'image_url'],
  ] as const) {
    const address = given[field] ?? given[other] ?? undefined
    if (address === undefined || address === '') continue
    if (!isWebAddress(address)) return field
    product[field] = address
  }
  const stock = numberOf(given['stock'] ?? undefined)
  if (stock !== undefined) {
    if (!(stock <= stockMax)) return 'stock'
    // Oversold is as good as sold out.
    product.stock = Math.max(0, Math.floor(stock))
  }
  return null
}

function idOf(value: unknown): string | null {
  const id = typeof value === 'number' && Number.isFinite(value) ? String(value) : value
  return typeof id === 'string' && id !== '' && id.length <= limits.idCharsMax && id.isWellFormed() && !/\p{Cc}/u.test(id) ? id : null
}

/** NaN for what is no number. */
function numberOf(value: unknown): number | undefined {
  if (value === undefined || value === '') return undefined
  if (typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value.trim())) return Number(value)
  return typeof value === 'number' ? value : NaN
}

function isWebAddress(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > urlCharsMax || !/^https?:\/\//i.test(value)) return false
  const url = URL.parse(value)
  return url !== null && url.hostname !== '' && url.username === '' && url.password === ''
}
