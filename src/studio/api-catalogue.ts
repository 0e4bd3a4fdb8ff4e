/** What the catalogue's page and its server say to each other: shapes only. */

export type ProductSource = 'shop' | 'learnt' | 'gone'

/** A product as it is known; what is not known is null. `updated`: ms, 0 for what the demonstration sells. */
export type ProductRow = {
  id: string
  name: string | null
  brand: string | null
  category: string | null
  price: number | null
  currency: string | null
  url: string | null
  image: string | null
  stock: number | null
  source: ProductSource
  updated: number
}

/** GET products?query&source&after&limit. `after`: what to ask for next, null at the end. */
export type ProductList = { products: ProductRow[]; after: string | null; counts: Record<ProductSource, number> & { soldOut: number; updated: number | null } }

/** GET products/one?id */
export type ProductPage = ProductRow & {
  /** Of the letters of the last 30 days. */
  advertised: { letters: number; looked: number; latest: { id: number; at: number; template: string; subject: string; as: ProductRole }[] }
}
/** What a letter shows a product as. */
export type ProductRole = 'line' | 'product' | 'order' | 'recommended'

/** GET products/with?id: what would be recommended with it to somebody of whom nothing is known. */
export type ProductsWith = { with: { product: ProductRow; step: string }[] }

/** What a letter recommended, as of sending. `step`: which step of the chain spoke for it. */
export type RecommendedLine = { id: string; name: string | null; step: string }
