import { expect, test } from 'vitest'
import { heard, pauseFirstMs, pauseMaxMs, probed, wellBreaker } from './breaker.ts'
import type { Breaker } from './breaker.ts'

const fail = (breaker: Breaker, now: number, begunAt = now) => heard(breaker, true, begunAt, now)

function downAt(now: number): Breaker {
  let breaker = wellBreaker
  for (let n = 5; n >= 0; n--) breaker = fail(breaker, now - n * 3_000)
  return breaker
}

test('a relay that restarts is not given up: many failures within a moment, or few over a while, are not enough', () => {
  let breaker = wellBreaker
  for (let n = 0; n < 50; n++) breaker = fail(breaker, 1_000 + n)
  expect(breaker.state).toBe('well')
  breaker = wellBreaker
  for (let n = 0; n < 4; n++) breaker = fail(breaker, n * 60_000)
  expect(breaker.state).toBe('well')
})

test('silence of five letters over ten seconds is; letters that all waited so long at once are too', () => {
  expect(downAt(100_000).state).toBe('down')
  let breaker = wellBreaker
  for (let n = 0; n < 5; n++) breaker = fail(breaker, 30_000, 0)
  expect(breaker).toMatchObject({ state: 'down', probeAt: 30_000 + pauseFirstMs })
})

test('one answer in between begins the count anew', () => {
  let breaker = wellBreaker
  for (let n = 0; n < 20; n++) {
    breaker = fail(breaker, n * 10_000)
    if (n % 4 === 3) breaker = heard(breaker, false, n * 10_000, n * 10_000)
  }
  expect(breaker.state).toBe('well')
})

test('it is probed after pauses that grow to ten minutes; one that answers is on trial, and well after three letters', () => {
  let breaker = downAt(0)
  const pauses: number[] = []
  for (let n = 0; n < 7; n++) {
    pauses.push(breaker.pauseMs)
    breaker = probed(breaker, false, breaker.probeAt)
  }
  expect(pauses.slice(0, 3)).toEqual([30_000, 60_000, 120_000])
  expect(breaker.pauseMs).toBe(pauseMaxMs)
  breaker = probed(breaker, true, breaker.probeAt)
  expect(breaker.state).toBe('trial')
  for (let n = 0; n < 2; n++) breaker = heard(breaker, false, 0, 0)
  expect(breaker.state).toBe('trial')
  expect(heard(breaker, false, 0, 0)).toEqual(wellBreaker)
})

test('one failure on trial and it is down again, for twice as long', () => {
  const down = downAt(0)
  const trial = probed(down, true, down.probeAt)
  expect(fail(trial, 60_000)).toMatchObject({ state: 'down', pauseMs: down.pauseMs * 2 })
})

test('a letter that it took after all puts it on trial; late failures change nothing', () => {
  const down = downAt(0)
  expect(heard(down, false, 0, 1).state).toBe('trial')
  expect(fail(down, 5_000)).toBe(down)
})
