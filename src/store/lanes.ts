/**
 * Domains whose letters wait in a queue of their own, because they had to wait at least once: their number, their rate
 * where it is not the full one, and whether somebody holds them. Written by the drain and by people, who group the calls.
 * Statements are made when first needed: older databases lack this table.
 */
import type { Db } from './database.ts'

/** `perMinute` null: its full rate. `until`: held to then, because of `why`, which was said at `whyAt`. `held`: by somebody, until somebody says otherwise. */
export type LaneRow = { id: number; name: string; perMinute: number | null; until: number; strikes: number; why: string | null; whyAt: number; held: 0 | 1 }

export type Lanes = ReturnType<typeof createLanes>

export function createLanes(db: Db) {
  const lazily = <P extends unknown[], R = unknown>(sql: string) => {
    const make = () => db.prepare<P, R>(sql)
    let made: ReturnType<typeof make> | undefined
    return () => (made ??= make())
  }
  const all = lazily<[], LaneRow>('SELECT id, name, per_minute AS perMinute, until, strikes, why, why_at AS whyAt, held FROM lane ORDER BY id')
  const add = lazily<[string]>('INSERT INTO lane (name) VALUES (?)')
  const set = lazily<[number | null, number, number, string | null, number, number, number]>(
    'UPDATE lane SET per_minute = ?, until = ?, strikes = ?, why = ?, why_at = ?, held = ? WHERE id = ?',
  )
  const remove = lazily<[number]>('DELETE FROM lane WHERE id = ?')

  return {
    all: (): LaneRow[] => all().all(),
    /** The number of a new one, from 1. */
    add: (name: string): number => Number(add().run(name).lastInsertRowid),
    set: ({ id, perMinute, until, strikes, why, whyAt, held }: LaneRow) => void set().run(perMinute, Math.round(until), strikes, why, whyAt, held, id),
    /** For one that no letter waits in. */
    remove: (id: number) => void remove().run(id),
  }
}
