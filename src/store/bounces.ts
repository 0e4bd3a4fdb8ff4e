/**
 * What came back of letters after a relay had taken them: bounces and complaints, a row a letter and kind, and how often
 * each source was heard. Written by bounces/ledger.ts alone.
 * Statements are made when first needed: `why` and `check` also open databases that lack these tables.
 */
import type { Db } from './database.ts'

export type BounceKind = 'hard' | 'soft' | 'complaint'

export type NewBounce = {
  letter: number
  /** When it was heard, ms. */
  at: number
  kind: BounceKind
  reason: string
  /** An enhanced status code such as 5.1.1. */
  status: string | null
  /** What the other side said. */
  words: string
  /** Who said it. */
  mta: string | null
  source: string
}

export type Bounce = NewBounce & { id: number }

/** A bounce with the letter it is about. */
export type BouncedLetter = Bounce & { customer: number; recipient: string; template: string }

/** A letter to an address, as far as a run of soft bounces is concerned. */
export type Attempt = { id: number; at: number; state: string; isSoft: 0 | 1 }

export type Heard = { source: string; what: string; n: number; at: number }

export type Bounces = ReturnType<typeof createBounces>

const columns = 'id, letter, at, kind, reason, status, words, mta, source'

export function createBounces(db: Db) {
  const lazily = <P extends unknown[], R = unknown>(sql: string) => {
    const make = () => db.prepare<P, R>(sql)
    let made: ReturnType<typeof make> | undefined
    return () => (made ??= make())
  }
  const add = lazily<unknown[]>('INSERT OR IGNORE INTO bounce (letter, at, kind, reason, status, words, mta, source) VALUES (?,?,?,?,?,?,?,?)')
  const of = lazily<[number], Bounce>(`SELECT ${columns} FROM bounce WHERE letter = ? ORDER BY id`)
  const latest = lazily<[number], BouncedLetter>(
    `SELECT ${columns.replaceAll(/\w+/g, 'bounce.$&')}, letter.customer, letter.recipient, letter.template
     FROM bounce JOIN letter ON letter.id = bounce.letter ORDER BY bounce.id DESC LIMIT ?`,
  )
  const days = lazily<[number], { day: number; kind: BounceKind; reason: string; n: number }>(
    'SELECT at / 86400000 AS day, kind, reason, count(*) AS n FROM bounce WHERE at >= ? GROUP BY day, kind, reason ORDER BY day',
  )
  const attempts = lazily<[string, number], Attempt>(
    `SELECT id, at, state, EXISTS (SELECT 1 FROM bounce WHERE bounce.letter = letter.id AND kind = 'soft') AS isSoft
     FROM letter WHERE recipient = ? ORDER BY at DESC LIMIT ?`,
  )
  const hear = lazily<unknown[]>(
    'INSERT INTO bounce_heard (source, what, n, at) VALUES (?,?,?,?) ON CONFLICT (source, what) DO UPDATE SET n = n + excluded.n, at = excluded.at',
  )
  const heard = lazily<[], Heard>('SELECT source, what, n, at FROM bounce_heard ORDER BY source, what')
  const isThere = lazily<[], unknown>("SELECT 1 FROM sqlite_schema WHERE name = 'bounce'")
  const has = () => isThere().get() !== undefined

  return {
    /** False: this letter had one of this kind already. */
    add: ({ letter, at, kind, reason, status, words, mta, source }: NewBounce): boolean =>
      add().run(letter, at, kind, reason, status, words, mta, source).changes === 1,
    /** All about one letter, the oldest first. */
    of: (letter: number): Bounce[] => (has() ? of().all(letter) : []),
    /** The newest first. */
    latest: (limit: number): BouncedLetter[] => (has() ? latest().all(limit) : []),
    /** How many of each kind and reason on each day (of UTC, counted from 1970) since `at`. */
    days: (at: number): { day: number; kind: BounceKind; reason: string; n: number }[] => (has() ? days().all(at) : []),
    /** The last letters to an address, the newest first. */
    attempts: (recipient: string, limit: number): Attempt[] => attempts().all(recipient.toLowerCase(), limit),
    /** Counts what a source said, `n` times. */
    hear: (source: string, what: string, n: number, at: number) => void hear().run(source, what, n, at),
    heard: (): Heard[] => (has() ? heard().all() : []),
  }
}
