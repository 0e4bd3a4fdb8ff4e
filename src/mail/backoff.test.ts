import { expect, test } from 'vitest'
import { backoffMs, createPatience } from './backoff.ts'

const minute = 60_000

test('the first retry comes after one to five minutes, the later ones ever later, none after more than six hours', () => {
  for (let letter = 1; letter <= 1_000; letter++) {
    expect(backoffMs(letter, 1)).toBeGreaterThanOrEqual(minute)
    expect(backoffMs(letter, 1)).toBeLessThanOrEqual(5 * minute)
    expect(backoffMs(letter, 12)).toBeLessThanOrEqual(6 * 60 * minute)
  }
  const mean = (attempt: number) => Array.from({ length: 1_000 }, (_, letter) => backoffMs(letter, attempt)).reduce((a, b) => a + b) / 1_000
  for (let attempt = 1; attempt < 7; attempt++) expect(mean(attempt + 1) / mean(attempt)).toBeCloseTo(2, 0)
})

test('the same letter waits the same each time it is asked, and others wait otherwise', () => {
  expect(backoffMs(17, 3)).toBe(backoffMs(17, 3))
  const waits = Array.from({ length: 1_000 }, (_, letter) => backoffMs(letter, 1))
  expect(new Set(waits).size).toBeGreaterThan(900)
  const quarters = [0, 0, 0, 0]
  for (const wait of waits) quarters[Math.min(3, Math.floor((wait - minute) / (minute / 2)))]!++
  for (const quarter of quarters) expect(quarter).toBeGreaterThan(200)
})

test('a relay that says nothing to eight letters in a row is asked by one at a time, ever less often, up to a minute apart', () => {
  const patience = createPatience()
  const silence = { state: 'deferred', reply: 'connect ECONNREFUSED' } as const
  for (let n = 0; n < 7; n++) patience.hear(silence, 0)
  expect(patience.room(20, 0, 0)).toBe(20)
  patience.hear(silence, 0)
  const pauses: number[] = []
  for (let now = 0, n = 0; n < 9; n++) {
    const until = patience.until(0)
    pauses.push(until - now)
    expect(patience.room(20, 0, until - 1)).toBe(0)
    expect(patience.room(20, 0, until)).toBe(1)
    expect(patience.room(20, 1, until)).toBe(0)
    now = until
    patience.hear(silence, now)
  }
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
})

test('any answer, even a refusal, ends the caution', () => {
  for (const answer of [
    { state: 'sent', reply: '250 ok' },
    { state: 'deferred', reply: '451 later' },
    { state: 'failed', reply: '550 no', hard: true },
  ] as const) {
    const patience = createPatience()
    for (let n = 0; n < 50; n++) patience.hear({ state: 'unknown', reply: 'lost' }, 0)
    expect(patience.room(20, 3, 1)).toBe(0)
    patience.hear(answer, 1)
    expect(patience.room(20, 3, 1)).toBe(17)
  }
})
