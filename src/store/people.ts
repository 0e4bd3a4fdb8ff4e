/**
 * Who may use the studio: people, their sessions, the links that invite them, and the log of what they did.
 * 1. Passwords, sessions and links come here as hashes only.
 * 2. A session counts as long as its person is there, and gives the role that the person has now.
 * 3. The last owner stays, unless the caller says that everybody is one.
 * Statements are made when first needed: `why` and `check` also open databases that lack these tables.
 */
import type { Db } from './database.ts'

export type Role = 'owner' | 'reader'
export type StoredPerson = { id: number; name: string; role: Role; at: number; seenAt: number | null }
export type NewPerson = { name: string; folded: string; password: string; at: number }
export type StoredSession = { person: number; name: string; role: Role; until: number }
export type Invitation = { role: Role; inviter: string | null }
export type StoredAudit = { id: number; at: number; who: string; did: string; about: string | null; from: string | null }

export type People = ReturnType<typeof createPeople>

const columns = 'id, name, role, at, seen_at AS seenAt'

export function createPeople(db: Db) {
  const lazily = <P extends unknown[], R = unknown>(sql: string) => {
    const make = () => db.prepare<P, R>(sql)
    let made: ReturnType<typeof make> | undefined
    return () => (made ??= make())
  }
  const count = lazily<[], { n: number }>('SELECT count(*) AS n FROM person')
  const list = lazily<[], StoredPerson>(`SELECT ${columns} FROM person ORDER BY id`)
  const get = lazily<[number], StoredPerson>(`SELECT ${columns} FROM person WHERE id = ?`)
  const secretOf = lazily<[string], { id: number; password: string }>('SELECT id, password FROM person WHERE folded = ?')
  const add = lazily('INSERT INTO person (name, folded, role, password, at, seen_at) VALUES (?,?,?,?,?,?) ON CONFLICT (folded) DO NOTHING')
  const setPassword = lazily('UPDATE person SET password = ? WHERE id = ? AND password = ?')
  const otherOwner = lazily<[number], { id: number }>("SELECT id FROM person WHERE role = 'owner' AND id <> ? LIMIT 1")
  const remove = lazily('DELETE FROM person WHERE id = ?')
  const dropInvitationsOf = lazily('DELETE FROM invitation WHERE inviter = ?')
  const see = lazily('UPDATE person SET seen_at = ? WHERE id = ?')

  const session = lazily<[string, number], StoredSession>(
    'SELECT person.id AS person, person.name, person.role, session.until FROM session JOIN person ON person.id = session.person WHERE hash = ? AND until > ?',
  )
  const addSession = lazily('INSERT INTO session (hash, person, until) SELECT ?, id, ? FROM person WHERE id = ?')
  const renew = lazily('UPDATE session SET until = ? WHERE hash = ?')
  const end = lazily('DELETE FROM session WHERE hash = ?')
  const endOthers = lazily('DELETE FROM session WHERE person = ? AND hash <> ?')
  const dropSessions = lazily('DELETE FROM session WHERE until <= ?')

  const invite = lazily('INSERT INTO invitation (hash, role, inviter, until) VALUES (?,?,?,?)')
  const dropInvitations = lazily('DELETE FROM invitation WHERE until <= ? OR inviter IS NULL')
  const invitation = lazily<[string, number], Invitation>(
    'SELECT invitation.role, person.name AS inviter FROM invitation LEFT JOIN person ON person.id = inviter WHERE hash = ? AND until > ?',
  )
  const spend = lazily('DELETE FROM invitation WHERE hash = ?')

  const write = lazily('INSERT INTO audit (at, who, did, about, address) VALUES (?,?,?,?,?)')
  const read = lazily<[number, number], StoredAudit>('SELECT id, at, who, did, about, address AS "from" FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?')

  return {
    count: (): number => count().get()!.n,
    /** The earliest first. */
    list: (): StoredPerson[] => list().all(),
    get: (id: number): StoredPerson | undefined => get().get(id),
    /** Whose name it is, and the hash of their password. */
    secretOf: (folded: string) => secretOf().get(folded),
    /** Says whether it was still `old`. All their sessions end but the one named. */
    changePassword(id: number, old: string, password: string, keptSession: string): boolean {
      return db.transaction(() => {
        if (setPassword().run(password, id, old).changes === 0) return false
        endOthers().run(id, keptSession)
        return true
      })()
    },
    /** With their sessions and the links they made. `isLastKept`: unless they are the last owner. */
    remove(id: number, isLastKept: boolean): 'removed' | 'unknown' | 'last owner' {
      return db.transaction(() => {
        const person = get().get(id)
        if (person === undefined) return 'unknown'
        if (isLastKept && person.role === 'owner' && otherOwner().get(id) === undefined) return 'last owner'
        remove().run(id)
        endOthers().run(id, '')
        dropInvitationsOf().run(id)
        return 'removed'
      })()
    },

    /** A link for one person; `inviter` null: for the first owner. It voids such links made before. */
    invite(hash: string, role: Role, inviter: number | null, until: number, now: number): void {
      db.transaction(() => {
        dropInvitations().run(now)
        invite().run(hash, role, inviter, until)
      })()
    },
    /** What a link is good for now. */
    invitation: (hash: string, now: number): Invitation | undefined => invitation().get(hash, now),
    /** Makes a person and spends the link, or does neither: their id, or why not. */
    join(hash: string, { name, folded, password, at }: NewPerson): number | 'spent' | 'taken' {
      return db.transaction(() => {
        const found = invitation().get(hash, at)
        if (found === undefined) return 'spent'
        const { changes, lastInsertRowid } = add().run(name, folded, found.role, password, at, at)
        if (changes === 0) return 'taken'
        spend().run(hash)
        return Number(lastInsertRowid)
      })()
    },

    session: (hash: string, now: number): StoredSession | undefined => session().get(hash, now),
    /** Nothing, when the person is gone. */
    beginSession(hash: string, person: number, until: number, now: number): void {
      db.transaction(() => {
        dropSessions().run(now)
        addSession().run(hash, until, person)
        see().run(now, person)
      })()
    },
    renewSession(hash: string, person: number, until: number, now: number): void {
      db.transaction(() => {
        renew().run(until, hash)
        see().run(now, person)
      })()
    },
    endSession: (hash: string) => void end().run(hash),

    /** Adds to the log of what people did. `from`: an address. */
    audit: (at: number, who: string, did: string, about: string | null, from: string | null) => void write().run(at, who, did, about, from),
    /** The latest first, all older than row `before`. */
    audits: (before: number, limit: number): StoredAudit[] => read().all(before, limit),
  }
}
