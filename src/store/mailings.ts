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

export type Mailings = ReturnType<typeof createMailings>

export function createMailings(db: Db) {
  const insert = lazily(db, 'INSERT OR IGNORE INTO mailing (at, letter, sort, customer, run, reached) VALUES (?,?,?,?,?,0)')
  const reach = lazily(db, 'UPDATE mailing SET reached = reached | :bit WHERE at = :at AND letter = :letter AND reached & :bit = 0')
  const sorts = lazily<[], Sort>(db, 'SELECT * FROM mailing_sort')
  const addSort = lazily(db, 'INSERT OR IGNORE INTO mailing_sort (template, variant, journey, priority) VALUES (?,?,?,?)')
  const between = lazily<[number, number], [at: number, sort: number, customer: number, run: number, reached: number]>(
    db,
    'SELECT at, sort, customer, run, reached FROM mailing WHERE at >= ? AND at < ? ORDER BY at',
  )
  const one = lazily<[number], Mailing>(db, 'SELECT mailing.* FROM letter JOIN mailing ON mailing.at = letter.at AND mailing.letter = letter.id WHERE letter.id = ?')
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
    /** Those decided from `from` to before `to`, by time; as lists, which are read three times as fast. */
    between: (from: number, to: number) => between().raw().iterate(from, to),
    of: (letter: number): Mailing | undefined => one().get(letter),
    /** Deletes all of one customer (R9); call it before their letters go. */
    erase: (customer: number) => void erase().run(customer),
    clear: () => void clear().run(),
  }
}
