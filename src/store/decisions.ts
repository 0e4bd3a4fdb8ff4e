/** Every decision about a letter, queued or skipped, with its reason and numbers (R3: one per key). */
import type { Db } from './database.ts'
import { lazily } from './lazily.ts'

export type DecisionRow = {
  id: number
  customer: number
  key: string
  journey: string
  template: string
  priority: string
  at: number
  decision: 'queued' | 'skipped'
  reason: string | null
  numbers: string
  /** The template that some customers get in the letter's place; null for its own. */
  variant: string | null
}

export type Decisions = ReturnType<typeof createDecisions>

export function createDecisions(db: Db) {
  const insert = lazily(
    db,
    'INSERT INTO decision (customer, key, journey, template, priority, at, decision, reason, numbers, variant) VALUES (?,?,?,?,?,?,?,?,?,?)',
  )
  const ofCustomer = db.prepare<[number], DecisionRow>('SELECT * FROM decision WHERE customer = ? ORDER BY at, id')
  const repoint = db.prepare('UPDATE decision SET customer = ? WHERE customer = ?')
  const all = db.prepare<[], DecisionRow>('SELECT * FROM decision ORDER BY at, id')
  const queuedAfter = db.prepare<[number, number], DecisionRow>("SELECT * FROM decision WHERE id > ? AND decision = 'queued' ORDER BY id LIMIT ?")
  const counts = db.prepare<[], { template: string; decision: string; reason: string | null; n: number }>(
    'SELECT template, decision, reason, count(*) AS n FROM decision GROUP BY template, decision, reason ORDER BY template, decision, n DESC',
  )

  return {
    /** Adds one in the open transaction; returns its id. */
    add: (row: Omit<DecisionRow, 'id'>): number =>
      Number(
        insert().run(row.customer, row.key, row.journey, row.template, row.priority, row.at, row.decision, row.reason, row.numbers, row.variant)
          .lastInsertRowid,
      ),
    of: (customer: number): DecisionRow[] => ofCustomer.all(customer),
    /** All decisions of a life that went into another. */
    repoint: (from: number, to: number) => void repoint.run(to, from),
    /** All, in order of time. */
    all: () => all.iterate(),
    /** Those that became letters, after the id `after`, for walking through all. */
    queuedAfter: (after: number, limit: number): DecisionRow[] => queuedAfter.all(after, limit),
    counts: () => counts.all(),
  }
}
