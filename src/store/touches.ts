/** Opens and clicks of letters, a row each. The engine writes them with their log row; a merge changes whose they are. */
import type { Db } from './database.ts'
import { lazily } from './lazily.ts'

export const touchKinds = { open: 0, click: 1 } as const

/** `machine` 1: a scanner, a proxy or a prefetcher did it. */
export type Touch = { seq: number; letter: number; customer: number; at: number; kind: number; machine: 0 | 1 }

export function createTouches(db: Db) {
  const insert = lazily(db, 'INSERT INTO touch (seq, letter, customer, at, kind, machine) VALUES (?,?,?,?,?,?)')
  const before = lazily<[number, number, number, number, number], Touch>(
    db,
    `SELECT seq, letter, customer, at, kind, machine FROM touch WHERE machine = 0 AND kind = ? AND at >= ? AND at < ?
     AND customer IN (SELECT customer FROM sale WHERE at >= ? AND at < ? AND kind = 0 AND trust = 2) ORDER BY at, seq`,
  )
  const clicks = lazily<[number, string], { customer: number; at: number }>(
    db,
    `SELECT touch.customer, touch.at FROM touch JOIN letter ON letter.id = touch.letter
     WHERE touch.machine = 0 AND touch.kind = ${touchKinds.click} AND touch.at >= ? AND letter.template = ?`,
  )
  const repoint = lazily(db, 'UPDATE touch SET customer = ? WHERE customer = ?')
  const erase = lazily(db, 'DELETE FROM touch WHERE customer = ?')
  const clear = lazily(db, 'DELETE FROM touch')

  return {
    /** In the transaction of its log row. */
    add: ({ seq, letter, customer, at, kind, machine }: Touch): void => void insert().run(seq, letter, customer, at, kind, machine),
    /** What people did in a period and so long before it, of one kind, by time: only of those who ordered in the period. */
    before: (kind: number, { from, to }: { from: number; to: number }, windowMs: number): Touch[] => before().all(kind, from - windowMs, to, from, to),
    /** People's clicks on letters of a template, its variants' too. */
    clicks: (template: string, since: number) => clicks().all(since, template),
    repoint: (from: number, to: number) => void repoint().run(to, from),
    /** Deletes all of one customer (R9). */
    erase: (customer: number) => void erase().run(customer),
    clear: () => void clear().run(),
  }
}
