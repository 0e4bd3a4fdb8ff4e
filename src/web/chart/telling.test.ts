import { expect, test } from 'vitest'
import { customer } from '../../../machines/customer.ts'
import { letters, settings } from '../../../machines/settings.ts'
import { graphOf } from '../../chart/graph.ts'
import type { ChartRegion } from '../../studio/api.ts'
import { edgeName, findState, leftShort, pathOf, stateName } from './telling.ts'

const nowhere = { width: 0, height: 0, nodes: {}, edges: {} }
const regions: ChartRegion[] = graphOf({
  machine: customer(settings),
  letters: letters(settings),
  settings: settings as unknown as Record<string, number>,
}).map((region) => ({
  ...region,
  wide: nowhere,
  tall: nowhere,
}))
const cart = regions[0]!

test('a state is called by its whole path, with how many stand there', () => {
  const { region, node } = findState(regions, 'customer.cart.abandoned.pending')!
  expect(stateName(region, node, { count: 12 })).toBe('cart, abandoned, pending: 12 customers')
  expect(stateName(region, node, { count: 1, active: true, left: 90_000 })).toBe('cart, abandoned, pending: 1 customer, active, 1 min 30 s left')
  expect(stateName(region, node, {})).toBe('cart, abandoned, pending')
})

test('a letter is told with its priority', () => {
  const { region, node } = findState(regions, 'customer.cart.abandoned.reminding')!
  expect(stateName(region, node, {})).toBe('cart, abandoned, reminding: asks for the letter cart-abandoned, high priority')
})

test('a transition is told with where it leads, its setting and its guard', () => {
  const name = (to: string, from: string) =>
    edgeName(
      cart,
      cart.edges.find((edge) => edge.to === to && edge.from === from)!,
    )
  expect(name('customer.cart.abandoned', 'customer.cart.active')).toBe('from cart, active to cart, abandoned: after 30 min (abandonAfter)')
  expect(name('customer.cart.active', 'customer.cart.changed')).toBe('from cart, changed to cart, active: at once, if has lines')
})

test('a state is found in the region it belongs to, by an id of its own too, or not at all', () => {
  expect(findState(regions, 'quiet')!.region.key).toBe('presence')
  expect(pathOf(findState(regions, 'recent')!.region, 'recent')).toEqual(['purchase', 'recency', 'recent'])
  expect(findState(regions, 'customer.nowhere')).toBeNull()
})

test('a state that another region leads to is still at home in its own', () => {
  const guest = { ...findState(regions, 'quiet')!.node, parent: 'customer.cart', label: 'presence.quiet' }
  expect(findState([{ ...cart, nodes: [...cart.nodes, guest] }, ...regions.slice(1)], 'quiet')!.region.key).toBe('presence')
})

test.each([
  [0, '0:00'],
  [61_000, '1:01'],
  [3_599_000, '59:59'],
  [3_600_000, '1 h'],
  [90_000_000, '25 h'],
  [2_592_000_000, '30 d'],
])('%i ms are left as %s', (ms, words) => {
  expect(leftShort(ms)).toBe(words)
})
