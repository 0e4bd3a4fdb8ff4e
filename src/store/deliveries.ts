/**
 * What became of letters, counted by receiving domain, day and the post that took them. Written by the drain in the
 * transactions in which it books letters, and by whoever hears of bounces and complaints later.
 * Kept small: after a week the days of little domains are put together, after a quarter of a year they go.
 * Statements are made when first needed: older databases lack this table.
 */
import type { Db } from './database.ts'

/** What can become of a letter, or of an attempt. `slowed`: told that the domain gets too many. */
export const outcomes = ['sent', 'deferred', 'greylisted', 'slowed', 'bounced', 'failed', 'unknown', 'complained'] as const
export type OutcomeOfLetter = (typeof outcomes)[number]
export type Counts = Record<OutcomeOfLetter, number>

export type Deliveries = ReturnType<typeof createDeliveries>

const sums = outcomes.map((name) => `sum(${name}) AS ${name}`).join(', ')
const littleMax = 100
/** What little domains are put together under. */
const together = '*'

export function createDeliveries(db: Db) {
  const lazily = <P extends unknown[], R = unknown>(sql: string) => {
    const make = () => db.prepare<P, R>(sql)
    let made: ReturnType<typeof make> | undefined
    return () => (made ??= make())
  }
  const add = lazily<(string | number)[]>(
    `INSERT INTO delivery (domain, day, post, ${outcomes.join(', ')}) VALUES (?,?,?${',?'.repeat(outcomes.length)})
     ON CONFLICT (domain, day, post) DO UPDATE SET ${outcomes.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`,
  )
  const reached = lazily<[string], unknown>('SELECT 1 FROM delivery WHERE domain = ? AND sent > 0 LIMIT 1')
  const byDomain = lazily<[number, number], Counts & { domain: string }>(
    `SELECT domain, ${sums} FROM delivery INDEXED BY delivery_day WHERE day BETWEEN ? AND ? GROUP BY domain`,
  )
  const byPost = lazily<[number, number], Counts & { post: string }>(
    `SELECT post, ${sums} FROM delivery INDEXED BY delivery_day WHERE day BETWEEN ? AND ? GROUP BY post`,
  )
  const fold = lazily<[number]>(
    `INSERT INTO delivery (domain, day, post, ${outcomes.join(', ')})
     SELECT '${together}', day, post, ${sums} FROM delivery WHERE day < ? AND domain <> '${together}' AND sent < ${littleMax} GROUP BY day, post
     ON CONFLICT (domain, day, post) DO UPDATE SET ${outcomes.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`,
  )
  const dropLittle = lazily<[number]>(`DELETE FROM delivery WHERE day < ? AND domain <> '${together}' AND sent < ${littleMax}`)
  const dropOld = lazily<[number]>('DELETE FROM delivery WHERE day < ?')

  return {
    /** Days are numbered from the epoch, UTC's. */
    add(domain: string, day: number, post: string, counts: Partial<Counts>): void {
      add().run(domain, day, post, ...outcomes.map((name) => counts[name] ?? 0))
    },
    /** Whether anything was delivered there, as far as is remembered. */
    hasReached: (domain: string): boolean => reached().get(domain) !== undefined,
    /** All domains from one day to another, both included. */
    byDomain: (from: number, to: number) => byDomain().all(from, to),
    byPost: (from: number, to: number) => byPost().all(from, to),
    /** Once a day: puts the little ones together that are older than a week, drops what is older than ninety days. */
    tidy(today: number): void {
      fold().run(today - 7)
      dropLittle().run(today - 7)
      dropOld().run(today - 90)
    },
  }
}
