import { expect, test } from 'vitest'
import type { Chart, ChartNode } from '../../studio/api.ts'
import { toLanes } from './lanes.ts'

const node = (id: string, parent: string | null, label: string, kind: ChartNode['kind'] = 'state', initial = false): ChartNode => ({
  id,
  parent,
  label,
  kind,
  initial,
  tags: [],
  inside: [],
})
const layout = { width: 0, height: 0, nodes: {}, edges: {} }
const region = (id: string, nodes: ChartNode[]) => ({ key: id.slice(2), id, nodes, edges: [], wide: layout, tall: layout })

const chart: Chart = {
  hash: 'x',
  regions: [
    region('m.cart', [
      node('m.cart', null, 'cart', 'group'),
      node('m.cart.empty', 'm.cart', 'empty', 'state', true),
      node('m.cart.changed', 'm.cart', 'changed', 'passing'),
      node('m.cart.left', 'm.cart', 'left', 'group'),
      node('m.cart.left.told', 'm.cart.left', 'told', 'state', true),
      node('m.cart.*', 'm.cart', 'anywhere', 'anywhere'),
      // Drawn here because a transition leads to it; at home elsewhere.
      node('hush', null, 'presence.quiet'),
    ]),
    region('m.buys', [
      node('m.buys', null, 'buys', 'parallel'),
      node('m.buys.lately', 'm.buys', 'lately', 'group'),
      node('m.buys.lately.no', 'm.buys.lately', 'no', 'state', true),
      node('m.buys.lately.yes', 'm.buys.lately', 'yes'),
      node('m.buys.thanks', 'm.buys', 'thanks', 'group'),
      node('m.buys.thanks.none', 'm.buys.thanks', 'none', 'state', true),
    ]),
    region('m.presence', [
      node('m.presence', null, 'presence', 'group'),
      node('hush', 'm.presence', 'quiet', 'state', true),
      node('m.presence.up', 'm.presence', 'up'),
    ]),
  ],
}

const begin = ['m', 'm.cart', 'm.cart.empty', 'm.buys', 'm.buys.lately', 'm.buys.lately.no', 'm.buys.thanks', 'm.buys.thanks.none', 'm.presence', 'hush']
const later = ['m', 'm.cart', 'm.cart.left', 'm.cart.left.told', 'm.buys', 'm.buys.lately', 'm.buys.lately.yes', 'm.buys.thanks', 'm.presence', 'm.presence.up']

const stands = (sets: string[][]) => Object.fromEntries(toLanes(sets, chart).map(({ label, stands }) => [label, stands]))

test('each region has a lane, and each part of a region whose parts stand side by side', () => {
  expect(toLanes([begin], chart).map(({ label }) => label)).toEqual(['cart', 'lately', 'thanks', 'presence'])
})

test('where everybody begins is left blank; what they moved to is tinted and named by its path', () => {
  const { cart, lately, presence } = stands([begin, later])
  expect(cart).toEqual([
    { path: 'empty', tint: null },
    { path: 'left.told', tint: 0 },
  ])
  expect(lately!.map(({ path }) => path)).toEqual(['no', 'yes'])
  expect(presence![1]).toEqual({ path: 'up', tint: 0 })
})

test('a state with a name of its own is at home in its region, wherever else it is drawn', () => {
  const { presence, cart } = stands([begin])
  expect(presence).toEqual([{ path: 'quiet', tint: null }])
  expect(cart![0]!.path).toBe('empty')
})

test('a state that an older machine had keeps its place and its name', () => {
  expect(stands([['m', 'm.cart', 'm.cart.left', 'm.cart.left.begged']])['cart']).toEqual([{ path: 'left.begged', tint: 0 }])
})
