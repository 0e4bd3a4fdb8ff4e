import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openShop } from '../sim/shop.ts'
import type { Shop } from '../sim/shop.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')
const s = 1_000
const min = 60 * s
const h = 60 * min
const d = 24 * h
const mug = { product_id: 'mug', name: 'Blue mug', price: 12 }

const abandon = (shop: Shop, user = 'ann', at = noon) => shop.track(user, 'Product Added', at, mug)

test('a cart left for half an hour gets a reminder, and a day later a discount', () => {
  const shop = openShop()
  abandon(shop)
  shop.pass(noon + 30 * min - 1)
  expect(shop.words()).toEqual([])
  shop.pass(noon + 30 * min)
  expect(shop.words()).toEqual(['cart-abandoned queued'])
  shop.pass(noon + 24 * h + 30 * min)
  expect(shop.words()).toEqual(['cart-abandoned queued', 'cart-discount queued'])
  expect(shop.decisions()[1]!.at).toBe(noon + 24 * h + 30 * min)
  expect(shop.check().findings).toEqual([])
})

test('an order in time means no reminder, and thanks an hour later', () => {
  const shop = openShop()
  abandon(shop)
  shop.track('ann', 'Order Completed', noon + 29 * min, { order_id: 'o1', total: 12, products: [mug] })
  shop.pass(noon + 3 * h)
  expect(shop.words()).toEqual(['order-thanks queued'])
})

test('the same event twice is taken once, and the same id with another body is refused', () => {
  const shop = openShop()
  const event = { type: 'track', userId: 'ann', event: 'Product Added', messageId: 'once', properties: mug }
  expect(shop.send(event, noon)).toBeNull()
  const rows = shop.store.log.lastSeq()
  expect(shop.send(event, noon + min)).toBeNull()
  expect(shop.send({ ...event, properties: { product_id: 'cup' } }, noon + min)).toEqual({ refused: 'event.id_reused', about: 'once' })
  expect(shop.store.log.lastSeq()).toBe(rows)
  expect(shop.engine.counts).toMatchObject({ events: 1, duplicates: 1 })
})

test('the same id from another key is another event', () => {
  const shop = openShop()
  const event = { type: 'track', userId: 'ann', event: 'Product Added', messageId: 'once', properties: mug }
  shop.send(event, noon, { source: 1 })
  shop.send(event, noon, { source: 2 })
  expect(shop.engine.counts.events).toBe(2)
})

test('a duplicate is known after a restart, whether it was written behind or not', () => {
  for (const clean of [true, false]) {
    const dir = mkdtempSync(join(tmpdir(), 'beckon-'))
    const event = { type: 'track', userId: 'ann', event: 'Product Added', messageId: 'once', properties: mug }
    const first = openShop({ dir })
    first.send(event, noon)
    if (clean) first.finish()
    first.close()
    const second = openShop({ dir })
    expect(second.recovered).toBe(clean ? 0 : 1)
    second.send(event, noon + min)
    expect(second.engine.counts).toMatchObject({ events: 0, duplicates: 1 })
    expect(second.store.log.lastSeq()).toBe(1)
    second.close()
  }
})

test('a reminder still goes out when the server restarts during the wait', () => {
  const dir = mkdtempSync(join(tmpdir(), 'beckon-'))
  const first = openShop({ dir })
  abandon(first)
  first.close()
  const second = openShop({ dir })
  second.pass(noon + 31 * min)
  expect(second.words()).toEqual(['cart-abandoned queued'])
  expect(second.decisions()[0]!.at).toBe(noon + 30 * min)
  expect(second.check().findings).toEqual([])
  second.close()
})

test('a restart after the decision sends nothing again', () => {
  const dir = mkdtempSync(join(tmpdir(), 'beckon-'))
  const first = openShop({ dir })
  abandon(first)
  first.pass(noon + 30 * min)
  first.close()
  const second = openShop({ dir })
  second.pass(noon + 2 * h)
  expect(second.words()).toEqual(['cart-abandoned queued'])
  expect(second.check().findings).toEqual([])
  second.close()
})

test('an event that makes the machine throw is set aside, and the next one is taken', () => {
  const shop = openShop()
  abandon(shop)
  const before = shop.life('u:ann')
  const { stepper } = shop.machines.current
  const step = stepper.step
  stepper.step = () => {
    throw new Error('a bug in a machine')
  }
  shop.track('ann', 'Product Added', noon + min, { product_id: 'cup' })
  stepper.step = step
  expect(shop.engine.counts.quarantined).toBe(1)
  expect(shop.store.quarantine.latest(9)).toMatchObject([{ code: 'turn.threw', reason: 'a bug in a machine' }])
  expect(JSON.parse(shop.life('u:ann'))[1]).toEqual(JSON.parse(before)[1])
  shop.track('ann', 'Product Added', noon + 2 * min, { product_id: 'plate' })
  shop.pass(noon + 32 * min)
  expect(shop.words()).toEqual(['cart-abandoned queued'])
  expect(shop.check().findings).toEqual([])
})

test('an event that was set aside can be retried once the machine is mended, and then counts as it would have', () => {
  const shop = openShop()
  const { stepper } = shop.machines.current
  const step = stepper.step
  stepper.step = () => {
    throw new Error('a bug in a machine')
  }
  shop.track('ann', 'Product Added', noon, mug)
  const [aside] = shop.store.quarantine.latest(1)
  const retry = (at: number) => {
    shop.store.begin()
    const answer = shop.engine.retry(aside!.id, at)
    shop.store.commit()
    return answer
  }
  expect(retry(noon + min)).toEqual({ refused: 'turn.threw', about: 'a bug in a machine' })
  stepper.step = step
  const [again] = shop.store.quarantine.latest(9)
  expect(shop.store.quarantine.count()).toBe(1)
  aside!.id = again!.id
  expect(retry(noon + 2 * min)).toBeNull()
  expect(shop.store.quarantine.count()).toBe(0)
  expect(shop.states('u:ann')).toMatchObject({ cart: 'active' })
  expect(retry(noon + 3 * min)).toEqual({ refused: 'quarantine.unknown' })
  shop.pass(noon + 40 * min)
  expect(shop.words()).toEqual(['cart-abandoned queued'])
  expect(shop.check().findings).toEqual([])
})

test('two lives that could not be joined are listed, and retrying takes no event twice', () => {
  const shop = openShop()
  abandon(shop)
  shop.send({ type: 'track', anonymousId: 'phone', event: 'Product Viewed', properties: mug }, noon)
  const { stepper } = shop.machines.current
  const step = stepper.step
  stepper.step = () => {
    throw new Error('a bug in a machine')
  }
  shop.send({ type: 'page', userId: 'ann', anonymousId: 'phone' }, noon + s)
  stepper.step = step
  const [page, join] = shop.store.quarantine.latest(9)
  const retry = (id: number) => {
    shop.store.begin()
    const answer = shop.engine.retry(id, noon + min)
    shop.store.commit()
    return answer
  }
  expect(retry(join!.id)).toEqual({ refused: 'quarantine.unknown' })
  expect(retry(page!.id)).toBeNull()
  expect(shop.find('u:ann')!.life.snapshot.context).toMatchObject({ cart: { lines: [{ id: 'mug', quantity: 1 }] } })
  expect(shop.check().findings).toEqual([])
})

test('an event from last week is kept and triggers nothing, unless a secret key sends it', () => {
  const shop = openShop()
  const old = { type: 'track', anonymousId: 'a', event: 'Product Added', properties: mug }
  shop.send(old, noon - 8 * d, { now: noon, trust: 'browser' })
  expect(shop.states('a:a')).toMatchObject({ cart: 'empty' })
  expect(shop.store.log.lastSeq()).toBe(1)
  shop.send(old, noon - 8 * d, { now: noon, trust: 'server' })
  expect(shop.states('a:a')).toMatchObject({ cart: 'active' })
  expect(shop.check().findings).toEqual([])
})

test('an event from the future is taken as of now, so that no timer fires early', () => {
  const shop = openShop()
  abandon(shop)
  shop.send({ type: 'page', userId: 'ann' }, noon + 3 * d, { now: noon + min })
  expect(shop.words()).toEqual([])
  expect(shop.store.log.get(2)!.at).toBe(noon + min)
})

test('a late event does not turn a customer’s time back', () => {
  const shop = openShop()
  abandon(shop)
  shop.pass(noon + 15 * min)
  shop.send({ type: 'page', userId: 'ann' }, noon + min, { now: noon + 16 * min })
  const last = shop.store.log.get(shop.store.log.lastSeq())!
  expect(last.at).toBe(noon + 15 * min)
  expect(JSON.parse(last.body).timestamp).toBe(new Date(noon + min).toISOString())
  expect(shop.check().findings).toEqual([])
})

test('timers overdue after a long stop fire in the order they were due, stamped with that time', () => {
  const shop = openShop()
  abandon(shop, 'bob', noon + 5 * min)
  abandon(shop, 'ann', noon)
  shop.pass(noon + 10 * d)
  const fired = shop.store.log.after(0, 1_000).filter(({ kind }) => kind === 3)
  expect(fired.map(({ at }) => at)).toEqual(fired.map(({ at }) => at).sort((a, b) => a - b))
  expect(shop.decisions().map(({ at }) => at - noon)).toEqual([30 * min, 35 * min, 24 * h + 30 * min, 24 * h + 35 * min])
})

test('a machine’s open is no sign of life, a human’s is', () => {
  const shop = openShop()
  abandon(shop)
  shop.pass(noon + 30 * min)
  shop.outcome('mail.opened', 1, noon + 5 * d, true)
  shop.pass(noon + 30 * d + 30 * min)
  expect(shop.words().at(-1)).toBe('win-back queued')
  const other = openShop()
  abandon(other)
  other.pass(noon + 30 * min)
  other.outcome('mail.opened', 1, noon + 5 * d)
  other.pass(noon + 30 * d + 30 * min)
  expect(other.words()).not.toContain('win-back queued')
  expect(shop.check().findings.concat(other.check().findings)).toEqual([])
})

test('whoever unsubscribes or bounces gets nothing more', () => {
  for (const type of ['mail.unsubscribed', 'mail.bounced', 'mail.complained'] as const) {
    const shop = openShop()
    abandon(shop)
    shop.pass(noon + 30 * min)
    shop.outcome(type, 1, noon + h)
    shop.pass(noon + 25 * h)
    expect(shop.words()).toEqual(['cart-abandoned queued', 'cart-discount skipped unsubscribed'])
  }
})

test('more customers than fit in memory are written and loaded again, each with its own state', () => {
  const shop = openShop({ hotMax: 16, replayEventsMax: 20 })
  for (let round = 0; round < 3; round++)
    for (let n = 0; n < 100; n++) {
      shop.track(`user${n}`, 'Product Added', noon + (round * 100 + n) * s, { product_id: `p${round}` })
      shop.store.begin()
      shop.engine.behind.step(noon, 1)
      shop.store.commit()
    }
  shop.pass(noon + h)
  expect(shop.decisions().length).toBe(100)
  expect(shop.engine.lives.size()).toBeLessThan(150)
  expect(shop.check()).toMatchObject({ findings: [], customers: 100 })
})
