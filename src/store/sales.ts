/**
 * Orders and what was given back of them, as events told of them. The engine writes a row with the turn; nothing changes
 * it but a merge, which changes whose it is.
 * 1. An order id that a secret key told of before is marked `again`, and counts once.
 * 2. What browsers tell is kept and is never revenue.
 */
import type { Db } from './database.ts'
import { hasTable, lazily } from './lazily.ts'

export const saleKinds = { order: 0, refund: 1, cancellation: 2 } as const

/** `amount`: thousandths of the currency's unit, null where none was told; of a refund then all of it. */
export type Sale = {
  seq: number
  customer: number
  kind: number
  orderId: string | null
  at: number
  amount: number | null
  currency: string | null
  /** As `kinds` of the log: 0 browser, 1 verified, 2 server. */
  trust: number
}

const columns = 'seq, customer, kind, order_id AS orderId, at, amount, currency, trust'

export function createSales(db: Db) {
  const insert = lazily(db, 'INSERT INTO sale (seq, customer, kind, order_id, at, amount, currency, trust, again) VALUES (?,?,?,?,?,?,?,?,?)')
  const before = lazily<[string]>(db, 'SELECT 1 FROM sale WHERE order_id = ? AND kind = 0 AND trust = 2 LIMIT 1')
  const orders = lazily<[number, number], Sale>(
    db,
    `SELECT ${columns} FROM sale WHERE at >= ? AND at < ? AND kind = 0 AND trust = 2 AND again = 0 ORDER BY at, seq`,
  )
  const unvouched = lazily<[number, number], { n: number }>(
    db,
    `SELECT count(DISTINCT coalesce(order_id, seq)) AS n FROM sale WHERE at >= ? AND at < ? AND kind = 0 AND trust < 2
     AND NOT EXISTS (SELECT 1 FROM sale AS told WHERE told.order_id = sale.order_id AND told.kind = 0 AND told.trust = 2)`,
  )
  const back = lazily<[], Sale>(db, `SELECT ${columns} FROM sale WHERE kind > 0 AND trust = 2 AND order_id IS NOT NULL`)
  const repoint = lazily(db, 'UPDATE sale SET customer = ? WHERE customer = ?')
  const erase = lazily(db, 'DELETE FROM sale WHERE customer = ?')
  const clear = lazily(db, 'DELETE FROM sale')

  return {
    isThere: () => hasTable(db, 'sale'),
    /** In the transaction of its log row. */
    add({ seq, customer, kind, orderId, at, amount, currency, trust }: Sale): void {
      const isAgain = kind === saleKinds.order && trust === 2 && orderId !== null && before().get(orderId) !== undefined
      insert().run(seq, customer, kind, orderId, at, amount, currency, trust, isAgain ? 1 : 0)
    },
    /** Orders that a secret key told of, each once, from `from` to before `to`, by time. */
    orders: (from: number, to: number): Sale[] => orders().all(from, to),
    /** Orders that only browsers told of. */
    countUnvouched: (from: number, to: number): number => unvouched().get(from, to)!.n,
    /** Refunds and cancellations, of whatever time. */
    back: (): Sale[] => back().all(),
    repoint: (from: number, to: number) => void repoint().run(to, from),
    /** Deletes all of one customer (R9). */
    erase: (customer: number) => void erase().run(customer),
    clear: () => void clear().run(),
  }
}
