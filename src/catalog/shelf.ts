/**
 * The catalogue and what is recommended from it, fed by what customers do: told of every event after its turn, and of the
 * log's last rows when it starts. Neither holds up a turn or a start.
 */
import type { MachineEvent, Trust } from '../core/event.ts'
import { toMachineEvent } from '../core/event.ts'
import { readMessage } from '../core/parse.ts'
import { inert, kinds } from '../core/retell.ts'
import type { MergeBody } from '../core/retell.ts'
import { lineOf, linesOf } from '../kit/lines.ts'
import { createRecommender } from '../recommend/recommend.ts'
import type { Pick, Step } from '../recommend/recommend.ts'
import type { Log, Row } from '../store/log.ts'
import type { Product } from '../store/products.ts'
import type { Catalog } from './catalog.ts'

export type Recommended = { products: Product[]; steps: Step[] }
export type Shelf = ReturnType<typeof createShelf>

/** How much of the log a start tells in one go. */
const rowsAtOnce = 100
const linesMax = 50
const recommendedMax = 4
/** Customers count from 1. */
const nobody = 0

const ofOne = new Set(['site.product_viewed', 'site.product_added', 'site.product_clicked'])
const ofMany = new Set(['site.order_completed', 'site.cart_viewed', 'site.cart_updated', 'site.checkout_started', 'site.product_list_viewed'])
const trusts: readonly Trust[] = ['browser', 'verified', 'server']

export function createShelf(catalog: Catalog) {
  const recommender = createRecommender({
    knows: (id) => catalog.get(id) !== undefined,
    fits: (id) => isOnSale(catalog.get(id)),
    categoryOf: (id) => catalog.get(id)?.category,
  })

  /** An event that a customer's machine has taken. */
  function heard(customer: number, event: MachineEvent, trust: Trust): void {
    const { type, at } = event
    if (ofOne.has(type)) {
      const line = lineOf(event['properties'])
      if (line === null) return
      catalog.learn(line, trust, customer, at)
      if (type === 'site.product_viewed') recommender.viewed(customer, line.id, at)
    } else if (ofMany.has(type)) {
      const lines = linesOf(event['properties'] as Record<string, unknown>)?.slice(0, linesMax) ?? []
      for (const line of lines) catalog.learn(line, trust, customer, at)
      if (type !== 'site.order_completed') return
      const ids = lines.map(({ id }) => id)
      recommender.bought(customer, ids, at)
    }
  }

  function tell({ body, at, kind, inert: why, customer }: Row) {
    if (kind === kinds.merge) recommender.join(customer, (JSON.parse(body) as MergeBody).otherId)
    if (kind > kinds.server || why !== inert.no) return
    const event = toMachineEvent(readMessage(body, at), at)
    if (event !== null) heard(customer, event, trusts[kind]!)
  }

  const toRecommended = (picks: readonly Pick[]): Recommended | null =>
    picks.length === 0 ? null : { products: picks.map(({ id }) => catalog.get(id)!), steps: picks.map(({ step }) => step) }

  return {
    catalog,
    heard,
    joined: (kept: number, gone: number) => recommender.join(kept, gone),
    /** What goes with one product, whoever asks. */
    goesWith: (id: string, at: number): Recommended | null =>
      toRecommended(recommender.rank({ customer: nobody, at, about: [id], not: [], most: recommendedMax, looking: [id] })),
    /** For a letter; `about` what it speaks of, `not` what else must not be shown. Null when there is nothing. */
    recommend(customer: number, about: readonly string[], not: readonly string[], at: number): Recommended | null {
      return toRecommended(recommender.rank({ customer, at, about, not, most: recommendedMax }))
    },
    /** Tells what the log's last `rowsMax` rows say, a little at a time until it is done or `stop` is called. */
    warm(log: Log, soon: (work: () => void) => void, rowsMax: number): { stop: () => void } {
      const last = log.lastSeq()
      let seq = Math.max(0, last - rowsMax)
      let isStopped = false
      const go = () => {
        if (isStopped || seq >= last) return
        for (const row of log.after(seq, Math.min(rowsAtOnce, last - seq))) tell(row)
        seq += rowsAtOnce
        soon(go)
      }
      soon(go)
      return { stop: () => (isStopped = true) }
    },
  }
}

/** Only what has a name and a link is shown, and nothing that cannot be bought. */
const isOnSale = (product: Product | undefined): boolean =>
  product !== undefined && product.source !== 'gone' && product.stock !== 0 && product.name !== undefined && product.url !== undefined
