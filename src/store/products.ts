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
  const page = lazily<[string, number], Row>('SELECT * FROM product WHERE id > ? ORDER BY id LIMIT ?')
  // LIKE folds the case of ASCII letters only, and takes a tenth of the time of instr.
  const search = lazily<{ after: string; source: string; pattern: string; limit: number }[], Row>(
    `SELECT * FROM product WHERE id > :after AND (:source = '' OR source = :source)
     AND (:pattern = '%%' OR id LIKE :pattern ESCAPE '\\' OR name LIKE :pattern ESCAPE '\\' OR brand LIKE :pattern ESCAPE '\\' OR category LIKE :pattern ESCAPE '\\')
     ORDER BY id LIMIT :limit`,
  )
  const counts = lazily<[], { shop: number; learnt: number; gone: number; soldOut: number; updated: number | null }>(
    `SELECT count(*) FILTER (WHERE source = 'shop') AS shop, count(*) FILTER (WHERE source = 'learnt') AS learnt,
     count(*) FILTER (WHERE source = 'gone') AS gone, count(*) FILTER (WHERE stock = 0 AND source <> 'gone') AS soldOut,
     max(iif(source = 'shop', updated, NULL)) AS updated FROM product`,
  )
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
    /** Those whose ids come after `after`, at most `limit`. */
    page: (after: string, limit: number): Product[] => (isThere().get() === undefined ? [] : page().all(after, limit).map(toProduct)),
    /** Those with `text` in id, name, brand or category; `source` '' for all. In order of ids, those after `after`. */
    search({ text, source, after, limit }: { text: string; source: string; after: string; limit: number }): Product[] {
      if (isThere().get() === undefined) return []
      return search()
        .all({ after, source, limit, pattern: patternOf(text) })
        .map(toProduct)
    },
    /** How many of each kind, and when the shop last changed anything. */
    counts: () => (isThere().get() === undefined ? { shop: 0, learnt: 0, gone: 0, soldOut: 0, updated: null } : counts().get()!),
    *all(): Generator<Product> {
      if (isThere().get() === undefined) return
      for (const row of all().iterate()) yield toProduct(row)
    },
  }
}

/** For LIKE: anywhere in it, every character plain. */
const patternOf = (text: string): string => `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`

function toProduct(row: Row): Product {
  const known = Object.entries(row).filter(([key, value]) => value !== null || key === 'stock')
  return Object.fromEntries(known) as Product
}
