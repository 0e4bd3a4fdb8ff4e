import { assign, createMachine, enqueueActions, fromPromise, initialTransition, raise, setup, stateIn, transition } from 'xstate'
import type { AnyMachineSnapshot } from 'xstate'
import { describe, expect, test } from 'vitest'
import { compileStepper } from './step.ts'
import type { Step, Stepper } from './step.ts'
import { expectSame, expectSameLife, throughJson } from './xstate-judge.ts'

/** The cart rule in small: the letter goes out at the first instant that the cart is abandoned and the customer quiet. */
const shop = setup({
  delays: { quietFor: 900_000, abandonAfter: ({ context }) => context.patience },
  actions: {
    putIn: assign(({ context, event }) => ({ lines: [...context.lines, event.product] })),
    forget: assign({ lines: [] }),
    letter: (_args, _about: { template: string; lines: number }) => {},
  },
  guards: { hasLines: ({ context }) => context.lines.length > 0, isQuiet: stateIn('#quiet') },
  types: { context: {} as { lines: unknown[]; patience: number }, events: {} as { type: string; product?: string } },
}).createMachine({
  id: 'customer',
  type: 'parallel',
  context: { lines: [], patience: 1_800_000 },
  states: {
    cart: {
      initial: 'empty',
      on: {
        'site.product_added': { target: '.active', reenter: false, actions: 'putIn' },
        'site.order_completed': [{ guard: 'hasLines', target: '.empty', actions: 'forget' }],
      },
      states: {
        empty: {},
        active: { after: { abandonAfter: 'abandoned' } },
        abandoned: {
          tags: 'waiting',
          initial: 'pending',
          states: {
            pending: { always: { guard: 'isQuiet', target: 'reminded' } },
            reminded: { entry: { type: 'letter', params: ({ context }) => ({ template: 'cart-abandoned', lines: context.lines.length }) } },
          },
        },
      },
    },
    presence: {
      initial: 'quiet',
      states: {
        quiet: { id: 'quiet', on: { 'site.*': 'active' } },
        active: { on: { 'site.*': { target: 'active', reenter: true } }, after: { quietFor: 'quiet' } },
      },
    },
  },
})

const added = { type: 'site.product_added', product: 'lamp' }
const quiet = { type: 'xstate.after.quietFor.customer.presence.active' }
const abandoned = { type: 'xstate.after.abandonAfter.customer.cart.active' }

describe('a customer', () => {
  const stepper = compileStepper(shop)
  const after = (...events: { type: string }[]) => events.reduce<Step>((step, event) => stepper.step(step.snapshot, { at: 0, ...event }), stepper.initial())

  test('gets the letter once the cart is abandoned and they are quiet, whichever comes last', () => {
    expect(stepper.uncovered).toEqual([])
    for (const events of [
      [added, abandoned, quiet],
      [added, quiet, abandoned],
    ]) {
      expectSameLife(shop, events)
      expect(after(...events.slice(0, 2)).actions.map(({ type }) => type)).not.toContain('letter')
      const { snapshot, actions } = after(...events)
      expect(actions).toContainEqual({ type: 'letter', params: { template: 'cart-abandoned', lines: 1 } })
      expect(stepper.matches(snapshot, 'customer.cart.abandoned.reminded')).toBe(true)
      expect(stepper.matches(snapshot, '#quiet')).toBe(true)
      expect(snapshot.states.tags.has('waiting')).toBe(true)
    }
  })

  test('whose timer is set anew gets a cancel, then a raise with the same id', () => {
    const id = quiet.type
    expect(after(added, { type: 'site.page' }).actions).toEqual([
      { type: 'xstate.cancel', params: { sendId: id } },
      { type: 'xstate.raise', params: { event: { type: id }, id, delay: 900_000 } },
    ])
    expect(stepper.timersOf(after(added).snapshot)).toEqual([
      { event: abandoned.type, delay: 1_800_000 },
      { event: quiet.type, delay: 900_000 },
    ])
  })

  test('hears every other event without becoming another', () => {
    const { snapshot } = after(added)
    for (const type of ['unheard', 'sites', 'site', 'mail.opened', 'xstate.after.1.nothing']) {
      const step = stepper.step(snapshot, { type, at: 1 })
      if (type === 'site') continue
      expect(step.snapshot).toBe(snapshot)
      expect(step.actions).toHaveLength(0)
      expect(step.actions).toBe(stepper.step(snapshot, { type: 'also unheard', at: 2 }).actions)
    }
    expectSameLife(
      shop,
      ['unheard', 'sites', 'site', 'site.', 'site.a.b', '', 'xstate.after.1.nothing'].map((type) => ({ type })),
    )
  })

  test('comes back from JSON in the same states, and what the machine no longer has is named', () => {
    const { snapshot } = after(added, abandoned)
    const json = JSON.parse(JSON.stringify(stepper.toJSON(snapshot)))
    expect(json).toEqual({ value: { cart: { abandoned: 'pending' }, presence: 'active' }, context: { lines: ['lamp'], patience: 1_800_000 } })
    expect(stepper.fromJSON(json).states).toBe(snapshot.states)
    expect(stepper.fromJSON({ value: { cart: 'abandoned' }, context: {} }).states.value).toEqual({ cart: { abandoned: 'pending' }, presence: 'quiet' })
    for (const value of [
      { cart: 'forgotten' },
      { basket: 'empty' },
      { cart: { abandoned: 'x' } },
      { cart: 'constructor' },
      { __proto__: null, toString: 'x' },
      7,
      null,
      [],
    ]) {
      expect(() => stepper.fromJSON({ value: value as never, context: {} })).toThrow(expect.objectContaining({ code: 'machine.state_unknown' }))
    }
  })

  test('can be explained: each transition considered, what its guard said, and which was taken', () => {
    const { snapshot } = after(added, abandoned)
    expect(stepper.explain(snapshot, { type: 'site.order_completed', at: 9 })).toEqual([
      { source: 'customer.cart', event: 'site.order_completed', targets: ['customer.cart.empty'], guard: 'hasLines', held: true, taken: true },
      { source: 'customer.presence.active', event: 'site.*', targets: ['customer.presence.active'], guard: null, held: true, taken: true },
    ])
    const pending = { source: 'customer.cart.abandoned.pending', event: 'always', targets: ['customer.cart.abandoned.reminded'], guard: 'isQuiet' }
    expect(stepper.explain(snapshot, { type: 'site.page', at: 9 })).toContainEqual({ ...pending, held: false, taken: false })
    expect(stepper.explain(snapshot, { ...quiet, at: 9 })).toContainEqual({ ...pending, held: true, taken: true })
    expect(stepper.accepts(snapshot)).toEqual(['site.product_added', 'site.order_completed', 'site.*', quiet.type])
  })
})

describe('hostile event names', () => {
  const hostile = [
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'xstate.init',
    'xstate.stop',
    'xstate.error.actor.x',
    'xstate.done.state.customer',
    'site.__proto__',
    'site.*',
    '',
    '.',
    '*.',
    'x'.repeat(10_000),
  ]
  const catchAll = createMachine({ id: 'm', context: { n: 0 }, on: { '*': { actions: assign({ n: ({ context }) => context.n + 1 }) } } })

  test('do what they do in XState', () => {
    for (const type of hostile) {
      expectSameLife(shop, [added, { type }, quiet])
      if (type !== 'xstate.stop') expectSameLife(catchAll, [{ type }, { type: 'a' }])
    }
    expect(() => compileStepper(shop).step(compileStepper(shop).initial().snapshot, { type: '*', at: 0 })).toThrow('wildcard type')
    expect(() => transition(shop, initialTransition(shop)[0], { type: '*' })).toThrow('wildcard type')
  })

  test('do not make the cache grow, however many there are', () => {
    for (const [machine, types] of [
      [shop, ['site.', '']],
      [catchAll, ['']],
    ] as const) {
      const stepper = compileStepper(machine) as Stepper & { plans: { size: object } }
      const hear = (round: number) => {
        let { snapshot } = stepper.initial()
        for (let i = 0; i < 5_000; i++) snapshot = stepper.step(snapshot, { type: `${types[i % types.length]}${round}-${i}`, at: i }).snapshot
        for (const type of hostile) stepper.step(snapshot, { type, at: 0 })
        return JSON.stringify(stepper.plans.size)
      }
      const size = hear(1)
      expect(hear(2)).toBe(size)
      expect(hear(3)).toBe(size)
    }
  })
})

test('what an assign throws comes out of the step, and the snapshot is as it was', () => {
  const stepper = compileStepper(
    createMachine({
      id: 'm',
      context: Object.freeze({ list: Object.freeze([1]), ok: 0 }),
      on: {
        bad: {
          actions: [
            assign({ ok: 1 }),
            assign(() => {
              throw new Error('cannot')
            }),
          ],
        },
        refuses: {
          guard: () => {
            throw new Error('guard broke')
          },
          actions: assign({ ok: 2 }),
        },
        good: { actions: assign({ list: ({ context }) => [...context.list, 2] }) },
      },
    }),
  )
  const { snapshot } = stepper.initial()
  const before = JSON.stringify(stepper.toJSON(snapshot))
  expect(() => stepper.step(snapshot, { type: 'bad', at: 0 })).toThrow('cannot')
  expect(() => stepper.step(snapshot, { type: 'refuses', at: 0 })).toThrow(
    `Unable to evaluate guard in transition for event 'refuses' in state node 'm':\nguard broke`,
  )
  expect(stepper.step(snapshot, { type: 'good', at: 0 }).snapshot.context).toEqual({ list: [1, 2], ok: 0 })
  expect(JSON.stringify(stepper.toJSON(snapshot))).toBe(before)
})

test('a machine that leads in a circle is stopped with a named error', () => {
  const circle = createMachine({ id: 'm', initial: 'a', states: { a: { on: { go: 'b' } }, b: { always: 'c' }, c: { always: 'b' } } })
  const stepper = compileStepper(circle)
  expect(() => stepper.step(stepper.initial().snapshot, { type: 'go', at: 0 })).toThrow(expect.objectContaining({ code: 'turn.endless' }))
})

test('two regions that wait for the same moment act in the order they began to wait, also after a restart', () => {
  const region = (name: string) => ({
    initial: 'idle',
    states: { idle: { on: { [name]: 'waits' } }, waits: { always: { guard: stateIn('#open'), target: 'acts', actions: name } }, acts: {} },
  })
  const machine = createMachine({
    id: 'm',
    type: 'parallel',
    states: { first: region('first'), second: region('second'), gate: { initial: 'shut', states: { shut: { on: { open: 'open' } }, open: { id: 'open' } } } },
  })
  const stepper = compileStepper(machine)
  for (const order of [
    ['first', 'second'],
    ['second', 'first'],
  ]) {
    expectSameLife(
      machine,
      [...order, 'open'].map((type) => ({ type })),
    )
    const { snapshot } = order.reduce((step, type) => stepper.step(step.snapshot, { type, at: 0 }), stepper.initial())
    const opened = stepper.step(throughJson(stepper, snapshot), { type: 'open', at: 1 })
    expect(opened.actions.map(({ type }) => type)).toEqual(order)
  }
})

test('a state whose inner state takes an event is not asked, though other regions have transitions that can never hold', () => {
  const go = (guard: unknown, action: string) => ({ go: { guard, actions: action } })
  const machine = createMachine({
    id: 'm',
    type: 'parallel',
    states: {
      a: { initial: 'x', states: { x: { on: go(stateIn('#never'), 'unheard') }, never: { id: 'never' } } },
      b: { initial: 'x', on: go(undefined, 'outer'), states: { x: { on: go(undefined, 'inner') } } },
    },
  } as never)
  expectSameLife(machine, [{ type: 'go' }])
})

describe('what the plans do not cover', () => {
  const history = createMachine({
    id: 'm',
    initial: 'on',
    states: {
      on: { initial: 'x', states: { x: { on: { next: 'y' } }, y: {}, back: { type: 'history' } }, on: { off: 'off' } },
      off: { on: { on: 'on.back' } },
    },
  })

  test('is named, and the machine runs by XState itself', () => {
    const work = fromPromise(async () => 1)
    const invoking = createMachine({
      id: 'm',
      context: { n: 0 },
      initial: 'a',
      states: { a: { on: { go: { target: 'b', actions: assign({ n: 1 }) } } }, b: { invoke: { src: work } } },
    })
    expect(compileStepper(invoking).uncovered).toEqual(['invoke in m.b'])
    const stepper = compileStepper(invoking)
    const step = stepper.step(stepper.initial().snapshot, { type: 'go', at: 0 })
    expect(stepper.toJSON(step.snapshot)).toEqual({ value: 'b', context: { n: 1 } })
    expect(step.actions.map(({ type }) => type)).toEqual(['xstate.spawnChild'])
    expect(stepper.step(step.snapshot, { type: 'unheard', at: 0 }).snapshot).toBe(step.snapshot)

    const spawning = createMachine({ context: ({ spawn }) => ({ ref: spawn(work) }) })
    expect(compileStepper(spawning).uncovered).toEqual(['spawn in context'])
    const sending = createMachine({
      id: 'm',
      entry: enqueueActions(({ enqueue }) => enqueue.sendTo('x', { type: 'y' })),
      on: { a: { actions: assign(({ self }) => ({ self })) } },
    })
    expect(compileStepper(sending).uncovered).toEqual(['sendTo in m', 'self in m'])
  })

  test('still keeps what history states remember, through JSON too', () => {
    const stepper = compileStepper(history)
    expect(stepper.uncovered).toEqual(['history in m.on.back'])
    expectSameLife(
      history,
      ['next', 'off', 'on', 'unheard', 'off'].map((type) => ({ type })),
    )
    const { snapshot } = ['next', 'off'].reduce((step, type) => stepper.step(step.snapshot, { type, at: 0 }), stepper.initial())
    const back = stepper.step(throughJson(stepper, snapshot), { type: 'on', at: 0 })
    expect(back.snapshot.states.value).toEqual({ on: 'y' })
    expect(() => stepper.fromJSON({ value: 'gone', context: {} })).toThrow(expect.objectContaining({ code: 'machine.state_unknown' }))
  })

  test('is refused by name where only running it shows it', () => {
    const hidden = createMachine({
      context: { x: 0 },
      on: { a: { actions: assign((args) => ({ x: (args as never as { spawn: unknown }).spawn as number })) } },
    })
    const stepper = compileStepper(hidden)
    expect(() => stepper.step(stepper.initial().snapshot, { type: 'a', at: 0 })).toThrow(expect.objectContaining({ code: 'machine.refused' }))
  })
})

test('the first snapshot can be given input, and entry actions see xstate.init', () => {
  const machine = createMachine({
    id: 'm',
    context: ({ input }: { input: unknown }) => ({ input }),
    entry: [{ type: 'note', params: ({ event }) => event.type }, raise({ type: 'begun' })],
    on: { begun: { actions: { type: 'note', params: ({ event }: { event: { type: string } }) => event.type } } },
  })
  const [theirs, actions] = initialTransition(machine, { id: 7 } as never)
  expectSame(compileStepper(machine).initial({ id: 7 }), [theirs as AnyMachineSnapshot, actions])
})

test('a step inside a step does not disturb it', () => {
  const inner = compileStepper(shop)
  let nested: Step | null = null
  const machine = createMachine({
    context: { n: 0 },
    on: {
      a: { actions: [assign(() => ((nested = inner.step(inner.initial().snapshot, { ...added, at: 0 })), { n: 1 })), raise({ type: 'b' })] },
      b: { actions: assign({ n: ({ context }) => context.n + 1 }) },
    },
  })
  const stepper = compileStepper(machine)
  expect(stepper.step(stepper.initial().snapshot, { type: 'a', at: 0 }).snapshot.context).toEqual({ n: 2 })
  expect(nested!.snapshot.states.value).toEqual({ cart: 'active', presence: 'active' })
})
