import { expect, test } from 'vitest'
import { createMachine } from 'xstate'
import type { AnyStateMachine } from 'xstate'
import { customer } from '../../machines/customer.ts'
import { letters, settings } from '../../machines/settings.ts'
import { compileStepper } from '../core/step/step.ts'
import { graphOf, transitionKey } from './graph.ts'
import type { GraphRegion } from './graph.ts'

const shipped = graphOf({ machine: customer(settings), letters: letters(settings), settings: settings as unknown as Record<string, number> })
const drawn = (config: object) => graphOf({ machine: createMachine(config) as AnyStateMachine, letters: {}, settings: {} })

const region = (regions: readonly GraphRegion[], key: string) => regions.find((each) => each.key === key)!
const node = (regions: readonly GraphRegion[], id: string) => regions.flatMap(({ nodes }) => nodes).find((each) => each.id === id)!
const edgesOf = ({ edges }: GraphRegion) => edges.map(({ from, to, transitions }) => [from, to, transitions.map(({ words }) => words)])
const keysOf = (regions: readonly GraphRegion[]) =>
  new Set(
    regions.flatMap(({ nodes, edges }) => [...nodes.flatMap(({ inside }) => inside), ...edges.flatMap(({ transitions }) => transitions)].map(({ key }) => key)),
  )

test('every transition that stepping the shipped machine considers is in the chart by its key', () => {
  const stepper = compileStepper(customer(settings))
  const keys = keysOf(shipped)
  const known = new Set<string>()
  const product = { product_id: 'fern', price: 24.5, quantity: 1 }
  const events = [
    { type: 'site.product_viewed', properties: product },
    { type: 'site.product_added', properties: product },
    { type: 'site.product_removed', properties: product },
    { type: 'site.cart_viewed', properties: { products: [product] } },
    { type: 'site.cart_updated', properties: { products: [product] } },
    { type: 'site.checkout_started', properties: { products: [product] } },
    { type: 'site.order_completed', properties: { order_id: '1', products: [product] } },
    { type: 'mail.opened', properties: {} },
    { type: 'mail.clicked', properties: {} },
    { type: 'letter.queued', template: 'cart-abandoned', properties: {} },
  ]
  const seen = new Set<unknown>()
  const walk = (snapshot: ReturnType<typeof stepper.initial>['snapshot'], at: number, depth: number) => {
    if (seen.has(snapshot.states) || depth > 8 || seen.size > 300) return
    seen.add(snapshot.states)
    const timers = stepper.timersOf(snapshot).map(({ event }) => ({ type: event, properties: {} }))
    const letter = { type: 'letter.queued', template: letterAsked(snapshot.states.ids), properties: {} }
    for (const event of [...events, letter, ...timers]) {
      const heard = { ...event, at }
      for (const row of stepper.explain(snapshot, heard)) {
        known.add(transitionKey(row))
      }
      walk(stepper.step(snapshot, heard).snapshot, at + 1_000, depth + 1)
    }
  }
  const first = stepper.initial().snapshot
  walk(first, 0, 0)
  // Interest needs several looks at one thing, during which no state changes.
  const look = (snapshot: typeof first, at: number) => stepper.step(snapshot, { ...events[0]!, at }).snapshot
  walk([1, 2, 3].reduce(look, first), 0, 0)
  // Consent moves by itself, whatever else goes on.
  let asked = first
  const confirm = { type: 'letter.queued', template: 'confirm-subscription' }
  for (const event of [{ type: 'consent.asked' }, confirm, { type: 'consent.given' }, { type: 'consent.withdrawn' }]) {
    const heard = { ...event, properties: {}, at: 0 }
    for (const row of stepper.explain(asked, heard)) known.add(transitionKey(row))
    asked = stepper.step(asked, heard).snapshot
  }
  expect([...known].filter((key) => !keys.has(key))).toEqual([])
  // And nothing is drawn that no step ever comes to.
  expect([...keys].filter((key) => !known.has(key))).toEqual([])
})

const letterAsked = (ids: readonly string[]) =>
  shipped.flatMap(({ nodes }) => nodes).find(({ id, letter }) => letter && ids.includes(id))?.letter?.template ?? 'none'

test('regions come in the machine’s order, each with its states and how it begins', () => {
  expect(shipped.map(({ key }) => key)).toEqual(['cart', 'browsing', 'purchase', 'engagement', 'presence', 'consent'])
  expect(node(shipped, 'customer.cart')).toMatchObject({ parent: null, kind: 'group', initial: false })
  expect(node(shipped, 'customer.cart.empty')).toMatchObject({ parent: 'customer.cart', kind: 'state', initial: true })
  expect(node(shipped, 'customer.cart.changed').kind).toBe('passing')
  expect(node(shipped, 'customer.purchase').kind).toBe('parallel')
  expect(node(shipped, 'customer.purchase.recency').initial).toBe(false)
  expect(node(shipped, 'customer.engagement.reachable.dormant').tags).toEqual(['dormant'])
})

test('a letter stands on its state and on the transitions that come to ask for it, with its priority', () => {
  const asking = node(shipped, 'customer.cart.abandoned.reminding')
  expect(asking).toMatchObject({ kind: 'letter', letter: { template: 'cart-abandoned', priority: 'high' } })
  const marked = shipped.flatMap(({ edges }) =>
    edges.flatMap(({ to, transitions }) => transitions.flatMap(({ letter }) => (letter ? [[to, letter.template, letter.priority]] : []))),
  )
  expect(marked).toEqual([
    ['customer.cart.abandoned.reminding', 'cart-abandoned', 'high'],
    ['customer.cart.abandoned.offering', 'cart-discount', 'high'],
    ['customer.browsing.interested.reminding', 'browse-reminder', 'medium'],
    ['customer.purchase.thanks.thanking', 'order-thanks', 'high'],
    // Not the state itself, but the one around it is entered.
    ['customer.engagement.reachable.lapsed', 'win-back', 'low'],
    ['customer.consent.asking', 'confirm-subscription', 'high'],
  ])
})

test('what is heard wherever the customer is starts at one node, and only where there is such a thing', () => {
  const cart = region(shipped, 'cart')
  expect(cart.nodes.filter(({ kind }) => kind === 'anywhere').map(({ id, parent }) => [id, parent])).toEqual([['customer.cart.*', 'customer.cart']])
  expect(edgesOf(cart)[0]).toEqual([
    'customer.cart.*',
    'customer.cart.changed',
    ['Product Added', 'Product Removed', 'Cart Viewed', 'Cart Updated', 'Checkout Started'],
  ])
})

test('delays come with their setting, guards in words, and the last choice is “otherwise”', () => {
  const told = region(shipped, 'cart').edges.flatMap(({ transitions }) => transitions)
  expect(told.find(({ delay }) => delay)).toMatchObject({ words: 'after 30 min', delay: { setting: 'abandonAfter', ms: 1_800_000 }, guard: null })
  expect(told.filter(({ key }) => key.startsWith('customer.cart.changed ')).map(({ words, guard }) => [words, guard])).toEqual([
    ['at once', 'has lines'],
    ['otherwise', null],
  ])
  expect(told.find(({ words }) => words === 'decided')!.guard).toBeNull()
})

test('what only remembers something stays inside its state', () => {
  expect(node(shipped, 'customer.browsing.watching').inside).toMatchObject([{ words: 'Product Viewed', guard: 'counts as view' }])
  expect(node(shipped, 'customer.purchase.thanks.due').inside).toMatchObject([{ words: 'Order Completed' }])
})

test('a machine without regions is one region, an atomic region one node', () => {
  expect(drawn({ id: 'light', initial: 'on', states: { on: { on: { flip: 'off' } }, off: {} } }).map(({ id, nodes }) => [id, nodes.length])).toEqual([
    ['light', 3],
  ])
  const [flag] = drawn({ id: 'm', type: 'parallel', states: { flag: { on: { note: { actions: 'keep' } } } } })
  expect(flag!.nodes).toMatchObject([{ id: 'm.flag', parent: null, kind: 'state', inside: [{ words: 'Note' }] }])
})

test('a way into another region, to the region itself or around a state ends at a node that is drawn', () => {
  const regions = drawn({
    id: 'm',
    type: 'parallel',
    on: { reset: '.a.two' },
    states: {
      a: {
        initial: 'one',
        states: { one: { on: { over: '#m.b.deep.in', back: '#m.a', self: 'one' } }, two: {} },
      },
      b: { initial: 'deep', states: { deep: { initial: 'in', on: { again: { target: '#m.b.deep', reenter: true } }, states: { in: {} } } } },
    },
  })
  expect(edgesOf(region(regions, 'a'))).toEqual([
    ['m.a.*', 'm.a.two', ['Reset']],
    ['m.a.one', 'm.b.deep.in', ['Over']],
    ['m.a.one', 'm.a.one', ['Back', 'Self']],
  ])
  expect(region(regions, 'a').nodes.find(({ id }) => id === 'm.b.deep.in')).toMatchObject({ parent: 'm.a', label: 'b.deep.in', kind: 'state' })
  expect(edgesOf(region(regions, 'b'))).toEqual([['m.b.deep.*', 'm.b.deep.in', ['Again']]])
  for (const { nodes, edges } of regions) for (const { from, to } of edges) expect(nodes.map(({ id }) => id)).toEqual(expect.arrayContaining([from, to]))
})
