/** Opens and clicks of letters, a row each. The engine writes them with their log row; a merge changes whose they are. */
import type { Db } from './database.ts'
import { lazily } from './lazily.ts'

export const touchKinds = { open: 0, click: 1 } as const

/** `machine` 1: a scanner, a proxy or a prefetcher did it. */
export type Touch = { seq: number; letter: number; customer: number; at: number; kind: number; machine: 0 | 1 }

export type Touches = ReturnType<typeof createTouches>

export function createTouches(db: Db) {
  const insert = lazily(db, 'INSERT INTO touch (seq, letter, customer, at, kind, machine) VALUES (?,?,?,?,?,?)')
  const human = lazily<[number, number, number], Touch>(
    db,
    'SELECT seq, letter, customer, at, kind, machine FROM touch WHERE machine = 0 AND kind = ? AND at >= ? AND at < ? ORDER BY at, seq',
  )
  const repoint = lazily(db, 'UPDATE touch SET customer = ? WHERE customer = ?')
  const erase = lazily(db, 'DELETE FROM touch WHERE customer = ?')
  const clear = lazily(db, 'DELETE FROM touch')

  return {
    /** In the transaction of its log row. */
    add: ({ seq, letter, customer, at, kind, machine }: Touch): void => void insert().run(seq, letter, customer, at, kind, machine),
    /** People's, of one kind, from `from` to before `to`, by time. */
    human: (kind: number, from: number, to: number): Touch[] => human().all(kind, from, to),
    repoint: (from: number, to: number) => void repoint().run(to, from),
    /** Deletes all of one customer (R9). */
    erase: (customer: number) => void erase().run(customer),
    clear: () => void clear().run(),
  }
}
