/**
 * What letters earned: pure, over facts and a few parameters, so that another window or model is another question and
 * nothing has to be stored again.
 * 1. An order belongs to the last letter that its customer clicked within the window before it; exactly the window old
 *    still counts. Opens say little (pictures are fetched unread): they are told apart unless asked for.
 * 2. Only what people did and secret keys told comes in here.
 * 3. Revenue and orders are of the period by the order's time, letters by their own.
 */
import type { Mailing, Sort, Tallied } from '../store/mailings.ts'
import { reaches } from '../store/mailings.ts'
import type { Touch } from '../store/touches.ts'
import type { Attribution, EarnedRow, Grouping, Model } from '../studio/api-results.ts'
import { byCustomer, Sums } from './orders.ts'
import type { NetOrder } from './orders.ts'
import type { Calendar, Period } from './period.ts'

export type AttributionFacts = {
  /** Of the period, by time. */
  orders: readonly NetOrder[]
  /** People's, of the period and the window before it, by time. */
  clicks: readonly Touch[]
  opens: readonly Touch[]
  /** Of the period. */
  mailings: Iterable<Tallied>
  /** Carts that a letter was sent about. */
  carts: number
  letter: (id: number) => Mailing | undefined
  sorts: readonly Sort[]
}

export type AttributionParams = { by: Grouping; model: Model; windowMs: number; period: Period; calendar: Calendar; currency: string }

export type Attributed = Pick<Attribution, 'rows' | 'leftOut' | 'total' | 'days' | 'carts' | 'shop'>

/** An order and the letter it is owed to; `after` 'open' where that letter was only opened. */
type Owed = { order: NetOrder; letter: Mailing; after: 'click' | 'open' }

const rowsMax = 1_000
/** The journey whose runs are carts. */
export const cartJourney = 'cart'

export function attribute(facts: AttributionFacts, params: AttributionParams): Omit<Attributed, 'shop'> & { shop: Omit<Attributed['shop'], 'byBrowsers'> } {
  const { by, calendar, period } = params
  const sorts = new Map(facts.sorts.map((sort) => [sort.id, sort]))
  const owed = owe(facts, params)
  const rows = new Map<string, Tally>()
  const total = new Tally('total', undefined, by)
  const rowOf = (key: string, sort: Sort | undefined): Tally => {
    let row = rows.get(key)
    if (row === undefined) rows.set(key, (row = new Tally(key, sort, by)))
    return row
  }
  const keyOf = (sort: Sort, at: number, letter: number): string => (by === 'day' ? calendar.dayOf(at) : by === 'letter' ? String(letter) : groupOf(sort, by))

  for (const { at, sort: id, reached, n } of facts.mailings) {
    const sort = sorts.get(id)!
    if ((reached & reaches.sent) === 0) continue
    total.reach(reached, n)
    if (by !== 'letter') rowOf(keyOf(sort, at, 0), sort).reach(reached, n)
  }
  const days = new Map(calendar.days(period).map(({ day, at }) => [day, { day, at, orders: 0, revenue: new Sums(), all: { orders: 0, revenue: new Sums() } }]))
  const shop = { orders: 0, revenue: new Sums() }
  for (const order of facts.orders) for (const sum of [shop, days.get(calendar.dayOf(order.at))?.all]) count(sum, order)
  const recovered = new Carts()
  const recoveredRevenue = new Sums()
  for (const one of owed) {
    const sort = sorts.get(one.letter.sort)!
    const key = keyOf(sort, one.order.at, one.letter.letter)
    if (by === 'letter' && !rows.has(key)) rowOf(key, sort).reach(one.letter.reached, 1)
    for (const row of [total, rowOf(key, sort)]) row.owe(one, params.model)
    if (one.after === 'open' && params.model === 'last-click') continue
    count(days.get(calendar.dayOf(one.order.at)), one.order)
    if (sort.journey === cartJourney && recovered.add(one.letter.customer, one.letter.run)) recoveredRevenue.add(one.order)
  }
  const sorted = inOrder([...rows.values()], params)
  return {
    rows: sorted.slice(0, rowsMax).map((row) => row.toRow()),
    leftOut: Math.max(0, sorted.length - rowsMax),
    total: total.toRow(),
    shop: { orders: shop.orders, revenue: shop.revenue.toMoney() },
    days: [...days.values()].map(({ revenue, all, ...day }) => ({
      ...day,
      revenue: revenue.toMoney(),
      all: { orders: all.orders, revenue: all.revenue.toMoney() },
    })),
    carts: { written: facts.carts, recovered: recovered.size, revenue: recoveredRevenue.toMoney() },
  }
}

function count(sum: { orders: number; revenue: Sums } | undefined, order: NetOrder) {
  if (sum === undefined) return
  sum.orders++
  sum.revenue.add(order)
}

function groupOf(sort: Sort, by: Grouping): string {
  if (by === 'journey') return sort.journey
  if (by === 'priority') return sort.priority
  return sort.variant === '' ? sort.template : `${sort.template} / ${sort.variant}`
}

/** Each order with the letter it is owed to, if any. */
function owe({ orders, clicks, opens, letter }: AttributionFacts, { windowMs, model }: AttributionParams): Owed[] {
  const clicksOf = byCustomer(clicks)
  const opensOf = byCustomer(opens)
  const last = (touches: readonly Touch[] | undefined, at: number) => touches?.findLast((touch) => touch.at <= at && at - touch.at <= windowMs)
  return orders.flatMap((order): Owed[] => {
    const click = last(clicksOf.get(order.customer), order.at)
    const open = model === 'last-open' || click === undefined ? last(opensOf.get(order.customer), order.at) : undefined
    const touch = click === undefined || (open !== undefined && open.at > click.at) ? open : click
    const found = touch === undefined ? undefined : letter(touch.letter)
    return found === undefined ? [] : [{ order, letter: found, after: touch === click ? 'click' : 'open' }]
  })
}

function inOrder(rows: Tally[], { by, currency }: AttributionParams): Tally[] {
  if (by === 'day') return rows.sort((a, b) => (a.key < b.key ? -1 : 1))
  return rows.sort((a, b) => b.revenue.of(currency) - a.revenue.of(currency) || b.orders - a.orders || b.sent - a.sent || (a.key < b.key ? -1 : 1))
}

/** Runs of a journey, each once. */
class Carts {
  #runs = new Map<number, number[]>()
  size = 0

  /** False: it is known. */
  add(customer: number, run: number): boolean {
    const runs = this.#runs.get(customer)
    if (runs === undefined) this.#runs.set(customer, [run])
    else if (runs.includes(run)) return false
    else runs.push(run)
    this.size++
    return true
  }
}

class Tally {
  readonly key: string
  readonly #sort: Sort | undefined
  readonly #by: Grouping
  sent = 0
  opened = 0
  openedByMachine = 0
  clicked = 0
  clickedByMachine = 0
  orders = 0
  revenue = new Sums()
  #letters = new Set<number>()
  #opened = { orders: 0, revenue: new Sums() }

  constructor(key: string, sort: Sort | undefined, by: Grouping) {
    this.key = key
    this.#sort = by === 'day' ? undefined : sort
    this.#by = by
  }

  /** Of `n` letters. */
  reach(reached: number, n: number) {
    if (reached & reaches.sent) this.sent += n
    if (reached & reaches.opened) this.opened += n
    if (reached & reaches.openedByMachine) this.openedByMachine += n
    if (reached & reaches.clicked) this.clicked += n
    if (reached & reaches.clickedByMachine) this.clickedByMachine += n
  }

  owe({ order, letter, after }: Owed, model: Model) {
    if (after === 'open' && model === 'last-click') return count(this.#opened, order)
    this.#letters.add(letter.letter)
    count(this, order)
  }

  toRow(): EarnedRow {
    const { key, sent, opened, openedByMachine, clicked, clickedByMachine, orders, revenue } = this
    const sort = this.#sort
    const isLetter = sort !== undefined && (this.#by === 'template' || this.#by === 'letter')
    return {
      key,
      template: isLetter ? sort.template : null,
      variant: isLetter && sort.variant !== '' ? sort.variant : null,
      journey: sort !== undefined && this.#by !== 'priority' ? sort.journey : null,
      priority: sort !== undefined && this.#by !== 'journey' ? sort.priority : null,
      sent,
      opened,
      openedByMachine,
      clicked,
      clickedByMachine,
      ordered: this.#letters.size,
      orders,
      revenue: revenue.toMoney(),
      perSent: sent === 0 ? null : revenue.toMoney(sent),
      afterOpen: { orders: this.#opened.orders, revenue: this.#opened.revenue.toMoney() },
    }
  }
}
