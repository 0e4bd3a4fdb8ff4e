/** XState's own `transition()` as the judge of a step, for tests. */
import { initialTransition, transition } from 'xstate'
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate'
import { expect } from 'vitest'
import type { Action } from './run.ts'
import { compileStepper } from './step.ts'
import type { Snapshot, Step, Stepper } from './step.ts'

const bare = (actions: readonly unknown[]) => (actions as Action[]).map(({ type, params }) => ({ type, params }))

/** The snapshot after it was stored and read back. */
export const throughJson = (stepper: Stepper, snapshot: Snapshot) => stepper.fromJSON(JSON.parse(JSON.stringify(stepper.toJSON(snapshot))))

/** Equal in value, key order included, context, actions, active states and tags. */
export function expectSame(ours: Step, theirs: readonly [AnyMachineSnapshot, unknown[]]) {
  const { states, context } = ours.snapshot
  expect(JSON.stringify(states.value)).toBe(JSON.stringify(theirs[0].value))
  expect(context).toEqual(theirs[0].context)
  expect(bare(ours.actions)).toEqual(bare(theirs[1]))
  expect([...states.ids].sort()).toEqual(theirs[0]._nodes.map(({ id }) => id).sort())
  expect([...states.tags].sort()).toEqual([...theirs[0].tags].sort())
}

/** Both from the start through the same events; returns our last snapshot. */
export function expectSameLife(machine: AnyStateMachine, events: readonly { type: string }[]): Snapshot {
  const stepper = compileStepper(machine)
  const begun = stepper.initial()
  const [first, actions] = initialTransition(machine)
  expectSame(begun, [first as AnyMachineSnapshot, actions])
  let ours = begun.snapshot
  let theirs = first as AnyMachineSnapshot
  for (const [at, event] of events.entries()) {
    const step = stepper.step(ours, { at, ...event })
    const next = transition(machine, theirs, { at, ...event } as never)
    expectSame(step, next)
    ours = step.snapshot
    theirs = next[0]
  }
  return ours
}
