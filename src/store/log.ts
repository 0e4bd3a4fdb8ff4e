/**
 * The log: the truth, append only (R1, R2). Only the batch appends, in its transaction.
 * A life is the chain of rows from its head through `prev`; a merge row also names the other life's head in its body.
 */
import { kinds } from '../core/retell.ts'
import type { Told } from '../core/retell.ts'
import type { Db } from './database.ts'

/** `prev`: the row before it in the same life; `source`: the key it came by. */
export type Row = Told & { customer: number; prev: number; received: number; source: number }

export type Log = ReturnType<typeof createLog>

export function createLog(db: Db) {
  const insert = db.prepare('INSERT INTO log (seq, customer, prev, at, received, kind, source, machine, inert, body) VALUES (?,?,?,?,?,?,?,?,?,?)')
  const one = db.prepare<[number], Row>('SELECT * FROM log WHERE seq = ?')
  const last = db.prepare<[], { seq: number | null }>('SELECT max(seq) AS seq FROM log')
  const after = db.prepare<[number, number], Row>('SELECT * FROM log WHERE seq > ? ORDER BY seq LIMIT ?')
  const customersAfter = db.prepare<[number], number>('SELECT DISTINCT customer FROM log WHERE seq > ?').pluck()
  let lastSeq = last.get()?.seq ?? 0

  return {
    /** Appends one row and returns its number. */
    append(customer: number, prev: number, at: number, received: number, kind: number, source: number, machine: number, why: number, body: string): number {
      insert.run(++lastSeq, customer, prev, at, received, kind, source, machine, why, body)
      return lastSeq
    },
    lastSeq: () => lastSeq,
    /** The last row as the database has it now, whoever wrote it. */
    newestSeq: (): number => last.get()?.seq ?? 0,
    get: (seq: number): Row | undefined => one.get(seq),
    /** Rows after `seq`, oldest first, at most `limit`. */
    after: (seq: number, limit: number): Row[] => after.all(seq, limit),
    /** Whose rows come after `seq`. */
    customersAfter: (seq: number): number[] => customersAfter.all(seq),
    /** Every row of the life that ends in `head`, both sides of every merge, by time and then by number. */
    life(head: number): Row[] {
      const rows: Row[] = []
      const heads = [head]
      for (let seq = heads.pop(); seq !== undefined; seq = heads.pop()) {
        const row = seq === 0 ? undefined : one.get(seq)
        if (row === undefined) continue
        rows.push(row)
        heads.push(row.prev)
        if (row.kind === kinds.merge) heads.push((JSON.parse(row.body) as { other: number }).other)
      }
      return rows.sort((a, b) => a.at - b.at || a.seq - b.seq)
    },
  }
}
