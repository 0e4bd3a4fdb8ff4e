/**
 * What the daily checkup found, and what was refused on each day. Days count from 1970, UTC.
 * Statements are made when first needed: `audit` and `check` also open databases that lack these tables.
 */
import type { Db } from './database.ts'

export type DayCount = { day: number; name: string; count: number }

export type Checkups = ReturnType<typeof createCheckups>

const reportsKept = 7
const daysKept = 400

export function createCheckups(db: Db) {
  const lazily = <P extends unknown[], R = unknown>(sql: string) => {
    const make = () => db.prepare<P, R>(sql)
    let made: ReturnType<typeof make> | undefined
    return () => (made ??= make())
  }
  const isThere = lazily<[], unknown>("SELECT 1 FROM sqlite_schema WHERE name = 'checkup'")
  const last = lazily<[], { at: number; report: string }>('SELECT at, report FROM checkup ORDER BY id DESC LIMIT 1')
  const add = lazily<[number, string]>('INSERT INTO checkup (at, report) VALUES (?, ?)')
  const forget = lazily<[number]>('DELETE FROM checkup WHERE id <= (SELECT max(id) FROM checkup) - ?')
  const count = lazily<[number, string, number]>('INSERT OR REPLACE INTO checkup_count (day, finding, count) VALUES (?, ?, ?)')
  const forgetCounts = lazily<[number]>('DELETE FROM checkup_count WHERE day < ?')
  const counts = lazily<[number], DayCount>('SELECT day, finding AS name, count FROM checkup_count WHERE day >= ? ORDER BY day')
  const refuse = lazily<[number, string, number]>(
    'INSERT INTO refusal_count (day, code, count) VALUES (?, ?, ?) ON CONFLICT (day, code) DO UPDATE SET count = count + excluded.count',
  )
  const forgetRefusals = lazily<[number]>('DELETE FROM refusal_count WHERE day < ?')
  const refusals = lazily<[number], DayCount>('SELECT day, code AS name, count FROM refusal_count WHERE day >= ? ORDER BY day')

  return {
    /** The last report as JSON; undefined when there is none yet. */
    last: () => (isThere().get() === undefined ? undefined : last().get()),
    /** Keeps a report and its counts, in the caller's transaction; what is old is forgotten. */
    save(at: number, day: number, report: string, found: Iterable<readonly [finding: string, count: number]>): void {
      add().run(at, report)
      forget().run(reportsKept)
      for (const [finding, n] of found) count().run(day, finding, n)
      forgetCounts().run(day - daysKept)
    },
    /** Counts of findings since a day, in order of days. */
    counts: (since: number): DayCount[] => (isThere().get() === undefined ? [] : counts().all(since)),
    /** Adds what was refused to a day, in the caller's transaction. */
    refuse(day: number, more: Iterable<readonly [code: string, count: number]>): void {
      for (const [code, n] of more) refuse().run(day, code, n)
      forgetRefusals().run(day - daysKept)
    },
    refusals: (since: number): DayCount[] => (isThere().get() === undefined ? [] : refusals().all(since)),
  }
}
