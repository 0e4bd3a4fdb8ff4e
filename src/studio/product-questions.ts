/** Questions about products, answered from what is stored: the list as one searches, and one of them with the letters that showed it. */
import type { LetterData } from '../mail/view.ts'
import type { Product } from '../store/products.ts'
import type { ProductList, ProductPage, ProductRole, ProductRow, ProductSource } from './api-catalogue.ts'
import type { QuestionsContext } from './questions.ts'

type Unknown = { refused: 'product.unknown'; about: string }

const recentMs = 30 * 86_400_000
const lettersAtOnce = 200
const lettersMax = 20_000
const latestMax = 12

export function createProductQuestions({ store, lent = [], letters: { shelves } }: Pick<QuestionsContext, 'store' | 'lent' | 'letters'>) {
  const { products, letters } = store

  return {
    /** In order of ids, those after `after`; `query` in id, name, brand or category, whatever the case. */
    products({ query = '', source, after = '', limit }: { query?: string; source?: string; after?: string; limit: number }): ProductList {
      const text = query.trim().toLowerCase()
      const fits = ({ id, name, brand, category }: Product) => [id, name, brand, category].some((words) => words?.toLowerCase().includes(text) === true)
      const own = products.search({ text: query.trim(), source: source ?? '', after, limit })
      const counts = products.counts()
      const isLent = counts.shop + counts.learnt + counts.gone === 0 || lent.length > 0
      // What is lent is little, and stands after all others.
      const rest =
        own.length < limit && isLent && (source === undefined || source === 'shop') ? lent.filter((one) => fits(one) && products.get(one.id) === undefined) : []
      return {
        products: [...own, ...rest].map(rowOf),
        after: own.length < limit ? null : own.at(-1)!.id,
        counts: { ...counts, shop: counts.shop + lent.filter(({ id }) => products.get(id) === undefined).length },
      }
    },

    async product({ id, now }: { id: string; now: number }): Promise<ProductPage | Unknown> {
      const product = shelves?.get(id) ?? products.get(id)
      if (product === undefined) return { refused: 'product.unknown', about: id.slice(0, 128) }
      const latest: ProductPage['advertised']['latest'] = []
      let [shown, looked] = [0, 0]
      const mark = JSON.stringify(id)
      let before = Number.MAX_SAFE_INTEGER
      walk: while (looked < lettersMax) {
        const contents = letters.contents(before, lettersAtOnce)
        for (const { id: letter, at, data } of contents) {
          if (at < now - recentMs) break walk
          looked++
          // Most letters are about something else: reading them all would take ten times as long.
          const as = data.includes(mark) ? roleIn(JSON.parse(data) as LetterData, id) : null
          if (as === null) continue
          shown++
          const head = latest.length < latestMax ? letters.get(letter) : undefined
          if (head !== undefined) latest.push({ id: letter, at, template: head.template, subject: head.subject, as })
        }
        if (contents.length < lettersAtOnce) break
        before = contents.at(-1)!.id
      }
      return { ...rowOf(product), advertised: { letters: shown, looked, latest } }
    },
  }
}

function roleIn({ lines = [], product, order, recommended = [] }: LetterData, id: string): ProductRole | null {
  const isIt = (line: { id: string }) => line.id === id
  if (product !== undefined && isIt(product)) return 'product'
  if (lines.some(isIt)) return 'line'
  if (order?.lines.some(isIt) === true) return 'order'
  return recommended.some(isIt) ? 'recommended' : null
}

/** With null for what is not known. */
export function rowOf({ id, name, brand, category, price, currency, url, image, stock, source, updated }: Product): ProductRow {
  const orNull = <T>(value: T | undefined): T | null => value ?? null
  return {
    id,
    name: orNull(name),
    brand: orNull(brand),
    category: orNull(category),
    price: orNull(price),
    currency: orNull(currency),
    url: orNull(url),
    image: orNull(image),
    stock,
    source: source satisfies ProductSource,
    updated,
  }
}
