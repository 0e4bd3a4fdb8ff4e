/**
 * Addresses that must not be written to, by a keyed hash, so that they stay so when the address itself is erased (R7, R9).
 */
import { createHmac } from 'node:crypto'
import type { Db } from './database.ts'

export type SuppressionReason = 'unsubscribed' | 'bounce' | 'complaint'

export type Suppressions = ReturnType<typeof createSuppressions>

export function createSuppressions(db: Db) {
  // What somebody asked for outlasts what merely happened to the address, and a complaint outlasts both.
  const add = db.prepare(
    `INSERT INTO suppression (hash, reason, at) VALUES (?, ?, ?)
     ON CONFLICT (hash) DO UPDATE SET reason = excluded.reason, at = excluded.at
     WHERE (excluded.reason = 'unsubscribed' AND reason <> 'complaint') OR (excluded.reason = 'complaint' AND reason <> 'complaint')`,
  )
  const lift = db.prepare("DELETE FROM suppression WHERE hash = ? AND reason = 'unsubscribed' AND at < ?")
  const has = db.prepare<[string], { reason: SuppressionReason }>('SELECT reason FROM suppression WHERE hash = ?')
  const count = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM suppression')
  const since = db.prepare<[string], { at: number }>('SELECT at FROM suppression WHERE hash = ?')
  const counts = db.prepare<[], { reason: SuppressionReason; n: number }>('SELECT reason, count(*) AS n FROM suppression GROUP BY reason')

  return {
    /** Idempotent. */
    add: (hash: string, reason: SuppressionReason, at: number) => void add.run(hash, reason, at),
    /** Why an address is suppressed; undefined when it is not. */
    has: (hash: string): SuppressionReason | undefined => has.get(hash)?.reason,
    /** Since when, ms; undefined when it is not. */
    since: (hash: string): number | undefined => since.get(hash)?.at,
    /** Takes an unsubscription back, where none came at `at` or after. A bounce or a complaint stays. */
    lift: (hash: string, at: number): boolean => lift.run(hash, at).changes === 1,
    /** How many for each reason; goes over all of them. */
    counts: (): { reason: SuppressionReason; n: number }[] => counts.all(),
    count: (): number => count.get()!.n,
  }
}

/** What an address is known by here, in whatever case it was written: HMAC-SHA256 in base64url. Pure. */
export const hashAddress = (secret: string, address: string): string =>
  createHmac('sha256', secret).update(`address/${address.trim().toLowerCase()}`).digest('base64url')
