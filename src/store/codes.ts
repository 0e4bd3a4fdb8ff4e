/**
 * Discount codes, a row each, and all SQL about them. Written in the batch's transaction: when a letter is queued, when the
 * shop uploads or redeems. That a code follows its letter is for the triggers of the schema.
 * 1. A row has one letter at most and a letter one row: two letters never share a code.
 * 2. Of a pool: free (no letter) + reserved = uploaded. A row is never deleted.
 * 3. Redeemed once: by whoever finds it unredeemed.
 * Statements are made when first needed: `why` and `check` also open databases that are older.
 */
import type { Db } from './database.ts'
import { lazily } from './lazily.ts'

/** A code drawn for a letter that is being written; nobody's until it is kept. */
export type DrawnCode = { folded: string; code: string; pool: string | null; percent: number; expiresAt: number }

export type StoredCode = {
  id: number
  folded: string
  code: string
  /** null: made for its letter. */
  pool: string | null
  /** The decision's id; null: free. */
  letter: number | null
  template: string | null
  percent: number | null
  addedAt: number
  reservedAt: number | null
  expiresAt: number | null
  /** When its letter first may have left. */
  leftAt: number | null
  redeemedAt: number | null
  orderId: string | null
}

/** With its letter as it is now; all null where it is erased, or there is none. */
export type CodeWithLetter = StoredCode & { customer: number | null; recipient: string | null; state: string | null; changed: number | null }

/** How many codes are in each state; together `all`. */
export type PoolCounts = { pool: string | null; all: number; free: number; reserved: number; redeemed: number; expired: number }

export type Codes = ReturnType<typeof createCodes>

const columns =
  'code.id, folded, code, pool, letter, code.template, percent, added_at AS addedAt, reserved_at AS reservedAt, expires_at AS expiresAt, ' +
  'left_at AS leftAt, redeemed_at AS redeemedAt, order_id AS orderId'
const withLetter = `SELECT ${columns}, letter.customer, recipient, state, changed FROM code LEFT JOIN letter ON letter.id = code.letter`
const freed = 'letter = NULL, template = NULL, percent = NULL, reserved_at = NULL, expires_at = NULL, left_at = NULL'

export function createCodes(db: Db) {
  const upload = lazily<unknown[]>(db, 'INSERT INTO code (folded, code, pool, added_at) VALUES (?,?,?,?) ON CONFLICT (folded) DO NOTHING')
  const make = lazily<unknown[]>(db, 'INSERT INTO code (folded, code, letter, template, percent, added_at, reserved_at, expires_at) VALUES (?,?,?,?,?,?,?,?)')
  const reserve = lazily<unknown[]>(
    db,
    'UPDATE code SET letter = ?, template = ?, percent = ?, reserved_at = ?, expires_at = ? WHERE folded = ? AND letter IS NULL',
  )
  const nextFree = lazily<[string, number], { id: number; folded: string; code: string }>(
    db,
    'SELECT id, folded, code FROM code WHERE pool = ? AND letter IS NULL AND id > ? ORDER BY id LIMIT 1',
  )
  const has = lazily<[string]>(db, 'SELECT 1 FROM code WHERE folded = ?')
  const find = lazily<[string], CodeWithLetter>(db, `${withLetter} WHERE folded = ?`)
  const ofLetter = lazily<[number], CodeWithLetter>(db, `${withLetter} WHERE letter = ?`)
  const redeem = lazily<unknown[]>(db, 'UPDATE code SET redeemed_at = ?, order_id = ? WHERE id = ? AND redeemed_at IS NULL')
  const release = lazily<unknown[]>(db, 'UPDATE code SET redeemed_at = NULL, order_id = NULL WHERE id = ? AND order_id = ?')
  const reclaim = lazily<unknown[]>(db, `UPDATE code SET ${freed} WHERE pool = ? AND redeemed_at IS NULL AND expires_at < ?`)
  const isGone = lazily<[number]>(
    db,
    `SELECT 1 FROM letter_content AS c JOIN code ON folded = replace(replace(upper(json_extract(c.data, '$.code.code')), '-', ''), ' ', '')
     WHERE c.id = ? AND pool IS NOT NULL AND letter <> c.id`,
  )
  const counts = lazily<[number], PoolCounts>(
    db,
    `SELECT pool, count(*) AS "all", sum(letter IS NULL) AS free, sum(redeemed_at IS NOT NULL) AS redeemed,
       sum(letter IS NOT NULL AND redeemed_at IS NULL AND expires_at < ?) AS expired, 0 AS reserved
     FROM code GROUP BY pool ORDER BY pool`,
  )
  const freeUpTo = lazily<[string, number], { n: number }>(db, 'SELECT count(*) AS n FROM (SELECT 1 FROM code WHERE pool = ? AND letter IS NULL LIMIT ?)')
  const reservedSince = lazily<[string, number, number], { n: number }>(
    db,
    'SELECT count(*) AS n FROM (SELECT 1 FROM code WHERE pool = ? AND reserved_at > ? LIMIT ?)',
  )
  const lastRedeemed = lazily<[number], CodeWithLetter>(db, `${withLetter} WHERE redeemed_at IS NOT NULL ORDER BY redeemed_at DESC, code.id DESC LIMIT ?`)
  const byTemplate = lazily<[], { template: string; sent: number; redeemed: number }>(
    db,
    `SELECT template, count(*) AS sent, sum(redeemed_at IS NOT NULL) AS redeemed FROM code
     WHERE left_at IS NOT NULL AND template IS NOT NULL GROUP BY template ORDER BY template`,
  )
  const byWeek = lazily<[number, number, number], { week: number; sent: number; redeemed: number }>(
    db,
    `SELECT CAST((left_at - ?) / ${7 * 86_400_000} AS INTEGER) AS week, count(*) AS sent, sum(redeemed_at IS NOT NULL) AS redeemed FROM code
     WHERE left_at >= ? AND left_at <= ? GROUP BY week ORDER BY week`,
  )
  const all = lazily<[], CodeWithLetter>(db, `${withLetter} ORDER BY code.id`)
  const ofPool = lazily<[string], CodeWithLetter>(db, `${withLetter} WHERE pool = ? ORDER BY code.id`)
  const isThere = lazily<[string]>(db, 'SELECT 1 FROM code WHERE pool = ? LIMIT 1')

  return {
    /** Adds one to a pool; otherwise where it is already: a pool, or null for one made for a letter. */
    upload(folded: string, code: string, pool: string, at: number): true | { in: string | null } {
      return upload().run(folded, code, pool, at).changes === 1 || { in: find().get(folded)!.pool }
    },
    /** The first free one of a pool after the number `after`. */
    nextFree: (pool: string, after: number) => nextFree().get(pool, after),
    has: (folded: string): boolean => has().get(folded) !== undefined,
    /** Makes a drawn code the letter's, in the transaction that queues it. Throws when it is somebody's already: nothing of the batch may stand then. */
    keep({ folded, code, pool, percent, expiresAt }: DrawnCode, letter: number, template: string, at: number): void {
      if (pool === null) make().run(folded, code, letter, template, percent, at, at, expiresAt)
      else if (reserve().run(letter, template, percent, at, expiresAt, folded).changes !== 1) throw new Error(`the code of letter ${letter} is another's`)
    },
    find: (folded: string): CodeWithLetter | undefined => find().get(folded),
    ofLetter: (letter: number): CodeWithLetter | undefined => ofLetter().get(letter),
    /** False: it was redeemed before. */
    redeem: (id: number, orderId: string, at: number): boolean => redeem().run(at, orderId, id).changes === 1,
    /** False: not by that order. */
    release: (id: number, orderId: string): boolean => release().run(id, orderId).changes === 1,
    /** Frees the codes of a pool that expired before an instant and were not redeemed, though customers may still hold them. */
    reclaim: (pool: string, before: number): number => reclaim().run(pool, before).changes,
    /** Whether a dead letter's code is another letter's by now. */
    isGone: (letter: number): boolean => isGone().get(letter) !== undefined,

    /** Reads every row: not for the engine's thread. */
    counts: (now: number): PoolCounts[] =>
      counts()
        .all(now)
        .map((row) => ({ ...row, reserved: row.all - row.free - row.redeemed - row.expired })),
    /** False in a database of before, opened for reading. */
    isThere: (): boolean => db.prepare("SELECT 1 FROM pragma_table_info('code') WHERE name = 'pool'").get() !== undefined,
    hasPool: (pool: string): boolean => isThere().get(pool) !== undefined,
    /** How many of a pool are free, counted to `most`. */
    freeUpTo: (pool: string, most: number): number => freeUpTo().get(pool, most)!.n,
    /** How many of a pool went to letters since, counted to `most`. */
    reservedSince: (pool: string, since: number, most: number): number => reservedSince().get(pool, since, most)!.n,
    /** The latest first. */
    lastRedeemed: (limit: number): CodeWithLetter[] => lastRedeemed().all(limit),
    /** Of those that were sent. */
    byTemplate: () => byTemplate().all(),
    /** Of those that were sent from `from` to `to`; weeks are counted from `from`. */
    byWeek: (from: number, to: number) => byWeek().all(from, from, to),
    /** All, or those of a pool, in the order they came. */
    all: (pool?: string): IterableIterator<CodeWithLetter> => (pool === undefined ? all().iterate() : ofPool().iterate(pool)),
  }
}
