/**
 * The customers in memory: loaded when first needed, written behind the log, let go when long unused.
 * 1. A life that is ahead of its row in the database is never let go.
 * 2. Every life in memory with a timer due before the horizon has an entry in the agenda, as has every stored one.
 * 3. Whoever asks for a life gets it in the current version of the machine (R12).
 */
import { lifeFromText, lifeToText, nextDue } from '../core/life.ts'
import type { Life } from '../core/life.ts'
import { migrate } from '../core/migrate.ts'
import { birth } from '../core/turn.ts'
import { hasSandboxName } from '../profile/sandbox.ts'
import type { Customers, Stored } from '../store/customers.ts'
import { Agenda } from './agenda.ts'
import type { Machines } from './machines.ts'

export type Hot = {
  readonly id: number
  life: Life
  /** The last log row in it. */
  head: number
  machine: number
  /** What it was in the machine of its last row, while it has only been carried over: the log knows of no more (R2). */
  before: { life: Life; machine: number } | null
  /** Ahead of the database. */
  dirty: boolean
  /** The due time of its earliest entry in the agenda; Infinity when it has none. */
  armed: number
  used: boolean
  /** The customer's clock less the wall clock, ms: a sandbox's after time was skipped, 0 for everybody else. */
  lead: number
}

/** Timers later than this stay in their rows until the horizon reaches them. */
const horizonStepDefaultMs = 3_600_000

/** Lives looked at in one go when memory is to be freed. */
const looksMax = 8_192

export type Lives = ReturnType<typeof createLives>

type Options = {
  customers: Customers
  machines: Machines
  hotMax: number
  /** How far ahead timers are in the agenda, ms; Infinity on virtual time. */
  horizonMs?: number
  /** Tells a life again from the log, when what is stored cannot be read. */
  rebuild: (head: number) => { life: Life; machine: number }
  /** How far a sandbox customer is ahead of the wall clock after a row, ms. */
  leadAt: (head: number) => number
}

/** When the wall clock shows its next timer's instant; Infinity without one. */
const dueOf = ({ life, lead }: Hot): number => (nextDue(life) ?? Infinity) - lead

export function createLives(options: Options) {
  const { customers, machines, hotMax } = options
  const horizonStepMs = options.horizonMs ?? horizonStepDefaultMs
  const hot = new Map<number, Hot>()
  let dirty = new Set<Hot>()
  const agenda = new Agenda()
  let horizon = -1
  let lastId = customers.lastId()

  function keep(one: Hot): Hot {
    hot.set(one.id, one)
    return one
  }

  function load(id: number): Hot | null {
    const stored = customers.get(id)
    if (stored === undefined) return null
    const { life, machine } = read(stored)
    const one = keep({ id, life, head: stored.head, machine, before: null, dirty: false, armed: Infinity, used: true, lead: 0 })
    measure(one)
    return one
  }

  /** Finds out from the log how far a life is ahead of the wall clock. */
  function measure(one: Hot) {
    one.lead = hasSandboxName(one.life.profile) ? options.leadAt(one.head) : 0
  }

  function read(stored: Stored): { life: Life; machine: number } {
    try {
      return { life: lifeFromText(machines.of(stored.machine).stepper, stored.life), machine: stored.machine }
    } catch {
      return options.rebuild(stored.head)
    }
  }

  function arm(one: Hot) {
    const due = dueOf(one)
    if (due > horizon || due >= one.armed) return
    agenda.push(due, one.id)
    one.armed = due
  }

  /** As it stands, whatever machine it is of: for telling the log's tail again. */
  function raw(id: number): Hot | null {
    const one = hot.get(id)
    if (one === undefined) return load(id)
    one.used = true
    return one
  }

  function put(one: Hot, life: Life, head: number) {
    one.life = life
    one.head = head
    one.before = null
    one.dirty = true
    dirty.add(one)
    arm(one)
  }

  return {
    agenda,
    raw,
    measure,
    put,
    size: () => hot.size,
    hot: () => hot.values(),
    /** The life as it is in memory, if it is. */
    peek: (id: number): Hot | undefined => hot.get(id),

    /**
     * Frees memory above `hotMax`: lives that are clean and unused since last looked at, oldest first. Between batches
     * only, when nobody holds a life that could be loaded a second time.
     */
    letGo() {
      if (hot.size <= hotMax) return
      let left = hot.size - hotMax + (hotMax >> 4)
      let looks = Math.min(hot.size, looksMax)
      for (const one of hot.values()) {
        if (left === 0 || looks-- === 0) return
        hot.delete(one.id)
        if (one.used || one.dirty) {
          one.used = false
          hot.set(one.id, one)
        } else left--
      }
    },
    /** More in memory than there should be: what is dirty had better be written. */
    isCrowded: () => hot.size > hotMax,

    /** The customer's life, in the current machine; null for an id that has none. */
    get(id: number): Hot | null {
      const one = raw(id)
      if (one !== null && one.machine !== machines.version) {
        const { life, machine } = one
        one.before = { life, machine }
        one.life = migrate(lifeToText(machines.of(machine).stepper, life), machines.current.stepper)
        one.machine = machines.version
        arm(one)
      }
      return one
    },

    newId: (): number => ++lastId,

    /** A customer's first instant. Not in the database until its first row is written behind. */
    bear(id: number, at: number): Hot {
      lastId = Math.max(lastId, id)
      return keep({
        id,
        life: birth(machines.current.stepper, at),
        head: 0,
        machine: machines.version,
        before: null,
        dirty: false,
        armed: Infinity,
        used: true,
        lead: 0,
      })
    },

    /** A life that went into another. Its agenda entries find nobody and are dropped. */
    drop(id: number) {
      const one = hot.get(id)
      hot.delete(id)
      if (one !== undefined) {
        one.dirty = false
        dirty.delete(one)
      }
      customers.remove(id)
    },

    /** Brings into the agenda what is due within the next hour or so. Cheap when there is nothing to do. */
    reach(now: number) {
      if (horizon === Infinity || now + horizonStepMs / 2 < horizon) return
      const until = now + horizonStepMs
      for (const { id, due } of customers.due(horizon, until)) {
        const one = hot.get(id)
        if (one === undefined) agenda.push(due, id)
      }
      horizon = until
      for (const one of hot.values()) arm(one)
    },

    /** Takes the first agenda entry that is due by `now`; null when none is. A stale one waits for its real turn, so that all fire in due order. */
    nextDue(now: number): Hot | null {
      while (agenda.next() <= now) {
        const entry = agenda.next()
        const one = this.get(agenda.pop())
        if (one === null) continue
        one.armed = Infinity
        if (dueOf(one) <= entry) return one
        arm(one)
      }
      return null
    },

    /** After looking at a life taken by `nextDue`. */
    arm,

    /** All lives ahead of the database, highest id first, and from now on a new list of them. Neighbours share pages. */
    takeDirty(): Hot[] {
      const taken = [...dirty].sort((a, b) => b.id - a.id)
      dirty = new Set()
      return taken
    },

    dirtySize: () => dirty.size,

    /** Writes a life behind, in the open transaction. */
    store(one: Hot) {
      if (!one.dirty) return
      const { life, machine } = one.before ?? one
      // Due in whichever machine wakes it first, by the wall clock: it is looked at again then.
      const due = Math.min(nextDue(life) ?? Infinity, nextDue(one.life) ?? Infinity) - one.lead
      customers.put(one.id, one.head, machine, due === Infinity ? null : due, lifeToText(machines.of(machine).stepper, life))
      one.dirty = false
    },
  }
}
