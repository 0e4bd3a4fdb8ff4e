import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { guessNext } from '../bench/next-product.ts'
import { readEvents } from '../lab/files.ts'
import { createRecommender } from './recommend.ts'

const day = 86_400_000
const noon = Date.parse('2026-03-02T12:00:00Z')

function open(options: { sellsNot?: string[]; unknown?: string[] } = {}) {
  const recommender = createRecommender({
    knows: (id) => !options.unknown?.includes(id),
    fits: (id) => !options.sellsNot?.includes(id),
    categoryOf: (id) => id.split('-')[0],
  })
  let others = 100
  return {
    ...recommender,
    /** Somebody else looks at all of these in one visit. */
    visit: (ids: string[], at = noon - day) => {
      others++
      for (const [n, id] of ids.entries()) recommender.viewed(others, id, at + n)
    },
    sell: (ids: string[], at = noon - day) => recommender.bought(++others, ids, at),
    show: (about: string[] = [], not: string[] = [], at = noon, customer = 1) =>
      recommender.rank({ customer, at, about, not, most: 4 }).map(({ id, step }) => `${step} ${id}`),
  }
}

test('who looked at something is shown what others looked at with it, the step first in the chain', () => {
  const shop = open()
  for (let n = 0; n < 3; n++) shop.visit(['pot-a', 'pot-b'])
  shop.visit(['pot-a', 'pot-c'])
  shop.sell(['fern-x', 'fern-y'])
  shop.viewed(1, 'pot-a', noon - 6 * day)
  expect(shop.show(['fern-x'])).toEqual(['viewed pot-b', 'viewed pot-c', 'cart fern-y', 'category pot-a'])
})

test('what was looked at more than seven days ago does not speak; what sells with the cart does', () => {
  const shop = open()
  shop.visit(['pot-a', 'pot-b'])
  shop.sell(['fern-x', 'fern-y'])
  shop.viewed(1, 'pot-a', noon - 7 * day - 1)
  expect(shop.show(['fern-x'])[0]).toBe('cart fern-y')
  shop.viewed(1, 'pot-a', noon - 7 * day)
  expect(shop.show(['fern-x'])[0]).toBe('viewed pot-b')
})

test('of a category nobody bought together the best sellers speak, and of the shop where there is not even that', () => {
  const shop = open()
  for (const id of ['fern-a', 'fern-a', 'fern-b', 'pot-z', 'pot-z', 'pot-z']) shop.sell([id])
  expect(shop.show(['fern-new'])).toEqual(['category fern-a', 'category fern-b', 'shop pot-z'])
  expect(shop.show()).toEqual(['shop pot-z', 'shop fern-a', 'shop fern-b'])
  expect(open().show(['fern-a'])).toEqual([])
})

test('never what is in the cart, forbidden, not on sale, unknown, or was bought in the last 30 days', () => {
  const shop = open({ sellsNot: ['fern-c'], unknown: ['fern-d'] })
  for (let n = 0; n < 5; n++) shop.sell(['fern-a', 'fern-b', 'fern-c', 'fern-d', 'fern-e', 'fern-f'])
  shop.bought(1, ['fern-e'], noon - 29 * day)
  expect(shop.show(['fern-a'], ['fern-b'])).toEqual(['cart fern-f'])
  expect(shop.show(['fern-a'], ['fern-b'], noon + 2 * day)).toEqual(['cart fern-f', 'cart fern-e'])
})

test('newer counts for more: what everybody bought together last year gives way to what goes together now', () => {
  const shop = open()
  for (let n = 0; n < 20; n++) shop.sell(['fern-a', 'fern-old'], noon - 365 * day)
  for (let n = 0; n < 2; n++) shop.sell(['fern-a', 'fern-new'], noon - day)
  expect(shop.show(['fern-a']).slice(0, 2)).toEqual(['cart fern-new', 'cart fern-old'])
  expect(shop.show().slice(0, 2)).toEqual(['shop fern-a', 'shop fern-new'])
})

test('a page loaded again and again counts once, and events that come late find their place', () => {
  const shop = open()
  for (let n = 0; n < 50; n++) shop.viewed(50, n % 2 === 0 ? 'pot-a' : 'pot-a', noon - day + n)
  shop.viewed(50, 'pot-spam', noon - day + 60)
  for (let n = 0; n < 2; n++) shop.visit(['pot-a', 'pot-b'])
  shop.viewed(1, 'pot-late', noon)
  shop.viewed(1, 'pot-a', noon - 60_000)
  expect(shop.show()[0]).toBe('viewed pot-b')
})

test('when two turn out to be one, both their looks and orders count', () => {
  const shop = open()
  shop.visit(['pot-a', 'pot-b', 'pot-c'])
  shop.viewed(2, 'pot-a', noon - day)
  shop.bought(2, ['pot-c'], noon - day)
  shop.join(1, 2)
  expect(shop.show()[0]).toBe('viewed pot-b')
  expect(shop.show().join()).not.toContain('pot-c')
})

test('one product that goes with thousands keeps those that go with it most', () => {
  const shop = open()
  for (let n = 0; n < 2_000; n++) {
    shop.visit(['pot-a', `pot-${n}`])
    if (n % 40 === 0) shop.visit(['pot-a', 'pot-b'])
  }
  shop.viewed(1, 'pot-a', noon)
  expect(shop.show()[0]).toBe('viewed pot-b')
})

test('whatever happens in whatever order, at most as many are shown as asked for, no one twice, and no one forbidden', () => {
  const id = fc.constantFrom('a-1', 'a-2', 'a-3', 'b-1', 'b-2', 'b-3', 'b-4')
  const happening = fc.record({
    customer: fc.integer({ min: 1, max: 3 }),
    ids: fc.array(id, { minLength: 1, maxLength: 4 }),
    at: fc.integer(),
    buys: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(happening), fc.array(id), fc.array(id), fc.integer(), (happenings, about, not, at) => {
      const { bought, viewed, rank } = open()
      for (const { customer, ids, at, buys } of happenings) {
        if (buys) bought(customer, ids, at)
        else viewed(customer, ids[0]!, at)
      }
      const ids = rank({ customer: 1, at, about, not, most: 4 }).map((pick) => pick.id)
      expect(new Set(ids).size).toBe(ids.length)
      expect(ids.length).toBeLessThanOrEqual(4)
      for (const forbidden of [...about, ...not]) expect(ids).not.toContain(forbidden)
    }),
  )
})

const shared = fileURLToPath(new URL('../../../shared/data/', import.meta.url))
for (const [name, kind, times] of [
  ['rees46-2019-10-01.csv.gz', 'viewed', 2],
  ['online-retail-2010-2011.csv.gz', 'bought', 5],
] as const) {
  const isThere = existsSync(shared + name)
  if (!isThere) console.log(`left out: ${name} is not here`)
  test.skipIf(!isThere)(`${name}: the next product is guessed ${times} times as often as by what is most popular`, () => {
    const { guesses, hits, mrr, popularHits, popularMrr } = guessNext(readEvents(shared + name).messages)[kind]
    expect(guesses).toBeGreaterThan(500)
    expect([hits / popularHits, mrr / popularMrr].every((ratio) => ratio > times)).toBe(true)
  })
}
