/**
 * What the shop sells, a row a product. Writing is for the catalogue alone, which keeps all of it in memory.
 * Statements are made when first needed: `why` and `check` also open databases that lack this table.
 */
import type { Db } from './database.ts'

/** Who told of a product. `gone`: the shop took it away, so that it is not learnt again from late events. */
export type ProductSource = 'shop' | 'learnt' | 'gone'

export type Product = {
  readonly id: string
  readonly name?: string
  readonly brand?: string
  /** A path such as `home > lighting`, or a word. */
  readonly category?: string
  /** Of one piece, in `currency`. */
  readonly price?: number
  /** ISO 4217. */
  readonly currency?: string
  readonly url?: string
  readonly image?: string
  /** Pieces; null when not known. */
  readonly stock: number | null
  readonly source: ProductSource
  /** When it last changed, ms. */
  readonly updated: number
}

export type Products = ReturnType<typeof createProducts>

type Row = { [K in keyof Product]-?: Product[K] | null }

export function createProducts(db: Db) {
  const lazily = <P extends unknown[], R = unknown>(sql: string) => {
    const make = () => db.prepare<P, R>(sql)
    let made: ReturnType<typeof make> | undefined
    return () => (made ??= make())
  }
  const set = lazily<unknown[]>(
    'INSERT OR REPLACE INTO product (id, name, brand, category, price, currency, url, image, stock, source, updated) VALUES (?,?,?,?,?,?,?,?,?,?,?)',
  )
  const one = lazily<[string], Row>('SELECT * FROM product WHERE id = ?')
  const all = lazily<[], Row>('SELECT * FROM product')
  const isThere = lazily<[], unknown>("SELECT 1 FROM sqlite_schema WHERE name = 'product'")

  return {
    set(product: Product): void {
      const { id, name, brand, category, price, currency, url, image, stock, source, updated } = product
      const orNull = <T>(value: T | undefined): T | null => value ?? null
      set().run(id, orNull(name), orNull(brand), orNull(category), orNull(price), orNull(currency), orNull(url), orNull(image), stock, source, updated)
    },
    /** Undefined too where the database is older than products are. */
    get(id: string): Product | undefined {
      if (isThere().get() === undefined) return undefined
      const row = one().get(id)
      return row === undefined ? undefined : toProduct(row)
    },
    *all(): Generator<Product> {
      if (isThere().get() === undefined) return
      for (const row of all().iterate()) yield toProduct(row)
    },
  }
}

function toProduct(row: Row): Product {
  const known = Object.entries(row).filter(([key, value]) => value !== null || key === 'stock')
  return Object.fromEntries(known) as Product
}
