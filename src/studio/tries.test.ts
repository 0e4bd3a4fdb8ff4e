import { expect, test } from 'vitest'
import { Tries } from './tries.ts'

test('however many names are tried, memory stays bounded, and the one that is still tried is remembered', () => {
  const tries = new Tries(100)
  let wait = 0
  for (let n = 0; n < 5_000; n++) {
    tries.begin([`name ${n}`], n)
    if (n % 50 === 0) wait = Math.max(wait, tries.begin(['ann'], n))
  }
  expect(tries.size).toBe(100)
  expect(wait).toBeGreaterThan(1_000)
})

test('four wrong tries cost no wait, an hour of peace forgets them all, and the right password does at once', () => {
  const tries = new Tries()
  const tryTimes = (times: number, now: number) => Array.from({ length: times }, () => tries.begin(['ann', '192.0.2.1'], now))
  expect(tryTimes(6, 0)).toEqual([0, 0, 0, 0, 0, 2_000])
  expect(tries.begin(['rob', '192.0.2.1'], 1_999)).toBe(1)
  expect(tryTimes(2, 3_700_000)).toEqual([0, 0])
  tryTimes(2, 3_700_000)
  tries.succeed(['ann', '192.0.2.1'])
  expect(tryTimes(6, 3_700_000)).toEqual([0, 0, 0, 0, 0, 2_000])
})

test('a try that came to no verdict does not count', () => {
  const tries = new Tries()
  for (let n = 0; n < 9; n++) {
    expect(tries.begin(['ann'], 0)).toBe(0)
    tries.withdraw(['ann'])
  }
})
