import { expect, test } from 'vitest'
import { endOfNight } from './quiet-hours.ts'

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
