/**
 * How often what we recommend is what a real customer turned to next, beside what simply sells or is viewed most. Events go
 * in by time; those of the last part are guessed before they are learnt.
 */
import { toMachineEvent } from '../core/event.ts'
import type { Message } from '../core/event.ts'
import { lineOf, linesOf } from '../kit/lines.ts'
import { createRecommender } from '../recommend/recommend.ts'

/** `guesses`: how many there were; `hits`: the share that was among the first ten; `mrr`: the mean of 1 / its place there. */
export type Guessed = { guesses: number; hits: number; mrr: number; popularHits: number; popularMrr: number }

const shown = 10
/** Of the time that the data spans. */
const learntShare = 0.7

type Next = { customer: number; at: number; about: string[]; not: Set<string>; target: string }

/** Every product may be shown: the data has no catalogue. */
export function guessNext(messages: readonly Message[]): { viewed: Guessed; bought: Guessed } {
  const categories = new Map<string, string>()
  const recommender = createRecommender({ knows: () => true, fits: () => true, categoryOf: (id) => categories.get(id) })
  const views = new Popular()
  const sales = new Popular()
  const tallies = { viewed: new Tally(), bought: new Tally() }
  const customers = new Map<string, { id: number; seen: Set<string>; had: Set<string> }>()
  const sorted = messages.toSorted((a, b) => a.at - b.at)
  const [first, last] = [sorted[0]!.at, sorted.at(-1)!.at]
  const split = first + (last - first) * learntShare

  const guess = (tally: Tally, popular: Popular, { customer, at, about, not, target }: Next) => {
    const ours = recommender.rank({ customer, at, about, not: [...not], most: shown }).map(({ id }) => id)
    const forbidden = new Set([...not, ...about])
    tally.add(ours.indexOf(target), popular.first(shown, forbidden).indexOf(target))
  }

  for (const message of sorted) {
    const event = toMachineEvent(message, message.at)
    if (event === null) continue
    let known = customers.get(message.userId!)
    if (known === undefined) customers.set(message.userId!, (known = { id: customers.size + 1, seen: new Set(), had: new Set() }))
    const { id: customer, seen, had } = known
    const { at, type } = event
    const isTest = at > split
    if (type === 'site.product_viewed') {
      const { id, category } = lineOf(event['properties'])!
      if (category !== undefined) categories.set(id, category)
      // The first view is nobody's next, and what she knows already is no guess.
      if (isTest && seen.size > 0 && !seen.has(id)) guess(tallies.viewed, views, { customer, at, about: [], not: seen, target: id })
      seen.add(id)
      views.add(id)
      recommender.viewed(customer, id, at)
    } else if (type === 'site.order_completed') {
      const lines = linesOf(event['properties'] as Record<string, unknown>) ?? []
      for (const { id, category } of lines) if (category !== undefined) categories.set(id, category)
      const ids = lines.map(({ id }) => id)
      const half = Math.ceil(ids.length / 2)
      const target = ids.length > 1 ? ids[half]! : ids[0]
      const isNew = target !== undefined && !had.has(target)
      if (isTest && isNew && ids.length > 1) guess(tallies.bought, sales, { customer, at, about: ids.slice(0, half), not: had, target })
      // She has nearly always viewed what she buys: only what she had not seen shows what a letter could have added.
      else if (isTest && isNew && seen.size > 0 && !seen.has(target)) guess(tallies.bought, sales, { customer, at, about: [], not: seen, target })
      for (const id of ids) {
        sales.add(id)
        had.add(id)
      }
      recommender.bought(customer, ids, at)
    }
  }
  return { viewed: tallies.viewed.result(), bought: tallies.bought.result() }
}

/** What simply is counted most, so far. */
class Popular {
  readonly #counts = new Map<string, number>()

  add(id: string): void {
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1)
  }

  first(most: number, not: ReadonlySet<string>): string[] {
    const best: [id: string, count: number][] = []
    for (const [id, count] of this.#counts) {
      if ((best.length === most && count <= best.at(-1)![1]) || not.has(id)) continue
      const place = best.findIndex(([, other]) => other < count)
      best.splice(place < 0 ? best.length : place, 0, [id, count])
      if (best.length > most) best.pop()
    }
    return best.map(([id]) => id)
  }
}

class Tally {
  #guesses = 0
  readonly #sums = { hits: 0, mrr: 0, popularHits: 0, popularMrr: 0 }

  /** Places from 0; -1: not among those shown. */
  add(ours: number, popular: number): void {
    this.#guesses++
    if (ours >= 0) {
      this.#sums.hits++
      this.#sums.mrr += 1 / (ours + 1)
    }
    if (popular >= 0) {
      this.#sums.popularHits++
      this.#sums.popularMrr += 1 / (popular + 1)
    }
  }

  result(): Guessed {
    const of = (sum: number) => sum / this.#guesses
    const { hits, mrr, popularHits, popularMrr } = this.#sums
    return { guesses: this.#guesses, hits: of(hits), mrr: of(mrr), popularHits: of(popularHits), popularMrr: of(popularMrr) }
  }
}
