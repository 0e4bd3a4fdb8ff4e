/** Events set aside because a machine threw on them (R10): each names its log row and the reason. */
import type { Db } from './database.ts'

export type Quarantined = { id: number; seq: number; customer: number; at: number; code: string; reason: string }

export type Quarantine = ReturnType<typeof createQuarantine>

export function createQuarantine(db: Db) {
  const add = db.prepare('INSERT INTO quarantine (seq, customer, at, code, reason) VALUES (?,?,?,?,?)')
  const get = db.prepare<[number], Quarantined>('SELECT * FROM quarantine WHERE id = ?')
  const latest = db.prepare<[number], Quarantined>('SELECT * FROM quarantine ORDER BY id DESC LIMIT ?')
  const remove = db.prepare('DELETE FROM quarantine WHERE id = ?')
  const count = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM quarantine')

  return {
    add: (seq: number, customer: number, at: number, code: string, reason: string) => void add.run(seq, customer, at, code, reason),
    get: (id: number): Quarantined | undefined => get.get(id),
    /** The latest first. */
    latest: (limit: number): Quarantined[] => latest.all(limit),
    /** It was taken after all; its row in the log stays as it is. */
    remove: (id: number) => void remove.run(id),
    count: (): number => count.get()!.n,
  }
}
