/**
 * A world from one seed: chance, time and the order in which work is done. The engine and the drain meet it as the Clock,
 * Ids and `soon` that `main.ts` would otherwise pass in.
 * 1. The same seed and the same questions give the same answers: nothing here reads a real clock or real randomness.
 * 2. Waiting is measured on a clock that never jumps; the wall clock is that one plus an offset, which the seed moves.
 * 3. What a dead process had planned never happens.
 */
import type { Clock, Ids } from '../core/world.ts'

export type Random = {
  /** From 0 up to 1. */
  next(): number
  /** A whole number from `least` up to and including `most`. */
  between(least: number, most: number): number
  chance(share: number): boolean
  pick<T>(list: readonly T[]): T
  /** Another stream, so that questions asked in one place do not move the answers in another. */
  fork(name: string): Random
}

function createRandom(seed: number | string): Random {
  let state = hashText(String(seed))
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    between: (least, most) => Math.floor(least + next() * (Math.floor(most) - least + 1)),
    chance: (share) => next() < share,
    pick: (list) => list[Math.floor(next() * list.length)]!,
    fork: (name) => createRandom(`${seed}/${name}`),
  }
}

function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) | 0
}

type Task = { at: number; order: number; work: () => void; isIdle: boolean; isOutside: boolean }

/** Waits of these lengths are the batch looking whether there is anything to do: time may leap over them. */
const idleWaits = new Set([250, 60_000])

export type World = ReturnType<typeof createWorld>

export function createWorld(seed: number, start: number) {
  const random = createRandom(seed)
  const order = random.fork('order')
  let elapsed = 0
  let offset = start
  /** What the process waits for; what it can do at once; and what happens outside it, the latest first. */
  let waits: Task[] = []
  let ready: Task[] = []
  const outside: Task[] = []
  let made = 0
  let process = 1

  /** Whatever is due joins what is ready. */
  function ripen() {
    const due = waits.filter(({ at }) => at <= elapsed)
    if (due.length > 0) waits = waits.filter(({ at }) => at > elapsed)
    while (outside.length > 0 && outside.at(-1)!.at <= elapsed) due.push(outside.pop()!)
    if (due.length > 0) ready.push(...due.sort((a, b) => a.at - b.at || a.order - b.order))
  }

  return {
    random,
    wall: () => elapsed + offset,
    elapsed: () => elapsed,
    /** The wall clock is set to something else; waiting goes on as before. */
    jump: (ms: number) => void (offset += ms),
    offset: () => offset,

    /** The clock of the process that runs now. */
    clock(): Clock {
      const mine = process
      return {
        now: () => elapsed + offset,
        after(ms, fire) {
          if (mine !== process) return () => {}
          const task: Task = { at: elapsed + Math.min(ms, 2 ** 31 - 1), order: made++, work: fire, isIdle: idleWaits.has(ms), isOutside: false }
          waits.push(task)
          return () => {
            waits = waits.filter((other) => other !== task)
            ready = ready.filter((other) => other !== task)
          }
        },
      }
    },
    /** setImmediate of the process that runs now. */
    soon() {
      const mine = process
      return (work: () => void) => {
        if (mine === process) ready.push({ at: elapsed, order: made++, work, isIdle: false, isOutside: false })
      }
    },
    /** Outside the process, `ms` from now. */
    later(ms: number, work: () => void) {
      const task: Task = { at: elapsed + ms, order: made++, work, isIdle: false, isOutside: true }
      let index = outside.length
      while (index > 0 && outside[index - 1]!.at <= task.at) index--
      outside.splice(index, 0, task)
    },

    /** Ends the process: nothing it planned happens. */
    kill() {
      waits = []
      ready = ready.filter(({ isOutside }) => isOutside)
      process++
    },

    /** Does one thing that is ready, in whatever order the seed says; false when nothing is. */
    work(): boolean {
      ripen()
      if (ready.length === 0) return false
      const index = ready.length === 1 || order.chance(0.6) ? 0 : order.between(0, ready.length - 1)
      const [task] = ready.splice(index, 1)
      task!.work()
      return true
    },

    /** Lets time pass to the next thing planned, but not past `until`; looks whether there is anything to do may come late. */
    pass(until: number, isPunctual = false) {
      let next = Math.min(until, outside.at(-1)?.at ?? Infinity)
      for (const { at, isIdle } of waits) if (at < next && !(isIdle && !isPunctual && order.chance(0.9))) next = at
      elapsed = Math.max(elapsed, next)
    },
    /** Nothing more will happen by itself outside. */
    isOutsideDone: () => outside.length === 0,
  }
}

/** Random bytes that are the same for the same seed. */
export function createIds(random: Random): Ids {
  return {
    random: (bytes) => Buffer.from(Array.from({ length: bytes }, () => random.between(0, 255))).toString('base64url'),
  }
}
