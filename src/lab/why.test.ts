import { expect, test } from 'vitest'
import { openShop } from '../sim/shop.ts'
import { findCustomer, openDossier } from './dossier.ts'
import { explain } from './why.ts'
import { duration } from './wording.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')
const min = 60_000
const h = 60 * min

function story() {
  const shop = openShop()
  shop.track('ann', 'Product Added', noon, { product_id: 'mug' })
  shop.pass(noon + 30 * min)
  shop.track('ann', 'Product Added', noon + 2 * h, { product_id: 'cup' })
  shop.pass(noon + 3 * h)
  const explained = (template?: string, until?: number) => explain(openDossier(shop.store, shop.machines.of, findCustomer(shop.store, 'ann'), until), template)
  return { shop, explained }
}

test('a letter that went out: every move of its journey from the first event to the decision', () => {
  const [sent] = story().explained('cart-abandoned').decisions
  expect(sent).toMatchObject({ decision: 'queued', at: noon + 30 * min, words: '0 letters in the last 24 h, fewer than the 3 that high priority allows' })
  expect(sent!.steps).toEqual([
    { at: noon, what: 'Product Added', from: 'empty', to: 'active' },
    { at: noon + 30 * min, what: 'abandonAfter passed', from: 'active', to: 'abandoned.reminded' },
  ])
})

test('a letter that did not: the reason in words, with the numbers it was decided by', () => {
  const skipped = story().explained('cart-abandoned').decisions[1]
  expect(skipped).toMatchObject({
    decision: 'skipped',
    reason: 'window',
    words: 'the same letter was queued 2 h before; not again within 24 h',
    numbers: { ageMs: 2 * h },
  })
})

test('a letter nobody asked for: where its journey stands, what it listens to, what is armed', () => {
  const { never } = story().explained('browse-reminder')
  expect(never).toEqual([
    {
      template: 'browse-reminder',
      journey: 'browsing',
      state: 'watching',
      words: expect.stringContaining('never asked for it'),
      listensTo: expect.arrayContaining(['site.product_viewed']),
      timers: [],
    },
  ])
})

test('as things stood earlier', () => {
  const { decisions, states, timers } = story().explained(undefined, noon + 20 * min)
  expect(decisions).toEqual([])
  expect(states).toMatchObject({ cart: 'active', presence: 'quiet' })
  expect(timers).toEqual([{ timer: 'abandonAfter in cart.active', due: noon + 30 * min }])
})

test('a customer is found by id or address while their life is still ahead of the database', () => {
  const { shop } = story()
  expect(findCustomer(shop.store, 'ann@example.test')).toBe(findCustomer(shop.store, 'ann'))
  expect(() => findCustomer(shop.store, 'nobody')).toThrow(expect.objectContaining({ code: 'customer.unknown' }))
})

test('durations read well', () => {
  expect([0, 900, 61_000, 3_600_000, 93_600_000, 2_592_000_000].map(duration)).toEqual(['0 s', '0 s', '1 min 1 s', '1 h', '1 d 2 h', '30 d'])
})
