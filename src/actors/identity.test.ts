import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openShop } from '../sim/shop.ts'
import type { Shop } from '../sim/shop.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')
const min = 60_000
const h = 60 * min

const view = (id: string) => ({ type: 'track', event: 'Product Viewed', properties: { product_id: id } })
const add = (id: string) => ({ type: 'track', event: 'Product Added', properties: { product_id: id } })
const known = (shop: Shop, key: string) => shop.find(key)?.id

test('what a visitor did before signing in belongs to the customer they turn out to be', () => {
  const shop = openShop()
  shop.send({ ...add('mug'), anonymousId: 'a' }, noon)
  shop.send({ type: 'identify', userId: 'ann', traits: { email: 'ann@example.test' } }, noon + min)
  shop.send({ type: 'identify', userId: 'ann', anonymousId: 'a' }, noon + 2 * min)
  expect(known(shop, 'a:a')).toBe(known(shop, 'u:ann'))
  expect(shop.states('u:ann')).toMatchObject({ cart: 'active' })
  shop.pass(noon + 31 * min)
  expect(shop.words()).toEqual(['cart-abandoned queued'])
  expect(shop.check().findings).toEqual([])
})

test('views on two devices add up once they are known to be one person’s', () => {
  const shop = openShop()
  shop.send({ ...view('mug'), anonymousId: 'phone' }, noon)
  shop.send({ ...view('mug'), anonymousId: 'phone' }, noon + min)
  shop.send({ type: 'identify', userId: 'ann', anonymousId: 'phone', traits: { email: 'ann@example.test' } }, noon + 2 * min)
  shop.send({ ...view('mug'), anonymousId: 'laptop' }, noon + 3 * min)
  expect(shop.states('u:ann')).toMatchObject({ browsing: 'watching' })
  shop.send({ type: 'identify', userId: 'ann', anonymousId: 'laptop' }, noon + 4 * min)
  expect(shop.states('u:ann')).toMatchObject({ browsing: { interested: 'pending' } })
  shop.pass(noon + h)
  expect(shop.words()).toEqual(['browse-reminder queued'])
  expect(shop.check().findings).toEqual([])
})

test('two identified people are never joined: a shared device moves to whoever signs in', () => {
  const shop = openShop()
  shop.send({ type: 'identify', userId: 'ann', anonymousId: 'tablet' }, noon)
  shop.send({ type: 'identify', userId: 'bob', anonymousId: 'tablet' }, noon + min)
  expect(known(shop, 'u:ann')).not.toBe(known(shop, 'u:bob'))
  expect(known(shop, 'a:tablet')).toBe(known(shop, 'u:bob'))
  shop.send({ type: 'alias', previousId: 'ann', userId: 'bob' }, noon + 2 * min)
  expect(known(shop, 'u:ann')).not.toBe(known(shop, 'u:bob'))
})

test('alias joins what came before under the old id', () => {
  const shop = openShop()
  shop.send({ ...add('mug'), anonymousId: 'a' }, noon)
  shop.send({ type: 'alias', previousId: 'a', userId: 'ann' }, noon + min)
  expect(shop.states('u:ann')).toMatchObject({ cart: 'active' })
  expect(known(shop, 'a:a')).toBe(known(shop, 'u:ann'))
  expect(shop.check().findings).toEqual([])
})

test('a browser cannot join its life to one that the shop has vouched for', () => {
  const shop = openShop()
  shop.send({ type: 'identify', userId: 'ann', traits: { email: 'ann@example.test' } }, noon, { trust: 'server' })
  shop.send({ ...add('mug'), anonymousId: 'stranger' }, noon, { trust: 'browser' })
  shop.send({ type: 'identify', userId: 'ann', anonymousId: 'stranger', messageId: 'claim' }, noon + min, { trust: 'browser' })
  shop.send({ type: 'identify', userId: 'ann', anonymousId: 'stranger', messageId: 'claim' }, noon + min, { trust: 'browser' })
  expect(shop.engine.counts.duplicates).toBe(1)
  expect(known(shop, 'a:stranger')).not.toBe(known(shop, 'u:ann'))
  expect(shop.states('u:ann')).toMatchObject({ cart: 'empty' })
  expect(shop.life('a:stranger')).not.toContain('"ann"')
})

test('what one life was sent counts for the joined one: caps and windows hold across a merge', () => {
  const shop = openShop()
  const email = { email: 'ann@example.test' }
  shop.send({ ...add('mug'), anonymousId: 'a', properties: { product_id: 'mug', ...email } }, noon)
  shop.pass(noon + 31 * min)
  shop.send({ ...add('cup'), userId: 'ann', properties: { product_id: 'cup', ...email } }, noon + 40 * min)
  shop.send({ type: 'alias', previousId: 'a', userId: 'ann' }, noon + 41 * min)
  shop.pass(noon + 3 * h)
  expect(shop.words()).toEqual(['cart-abandoned queued', 'cart-abandoned skipped window'])
  expect(shop.check().findings).toEqual([])
})

test('the stricter consent of two lives is the joined life’s', () => {
  const shop = openShop()
  shop.send({ type: 'identify', anonymousId: 'a', traits: { consent: 'unsubscribed' } }, noon)
  shop.send({ type: 'identify', userId: 'ann', traits: { email: 'ann@example.test', consent: 'subscribed' } }, noon + min)
  shop.send({ type: 'alias', previousId: 'a', userId: 'ann' }, noon + 2 * min)
  shop.track('ann', 'Product Added', noon + 3 * min, { product_id: 'mug' })
  shop.pass(noon + h)
  expect(shop.words()).toEqual(['cart-abandoned skipped unsubscribed'])
})

test('joining three lives gives the same customer in whatever order they meet, and loses no event', () => {
  const names = ['a', 'b', 'c'] as const
  const events = fc.array(
    fc.record({
      who: fc.constantFrom(...names),
      what: fc.constantFrom(
        view('mug'),
        view('cup'),
        add('mug'),
        { type: 'page' },
        { type: 'track', event: 'Order Completed', properties: { total: 9, email: 'x@example.test' } },
      ),
      minute: fc.integer({ min: 0, max: 90 }),
    }),
    { minLength: 1, maxLength: 12 },
  )
  fc.assert(
    fc.property(events, fc.shuffledSubarray([...names], { minLength: 3 }), (happened, order) => {
      const live = (sequence: readonly string[]) => {
        const shop = openShop()
        for (const name of names) shop.send({ type: 'page', anonymousId: name, messageId: `birth-${name}` }, noon)
        happened
          .toSorted((x, y) => x.minute - y.minute)
          .forEach(({ who, what, minute }, n) => shop.send({ ...what, anonymousId: who, messageId: `e${n}` }, noon + minute * min))
        const end = noon + 100 * min
        shop.pass(end)
        sequence.forEach((name, n) => shop.send({ type: 'alias', previousId: name, userId: 'ann', messageId: `alias-${n}` }, end))
        const [at, , timers, past] = JSON.parse(shop.life('u:ann'))
        const rows = shop.store.log.life(shop.find('u:ann')!.head).filter(({ kind }) => kind <= 2)
        expect(shop.check().findings).toEqual([])
        return { at, states: shop.states('u:ann'), timers, past: past.map((one: unknown[]) => one.join()), events: rows.length }
      }
      expect(live(order)).toEqual(live(names))
    }),
    { numRuns: 60, seed: 7 },
  )
})
