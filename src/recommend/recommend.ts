/**
 * What to show a customer besides what they have: learnt from every view and order as it comes, kept in memory. Pure.
 * 1. The first step of the chain that knows anything speaks first, and the next ones fill up:
 *    `viewed` what others looked at who looked at what she viewed in the last 7 days; `cart` what sells together with the
 *    products the letter is about; `category` the best sellers of their categories; `shop` those of the shop.
 * 2. Nothing is shown that `fits` refuses, that the caller forbids, or that she bought in the last 30 days.
 * 3. Newer counts for more: every weight halves in `halfLifeMs`. It is kept by letting new ones grow instead, so that
 *    nothing ever has to be gone over again.
 * 4. Memory is bounded: products, neighbours of one, trails of customers, best sellers of a category.
 */
import { BestSellers } from './best-sellers.ts'
import { Neighbours } from './neighbours.ts'
import { Visitors, follow } from './visitors.ts'

export type Step = 'viewed' | 'cart' | 'category' | 'shop'
export type Pick = { id: string; step: Step }

export type RecommenderOptions = {
  /** Whether a product may be counted; others are not remembered. */
  knows: (id: string) => boolean
  /** Whether a product may be shown. */
  fits: (id: string) => boolean
  categoryOf: (id: string) => string | undefined
}

export type Wanted = {
  customer: number
  at: number
  /** What the letter is about: the cart, the order, the product. */
  about: readonly string[]
  /** Never shown. What it is about is left out anyway. */
  not: readonly string[]
  most: number
  /** As if she had just looked at these, and at nothing else. */
  looking?: readonly string[]
}

const dayMs = 86_400_000
const halfLifeMs = 30 * dayMs
const viewedWithinMs = 7 * dayMs
const boughtWithinMs = 30 * dayMs
/** Views belong together that are this near each other, in time and in number. */
const visitMs = 3_600_000
const visitViews = 5
/** How many of the lines after it a line of an order is paired with. */
const orderPairs = 8
const productsMax = 250_000
/** A pair seen once says little: as strong as this many pairs of now is half believed. */
const doubt = 1
/** A shop whose orders do not come here still has products that draw more looks than others. */
const viewsOfSale = 50
/** What was viewed one view earlier counts for this much of the later one. */
const fading = 0.8

export function createRecommender({ knows, fits, categoryOf }: RecommenderOptions) {
  const numbers = new Map<string, number>()
  const ids: string[] = []
  const views: number[] = []
  const sales: number[] = []
  const together = new Neighbours()
  const sold = new Neighbours()
  const best = new BestSellers()
  const visitors = new Visitors()
  let epoch: number | null = null

  /** How much one happening at `at` weighs, on a scale that all weights share. */
  function weightAt(at: number): number {
    epoch ??= at
    return 2 ** Math.max(-500, Math.min(500, (at - epoch) / halfLifeMs))
  }

  function numberOf(id: string): number | undefined {
    let number = numbers.get(id)
    if (number !== undefined || ids.length >= productsMax || !knows(id)) return number
    number = ids.push(id) - 1
    numbers.set(id, number)
    views.push(0)
    sales.push(0)
    return number
  }

  const numbersOf = (known: readonly string[]): number[] => known.map((id) => numbers.get(id)).filter((product) => product !== undefined)

  const demand = (product: number): number => sales[product]! + views[product]! / viewsOfSale

  function viewed(customer: number, id: string, at: number): void {
    const product = numberOf(id)
    if (product === undefined) return
    const { viewed: trail } = visitors.touch(customer)
    // The page was only loaded again.
    const isAgain = trail.products.at(-1) === product && at - trail.at.at(-1)! < visitMs
    const place = follow(trail, product, at)
    if (isAgain || place < 0) return
    const weight = weightAt(at)
    views[product]! += weight
    best.add(product, demand(product), categoryOf(id))
    for (let back = 1; back <= visitViews && place - back >= 0; back++) {
      if (at - trail.at[place - back]! > visitMs) break
      pair(together, product, trail.products[place - back]!, weight / back)
    }
  }

  /** The products of one order. */
  function bought(customer: number, products: readonly string[], at: number): void {
    const visitor = visitors.touch(customer)
    const { viewed: looked } = visitor
    const trail = (visitor.bought ??= { products: [], at: [] })
    const weight = weightAt(at)
    const lines = products.map(numberOf).filter((product) => product !== undefined)
    for (const [index, product] of lines.entries()) {
      sales[product]! += weight
      best.add(product, demand(product), categoryOf(ids[product]!))
      for (const other of lines.slice(index + 1, index + 1 + orderPairs)) pair(sold, product, other, weight)
      // What was looked at on the way to it: who looks at that may want this.
      for (const [back, other] of looked.products.slice(-visitViews).entries())
        if (other !== product && at - looked.at.slice(-visitViews)[back]! < dayMs) together.add(other, product, weight)
      follow(trail, product, at)
    }
  }

  /** At most `most` products, the most fitting first. */
  function rank({ customer, at, about, not, most, looking }: Wanted): Pick[] {
    const visitor = visitors.get(customer)
    const refused = new Set([...about, ...not])
    for (const [index, product] of (visitor?.bought?.products ?? []).entries())
      if (at - visitor!.bought!.at[index]! < boughtWithinMs) refused.add(ids[product]!)
    const picks: Pick[] = []
    const take = (step: Step, products: Iterable<number>) => {
      for (const product of products) {
        if (picks.length >= most) return
        const id = ids[product]!
        if (refused.has(id) || !fits(id)) continue
        refused.add(id)
        picks.push({ id, step })
      }
    }

    const now = weightAt(at)
    const viewed = (visitor?.viewed.products ?? []).filter((_, index) => at - visitor!.viewed.at[index]! <= viewedWithinMs).toReversed()
    const recent = looking === undefined ? viewed : numbersOf(looking)
    const subjects = numbersOf(about)
    take('viewed', inOrder(together, views, recent, now, fading))
    if (picks.length < most) take('cart', inOrder(sold, sales, subjects, now, 1))
    if (picks.length < most) {
      const categories = new Set([...about, ...recent.slice(0, visitViews).map((product) => ids[product]!)].map(categoryOf))
      for (const category of categories) if (category !== undefined) take('category', best.of(category))
    }
    if (picks.length < most) take('shop', best.of())
    return picks
  }

  return { viewed, bought, rank, join: (kept: number, gone: number) => visitors.join(kept, gone), size: () => ids.length }
}

function pair(neighbours: Neighbours, a: number, b: number, weight: number) {
  if (a === b) return
  neighbours.add(a, b, weight)
  neighbours.add(b, a, weight)
}

/** What goes with `seeds`, the strongest first; what everybody has counts for less. */
function inOrder(neighbours: Neighbours, totals: readonly number[], seeds: readonly number[], now: number, fade: number): number[] {
  const scores = new Map<number, number>()
  let share = 1
  for (const seed of seeds) {
    const own = Math.max(totals[seed]!, now)
    neighbours.each(seed, (other, weight) => {
      const likeness = (weight / Math.sqrt(own * Math.max(totals[other]!, now))) * (weight / (weight + doubt * now))
      scores.set(other, (scores.get(other) ?? 0) + share * likeness)
    })
    share *= fade
  }
  for (const seed of seeds) scores.delete(seed)
  return [...scores].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([product]) => product)
}
