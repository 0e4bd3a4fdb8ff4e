/**
 * What letters earned and what experiments tell, asked of the store: the facts of a period are read, and the answer is
 * computed anew each time. Read-only, for a thread of its own or a command; a database of before has nothing to tell.
 */
import { sandboxPrefix } from '../profile/sandbox.ts'
import type { Mailing } from '../store/mailings.ts'
import type { Store } from '../store/store.ts'
import { touchKinds } from '../store/touches.ts'
import type { Attribution, Experiments, Grouping, Model } from '../studio/api-results.ts'
import { attribute, cartJourney } from './attribution.ts'
import { attributionCsv, experimentsCsv } from './csv.ts'
import { reportOf } from './experiments.ts'
import { byCustomer, netOrders } from './orders.ts'
import type { NetOrder } from './orders.ts'
import { createCalendar } from './period.ts'

/** Texts as somebody typed them. */
export type ResultsInput = { now: number; by?: string; from?: string; to?: string; model?: string; days?: string; format?: string }

type Invalid = { refused: 'report.invalid'; about: string }
/** `csv`: where that was asked for. */
type Answer<T> = T | { csv: string } | Invalid

const dayMs = 86_400_000
const windowDays = 5
/** Long enough for both letters of a cart and for its discount code, and every weekday once. */
const outcomeDays = 7
const daysMax = 90
const groupings: readonly Grouping[] = ['template', 'journey', 'priority', 'day', 'letter']
const models: readonly Model[] = ['last-click', 'last-open']

type Facts = Pick<Store, 'sales' | 'touches' | 'mailings' | 'experiments' | 'customers'>

/** `currency`: of orders that name none; `timeZone`: in which days begin. */
export function createResults(store: Facts, { currency, timeZone }: { currency: string; timeZone: string }) {
  const calendar = createCalendar(timeZone)
  const madeUp = () => ['u', 'a'].flatMap((kind) => store.customers.named(`${kind}:${sandboxPrefix}`))

  function netFrom(from: number, to: number, isMadeUp: (customer: number) => boolean): NetOrder[] {
    return netOrders(store.sales.orders(from, to), store.sales.back(), currency).filter(({ customer }) => !isMadeUp(customer))
  }

  /** A letter's few bytes, each read once. */
  function letters() {
    const known = new Map<number, Mailing | undefined>()
    return (id: number): Mailing | undefined => {
      if (!known.has(id)) known.set(id, store.mailings.of(id))
      return known.get(id)
    }
  }

  return {
    results(input: ResultsInput): Answer<Attribution> {
      const by = (input.by ?? 'template') as Grouping
      const model = (input.model ?? 'last-click') as Model
      const days = readDays(input.days, windowDays)
      if (!groupings.includes(by)) return invalid(`by ${groupings.join(', ')}`)
      if (!models.includes(model)) return invalid(`model ${models.join(', ')}`)
      if (days === null) return invalid(`days from 1 to ${daysMax}`)
      const period = calendar.period(input.from, input.to, input.now)
      if (typeof period === 'string') return invalid(`${period} as a day or an instant, at most 400 days apart`)
      const { from, to } = period
      const windowMs = days * dayMs
      const isThere = store.sales.isThere()
      const without = madeUp()
      const isMadeUp = isIn(without)
      const found = attribute(
        {
          orders: isThere ? netFrom(from, to, isMadeUp) : [],
          clicks: isThere ? store.touches.before(touchKinds.click, period, windowMs) : [],
          opens: isThere ? store.touches.before(touchKinds.open, period, windowMs) : [],
          mailings: isThere ? store.mailings.tally(from, to, without) : [],
          carts: isThere ? store.mailings.countRuns(cartJourney, from, to, without) : 0,
          letter: letters(),
          sorts: isThere ? store.mailings.sorts() : [],
        },
        { by, model, windowMs, period, calendar, currency },
      )
      const byBrowsers = isThere ? store.sales.countUnvouched(from, to) : 0
      const answer: Attribution = { from, to, by, model, windowMs, timeZone, currency, ...found, shop: { ...found.shop, byBrowsers } }
      return input.format === 'csv' ? { csv: attributionCsv(answer) } : answer
    },

    experiments(input: ResultsInput): Answer<Experiments> {
      const days = readDays(input.days, outcomeDays)
      if (days === null) return invalid(`days from 1 to ${daysMax}`)
      const all = store.experiments.isThere() ? store.experiments.list().toReversed() : []
      const since = Math.min(...all.map(({ started }) => started ?? Infinity))
      const isMadeUp = isIn(madeUp())
      const orders = byCustomer(since === Infinity ? [] : netFrom(since, input.now + 1, isMadeUp))
      const experiments = all.map((experiment) =>
        reportOf(
          experiment,
          {
            subjects: store.experiments.subjects(experiment.id),
            orders,
            clicks: byCustomer(experiment.kind === 'variant' && experiment.started !== null ? store.touches.clicks(experiment.about, experiment.started) : []),
          },
          { now: input.now, days, currency, isMadeUp },
        ),
      )
      const answer: Experiments = { at: input.now, days, currency, experiments }
      return input.format === 'csv' ? { csv: experimentsCsv(answer) } : answer
    },
  }
}

const invalid = (about: string): Invalid => ({ refused: 'report.invalid', about })

function readDays(text: string | undefined, otherwise: number): number | null {
  const days = text === undefined ? otherwise : Number(text)
  return Number.isInteger(days) && days >= 1 && days <= daysMax ? days : null
}

function isIn(customers: readonly number[]): (customer: number) => boolean {
  const known = new Set(customers)
  return (customer) => known.has(customer)
}
