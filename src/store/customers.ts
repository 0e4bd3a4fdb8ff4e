/** Customers' lives as stored (a cache of the log), and the ids by which they are found (the truth about those). */
import type { Db } from './database.ts'

export type Stored = { id: number; head: number; machine: number; life: string }

export type Customers = ReturnType<typeof createCustomers>

export function createCustomers(db: Db) {
  const get = db.prepare<[number], Stored>('SELECT id, head, machine, life FROM customer WHERE id = ?')
  const put = db.prepare(
    'INSERT INTO customer (id, head, machine, due, life) VALUES (?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET head = excluded.head, machine = excluded.machine, due = excluded.due, life = excluded.life',
  )
  const due = db.prepare<[number, number], { id: number; due: number }>('SELECT id, due FROM customer WHERE due > ? AND due <= ? ORDER BY due')
  const lookup = db.prepare<[string], { customer: number }>('SELECT customer FROM identity WHERE key = ?')
  const point = db.prepare('INSERT INTO identity (key, customer) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET customer = excluded.customer')
  const repoint = db.prepare('UPDATE identity SET customer = ? WHERE customer = ?')
  const keysOf = db.prepare<[number], { key: string }>('SELECT key FROM identity WHERE customer = ?')
  const lastId = db.prepare<[], { id: number }>(
    "SELECT max(coalesce((SELECT max(id) FROM customer), 0), coalesce((SELECT max(customer) FROM identity), 0), coalesce((SELECT value FROM meta WHERE key = 'lastGone'), 0)) AS id",
  )
  const gone = db.prepare("INSERT INTO meta (key, value) VALUES ('lastGone', ?) ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)")
  const ids = db.prepare<[number, number], { id: number }>('SELECT id FROM customer WHERE id > ? ORDER BY id LIMIT ?')
  const count = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM customer')
  const countIdentified = db.prepare<[], { n: number }>('SELECT count(DISTINCT customer) AS n FROM identity')
  const remove = db.prepare('DELETE FROM customer WHERE id = ?')

  return {
    get: (id: number): Stored | undefined => get.get(id),
    put: (id: number, head: number, machine: number, next: number | null, life: string) => void put.run(id, head, machine, next, life),
    /** A life that went into another one. Its number stands in the log and in keys of decisions, and is never given again. */
    remove(id: number) {
      remove.run(id)
      gone.run(id)
    },
    /** Who has a timer due after `from` and until `to`, earliest first. */
    due: (from: number, to: number) => due.iterate(from, to),
    /** The customer an id belongs to. Keys: `u:` userId, `a:` anonymousId, `e:` verified address. */
    find: (key: string): number | undefined => lookup.get(key)?.customer,
    point: (key: string, customer: number) => void point.run(key, customer),
    /** All ids of one life now lead to another. */
    repoint: (from: number, to: number) => void repoint.run(to, from),
    keysOf: (customer: number): string[] => keysOf.all(customer).map(({ key }) => key),
    lastId: (): number => lastId.get()?.id ?? 0,
    /** Ids after `after`, for walking through all. */
    ids: (after: number, limit: number): number[] => ids.all(after, limit).map(({ id }) => id),
    /** Everyone who can be found by an id, stored yet or not. */
    countIdentified: (): number => countIdentified.get()?.n ?? 0,
    count: (): number => count.get()?.n ?? 0,
  }
}
