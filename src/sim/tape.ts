/**
 * What the engine wrote, in the order it did: taken down at the store's own door while a transaction is open, and kept only
 * if that transaction turns out to be in the file. The judges read the tape, never the engine's memory.
 */
import type { Life, Timer } from '../core/life.ts'
import type { DecisionRow } from '../store/decisions.ts'
import type { Row } from '../store/log.ts'
import type { NewLetter } from '../store/letters.ts'
import type { Store } from '../store/store.ts'
import { digest } from './post.ts'

export type Turned = { customer: number; kind: number; body: string; at: number; before: readonly Timer[]; after: readonly Timer[]; sweep: number }

export type Entry =
  | { what: 'row'; wall: number; row: Row }
  | { what: 'turn'; wall: number; turn: Turned }
  | { what: 'decision'; wall: number; decision: DecisionRow }
  | { what: 'letter'; wall: number; letter: Omit<NewLetter, 'mime' | 'data' | 'links'> & { mime: string } }

export type Tape = ReturnType<typeof createTape>

export function createTape(wall: () => number, heard: (entry: Entry) => void) {
  let pending: Entry[] = []
  /** The number of the sweep over all customers' timers that is going on; 0 between sweeps. */
  let sweep = 0
  let sweeps = 0

  function keep() {
    const kept = pending
    pending = []
    for (const entry of kept) heard(entry)
  }

  return {
    /** Listens at a store's door. */
    listen(store: Store) {
      const { append } = store.log
      store.log.append = (customer, prev, at, received, kind, source, machine, why, body) => {
        const seq = append(customer, prev, at, received, kind, source, machine, why, body)
        pending.push({ what: 'row', wall: wall(), row: { seq, customer, prev, at, received, kind, source, machine, inert: why, body } })
        return seq
      }
      const { add } = store.decisions
      store.decisions.add = (row) => {
        const id = add(row)
        pending.push({ what: 'decision', wall: wall(), decision: { id, ...row } })
        return id
      }
      const { insert } = store.letters
      store.letters.insert = (letter) => {
        insert(letter)
        const { mime, data: _, links: __, ...rest } = letter
        pending.push({ what: 'letter', wall: wall(), letter: { ...rest, mime: digest(mime) } })
      }
      const { commit } = store
      store.commit = () => {
        commit()
        keep()
      }
    },
    turned(customer: number, before: Life, after: Life, kind: number, body: string) {
      pending.push({ what: 'turn', wall: wall(), turn: { customer, kind, body, at: after.at, before: before.timers, after: after.timers, sweep } })
    },
    /** Marks the turns that a sweep over all customers' timers makes. */
    sweeping<T>(work: () => T): T {
      sweep = ++sweeps
      try {
        return work()
      } finally {
        sweep = 0
      }
    },
    /** After a crash: what the log in the file holds was committed, whatever the process heard of it. */
    resolve(lastSeq: number) {
      const last = pending.findLast((entry) => entry.what === 'row')
      if (last !== undefined && last.what === 'row' && last.row.seq <= lastSeq) keep()
      pending = []
    },
  }
}
