/**
 * What may come of letters, read off the log as it is written: orders and what was given back of them, opens and clicks,
 * letters sent, and who stands in which arm of which experiment. Rows that can be counted, in the turn's transaction.
 * 1. A fact is a function of its log row alone: told again from the log (`tellAgain`) they are the same.
 * 2. Only a row that a machine heard tells of an order: one that was set aside counts once it is retried.
 * 3. An order happened when its event says so, not when it came: else one told late would follow a click that it preceded.
 */
import { toMachineEvent } from '../core/event.ts'
import { parseTime, readMessage } from '../core/parse.ts'
import { inert, kinds } from '../core/retell.ts'
import type { MergeBody } from '../core/retell.ts'
import { orderOf } from '../kit/lines.ts'
import type { LetterRule } from '../kit/letter-rule.ts'
import { plansOf } from '../policy/experiments.ts'
import type { Exposure } from '../policy/experiments.ts'
import type { Trials } from '../policy/holdout.ts'
import type { DecisionRow } from '../store/decisions.ts'
import type { Row } from '../store/log.ts'
import { reaches } from '../store/mailings.ts'
import { saleKinds } from '../store/sales.ts'
import type { Sale } from '../store/sales.ts'
import type { Store } from '../store/store.ts'
import { touchKinds } from '../store/touches.ts'
import type { Outcome } from './intake.ts'
import type { Hot } from './lives.ts'

export type Earnings = ReturnType<typeof createEarnings>

type Kept = Pick<Store, 'sales' | 'touches' | 'mailings' | 'experiments' | 'letters'>

/** What the machine hears of that is a fact of this kind; everything else costs one look into this table. */
const sales: ReadonlyMap<string, number> = new Map([
  ['site.order_completed', saleKinds.order],
  ['shop.order_refunded', saleKinds.refund],
  ['shop.order_cancelled', saleKinds.cancellation],
])
const reached: ReadonlyMap<string, readonly [person: number, machine: number]> = new Map([
  ['mail.sent', [reaches.sent, reaches.sent]],
  ['mail.opened', [reaches.opened, reaches.openedByMachine]],
  ['mail.clicked', [reaches.clicked, reaches.clickedByMachine]],
])

export function createEarnings(store: Kept, letters: Readonly<Record<string, LetterRule>>, trials: Trials) {
  const plans = plansOf(letters, trials)
  const ids = store.experiments.run(plans)
  const experiments = new Map(plans.map(({ kind, about }, index) => [`${kind} ${about}`, ids[index]!]))

  return {
    /** After a row is in the log. `type`: what the machine heard, or would have. */
    took(seq: number, { id, life }: Hot, kind: number, type: string | null, body: string): void {
      if (type === null) return
      const sale = sales.get(type)
      if (sale !== undefined && kind <= kinds.server) store.sales.add(saleOf(seq, id, kind, sale, life.at, body))
      else if (kind === kinds.outcome && reached.has(type)) noteOutcome(store, seq, id, life.at, body)
    },
    /** After a letter is in the outbox. */
    queued: (letter: number, decision: Omit<DecisionRow, 'id'>): void => store.mailings.add(letter, decision),
    exposed(hot: Hot, exposures: readonly Exposure[]): void {
      for (const { kind, about, arm } of exposures) store.experiments.enter(experiments.get(`${kind} ${about}`)!, hot.id, arm, hot.life.at)
    },
    /** All facts of a life that went into another. */
    repoint(from: number, to: number): void {
      store.sales.repoint(from, to)
      store.touches.repoint(from, to)
      store.experiments.repoint(from, to)
    },
  }
}

/** `at`: of the row. */
function saleOf(seq: number, customer: number, trust: number, kind: number, at: number, body: string): Sale {
  const { properties = {} } = readMessage(body, at)
  const { id, total, lines, count, currency } = orderOf(properties, at)
  const products = kind === saleKinds.refund && total === undefined && count > 0 && count === lines.length ? lines : []
  const given = products.reduce(
    (sum: number | undefined, { price, quantity }) => (sum === undefined || price === undefined ? undefined : sum + price * quantity),
    0,
  )
  const amount = kind === saleKinds.cancellation ? undefined : products.length > 0 ? given : total
  return { seq, customer, kind, orderId: id ?? null, at: ownTime(body, at), amount: thousandths(amount), currency: currencyOf(currency), trust }
}

const thousandths = (amount: number | undefined): number | null => (amount === undefined || amount > amountMax ? null : Math.round(amount * 1_000))
/** Beyond it is a mistake, and would be all that a sum says. */
const amountMax = 1e9

/** Three letters; what is something else is in no currency that anything could be added to. */
const currencyOf = (currency: string | undefined): string | null =>
  currency === undefined ? null : /^[a-z]{3}$/i.test(currency) ? currency.toUpperCase() : 'unknown'

/** When the event says it happened, but not after its row; a clock that says when it sent is set right by that. */
function ownTime(body: string, at: number): number {
  const { timestamp, originalTimestamp, sentAt, receivedAt } = JSON.parse(body) as Record<string, unknown>
  // Its sender's clock was wrong, by how much the row alone does not tell.
  if (receivedAt === undefined && sentAt !== undefined) return at
  const own = parseTime(timestamp ?? originalTimestamp)
  return own < at ? own : at
}

function noteOutcome({ touches, mailings, letters }: Kept, seq: number, customer: number, at: number, body: string) {
  const { type, letter, machine, at: told } = JSON.parse(body) as Outcome
  const bits = reached.get(type)!
  const decidedAt = letters.get(letter)?.at
  if (decidedAt !== undefined) mailings.reach(letter, decidedAt, bits[machine ? 1 : 0])
  if (type === 'mail.sent') return
  const kind = type === 'mail.clicked' ? touchKinds.click : touchKinds.open
  // A machine's row bears the customer's time, which it does not move.
  touches.add({ seq, letter, customer, at: machine ? told : at, kind, machine: machine ? 1 : 0 })
}

/** So many rows of the log are held at once. */
const rowsAtOnce = 10_000

/**
 * Tells all sales, touches and mailings again from the log and the decisions, in the open transaction: for a database of
 * before. Who stood in which experiment is no part of it: those begin with this version.
 */
export function tellAgain(store: Kept & Pick<Store, 'log' | 'decisions'>): void {
  const { sales: orders, touches, mailings } = store
  for (const table of [orders, touches, mailings]) table.clear()
  for (let after = 0; ;) {
    const queued = store.decisions.queuedAfter(after, rowsAtOnce)
    if (queued.length === 0) break
    for (const row of queued) mailings.add(row.id, row)
    after = queued.at(-1)!.id
  }
  const now = new Map<number, number>()
  for (const row of rowsOf(store)) if (row.kind === kinds.merge) now.set((JSON.parse(row.body) as MergeBody).otherId, row.customer)
  const whose = (customer: number): number => {
    let id = customer
    for (let older = now.get(id); older !== undefined; older = now.get(id)) id = older
    return id
  }
  for (const row of rowsOf(store)) {
    if (row.kind === kinds.outcome) {
      if ((row.inert === inert.no || row.inert === inert.machine) && reached.has((JSON.parse(row.body) as Outcome).type))
        noteOutcome(store, row.seq, whose(row.customer), row.at, row.body)
    } else if (row.kind <= kinds.server && row.inert === inert.no && /order/i.test(row.body)) {
      const kind = sales.get(toMachineEvent(readMessage(row.body, row.at), row.at)?.type ?? '')
      if (kind !== undefined) orders.add(saleOf(row.seq, whose(row.customer), row.kind, kind, row.at, row.body))
    }
  }
}

function* rowsOf({ log }: Pick<Store, 'log'>): Generator<Row> {
  for (let seq = 0; ;) {
    const rows = log.after(seq, rowsAtOnce)
    if (rows.length === 0) return
    yield* rows
    seq = rows.at(-1)!.seq
  }
}
