import { expect, test } from 'vitest'
import type { ChartRegion } from '../../studio/api.ts'
import { columnsOf } from './columns.ts'

const layout = (width: number, height: number) => ({ width, height, nodes: {}, edges: {} })
const region = (key: string, wide: [number, number], tall: [number, number]): ChartRegion => ({
  key,
  id: key,
  nodes: [],
  edges: [],
  wide: layout(...wide),
  tall: layout(...tall),
})
const machine = [region('cart', [2_000, 180], [300, 950]), region('browsing', [1_000, 160], [280, 500]), region('presence', [570, 40], [120, 200])]
const shapeOf = (width: number) => columnsOf(machine, width).map((column) => column.map(({ region, way }) => `${region.key} ${way}`))

test('a phone gets one column, top to bottom', () => {
  expect(shapeOf(332)).toEqual([['cart tall', 'browsing tall', 'presence tall']])
})

test('a desk gets as many columns as make the page shortest', () => {
  expect(shapeOf(860)).toEqual([['cart tall'], ['browsing tall', 'presence tall']])
})

test('where there is room for it, a region goes from left to right', () => {
  expect(shapeOf(600)).toEqual([['cart tall', 'browsing tall', 'presence wide']])
  expect(shapeOf(2_100)).toEqual([['cart wide', 'browsing wide', 'presence wide']])
})

test('words never get smaller than 11 px, however narrow the page; what fits is not made smaller at all', () => {
  for (const { scale } of columnsOf(machine, 100).flat()) expect(scale * 12).toBeGreaterThanOrEqual(11 - 1e-9)
  for (const { scale } of columnsOf(machine, 860).flat()) expect(scale).toBe(1)
})

test('a machine of one region has one column', () => {
  expect(columnsOf([machine[0]!], 1_200)).toHaveLength(1)
})
