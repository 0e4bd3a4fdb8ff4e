import { expect, test } from 'vitest'
import { domainOf, groupOf } from './domains.ts'
import { parseRates, unlimited } from './rates.ts'
import { dayOf, limitOn, parseWarmUp } from './warm-up.ts'

test('an address is known by its provider, or by its own domain, whatever its case', () => {
  expect(['a@googlemail.com', 'b@GMAIL.com', 'c@hotmail.com', 'd@aol.com', 'e@Shop.Example', '"x@y"@live.com'].map(domainOf)).toEqual([
    'gmail.com',
    'gmail.com',
    'outlook.com',
    'yahoo.com',
    'shop.example',
    'outlook.com',
  ])
  expect(['gmail.com', 'shop.example', 'constructor'].map(groupOf)).toEqual(['gmail.com', 'others', 'others'])
})

test('rates are by the second, minute or hour; one name of a provider means all of it; what is not said stays', () => {
  const rates = parseRates('googlemail.com=10/s, shop.example=30/h+4 ,*=600/m,slow.example=none')
  expect(rates('gmail.com')).toEqual({ perMinute: 600, burst: 60 })
  expect(rates('shop.example')).toEqual({ perMinute: 0.5, burst: 4 })
  expect(rates('elsewhere.example')).toEqual({ perMinute: 600, burst: 60 })
  expect(rates('slow.example')).toEqual(unlimited)
  expect(rates('outlook.com')).toEqual(parseRates('')('outlook.com'))
})

test.each(['gmail.com', 'gmail.com=', 'gmail.com=5', 'gmail.com=0/m', 'gmail.com=-1/m', 'gmail.com=5/d', 'a=1/m=2', '=5/m', 'a=5/m+0', 'gmail.com=1e9/m'])(
  'a rate written as %j is refused by name',
  (text) => {
    expect(() => parseRates(text)).toThrow(/BECKON_RATES says/)
  },
)

test('a warm-up begins with fifty letters and grows every day until there is no limit', () => {
  expect([-3, 0, 1, 2, 3, 4, 5, 6].map(limitOn)).toEqual([50, 50, 50, 100, 500, 1_000, 5_000, 10_000])
  for (let day = 1; day < 14; day++) expect(limitOn(day + 1)).toBeGreaterThan(limitOn(day))
  expect(limitOn(15)).toBe(Infinity)
})

test('the day a warm-up begins is a date or the first letter, and nothing else', () => {
  expect(parseWarmUp('2026-11-23')).toEqual({ startsOn: dayOf(Date.UTC(2026, 10, 23, 12)) })
  expect(parseWarmUp('first')).toEqual({ startsOn: 'first' })
  for (const text of ['', 'yes', '2026-13-01', '23.11.2026', '2026-11-23T10:00']) expect(() => parseWarmUp(text)).toThrow(/BECKON_WARM_UP/)
})
