import fc from 'fast-check'
import { expect, test } from 'vitest'
import { endOfNight, neverMeet, opensAt } from './quiet-hours.ts'

const min = 60_000

const end = (at: string, hours = { from: '21:00', to: '08:00' }, zone = 'Europe/Berlin') => {
  const ms = endOfNight(Date.parse(at), { ...hours, timeZone: zone })
  return ms === null ? 'day' : new Date(ms).toISOString()
}

test.each([
  ['noon is day', '2026-01-15T11:00:00Z', 'day'],
  ['a millisecond before nine in the evening is day', '2026-01-15T19:59:59.999Z', 'day'],
  ['nine in the evening is night', '2026-01-15T20:00:00Z', '2026-01-16T07:00:00.000Z'],
  ['three in the morning is the same night', '2026-01-16T02:00:00Z', '2026-01-16T07:00:00.000Z'],
  ['eight in the morning is day', '2026-01-16T07:00:00Z', 'day'],
  ['the night in which clocks go forward is an hour shorter', '2026-03-28T22:00:00Z', '2026-03-29T06:00:00.000Z'],
  ['the night in which clocks go back is an hour longer', '2026-10-24T22:00:00Z', '2026-10-25T07:00:00.000Z'],
])('%s', (_, at, expected) => expect(end(at)).toBe(expected))

test('a night that would end in the hour that clocks skip ends at the next valid instant', () => {
  expect(end('2026-03-29T00:30:00Z', { from: '00:00', to: '02:30' })).toBe('2026-03-29T01:00:00.000Z')
})

test('quiet hours within one day work too', () => {
  const siesta = { from: '13:00', to: '15:00' }
  expect(end('2026-01-15T12:30:00Z', siesta)).toBe('2026-01-15T14:00:00.000Z')
  expect(end('2026-01-15T20:30:00Z', siesta)).toBe('day')
})

test('the customer’s own zone comes first', () => {
  const hours = { from: '21:00', to: '08:00', timeZone: 'Europe/Berlin' }
  expect(endOfNight(Date.parse('2026-01-15T13:00:00Z'), hours, 'Asia/Tokyo')).toBe(Date.parse('2026-01-15T23:00:00Z'))
})

const opens = (at: string, own: { from: string; to: string } | undefined, hours: { from: string; to: string } | null, zone = 'Europe/Berlin') => {
  const rule = {
    journey: 'cart',
    priority: 'high' as const,
    window: 0,
    allowClaimed: true,
    unknown: 'hold' as const,
    ...(own === undefined ? {} : { sendBetween: own }),
  }
  const ms = opensAt(Date.parse(at), hours === null ? null : { ...hours, timeZone: 'UTC' }, rule, zone)
  return ms === null ? 'now' : new Date(ms).toISOString()
}
const night = { from: '21:00', to: '08:00' }

test.each([
  ['inside both it goes at once', '2026-01-15T11:00:00Z', { from: '09:00', to: '20:00' }, night, 'now'],
  ['at the first instant of its hours it goes', '2026-01-15T08:00:00Z', { from: '09:00', to: '20:00' }, night, 'now'],
  ['at their end it does not', '2026-01-15T19:00:00Z', { from: '09:00', to: '20:00' }, night, '2026-01-16T08:00:00.000Z'],
  ['the night ends before its hours begin', '2026-01-15T22:00:00Z', { from: '09:00', to: '20:00' }, night, '2026-01-16T08:00:00.000Z'],
  ['its hours begin before the night ends', '2026-01-15T22:00:00Z', { from: '06:00', to: '20:00' }, night, '2026-01-16T07:00:00.000Z'],
  ['hours over midnight, cut by the night', '2026-01-16T01:00:00Z', { from: '20:00', to: '02:00' }, night, '2026-01-16T19:00:00.000Z'],
  ['without quiet hours', '2026-01-16T01:00:00Z', { from: '09:00', to: '20:00' }, null, '2026-01-16T08:00:00.000Z'],
  ['without hours of its own', '2026-01-16T01:00:00Z', undefined, night, '2026-01-16T07:00:00.000Z'],
  ['with neither', '2026-01-16T01:00:00Z', undefined, null, 'now'],
  ['over the night in which clocks go forward', '2026-03-28T22:00:00Z', { from: '09:00', to: '20:00' }, night, '2026-03-29T07:00:00.000Z'],
  ['over the night in which they go back', '2026-10-24T21:00:00Z', { from: '09:00', to: '20:00' }, night, '2026-10-25T08:00:00.000Z'],
  [
    'hours that begin in the hour that clocks skip begin right after it',
    '2026-03-29T00:30:00Z',
    { from: '02:30', to: '04:00' },
    null,
    '2026-03-29T01:00:00.000Z',
  ],
  [
    'hours that begin in the hour that comes twice begin the first time',
    '2026-10-24T23:00:00Z',
    { from: '02:30', to: '04:00' },
    null,
    '2026-10-25T00:30:00.000Z',
  ],
  ['and are open through its second time', '2026-10-25T01:15:00Z', { from: '02:30', to: '04:00' }, null, 'now'],
])('%s', (_, at, own, hours, expected) => expect(opens(at, own, hours)).toBe(expected))

test('whenever it is asked, it opens at the first minute that is neither night nor outside its hours', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: Date.parse('2026-03-27T00:00Z') / min, max: Date.parse('2026-03-31T00:00Z') / min }),
      fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Africa/Casablanca'),
      fc.constantFrom({ from: '09:00', to: '20:00' }, { from: '19:30', to: '02:00' }, { from: '02:15', to: '10:00' }),
      (minute, zone, own) => {
        const isOpen = (at: number) =>
          endOfNight(at, { ...night, timeZone: zone }) === null && endOfNight(at, { from: own.to, to: own.from, timeZone: zone }) === null
        let expected = minute * min
        while (!isOpen(expected)) expected += min
        const rule = { journey: 'cart', priority: 'high' as const, window: 0, allowClaimed: true, unknown: 'hold' as const, sendBetween: own }
        expect(opensAt(minute * min, { ...night, timeZone: 'UTC' }, rule, zone) ?? minute * min).toBe(expected)
      },
    ),
    { numRuns: 25 },
  )
})

test('hours that the night swallows are found before any letter waits for ever', () => {
  expect(neverMeet({ from: '22:00', to: '23:00' }, night)).toBe(true)
  expect(neverMeet({ from: '20:00', to: '23:00' }, night)).toBe(false)
  expect(neverMeet({ from: '20:00', to: '02:00' }, { from: '19:00', to: '06:00' })).toBe(true)
  expect(neverMeet({ from: '09:00', to: '17:00' }, null)).toBe(false)
})
