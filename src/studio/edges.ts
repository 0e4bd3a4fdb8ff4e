/**
 * Which transitions a turn took, by `ChartTransition.key`. Told by the machine's own explanation, and remembered by
 * (states before, event, states after, whether anything changed): of what looks the same the first is taken for all, so
 * that a busy shop costs the engine next to nothing.
 */
import type { MachineEvent } from '../core/event.ts'
import type { Life } from '../core/life.ts'
import type { Candidacy, StateSet, Stepper } from '../core/step/step.ts'

/** Answers told to a machine within one turn, at most. */
const answersMax = 8
const rememberedMax = 4_096

export const keyOf = ({ source, event, targets }: Pick<Candidacy, 'source' | 'event' | 'targets'>): string => `${source} ${event} ${targets.join(',')}`

/** The transitions that a turn took, the answers about its letters included. */
export function takenIn(stepper: Stepper, before: Life, event: MachineEvent, after: Life): string[] {
  const keys: string[] = []
  let { snapshot } = before
  const heard: MachineEvent[] = [event]
  for (let i = 0; i < heard.length && i < answersMax; i++) {
    keys.push(
      ...stepper
        .explain(snapshot, heard[i]!)
        .filter(({ taken }) => taken)
        .map(keyOf),
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

/** Counts transitions taken since they were last asked for. */
export function createEdges(stepper: Stepper) {
  let remembered = new Map<StateSet, Map<string, Map<StateSet, Seen>>>()
  let size = 0
  const fresh = new Set<Seen>()

  function seenOf(before: Life, type: string, after: Life, event: () => MachineEvent): Seen {
    const from = before.snapshot.states
    const to = after.snapshot.states
    const how = before.snapshot === after.snapshot ? `${type}=` : type
    let byType = remembered.get(from)
    if (byType === undefined) remembered.set(from, (byType = new Map()))
    let byTo = byType.get(how)
    if (byTo === undefined) byType.set(how, (byTo = new Map()))
    let seen = byTo.get(to)
    if (seen === undefined) {
      if (++size > rememberedMax) {
        remembered = new Map()
        size = 0
      }
      byTo.set(to, (seen = { keys: takenIn(stepper, before, event(), after), times: 0 }))
    }
    return seen
  }

  return {
    /** `event` is asked for only when nothing like it was seen. */
    turned(before: Life, after: Life, type: string, event: () => MachineEvent) {
      const seen = seenOf(before, type, after, event)
      if (seen.keys.length === 0) return
      if (seen.times++ === 0) fresh.add(seen)
    },
    /** The keys that one turn took. */
    of: (before: Life, after: Life, type: string, event: () => MachineEvent): readonly string[] => seenOf(before, type, after, event).keys,
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
