import { expect, test } from 'vitest'
import { poolsOf, supplyOf } from './supply.ts'

test.each([
  [0, 0, 'bad', 'It is empty: letters that need one of its codes are skipped.'],
  [49, 0, 'warn', 'Only 49 left.'],
  [50, 0, 'good', null],
  [700, 700, 'good', null],
  [699, 700, 'warn', 'At the present 100 a day it runs dry in 6 days.'],
  [60, 700, 'warn', 'At the present 100 a day it runs dry in less than a day.'],
  [5, 7, 'warn', 'At the present 1 a day it runs dry in 5 days.'],
  [10_000, 10_000, 'good', null],
] as const)('a pool with %i free of which %i went last week: %s', (free, taken, level, words) =>
  expect(supplyOf('spring', free, taken)).toMatchObject({ level, words }),
)

test('pools are those that rules name, each once', () => {
  const discount = (pool?: string) => ({ discount: pool === undefined ? {} : { pool } })
  expect(poolsOf({ a: discount('spring'), b: discount(), c: {}, d: discount('spring'), e: discount('vip') })).toEqual(['spring', 'vip'])
})
