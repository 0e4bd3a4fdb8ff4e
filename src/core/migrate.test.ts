import { expect, test } from 'vitest'
import { assign, createMachine } from 'xstate'
import { lifeToText } from './life.ts'
import { migrate } from './migrate.ts'
import { compileStepper } from './step/step.ts'
import { birth, turn } from './turn.ts'

const region = (states: object, initial: string) => ({ initial, states })
const machine = (a: object, b: object, context = {}) =>
  compileStepper(createMachine({ id: 'customer', type: 'parallel', context, states: { a, b } } as Parameters<typeof createMachine>[0]))

const before = machine(
  region({ idle: { on: { 'site.go': 'waiting' } }, waiting: { after: { 1000: 'idle' } } }, 'idle'),
  region({ off: { on: { 'site.go': { target: 'on', actions: assign({ b: { n: 5 } }) } } }, on: { after: { 5000: 'off' } } }, 'off'),
  { b: { n: 0 } },
)
const life = lifeToText(
  before,
  turn(before, birth(before, 0), { type: 'site.go', at: 10 }, () => 'skipped'),
)

test('the same machine: the life stays as it is', () => {
  expect(lifeToText(before, migrate(life, before))).toBe(life)
})

test('a state that is gone: only its region starts again, and its timer goes with it', () => {
  const after = machine(region({ idle: {} }, 'idle'), region({ off: {}, on: { after: { 5000: 'off' } } }, 'off'), { b: { n: 0, extra: 'new' } })
  const moved = migrate(life, after)
  expect(moved.snapshot.states.value).toEqual({ a: 'idle', b: 'on' })
  expect(moved.timers).toEqual([['xstate.after.5000.customer.b.on', 5010]])
  expect(moved.snapshot.context).toEqual({ b: { n: 5, extra: 'new' } })
})

test('a new region starts at its beginning; a removed one is forgotten', () => {
  const after = compileStepper(
    createMachine({
      id: 'customer',
      type: 'parallel',
      context: { c: 1 },
      states: { b: region({ off: {}, on: {} }, 'off'), c: region({ fresh: {} }, 'fresh') },
    } as Parameters<typeof createMachine>[0]),
  )
  expect(migrate(life, after).snapshot.states.value).toEqual({ b: 'on', c: 'fresh' })
})

test('a state that now waits for something new counts from the customer’s own time', () => {
  const after = machine(region({ idle: {}, waiting: { after: { 9000: 'idle' } } }, 'idle'), region({ off: {}, on: {} }, 'off'))
  expect(migrate(life, after).timers).toEqual([['xstate.after.9000.customer.a.waiting', 9010]])
})
