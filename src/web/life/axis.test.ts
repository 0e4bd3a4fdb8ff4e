import { expect, test } from 'vitest'
import { following, instantAt, placeOf, ticksOf, toAxis, turnAt, whole, zoomed } from './axis.ts'

const minute = 60_000
const day = 86_400_000
/** A visit of three turns, a quiet month, one more turn, and a day until now. */
const turns = [0, minute, 2 * minute, 30 * day]
const axis = toAxis(turns, 31 * day)

test('time runs from left to right, from the first turn at the very left to now at the very right', () => {
  expect(axis.place[0]).toBe(0)
  expect(axis.place.at(-1)).toBe(1)
  expect(axis.place).toEqual(axis.place.toSorted((a, b) => a - b))
})

test('a quiet month takes more room than a minute, and not thousands of times as much', () => {
  const minuteWide = axis.place[1]! - axis.place[0]!
  const monthWide = axis.place[3]! - axis.place[2]!
  expect(monthWide).toBeGreaterThan(5 * minuteWide)
  expect(monthWide).toBeLessThan(40 * minuteWide)
})

test('every place is an instant, and every instant has its place', () => {
  for (const at of [0, 30_000, 2 * minute, 10 * day, 30 * day, 30.5 * day]) {
    const index = turns.findLastIndex((turn) => turn <= at)
    const found = instantAt(axis, placeOf(axis, index, at))
    expect(found.index).toBe(index)
    expect(found.at).toBeCloseTo(at, -2)
    expect(found.now).toBe(false)
  }
})

test('the right end is now, after the last turn, and beyond either end there is nothing', () => {
  expect(instantAt(axis, 1)).toEqual({ index: 3, at: 31 * day, now: true })
  expect(instantAt(axis, 7).now).toBe(true)
  expect(instantAt(axis, -1)).toEqual({ index: 0, at: 0, now: false })
})

test('turns of one instant keep places of their own, in their order', () => {
  const burst = toAxis([5, 5, 5], 5)
  expect(new Set(burst.place).size).toBe(4)
  expect(turnAt(burst, burst.place[1]!)).toBe(1)
})

test('a life of one turn that has just happened still has a left and a right end', () => {
  const short = toAxis([7], 7)
  expect(short.place).toEqual([0, 1])
  expect(instantAt(short, 0)).toEqual({ index: 0, at: 7, now: false })
})

test('a clock behind the last turn does not make time run backwards', () => {
  expect(toAxis([0, 100], 50).at).toEqual([0, 100, 100])
})

test('looking closer keeps the place under the hand where it is, and never leaves the life', () => {
  const near = zoomed(whole, 0.5, 0.25, 0.01)
  expect((0.25 - near.from) / (near.to - near.from)).toBeCloseTo(0.25)
  expect(zoomed(near, 1e-9, 0.25, 0.01).to - zoomed(near, 1e-9, 0.25, 0.01).from).toBeCloseTo(0.01)
  expect(zoomed(near, 99, 0.25, 0.01)).toEqual(whole)
  expect(zoomed(whole, 0.5, 1, 0.01).to).toBe(1)
})

test('the view follows the instant out of sight, stays for one in sight, and stays for good at the ends', () => {
  const view = { from: 0.4, to: 0.6 }
  expect(following(view, 0.5)).toBe(view)
  const later = following(view, 0.9)
  expect(later.from).toBeLessThan(0.9)
  expect(later.to).toBeGreaterThan(0.9)
  // Each answer that is new is drawn: one that is never the same would be drawn for ever.
  expect(following(whole, 1)).toBe(whole)
  const end = { from: 0.8, to: 1 }
  expect(following(end, 1)).toBe(end)
})

test('dates keep their distance from each other and from the right end', () => {
  const many = toAxis(
    Array.from({ length: 3_000 }, (_, n) => n * 7 * minute + Math.floor(n / 40) * day),
    400 * day,
  )
  const ticks = ticksOf(many, whole, 900, 110)
  expect(ticks.length).toBeGreaterThan(4)
  for (const [n, { x }] of ticks.entries()) {
    expect(x).toBeLessThanOrEqual(900 - 88)
    if (n > 0) expect(x - ticks[n - 1]!.x).toBeGreaterThanOrEqual(109)
  }
})
