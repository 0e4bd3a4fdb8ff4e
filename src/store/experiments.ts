/**
 * Experiments and who took part in them. A row of `subject` is written in the transaction of the turn that first put the
 * question to a customer; a merge changes whose it is.
 * 1. Other shares or another salt make another experiment, and what was stopped is not taken up again: who was treated
 *    meanwhile would be in the wrong arm.
 * 2. A customer stands in an arm once, from the first time; after a merge perhaps in two.
 */
import type { Db } from './database.ts'
import { hasTable, lazily } from './lazily.ts'

/** What is tried on customers: `about` a journey (`*`: all) or a letter; `shares` of its arms. */
export type Plan = { kind: 'holdout' | 'variant'; about: string; shares: Readonly<Record<string, number>>; salt: string }

/** `started`: when its first subject came, null before. */
export type Experiment = Plan & { id: number; started: number | null; running: boolean }

export type Subject = { customer: number; arm: string; at: number }

type Row = { id: number; kind: Plan['kind']; about: string; shares: string; salt: string; started: number | null; running: 0 | 1 }

export function createExperiments(db: Db) {
  const all = lazily<[], Row>(db, 'SELECT * FROM experiment ORDER BY id')
  const insert = lazily(db, 'INSERT INTO experiment (kind, about, shares, salt, started, running) VALUES (?,?,?,?,NULL,1)')
  const stop = lazily(db, 'UPDATE experiment SET running = 0 WHERE id = ?')
  const start = lazily(db, 'UPDATE experiment SET started = ? WHERE id = ? AND started IS NULL')
  const enter = lazily(db, 'INSERT OR IGNORE INTO subject (experiment, customer, arm, at) VALUES (?,?,?,?)')
  const subjects = lazily<[number], Subject>(db, 'SELECT customer, arm, at FROM subject WHERE experiment = ? ORDER BY at, customer')
  const join = lazily(
    db,
    'INSERT INTO subject (experiment, customer, arm, at) SELECT experiment, ?, arm, at FROM subject WHERE customer = ? ON CONFLICT DO UPDATE SET at = min(at, excluded.at)',
  )
  const erase = lazily(db, 'DELETE FROM subject WHERE customer = ?')
  const started = new Set<number>()

  const list = (): Experiment[] =>
    all()
      .all()
      .map(({ shares, running, ...row }) => ({ ...row, shares: JSON.parse(shares) as Plan['shares'], running: running === 1 }))

  return {
    isThere: () => hasTable(db, 'experiment'),
    list,
    /** Goes on with these and stops all others; returns each one's number. */
    run(plans: readonly Plan[]): number[] {
      const running = list().filter(({ running }) => running)
      const same = (a: Plan, b: Plan) => a.kind === b.kind && a.about === b.about && a.salt === b.salt && JSON.stringify(a.shares) === JSON.stringify(b.shares)
      for (const one of running) if (!plans.some((plan) => same(plan, one))) stop().run(one.id)
      return plans.map(
        (plan) =>
          running.find((one) => same(one, plan))?.id ?? Number(insert().run(plan.kind, plan.about, JSON.stringify(plan.shares), plan.salt).lastInsertRowid),
      )
    },
    /** In the transaction of the turn. Only the first time counts. */
    enter(experiment: number, customer: number, arm: string, at: number): void {
      enter().run(experiment, customer, arm, at)
      if (started.has(experiment)) return
      start().run(at, experiment)
      started.add(experiment)
    },
    subjects: (experiment: number): Subject[] => subjects().all(experiment),
    repoint(from: number, to: number): void {
      join().run(to, from)
      erase().run(from)
    },
    /** Deletes all of one customer (R9). */
    erase: (customer: number) => void erase().run(customer),
  }
}
