/**
 * Carries a life from one version of the machine into another. Pure and total (R12): it never refuses.
 * A region keeps its state where the new machine still has it, otherwise it starts again; timers that still belong to an
 * active state keep their due time, and a state that now waits for something new counts from the life's own time.
 */
import type { Life, Timer } from './life.ts'
import { birth } from './turn.ts'
import type { Snapshot, Stepper } from './step/step.ts'

type Value = string | { [state: string]: Value | undefined }
type Context = Record<string, unknown>

export function migrate(text: string, stepper: Stepper): Life {
  const [at, { value, context }, timers, past, waiting, profile] = JSON.parse(text)
  const fresh = birth(stepper, at)
  const start = stepper.toJSON(fresh.snapshot) as { value: Value; context: Context }
  const states = { ...(start.value as Record<string, Value>) }
  const known = { ...start.context }
  for (const region of Object.keys(states)) {
    const kept = (value as Record<string, Value>)[region]
    if (kept === undefined) continue
    const tried = restored(stepper, { ...states, [region]: kept }, known)
    if (tried === null) continue
    states[region] = kept
    if (region in context) known[region] = mergedContext(known[region], context[region])
  }
  const snapshot = restored(stepper, states, known) ?? fresh.snapshot
  return { at, snapshot, timers: carriedTimers(stepper, snapshot, timers, at), past, waiting, profile }
}

function restored(stepper: Stepper, value: Value, context: Context): Snapshot | null {
  try {
    return stepper.fromJSON({ value, context } as Parameters<Stepper['fromJSON']>[0])
  } catch {
    return null
  }
}

/** New fields get their first value, old ones keep theirs. */
function mergedContext(first: unknown, kept: unknown): unknown {
  const both = typeof first === 'object' && first !== null && !Array.isArray(first) && typeof kept === 'object' && kept !== null
  return both ? { ...first, ...kept } : kept
}

function carriedTimers(stepper: Stepper, snapshot: Snapshot, timers: readonly Timer[], at: number): Timer[] {
  const wanted = stepper.timersOf(snapshot)
  const kept = timers.filter(([event]) => event.startsWith('letter.wait/') || wanted.some((timer) => timer.event === event))
  const missing = wanted.filter(({ event }) => !kept.some(([other]) => other === event))
  return [...kept, ...missing.map(({ event, delay }): Timer => [event, at + delay])]
}
