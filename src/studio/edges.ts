/**
 * Which transitions a turn took, by `ChartTransition.key`. Told by the machine's own explanation, and remembered by
 * (states before, event, states after, whether anything changed): of what looks the same the first is taken for all, so
 * that a busy shop costs the engine next to nothing.
 */
import { transitionKey } from '../chart/graph.ts'
import type { MachineEvent } from '../core/event.ts'
import type { Life } from '../core/life.ts'
import type { StateSet, Stepper } from '../core/step/step.ts'

/** Answers told to a machine within one turn, at most. */
const answersMax = 8
const rememberedMax = 4_096

/** The transitions that a turn took, the answers about its letters included. */
function takenIn(stepper: Stepper, before: Life, event: MachineEvent, after: Life): string[] {
  const keys: string[] = []
  let { snapshot } = before
  const heard: MachineEvent[] = [event]
  for (let i = 0; i < heard.length && i < answersMax; i++) {
    keys.push(
      ...stepper
        .explain(snapshot, heard[i]!)
        .filter(({ taken }) => taken)
        .map(transitionKey),
    )
    const step = stepper.step(snapshot, heard[i]!)
    snapshot = step.snapshot
    for (const { type, params } of step.actions) {
      if (type !== 'letter') continue
      const { template } = params as { template: string }
      const answer = after.past.findLast((past) => past[0] === template && past[2] === event.at)
      if (answer !== undefined) heard.push({ type: answer[3] === 1 ? 'letter.queued' : 'letter.skipped', at: event.at, template })
    }
  }
  return keys
}

type Seen = { keys: readonly string[]; times: number }

/** Counts transitions taken since they were last asked for. `eventOf`: what the machine heard, read from its row only when nothing like it was seen. */
export function createEdges(stepper: Stepper, listens: readonly string[], eventOf: (type: string, at: number, kind: number, body: string) => MachineEvent) {
  const listened = new Set(listens)
  let remembered = new Map<StateSet, Map<StateSet, Map<string, Seen>>>()
  /** Of turns after which everything is as it was. */
  let idle = new Map<StateSet, Map<string, Seen>>()
  let size = 0
  const fresh = new Set<Seen>()

  function seenOf(before: Life, after: Life, type: string, kind: number, body: string): Seen {
    const byType = before.snapshot === after.snapshot ? idleOf(before.snapshot.states) : movedOf(before.snapshot.states, after.snapshot.states)
    // Clients make up names without end: those that no state listens to by name are explained as one.
    const heardAs = listened.has(type) ? type : type.slice(0, type.indexOf('.') + 1)
    let seen = byType.get(heardAs)
    if (seen === undefined) {
      if (++size > rememberedMax) {
        remembered = new Map()
        idle = new Map()
        size = 0
      }
      byType.set(heardAs, (seen = { keys: takenIn(stepper, before, eventOf(type, after.at, kind, body), after), times: 0 }))
    }
    return seen
  }

  function idleOf(states: StateSet): Map<string, Seen> {
    let byType = idle.get(states)
    if (byType === undefined) idle.set(states, (byType = new Map()))
    return byType
  }

  function movedOf(from: StateSet, to: StateSet): Map<string, Seen> {
    let byTo = remembered.get(from)
    if (byTo === undefined) remembered.set(from, (byTo = new Map()))
    let byType = byTo.get(to)
    if (byType === undefined) byTo.set(to, (byType = new Map()))
    return byType
  }

  return {
    turned(before: Life, after: Life, type: string, kind: number, body: string) {
      const seen = seenOf(before, after, type, kind, body)
      if (seen.keys.length === 0) return
      if (seen.times++ === 0) fresh.add(seen)
    },
    /** The keys that one turn took. */
    of: (before: Life, after: Life, type: string, kind: number, body: string): readonly string[] => seenOf(before, after, type, kind, body).keys,
    /** Key → times since the last call. */
    taken(): [key: string, times: number][] {
      const times = new Map<string, number>()
      for (const seen of fresh) {
        for (const key of seen.keys) times.set(key, (times.get(key) ?? 0) + seen.times)
        seen.times = 0
      }
      fresh.clear()
      return [...times]
    },
  }
}
