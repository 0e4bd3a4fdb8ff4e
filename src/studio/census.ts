/**
 * How many customers stand in each state, exact while they move.
 * 1. Stored lives are walked in slices, by id; whoever is in memory when the walk begins is counted at once, or, where
 *    an older machine left them, first in the walk.
 * 2. A move counts only for a customer who was counted already: the others are counted where they stand when the walk
 *    comes to them.
 */
import type { Hot, Lives } from '../actors/lives.ts'
import type { Machines } from '../actors/machines.ts'
import { lifeFromText } from '../core/life.ts'
import type { Life } from '../core/life.ts'
import { migrate } from '../core/migrate.ts'
import type { StateSet } from '../core/step/step.ts'
import type { Customers } from '../store/customers.ts'

export type Census = ReturnType<typeof createCensus>

type Options = { customers: Customers; lives: Lives; machines: Machines }

export function createCensus({ customers, lives, machines }: Options) {
  const moved = new Map<StateSet, number>()
  const perState = new Map<string, number>()
  let early = new Set<number>()
  /** In memory as an older machine left them: they stand elsewhere once they are carried over. */
  let older: number[] = []
  let walkedTo = 0
  let counted = 0
  /** The last customer's id when the walk began. */
  let end = 0
  let state: 'new' | 'walking' | 'done' = 'new'
  let changed = new Set<string>()

  function add(states: StateSet, times: number) {
    counted += times
    moved.set(states, (moved.get(states) ?? 0) + times)
  }

  /** From sets of states to states: once a tick, not once a move. */
  function spread() {
    for (const [states, times] of moved) {
      if (times === 0) continue
      for (const id of states.ids) {
        perState.set(id, (perState.get(id) ?? 0) + times)
        changed.add(id)
      }
    }
    moved.clear()
  }

  const isCounted = (id: number) => state === 'done' || (state === 'walking' && (id <= walkedTo || early.has(id)))

  function begin() {
    state = 'walking'
    end = customers.lastId()
    for (const hot of lives.hot()) {
      if (hot.head === 0) continue
      if (hot.machine === machines.version) count(hot)
      else older.push(hot.id)
    }
  }

  function count(hot: Hot) {
    early.add(hot.id)
    add(hot.life.snapshot.states, 1)
  }

  function standing(stored: { machine: number; life: string }): StateSet | null {
    try {
      const { stepper } = machines.current
      const life = stored.machine === machines.version ? lifeFromText(stepper, stored.life) : migrate(stored.life, stepper)
      return life.snapshot.states
    } catch {
      return null
    }
  }

  return {
    /** Counts at most `most` more stored lives; quick when all are counted. */
    walk(most: number) {
      if (state === 'done') return
      if (state === 'new') begin()
      for (const id of older.splice(0, most)) {
        const hot = lives.get(id)
        if (hot !== null) count(hot)
      }
      if (older.length > 0) return
      const slice = customers.slice(walkedTo, most)
      for (const stored of slice) {
        walkedTo = stored.id
        if (early.has(stored.id)) continue
        // What is stored is behind what is in memory.
        const hot = lives.peek(stored.id)
        const states = hot?.machine === machines.version ? hot.life.snapshot.states : standing(stored)
        if (states !== null) add(states, 1)
      }
      if (slice.length === most) return
      // Those who were born meanwhile and are not stored yet.
      for (const hot of lives.hot()) if (hot.head !== 0 && hot.id > walkedTo && !early.has(hot.id)) add(hot.life.snapshot.states, 1)
      state = 'done'
      early = new Set()
    },
    /** About which share of all customers is counted so far: by ids, as to count them all would hold up a turn. */
    share: (): number => (state === 'done' ? 1 : Math.min(1, walkedTo / Math.max(1, end))),
    counted: () => counted,
    turned(hot: Hot, before: Life, after: Life) {
      const from = before.snapshot.states
      const to = after.snapshot.states
      if (from === to || hot.head === 0 || !isCounted(hot.id)) return
      add(from, -1)
      add(to, 1)
    },
    born(hot: Hot, life: Life) {
      if (state === 'done') add(life.snapshot.states, 1)
      else if (state === 'walking') {
        early.add(hot.id)
        add(life.snapshot.states, 1)
      }
    },
    joined(hot: Hot, before: Life, after: Life, gone: Hot) {
      this.turned(hot, before, after)
      if (gone.head !== 0 && isCounted(gone.id)) add(gone.life.snapshot.states, -1)
    },
    /** Nobody looks any more: whoever looks next counts anew. */
    forget() {
      state = 'new'
      walkedTo = 0
      counted = 0
      early = new Set()
      older = []
      moved.clear()
      perState.clear()
      changed = new Set()
    },
    /** Everything known. */
    all(): Record<string, number> {
      spread()
      return Object.fromEntries(perState)
    },
    /** What is different from the last call. */
    changes(): Record<string, number> {
      spread()
      const now = Object.fromEntries([...changed].map((id) => [id, perState.get(id) ?? 0]))
      changed = new Set()
      return now
    },
  }
}
