import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadMachine } from './load-machine.ts'
import { openShop } from '../sim/shop.ts'
import type { ShopOptions } from '../sim/shop.ts'
import { machinesDirectory } from '../main.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')
const min = 60_000
const h = 60 * min
const d = 24 * h
const browser = { trust: 'browser' } as const

const double = (more: ShopOptions = {}) => openShop({ settings: { doubleOptIn: '1' }, consentRequired: true, ...more })
type Shop = ReturnType<typeof openShop>
const ask = (shop: Shop, user: string, at: number, email = `${user}@example.test`) =>
  shop.send({ type: 'identify', userId: user, traits: { email, consent: 'subscribed' } }, at, browser)
const profileOf = (shop: Shop, key: string) => shop.find(key)!.life.profile
const lettersOf = (shop: Shop) => shop.store.letters.list({ limit: 50 }).map(({ template, recipient, state }) => `${template} ${recipient} ${state}`)
const confirm = (shop: Shop, letter: number, at: number) =>
  shop.outcome('mail.confirmed', letter, at, false, { recipient: shop.store.letters.get(letter)!.recipient, messageId: `confirm:${letter}` })

test('a yes in a browser brings a letter that asks to confirm it, and nothing else until somebody does', () => {
  const shop = double()
  ask(shop, 'ann', noon)
  expect(shop.words()).toEqual(['confirm-subscription queued'])
  expect(profileOf(shop, 'u:ann')).toMatchObject({ consent: 'pending', email: 'ann@example.test' })
  shop.send({ type: 'track', userId: 'ann', event: 'Product Added', properties: { product_id: 'fern' } }, noon + min, browser)
  shop.pass(noon + h)
  expect(shop.words().at(-1)).toBe('cart-abandoned skipped no-consent')
  confirm(shop, 1, noon + 2 * h)
  expect(profileOf(shop, 'u:ann')).toMatchObject({ consent: 'subscribed', verified: true })
  shop.send({ type: 'track', userId: 'ann', event: 'Product Added', properties: { product_id: 'moss' } }, noon + 3 * h, browser)
  shop.pass(noon + 4 * h)
  expect(shop.words().at(-1)).toBe('cart-abandoned queued')
  expect(shop.check()).toMatchObject({ findings: [] })
})

test('where nobody has to confirm, nobody is asked to', () => {
  const shop = openShop()
  ask(shop, 'ann', noon)
  expect(profileOf(shop, 'u:ann').consent).toBe('subscribed')
  expect(shop.words()).toEqual([])
  expect((shop.states('u:ann') as Record<string, unknown>)['consent']).toBe('settled')
})

test('a server’s yes needs no confirming', () => {
  const shop = double()
  shop.send({ type: 'identify', userId: 'ann', traits: { email: 'ann@example.test', consent: 'subscribed' } }, noon)
  expect(shop.words()).toEqual([])
  expect(profileOf(shop, 'u:ann').consent).toBe('subscribed')
})

test('one letter an address and day asks, however often and under however many names somebody types it', () => {
  const shop = double()
  ask(shop, 'ann', noon)
  ask(shop, 'ann', noon + h)
  ask(shop, 'eve', noon + 2 * h, 'ann@example.test')
  ask(shop, 'mallory', noon + 3 * h, 'Ann@example.test')
  expect(lettersOf(shop)).toEqual(['confirm-subscription ann@example.test queued'])
  expect(
    shop
      .words()
      .slice(1)
      .every((words) => words.startsWith('confirm-subscription skipped')),
  ).toBe(true)
  ask(shop, 'ann', noon + d)
  expect(lettersOf(shop)).toHaveLength(2)
})

test('who said yes before they typed an address is asked once it is known', () => {
  const shop = double()
  shop.send({ type: 'identify', anonymousId: 'a', traits: { consent: 'subscribed' } }, noon, browser)
  expect(shop.words()).toEqual(['confirm-subscription skipped no-address'])
  shop.send({ type: 'identify', anonymousId: 'a', traits: { email: 'ann@example.test' } }, noon + min, browser)
  expect(lettersOf(shop)).toEqual(['confirm-subscription ann@example.test queued'])
})

test('confirming twice is confirming once; confirming after a no changes nothing', () => {
  const shop = double()
  ask(shop, 'ann', noon)
  confirm(shop, 1, noon + min)
  const once = shop.store.log.lastSeq()
  confirm(shop, 1, noon + 2 * min)
  expect(shop.store.log.lastSeq()).toBe(once)
  shop.outcome('mail.unsubscribed', 1, noon + h)
  shop.outcome('mail.confirmed', 1, noon + 2 * h, false, { recipient: 'ann@example.test' })
  expect(profileOf(shop, 'u:ann').consent).toBe('unsubscribed')
})

test('a link confirms the address it was mailed to, and not one typed since', () => {
  const shop = double()
  ask(shop, 'eve', noon, 'eve@example.test')
  shop.send({ type: 'identify', userId: 'eve', traits: { email: 'victim@example.test' } }, noon + min, browser)
  confirm(shop, 1, noon + h)
  expect(profileOf(shop, 'u:eve')).toMatchObject({ consent: 'pending', email: 'victim@example.test' })
  expect(profileOf(shop, 'u:eve').verified).toBeUndefined()
})

test('whoever asked at night is asked back at night', () => {
  const machine = { ...loadMachine(machinesDirectory, { doubleOptIn: '1' }), quietHours: { from: '21:00', to: '08:00', timeZone: 'UTC' } }
  const shop = openShop({ machine, consentRequired: true })
  ask(shop, 'ann', Date.parse('2026-03-02T23:00:00Z'))
  expect(shop.words()).toEqual(['confirm-subscription queued'])
})

test('a no to a topic withdraws its letters and skips those to come, and leaves the others', () => {
  const shop = openShop()
  shop.track('ann', 'Order Completed', noon, { order_id: '1', products: [{ product_id: 'fern' }] })
  shop.track('ann', 'Product Added', noon + min, { product_id: 'moss' })
  shop.pass(noon + 2 * h)
  expect(lettersOf(shop).sort()).toEqual(['cart-abandoned ann@example.test queued', 'order-thanks ann@example.test queued'])
  shop.send({ type: 'identify', userId: 'ann', traits: { topics: { reminders: false } } }, noon + 2 * h, browser)
  expect(lettersOf(shop).sort()).toEqual(['cart-abandoned ann@example.test failed', 'order-thanks ann@example.test queued'])
  shop.pass(noon + 2 * d)
  shop.track('ann', 'Product Added', noon + 3 * d, { product_id: 'ivy' })
  shop.pass(noon + 3 * d + h)
  expect(shop.words().at(-1)).toBe('cart-abandoned skipped unsubscribed')
  expect(JSON.parse(shop.decisions().at(-1)!.numbers)).toEqual({ by: 'topic', topic: 'reminders' })
  expect(shop.check()).toMatchObject({ findings: [] })
})

test('a letter on its way to the relay does not leave once its topic was refused, whichever comes first', () => {
  const shop = openShop()
  shop.track('ann', 'Product Added', noon, { product_id: 'moss' })
  shop.pass(noon + h)
  const { letters } = shop.store
  expect(letters.attempting(1, noon + h)).toBe(true)
  shop.outcome('mail.preferences', 1, noon + h, false, { recipient: 'ann@example.test', topics: { reminders: false } })
  expect(letters.flushing(1, noon + h)).toBe(false)
  expect(letters.get(1)).toMatchObject({ state: 'failed', reply: 'withdrawn: the customer wants no letters of this kind' })

  const late = openShop()
  late.track('ann', 'Product Added', noon, { product_id: 'moss' })
  late.pass(noon + h)
  expect(late.store.letters.attempting(1, noon + h) && late.store.letters.flushing(1, noon + h)).toBe(true)
  late.outcome('mail.preferences', 1, noon + h, false, { recipient: 'ann@example.test', topics: { reminders: false } })
  expect(late.store.letters.get(1)!.state).toBe('flushing')
})

test('the joined life keeps the no of either to a topic, withdraws its letters, and is told again alike, whichever way round they join', () => {
  for (const [refuses, buys] of [
    ['a', 'b'],
    ['b', 'a'],
  ] as const) {
    const shop = openShop()
    for (const id of ['a', 'b']) shop.send({ type: 'page', anonymousId: id }, noon, browser)
    shop.send({ type: 'identify', anonymousId: refuses, traits: { topics: { reminders: false, orders: true } } }, noon + min, browser)
    shop.send({ type: 'track', anonymousId: buys, event: 'Product Added', properties: { product_id: 'fern', email: 'ann@example.test' } }, noon + min)
    shop.pass(noon + h)
    expect(lettersOf(shop)).toEqual(['cart-abandoned ann@example.test queued'])
    shop.send({ type: 'alias', userId: 'ann', previousId: 'a' }, noon + 2 * h)
    shop.send({ type: 'alias', userId: 'ann', previousId: 'b' }, noon + 2 * h)
    expect(profileOf(shop, 'u:ann').topics).toEqual({ orders: true, reminders: false })
    expect(lettersOf(shop)).toEqual(['cart-abandoned ann@example.test failed'])
    expect(shop.check()).toMatchObject({ findings: [] })
  }
})

test('a yes that is to be confirmed makes a joined life wait, whichever half said it', () => {
  for (const [first, second] of [
    ['a', 'b'],
    ['b', 'a'],
  ] as const) {
    const shop = double()
    shop.send({ type: 'identify', anonymousId: first, traits: { consent: 'subscribed', email: 'ann@example.test' } }, noon, browser)
    shop.send({ type: 'identify', anonymousId: second, traits: { consent: 'subscribed' } }, noon + min)
    shop.send({ type: 'alias', userId: 'ann', previousId: 'a' }, noon + h)
    shop.send({ type: 'alias', userId: 'ann', previousId: 'b' }, noon + h)
    expect(profileOf(shop, 'u:ann').consent).toBe('pending')
    expect(shop.check()).toMatchObject({ findings: [] })
    confirm(shop, 1, noon + 2 * h)
    expect(profileOf(shop, 'u:ann').consent).toBe('subscribed')
    expect(shop.check()).toMatchObject({ findings: [] })
  }
})

test('who has yet to confirm still has to after a crash and a start with double opt-in switched off', () => {
  const dir = mkdtempSync(join(tmpdir(), 'beckon-'))
  const before = double({ dir })
  ask(before, 'ann', noon)
  before.close()
  const after = openShop({ dir })
  expect(after.recovered).not.toBe(0)
  expect(profileOf(after, 'u:ann').consent).toBe('pending')
  ask(after, 'bob', noon + h)
  expect(profileOf(after, 'u:bob').consent).toBe('subscribed')
  expect(after.check()).toMatchObject({ findings: [] })
  after.close()
  rmSync(dir, { recursive: true })
})

test('a letter’s own cap counts its own kind alone, to the millisecond, also what the other half of a joined life had', () => {
  const shipped = loadMachine(machinesDirectory)
  const rule = { ...shipped.letters['cart-abandoned']!, window: 0, cap: { most: 1, within: 3 * d } }
  const machine = { ...shipped, letters: { ...shipped.letters, 'cart-abandoned': rule } }
  const shop = openShop({ machine })
  const leave = (at: number) => {
    shop.track('ann', 'Product Added', at, { product_id: `p${at}` })
    shop.pass(at + 30 * min)
    return shop.decisions().findLast(({ template }) => template === 'cart-abandoned')!
  }
  leave(noon)
  const early = leave(noon + 3 * d - 1)
  expect([early.reason, JSON.parse(early.numbers)]).toEqual(['cap', { own: true, template: 'cart-abandoned', queued: 1, allowed: 1, capWindowMs: 3 * d }])

  const exact = openShop({ machine })
  for (const at of [noon, noon + 3 * d]) {
    exact.track('ann', 'Product Added', at, { product_id: `p${at}` })
    exact.pass(at + 30 * min)
  }
  expect(exact.words().filter((words) => words.startsWith('cart-abandoned'))).toEqual(['cart-abandoned queued', 'cart-abandoned queued'])

  const joined = openShop({ machine })
  joined.send({ type: 'track', anonymousId: 'a', event: 'Product Added', properties: { product_id: 'fern', email: 'ann@example.test' } }, noon)
  joined.pass(noon + h)
  joined.send({ type: 'identify', anonymousId: 'b', traits: { email: 'ann@example.test' } }, noon + d)
  joined.send({ type: 'alias', userId: 'ann', previousId: 'a' }, noon + d)
  joined.send({ type: 'alias', userId: 'ann', previousId: 'b' }, noon + d)
  joined.track('ann', 'Product Added', noon + 2 * d, { product_id: 'ivy' })
  joined.pass(noon + 2 * d + h)
  expect(joined.words().findLast((words) => words.startsWith('cart-abandoned'))).toBe('cart-abandoned skipped cap')
})

test('a letter waits for the first hour that is no night and one of its own, in the customer’s zone, and the policy is asked again then', () => {
  const shipped = loadMachine(machinesDirectory)
  const rule = { ...shipped.letters['cart-abandoned']!, sendBetween: { from: '17:00', to: '22:30' } }
  const machine = {
    ...shipped,
    quietHours: { from: '21:00', to: '08:00', timeZone: 'UTC' },
    letters: { ...shipped.letters, 'cart-abandoned': rule },
  }
  const shop = openShop({ machine })
  shop.send({ type: 'identify', userId: 'ann', traits: { email: 'ann@example.test', timezone: 'Europe/Berlin' } }, noon)
  // 22:00 in Berlin, the evening before clocks go forward there.
  const evening = Date.parse('2026-03-28T21:00:00Z')
  shop.track('ann', 'Product Added', evening - 30 * min, { product_id: 'fern' })
  shop.pass(evening + h)
  expect(shop.words()).toEqual([])
  // 17:00 of a day an hour shorter.
  const open = Date.parse('2026-03-29T15:00:00Z')
  shop.pass(open - 1)
  expect(shop.words()).toEqual([])
  expect(shop.check()).toMatchObject({ findings: [] })
  shop.pass(open)
  expect(shop.decisions().map(({ at, template, decision }) => [at, template, decision])).toEqual([[open, 'cart-abandoned', 'queued']])

  const changed = openShop({ machine })
  changed.track('bob', 'Product Added', evening, { product_id: 'fern' })
  changed.pass(evening + h)
  changed.send({ type: 'identify', userId: 'bob', traits: { topics: { reminders: false } } }, evening + 2 * h)
  changed.pass(evening + d)
  expect(changed.words()).toEqual(['cart-abandoned skipped unsubscribed'])
})
