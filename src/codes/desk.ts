/**
 * Where letters get their codes: drawn while a letter is written, kept when its decision is. Synchronous, in the turn.
 * 1. The same letter key draws the same code of our own, before and after a restart (R2, R3).
 * 2. A code drawn is nobody's: a letter that comes to nothing, and a turn that throws, leave it free. `begin` forgets what
 *    the turn before drew.
 * 3. What is free is asked of the database, in whose open transaction the letter stands: they stand or fall together.
 */
import type { Codes, DrawnCode } from '../store/codes.ts'
import { makeBody, shownCode } from './spelling.ts'

/** What a letter's rule says of its discount. */
export type Discount = { percent: number; validFor: number; pool?: string }

export type DeskOptions = { codes: Pick<Codes, 'nextFree' | 'has' | 'keep'>; secret: string; prefix: string }

export function createDesk({ codes, secret, prefix }: DeskOptions) {
  /** The last one of each pool that this turn drew. */
  const drawn = new Map<string, number>()

  return {
    /** A turn begins. */
    begin(): void {
      if (drawn.size > 0) drawn.clear()
    },
    /** A code for the letter of this key, or null when its pool has none left. `at`: when it is decided, ms. */
    draw({ percent, validFor, pool }: Discount, key: string, at: number): DrawnCode | null {
      const expiresAt = at + validFor
      if (pool !== undefined) {
        const next = codes.nextFree(pool, drawn.get(pool) ?? 0)
        if (next === undefined) return null
        drawn.set(pool, next.id)
        return { folded: next.folded, code: next.code, pool, percent, expiresAt }
      }
      let body = makeBody(secret, key)
      for (let nth = 1; codes.has(body); nth++) body = makeBody(secret, key, nth)
      return { folded: body, code: shownCode(body, prefix), pool: null, percent, expiresAt }
    },
    keep: codes.keep,
  }
}
