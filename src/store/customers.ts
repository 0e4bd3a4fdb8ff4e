/** Customers' lives as stored (a cache of the log), and the ids by which they are found (the truth about those). */
import type { Db } from './database.ts'

export type Stored = { id: number; head: number; machine: number; life: string }

/** An id that leads to a customer. */
export type Identity = { key: string; customer: number }

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
  const slice = db.prepare<[number, number], Stored>('SELECT id, head, machine, life FROM customer WHERE id > ? ORDER BY id LIMIT ?')
  const count = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM customer')
  const countIdentified = db.prepare<[], { n: number }>('SELECT count(DISTINCT customer) AS n FROM identity')
  const remove = db.prepare('DELETE FROM customer WHERE id = ?')
  const newestStored = db.prepare<[number, number], { id: number }>('SELECT id FROM customer WHERE id < ? ORDER BY id DESC LIMIT ?')
  const newestNamed = db.prepare<[number, number], { id: number }>(
    'SELECT DISTINCT customer AS id FROM identity WHERE customer < ? ORDER BY customer DESC LIMIT ?',
  )
  const between = db.prepare<[string, string, string, number], Identity>(
    'SELECT key, customer FROM identity WHERE key >= ? AND key > ? AND key < ? ORDER BY key LIMIT ?',
  )
  const named = db.prepare<[string, string], { customer: number }>('SELECT DISTINCT customer FROM identity WHERE key >= ? AND key < ?')
  // Keys begin with their kind and a colon; those whose id begins with the text are found by `between`.
  const holding = db.prepare<{ text: string; pattern: string; after: string; limit: number }, Identity>(
    `SELECT key, customer FROM identity WHERE key > :after AND key LIKE :pattern ESCAPE '\\'
     AND substr(key, 3, length(:text)) <> iif(key < 'f', iif(key > 'e', lower(:text), :text), :text) ORDER BY key LIMIT :limit`,
  )
  const keysBetween = db.prepare<[number, number], Identity>('SELECT key, customer FROM identity WHERE customer > ? AND customer <= ? ORDER BY customer')
  const strays = (['identity', 'decision', 'letter'] as const).map((what) => ({
    what,
    find: db.prepare<[number, number], { customer: number; n: number }>(
      `SELECT customer, count(*) AS n FROM ${what} WHERE customer > ? AND customer <= ?
       AND NOT EXISTS (SELECT 1 FROM customer WHERE id = ${what}.customer) GROUP BY customer`,
    ),
  }))
  // LIKE takes a tenth of the time of instr (measured: 6 ms for 20,000 lives).
  const saying = db.prepare<[number, number, string, number], Stored>(
    `SELECT id, head, machine, life FROM customer WHERE id < ? AND id >= ? AND life LIKE ? ESCAPE '\\' ORDER BY id DESC LIMIT ?`,
  )

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
    /** Ids of the customers after `after` up to `to`, in order of customers. */
    keysBetween: (after: number, to: number): Identity[] => keysBetween.all(after, to),
    /** Who among them has ids, decisions or letters, and how many, but no stored life: it may only not be stored yet. */
    strays: (after: number, to: number): { what: 'identity' | 'decision' | 'letter'; customer: number; n: number }[] =>
      strays.flatMap(({ what, find }) => find.all(after, to).map((row) => ({ what, ...row }))),
    /** Stored lives after the id `after`, for walking through all. */
    slice: (after: number, limit: number): Stored[] => slice.all(after, limit),
    /** The latest ids before `before`, stored yet or not. */
    newest(before: number, limit: number): number[] {
      const ids = new Set([...newestStored.all(before, limit), ...newestNamed.all(before, limit)].map(({ id }) => id))
      return [...ids].sort((a, b) => b - a).slice(0, limit)
    },
    /** Keys that begin with `prefix`, in order, those after `after` alone. Plain characters: nothing in it is a pattern. */
    startingWith: (prefix: string, after: string, limit: number): Identity[] => between.all(prefix, after, `${prefix}\u{10FFFF}`, limit),
    /** Everybody with a key that begins with `prefix`. */
    named: (prefix: string): number[] => named.all(prefix, `${prefix}\u{10FFFF}`).map(({ customer }) => customer),
    /** Keys whose id holds `text`, whatever the case of ASCII letters, but does not begin with it; in order, those after `after`. */
    holding: (text: string, after: string, limit: number): Identity[] => holding.all({ text, pattern: `__${patternOf(text)}`, after, limit }),
    /** Lives with ids from `from` to before `before` whose text holds `text`, whatever the case of ASCII letters; the latest first. */
    saying: (text: string, before: number, from: number, limit: number): Stored[] => saying.all(before, from, patternOf(text), limit),
    /** Everyone who can be found by an id, stored yet or not. */
    countIdentified: (): number => countIdentified.get()?.n ?? 0,
    count: (): number => count.get()?.n ?? 0,
  }
}

/** For LIKE: anywhere in it, every character plain. */
const patternOf = (text: string): string => `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`

/** The case of ASCII letters does not matter, as for LIKE. */
export const lowerAscii = (text: string): string => text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
