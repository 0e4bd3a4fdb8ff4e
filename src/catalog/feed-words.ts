/** What feeds call the fields of a product: Google Merchant's names, Shopify's export, or our own. */
import type { FeedProduct } from './feed.ts'

export type FeedRow = { fields: ReadonlyMap<string, string>; where: string }

/** What a feed leaves to the shop: its currency, where its products lie, and when a sale price counts. */
export type FeedWords = { currency: string; shopUrl: string; now: number }

export async function* toProducts(rows: AsyncIterable<FeedRow>, words: FeedWords): AsyncGenerator<FeedProduct> {
  const shopify = createShopify(words)
  for await (const { fields, where } of rows) {
    if (fields.has('handle')) yield* shopify(fields, where)
    else yield { product: ofMerchant(fields, words), where }
  }
}

type Fields = ReadonlyMap<string, string>

function ofMerchant(fields: Fields, { currency, now }: FeedWords): Record<string, unknown> {
  const first = (...names: string[]) => names.map((name) => fields.get(name)).find((text) => text !== undefined)
  const sale = isOnSale(fields, now) ? first('sale_price') : undefined
  const price = sale ?? first('price')
  return {
    id: first('id', 'product_id', 'sku'),
    name: first('title', 'name'),
    brand: first('brand'),
    category: first('product_type', 'category', 'google_product_category'),
    url: first('link', 'url'),
    image: first('image_link', 'image_url', 'image'),
    ...(price === undefined ? {} : moneyOf(price, first('currency') ?? currency)),
    stock: stockOf(first('availability'), first('quantity', 'stock', 'inventory', 'sell_on_google_quantity')),
  }
}

/** A sale price without dates counts always; dates that cannot be read count never. */
function isOnSale(fields: Fields, now: number): boolean {
  const dates = fields.get('sale_price_effective_date')
  if (dates === undefined) return true
  const [from, to] = dates.split('/').map((date) => Date.parse(date.trim().replace(/([+-]\d\d)(\d\d)$/, '$1:$2')))
  return from !== undefined && to !== undefined && now >= from && now < to
}

/** "In stock" says nothing of how many. */
function stockOf(availability: string | undefined, quantity: string | undefined): string | number | null {
  if (availability !== undefined && /^out[\s_-]of[\s_-]stock$|outofstock$/i.test(availability)) return 0
  return quantity ?? null
}

/** `24.50 EUR`, `EUR 24,50`, `€1,234.50`. What cannot be read is passed on, and refused by name. */
function moneyOf(text: string, fallback: string): { price: string; currency: string } {
  const currency = /(?:^|[\s\d])([A-Za-z]{3})(?=$|[\s\d])/.exec(text)?.[1] ?? fallback
  const digits = /\d[\d.,\s']*/.exec(text)?.[0].replaceAll(/[\s']/g, '') ?? text
  if (/-\s*\d/.test(text)) return { price: text, currency }
  const decimal = /[.,](?=\d{1,2}$)/.exec(digits)?.index
  const whole = (decimal === undefined ? digits : digits.slice(0, decimal)).replaceAll(/[.,]/g, '')
  return { price: decimal === undefined ? whole : `${whole}.${digits.slice(decimal + 1)}`, currency }
}

/** A product's variants stand in rows of one handle; the first has what they share. Further rows may only bring pictures. */
function createShopify({ currency, shopUrl }: FeedWords) {
  let handle = ''
  let shared: Fields = new Map()
  return function* (fields: Fields, where: string): Generator<FeedProduct> {
    if (fields.get('handle') !== handle) {
      handle = fields.get('handle')!
      shared = fields
    }
    const price = fields.get('variant_price')
    if (price === undefined || (shared.get('status') ?? 'active').toLowerCase() !== 'active' || shared.get('published')?.toLowerCase() === 'false') return
    const options = ['option1_value', 'option2_value', 'option3_value'].map((name) => fields.get(name)).filter((value) => value && value !== 'Default Title')
    const title = shared.get('title')
    const quantity = fields.get('variant_inventory_qty')
    yield {
      where,
      product: {
        id: fields.get('variant_sku')?.replace(/^'/, '') ?? handle,
        name: options.length === 0 || title === undefined ? title : `${title}, ${options.join(' / ')}`,
        brand: shared.get('vendor'),
        category: shared.get('type') ?? shared.get('product_category'),
        url: new URL(`/products/${encodeURIComponent(handle)}`, shopUrl).href,
        image: fields.get('variant_image') ?? shared.get('image_src'),
        ...moneyOf(price, currency),
        stock: fields.get('variant_inventory_policy') === 'continue' ? null : (quantity ?? null),
      },
    }
  }
}
