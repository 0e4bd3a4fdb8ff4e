import fc from 'fast-check'
import { initialTransition, transition } from 'xstate'
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate'
import { describe, expect, test } from 'vitest'
import { eventTypes, randomMachine } from './random-machine.ts'
import { slowStepper } from './slow-step.ts'
import { compileStepper } from './step.ts'
import type { Snapshot, Step, Stepper } from './step.ts'
import { expectSame, throughJson } from './xstate-judge.ts'

const attempt = <T>(act: () => T): { value: T } | { error: string } => {
  try {
    return { value: act() }
  } catch (error) {
    return { error: (error as Error).message.slice(0, 40) }
  }
}

function expectExplained(stepper: Stepper, snapshot: Snapshot, event: { type: string; at: number }, step: Step) {
  const taken = stepper.explain(snapshot, event).filter((row) => row.taken)
  expect(taken.every((row) => row.held)).toBe(true)
  if (taken.length > 0) return
  expect(step.snapshot).toBe(snapshot)
  expect(step.actions).toEqual([])
}

/** The numbers that a test case draws from, which fast-check shrinks; zeros behind their end. */
const tapes = fc.array(fc.nat({ max: 0xffff }), { minLength: 500, maxLength: 1_000, size: 'max' })

function expectEqualOn(tape: readonly number[], compile: (machine: AnyStateMachine) => Stepper) {
  let at = 0
  const draw = (max: number) => (tape[at++] ?? 0) % (max + 1)
  const machine = randomMachine(draw)
  const stepper = compile(machine)
  const [first, firstActions] = initialTransition(machine)
  const begun = attempt(() => stepper.initial())
  if (first.status === 'error') {
    expect(begun).toHaveProperty('error')
    return
  }
  if ('error' in begun) throw new Error(begun.error)
  expectSame(begun.value, [first as AnyMachineSnapshot, firstActions])

  let ours = begun.value.snapshot
  let theirs = first as AnyMachineSnapshot
  const others = [...eventTypes, ...machine.events.filter((type: string) => type.startsWith('xstate.'))]
  for (let i = draw(15); i >= 0; i--) {
    const heard = draw(2) > 0 ? stepper.accepts(ours).map((name) => name.replace('*', 'b')) : []
    const types = heard.length > 0 ? heard : others
    const event = { type: types[draw(types.length - 1)]!, at: i, v: draw(3) }
    const before = JSON.stringify(ours.context)
    const step = attempt(() => stepper.step(ours, event))
    const next = attempt(() => transition(machine, theirs, event as never))
    expect(JSON.stringify(ours.context)).toBe(before)
    if ('error' in step || 'error' in next) {
      expect(step).toEqual(next)
      return
    }
    expectSame(step.value, next.value)
    expectExplained(stepper, ours, event, step.value)
    expect(new Set(stepper.accepts(step.value.snapshot))).toEqual(new Set(next.value[0]._nodes.flatMap((node) => node.ownEvents)))
    // One that was stored and read back goes on exactly as one that was not.
    const stored = throughJson(stepper, step.value.snapshot)
    if (stepper.uncovered.length === 0) expect(stored.states).toBe(step.value.snapshot.states)
    ours = stepper.uncovered.length === 0 && draw(1) === 0 ? stored : step.value.snapshot
    theirs = next.value[0]
  }
}

/** STEP_RUNS=30000 STEP_SEED=7 looks further than the few seconds it takes here. */
const search = { numRuns: Number(process.env['STEP_RUNS'] ?? 3_000), seed: Number(process.env['STEP_SEED'] ?? 20_261_123) }

describe('equal to XState', () => {
  test('any machine and any events give the value, context and actions of transition()', { timeout: 600_000 }, () => {
    const compile = (machine: AnyStateMachine) => {
      const stepper = compileStepper(machine)
      expect(stepper.uncovered).toEqual([])
      return stepper
    }
    fc.assert(
      fc.property(tapes, (tape) => expectEqualOn(tape, compile)),
      search,
    )
  })

  test('so does the stepper that machines with uncovered features fall back to', { timeout: 600_000 }, () => {
    const compile = (machine: AnyStateMachine) => slowStepper(machine, ['a test'])
    fc.assert(
      fc.property(tapes, (tape) => expectEqualOn(tape, compile)),
      { ...search, numRuns: search.numRuns / 10 },
    )
  })
})
