/**
 * Every letter in a few bytes, in order of time: what kind it is and how far it got. Reports go over a million of these in
 * a second; the outbox, with its texts, takes many times as long.
 */
import type { Db } from './database.ts'
import { lazily } from './lazily.ts'

/** The bits of `reached`. */
export const reaches = { sent: 1, opened: 2, openedByMachine: 4, clicked: 8, clickedByMachine: 16 } as const

/** `variant` '': the letter's own template. */
export type Sort = { id: number; template: string; variant: string; journey: string; priority: string }

/** `customer` and `run`: as in the decision's key. */
export type Mailing = { at: number; letter: number; sort: number; customer: number; run: number; reached: number }

/** `n` letters of the quarter of an hour that begins at `at`. */
export type Tallied = { at: number; sort: number; reached: number; n: number }

const quarterMs = 900_000
const reachedMax = 32
const sortsMax = 65_536
/** So much is counted in one go. */
const stretchMs = 5 * 86_400_000

export function createMailings(db: Db) {
  const insert = lazily(db, 'INSERT OR IGNORE INTO mailing (at, letter, sort, customer, run, reached) VALUES (?,?,?,?,?,0)')
  const reach = lazily(db, 'UPDATE mailing SET reached = reached | :bit WHERE at = :at AND letter = :letter AND reached & :bit = 0')
  const sorts = lazily<[], Sort>(db, 'SELECT * FROM mailing_sort')
  const addSort = lazily(db, 'INSERT OR IGNORE INTO mailing_sort (template, variant, journey, priority) VALUES (?,?,?,?)')
  // As JSON, which is read in a quarter of the time of rows (measured: 0.3 s for a million).
  const packed = lazily<[number, number, string], { numbers: string }>(
    db,
    `SELECT json_group_array((at / ${quarterMs}) * ${sortsMax * reachedMax} + sort * ${reachedMax} + reached) AS numbers
     FROM mailing WHERE at >= ? AND at < ? AND customer NOT IN (SELECT value FROM json_each(?))`,
  )
  const runs = lazily<[string, number, number, string], { n: number }>(
    db,
    `SELECT count(*) AS n FROM (SELECT DISTINCT customer, run FROM mailing
     WHERE sort IN (SELECT id FROM mailing_sort WHERE journey = ?) AND reached & ${reaches.sent} AND at >= ? AND at < ?
     AND customer NOT IN (SELECT value FROM json_each(?)))`,
  )
  const one = lazily<[number], Mailing>(
    db,
    'SELECT mailing.* FROM letter JOIN mailing ON mailing.at = letter.at AND mailing.letter = letter.id WHERE letter.id = ?',
  )
  const erase = lazily(db, 'DELETE FROM mailing WHERE (at, letter) IN (SELECT at, id FROM letter WHERE customer = ?)')
  const clear = lazily(db, 'DELETE FROM mailing')
  const known = new Map<string, number>()

  function sortOf(template: string, variant: string, journey: string, priority: string): number {
    const name = `${template}/${variant}/${journey}/${priority}`
    let id = known.get(name)
    if (id === undefined) {
      addSort().run(template, variant, journey, priority)
      for (const sort of sorts().all()) known.set(`${sort.template}/${sort.variant}/${sort.journey}/${sort.priority}`, sort.id)
      id = known.get(name)!
    }
    return id
  }

  return {
    /** In the transaction of its decision. */
    add(letter: number, decision: { at: number; key: string; template: string; variant: string | null; journey: string; priority: string }): void {
      const [customer, , run] = decision.key.split('/')
      const sort = sortOf(decision.template, decision.variant ?? '', decision.journey, decision.priority)
      insert().run(decision.at, letter, sort, Number(customer), Number(run))
    },
    /** `at`: when the letter was decided. */
    reach: (letter: number, at: number, bit: number): void => void reach().run({ bit, at, letter }),
    sorts: (): Sort[] => sorts().all(),
    /** Letters decided from `from` to before `to`, but for some customers': how many of each kind got how far, in each quarter of an hour. */
    *tally(from: number, to: number, without: readonly number[]): Generator<Tallied> {
      const left = JSON.stringify(without)
      for (let start = from; start < to; start += stretchMs) {
        const counts = new Map<number, number>()
        for (const one of JSON.parse(packed().get(start, Math.min(to, start + stretchMs), left)!.numbers) as number[])
          counts.set(one, (counts.get(one) ?? 0) + 1)
        for (const [one, n] of counts) {
          const sort = Math.floor(one / reachedMax) % sortsMax
          yield { at: Math.max(from, Math.floor(one / (sortsMax * reachedMax)) * quarterMs), sort, reached: one % reachedMax, n }
        }
      }
    },
    /** Runs of a journey that a letter was sent about. */
    countRuns: (journey: string, from: number, to: number, without: readonly number[]): number => runs().get(journey, from, to, JSON.stringify(without))!.n,
    of: (letter: number): Mailing | undefined => one().get(letter),
    /** Deletes all of one customer (R9); call it before their letters go. */
    erase: (customer: number) => void erase().run(customer),
    clear: () => void clear().run(),
  }
}
