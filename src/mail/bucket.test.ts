import { expect, test } from 'vitest'
import { holdMaxMs, newBucket, opensAt, refill, roomOf, slowed, withTokens } from './bucket.ts'
import { unlimited } from './rates.ts'

const minute = 60_000
const rate = { perMinute: 60, burst: 10 }
const start = 1_000_000

test('after a start one letter may go at once, the next when time has given a token, and a burst only after a pause', () => {
  let bucket = refill(newBucket(rate, start), rate, start)
  expect(roomOf(bucket)).toBe(1)
  bucket = withTokens(bucket, -1)
  expect(roomOf(bucket)).toBe(0)
  expect(opensAt(bucket)).toBe(start + 1_000)
  expect(roomOf(refill(bucket, rate, start + 999))).toBe(0)
  expect(roomOf(refill(bucket, rate, start + 1_000))).toBe(1)
  expect(roomOf(refill(bucket, rate, start + 60 * minute))).toBe(10)
})

test('it may go exactly when it is said to, however odd the rate', () => {
  for (const perMinute of [0.5, 1 / 3, 7, 33.3, 1_199, 59_999])
    for (let step = 0; step < 200; step++) {
      const odd = { perMinute, burst: 3 }
      const bucket = refill(withTokens({ ...newBucket(odd, start), tokens: step / 199 }, -0.3), odd, start + step * 7)
      const at = opensAt(bucket)
      expect(roomOf(refill(bucket, odd, at))).toBeGreaterThanOrEqual(1)
    }
})

test('no more letters go over an hour than the rate and one burst allow', () => {
  let bucket = newBucket(rate, start)
  let went = 0
  for (let now = start; now < start + 60 * minute; now += 137) {
    bucket = refill(bucket, rate, now)
    const room = roomOf(bucket)
    went += room
    bucket = withTokens(bucket, -room)
  }
  expect(went).toBeLessThanOrEqual(60 * 60 + rate.burst)
  expect(went).toBeGreaterThan(60 * 60 - 5)
})

test('told to slow down it halves and holds; those already under way count once; it recovers by a twentieth a minute', () => {
  const told = slowed(refill(newBucket(rate, start), rate, start), rate, start, null)
  expect(told).toMatchObject({ perMinute: 30, until: start + minute, tokens: 0 })
  expect(slowed(told, rate, start + 30_000, null)).toMatchObject({ perMinute: 30, until: start + minute })
  expect(roomOf(refill(told, rate, start + minute - 1))).toBe(0)
  expect(refill(told, rate, start + 2 * minute).perMinute).toBeCloseTo(33, 5)
  expect(refill(told, rate, start + 11 * minute)).toMatchObject({ perMinute: 60, strikes: 0 })
})

test('told again and again it is held ever longer, up to an hour, and never slower than a floor', () => {
  let bucket = newBucket(rate, start)
  let now = start
  const holds: number[] = []
  for (let n = 0; n < 9; n++) {
    bucket = slowed(bucket, rate, now, null)
    holds.push((bucket.until - now) / minute)
    now = bucket.until
  }
  expect(holds).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60])
  expect(bucket.perMinute).toBeGreaterThanOrEqual(60 / 64)
})

test('a wait that the other side names is kept', () => {
  expect(slowed(newBucket(rate, start), rate, start, 10 * minute).until).toBe(start + 10 * minute)
  expect(slowed(newBucket(rate, start), rate, start, 99 * 60 * minute).until).toBe(start + holdMaxMs)
})

test('without a limit there is room for all, until told to slow down, and again after a while', () => {
  const free = refill(newBucket(unlimited, start), unlimited, start)
  expect(roomOf(withTokens(free, -1_000))).toBe(Infinity)
  const told = slowed(free, unlimited, start, null)
  expect(told.perMinute).toBe(3_000)
  const later = refill(told, unlimited, start + minute + 1_000)
  expect(roomOf(later)).toBe(50)
  expect(roomOf(refill(later, unlimited, start + 30 * minute))).toBe(Infinity)
})

test('a clock set back by years gives no letters, and makes no hold longer than an hour', () => {
  const told = slowed(newBucket(rate, start), rate, start, null)
  const back = refill(told, rate, start - 1e10)
  expect(roomOf(back)).toBe(0)
  expect(opensAt(back) - (start - 1e10)).toBeLessThanOrEqual(holdMaxMs + 2_000)
})
