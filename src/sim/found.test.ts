import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { machineOf } from './machines.ts'
import { openShop } from './shop.ts'
import type { Shop } from './shop.ts'

// What the simulator found in the product, told again in the fewest events.

const noon = Date.parse('2026-03-02T12:00:00Z')
const min = 60_000
const h = 60 * min
const d = 24 * h
const mug = { product_id: 'mug', name: 'Blue mug', price: 12 }
const directory = () => mkdtempSync(join(tmpdir(), 'beckon-'))
const add = (id: string) => ({ type: 'track', event: 'Product Added', properties: { product_id: id } })
const timers = (shop: Shop) => shop.store.log.after(0, 1_000).filter(({ kind }) => kind === 3)
const known = (shop: Shop, key: string) => shop.find(key)?.id

test('overdue timers fire in due order though one customer had been expected earlier', () => {
  const shop = openShop()
  shop.track('ann', 'Product Added', noon, mug)
  shop.track('bob', 'Product Added', noon + min, mug)
  // Ann was expected to be quiet before Bob; now she will be after him.
  shop.track('ann', 'Product Viewed', noon + 10 * min)
  shop.pass(noon + 3 * h)
  const dues = timers(shop).map(({ at }) => at)
  expect(dues).toEqual(dues.toSorted((a, b) => a - b))
})

test('a letter that waits for the relay stays when its customer says no by an event', () => {
  const shop = openShop()
  shop.track('ann', 'Product Added', noon, mug)
  shop.pass(noon + 30 * min)
  expect(shop.store.letters.get(1)!.state).toBe('queued')
  shop.send({ type: 'identify', userId: 'ann', traits: { consent: 'unsubscribed' } }, noon + h)
  expect(shop.store.letters.get(1)).toMatchObject({ state: 'failed', nextAt: null })
})

test.each(['stopped', 'killed'])('a life carried into another machine and back, with nothing happening in between, is where it was (%s)', (end) => {
  const dir = directory()
  const before = openShop({ dir, machine: machineOf('shipped') })
  before.track('ann', 'Product Added', noon, mug)
  before.pass(noon + 40 * min)
  if (end === 'stopped') before.finish()
  before.close()
  const other = openShop({ dir, machine: machineOf('rebuilt') })
  expect(other.states('u:ann')).toMatchObject({ cart: 'empty' })
  expect(other.check().findings).toEqual([])
  other.close()
  const after = openShop({ dir, machine: machineOf('shipped') })
  after.pass(noon + 2 * d)
  expect(after.words()).toEqual(['cart-abandoned queued', 'cart-discount queued'])
  expect(after.states('u:ann')).toMatchObject({ cart: { abandoned: 'offered' } })
  expect(after.check().findings).toEqual([])
  after.close()
})

test('of two timers due at one instant, what happened to the second is told as it was when it was set aside', () => {
  const shop = openShop()
  shop.track('ann', 'Product Added', noon, mug)
  // Quiet again exactly when the cart is left: the letter is decided in the second turn.
  shop.send({ type: 'page', userId: 'ann' }, noon + 15 * min)
  const { stepper } = shop.machines.current
  const { step } = stepper
  stepper.step = (snapshot, event) => {
    if (event.type.includes('quietFor') && event.at === noon + 30 * min) throw new Error('a bug in a machine')
    return step.call(stepper, snapshot, event)
  }
  shop.pass(noon + 31 * min)
  stepper.step = step
  expect(shop.engine.counts.quarantined).toBe(1)
  expect(shop.words()).toEqual([])
  expect(shop.check().findings).toEqual([])
})

test('the number of a customer who went into another is never given again', () => {
  const dir = directory()
  const first = openShop({ dir })
  first.send({ ...add('mug'), userId: 'ann' }, noon)
  first.send({ ...add('cup'), anonymousId: 'a' }, noon)
  const gone = known(first, 'a:a')
  first.send({ type: 'alias', previousId: 'a', userId: 'ann' }, noon + min)
  first.finish()
  first.close()
  const second = openShop({ dir })
  second.send({ ...add('mug'), userId: 'bob' }, noon + h)
  expect(known(second, 'u:bob')).not.toBe(gone)
  second.close()
})

test('recovery tells a merge without the decisions that were made only after it', () => {
  const dir = directory()
  const first = openShop({ dir })
  first.send({ ...add('mug'), anonymousId: 'a' }, noon)
  first.send({ type: 'identify', userId: 'ann', traits: { email: 'ann@example.test' } }, noon + min)
  first.send({ type: 'alias', previousId: 'a', userId: 'ann' }, noon + 2 * min)
  first.send({ ...add('cup'), userId: 'ann' }, noon + 10 * min)
  first.pass(noon + 2 * d)
  const life = first.life('u:ann')
  first.close()
  const second = openShop({ dir })
  expect(second.recovered).toBeGreaterThan(0)
  expect(second.life('u:ann')).toBe(life)
  second.close()
})

test('what one of two lives was sent counts after they are joined, even where the other had skipped the very same run', () => {
  const shop = openShop()
  const email = { email: 'ann@example.test' }
  shop.send({ ...add('mug'), anonymousId: 'a' }, noon)
  shop.send({ ...add('mug'), anonymousId: 'b', properties: { product_id: 'mug', ...email } }, noon)
  shop.send({ type: 'page', anonymousId: 'b' }, noon + 20 * min)
  shop.pass(noon + 31 * min)
  // Joined, the cart changes before anybody is quiet: the machine never asks for the run that both have decided.
  shop.send({ ...add('cup'), anonymousId: 'a' }, noon + 32 * min)
  shop.pass(noon + 40 * min)
  expect(shop.words()).toEqual(['cart-abandoned skipped no-address', 'cart-abandoned queued'])
  shop.send({ type: 'alias', previousId: 'a', userId: 'ann' }, noon + 41 * min)
  shop.send({ type: 'alias', previousId: 'b', userId: 'ann' }, noon + 42 * min)
  shop.track('ann', 'Product Added', noon + h, mug)
  shop.pass(noon + 2 * h)
  expect(shop.words().at(-1)).toBe('cart-abandoned skipped window')
  expect(shop.check().findings).toEqual([])
})

test('letters that two lives were sent at the same instant about the same run count as two once they are joined', () => {
  const shop = openShop()
  for (const name of ['a', 'b']) shop.send({ ...add('mug'), anonymousId: name, properties: { product_id: 'mug', email: `${name}@example.test` } }, noon)
  shop.pass(noon + 40 * min)
  shop.send({ type: 'alias', previousId: 'a', userId: 'ann' }, noon + 41 * min)
  shop.send({ type: 'alias', previousId: 'b', userId: 'ann' }, noon + 42 * min)
  shop.send({ type: 'track', userId: 'ann', event: 'Order Completed', properties: { total: 12, products: [mug] } }, noon + h)
  shop.pass(noon + 3 * h)
  expect(shop.words()).toEqual(['cart-abandoned queued', 'cart-abandoned queued', 'order-thanks queued'])
  expect(JSON.parse(shop.decisions().at(-1)!.numbers)).toMatchObject({ queued: 2 })
  expect(shop.check().findings).toEqual([])
})

test('two people are never joined: not by an address both give at once, not by a device on which the first was long ago', () => {
  const shop = openShop()
  const traits = { email: 'home@example.test' }
  shop.send({ type: 'identify', userId: 'ann', traits }, noon)
  shop.send({ type: 'identify', userId: 'bob', traits }, noon)
  expect(known(shop, 'u:ann')).not.toBe(known(shop, 'u:bob'))
  shop.send({ type: 'page', userId: 'old', anonymousId: 'tablet' }, noon - 9 * d, { now: noon, trust: 'browser' })
  shop.send({ type: 'page', userId: 'new', anonymousId: 'tablet' }, noon, { trust: 'browser' })
  expect(known(shop, 'u:old')).not.toBe(known(shop, 'u:new'))
})
