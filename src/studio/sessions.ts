/**
 * Sessions: a secret in a cookie says who a browser is; the database knows its hash. A session lasts two weeks from when
 * it was last used, noted once an hour at most.
 */
import { createHash } from 'node:crypto'
import type { Clock, Ids } from '../core/world.ts'
import type { People, StoredSession } from '../store/people.ts'

export type Session = StoredSession & { hash: string }

export type Sessions = ReturnType<typeof createSessions>

const cookieName = '__Host-beckon'
const lifeMs = 14 * 86_400_000
const renewMs = 3_600_000

const secret = new RegExp(`(?:^|;\\s*)${cookieName}=([\\w-]{43})(?:;|$)`)

export function createSessions(people: People, clock: Clock, ids: Ids) {
  const cookie = (value: string, ageMs: number) => `${cookieName}=${value}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=${ageMs / 1_000}`
  const valueOf = (header: string | undefined) => secret.exec(header ?? '')?.[1]

  return {
    /** The session that a Cookie header names; null when there is none (any more). */
    find(header: string | undefined): Session | null {
      const value = valueOf(header)
      if (value === undefined) return null
      const hash = hashOf(value)
      const found = people.session(hash, clock.now())
      return found === undefined ? null : { ...found, hash }
    },
    /** A new session: its Set-Cookie. */
    begin(person: number): string {
      const value = ids.random(32)
      const now = clock.now()
      people.beginSession(hashOf(value), person, now + lifeMs, now)
      return cookie(value, lifeMs)
    },
    /** The Set-Cookie that keeps a session going; null when it is not time for one yet. */
    renew({ hash, person, until }: Session, header: string | undefined): string | null {
      const now = clock.now()
      const value = valueOf(header)
      if (value === undefined || until - lifeMs > now - renewMs) return null
      people.renewSession(hash, person, now + lifeMs, now)
      return cookie(value, lifeMs)
    },
    end: (session: Session) => people.endSession(session.hash),
    /** The Set-Cookie that takes the cookie away. */
    gone: cookie('', 0),
  }
}

/** What is kept of a secret that is long enough to be beyond guessing: SHA-256 in base64url. Pure. */
export const hashOf = (value: string): string => createHash('sha256').update(value).digest('base64url')
