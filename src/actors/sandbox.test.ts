import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lifeToText } from '../core/life.ts'
import { hours, minutes } from '../kit/kit.ts'
import { openShop } from '../sim/shop.ts'
import type { Shop } from '../sim/shop.ts'

const start = Date.UTC(2026, 10, 23, 12)
const sandbox = { userId: 'sandbox-ann', email: 'ann@sandbox.invalid' }

function visited() {
  const shop = openShop()
  shop.send({ type: 'track', userId: sandbox.userId, event: 'Product Added', properties: { product_id: 'fern', price: 24.5, email: sandbox.email } }, start)
  const { id } = shop.find(`u:${sandbox.userId}`)!
  const skip = (ms: number, now: number) => {
    shop.store.begin()
    const answer = shop.engine.skip(id, ms, now)
    shop.store.commit()
    return answer
  }
  return { shop, skip }
}

test('time that is skipped for a sandbox customer brings their letters, each decided at its own instant and due at once', () => {
  const { shop, skip } = visited()
  expect(skip(minutes(45), start + 1_000)).toEqual({ at: start + 1_000 + minutes(45) })
  expect(shop.decisions()).toMatchObject([{ template: 'cart-abandoned', decision: 'queued', at: start + minutes(30) }])
  expect(shop.store.letters.due(1, start + 1_000, 10)).toHaveLength(1)
  skip(hours(24), start + 2_000)
  expect(shop.words()).toEqual(['cart-abandoned queued', 'cart-discount queued'])
})

test('a clock that was put forward goes on from there: what they do next, and their timers, come at its time', () => {
  const { shop, skip } = visited()
  skip(minutes(20), start)
  shop.send({ type: 'track', userId: sandbox.userId, event: 'Product Added', properties: { product_id: 'pot' } }, start + minutes(1))
  const { life } = shop.find(`u:${sandbox.userId}`)!
  expect(life.at).toBe(start + minutes(21))
  expect(life.timers.find(([name]) => name.includes('abandonAfter'))?.[1]).toBe(start + minutes(51))
  // 30 minutes after the pot by either clock.
  shop.pass(start + minutes(31) - 1)
  expect(shop.words()).toEqual([])
  shop.pass(start + minutes(31))
  expect(shop.words()).toEqual(['cart-abandoned queued'])
})

test('a life with skips in it is told again as it was, and agrees with its log', () => {
  const { shop, skip } = visited()
  skip(minutes(45), start + 5)
  skip(hours(30), start + 10)
  const { life, head } = shop.find(`u:${sandbox.userId}`)!
  const { stepper } = shop.machines.current
  expect(lifeToText(stepper, shop.engine.rebuild(head).life)).toBe(lifeToText(stepper, life))
  expect(shop.check()).toMatchObject({ findings: [], compared: 1 })
})

test('nobody real can be made to live faster', () => {
  const { shop } = visited()
  shop.track('bob', 'Product Added', start, { product_id: 'fern' })
  shop.send({ type: 'track', userId: 'sandbox-eve', event: 'Product Added', properties: { product_id: 'fern', email: 'eve@shop.test' } }, start)
  for (const key of ['u:bob', 'u:sandbox-eve']) expect(shop.engine.skip(shop.find(key)!.id, minutes(45), start)).toEqual({ refused: 'sandbox.only' })
  expect(shop.engine.skip(999, 1, start)).toEqual({ refused: 'customer.unknown' })
  expect(shop.words()).toEqual([])
})

test('skips, events and restarts in any order: the clock never runs backwards, and every life is what its log tells', () => {
  const deed = fc.oneof(
    fc.record({ kind: fc.constant('event' as const), event: fc.constantFrom('Product Viewed', 'Product Added', 'Order Completed'), gap: fc.nat(minutes(20)) }),
    fc.record({ kind: fc.constant('skip' as const), ms: fc.integer({ min: 1_000, max: hours(40) }), gap: fc.nat(minutes(20)) }),
    fc.record({ kind: fc.constant('pass' as const), gap: fc.nat(hours(2)) }),
    fc.record({ kind: fc.constant('restart' as const), finish: fc.boolean(), gap: fc.nat(minutes(5)) }),
  )
  fc.assert(
    fc.property(fc.array(deed, { minLength: 3, maxLength: 25 }), (deeds) => {
      const dir = mkdtempSync(join(tmpdir(), 'beckon-'))
      let shop = openShop({ dir })
      let now = start
      let clock = 0
      const { userId, email } = sandbox
      const told = { product_id: 'fern', price: 3, order_id: 'o', total: 3, email }
      shop.send({ type: 'track', userId, event: 'Product Viewed', properties: told }, now)
      for (const one of deeds) {
        now += one.gap
        if (one.kind === 'event') shop.send({ type: 'track', userId, event: one.event, properties: told, messageId: `m${now}` }, now)
        else if (one.kind === 'pass') shop.pass(now)
        else if (one.kind === 'skip') {
          shop.store.begin()
          shop.engine.skip(shop.find(`u:${userId}`)!.id, one.ms, now)
          shop.store.commit()
        } else {
          if (one.finish) shop.finish()
          shop.close()
          shop = openShop({ dir })
        }
        const { life } = shop.find(`u:${userId}`)!
        expect(life.at).toBeGreaterThanOrEqual(clock)
        clock = life.at
      }
      expect(shop.check()).toMatchObject({ findings: [] })
      shop.close()
      rmSync(dir, { recursive: true })
    }),
    { numRuns: 25 },
  )
})

const reopened = (dir: string, shop: Shop, isClean: boolean) => {
  if (isClean) shop.finish()
  shop.close()
  return openShop({ dir })
}

function skipFor(shop: Shop, key: string, ms: number, now: number) {
  shop.store.begin()
  shop.engine.skip(shop.find(key)!.id, ms, now)
  shop.store.commit()
}

const fern = { product_id: 'fern', price: 24.5 }

test('after a restart, clean or not, a clock that was put forward goes on, and its timers fire by it', () => {
  for (const isClean of [true, false]) {
    const dir = mkdtempSync(join(tmpdir(), 'beckon-'))
    const before = openShop({ dir })
    before.send({ type: 'identify', userId: sandbox.userId, traits: { email: sandbox.email } }, start)
    skipFor(before, 'u:sandbox-ann', hours(720), start)
    before.send({ type: 'track', userId: sandbox.userId, event: 'Product Added', properties: fern }, start + minutes(1))
    const after = reopened(dir, before, isClean)
    // Nobody asks for the customer meanwhile: their timer alone wakes them.
    after.pass(start + minutes(2))
    after.pass(start + minutes(31))
    expect(after.words()).toEqual(['cart-abandoned queued'])
    expect(after.find('u:sandbox-ann')!.lead).toBe(hours(720))
    after.close()
  }
})

test('a timer that fires late, or an old event, sets no clock back at the next start', () => {
  const dir = mkdtempSync(join(tmpdir(), 'beckon-'))
  const before = openShop({ dir })
  before.send({ type: 'track', userId: sandbox.userId, event: 'Product Added', properties: { ...fern, email: sandbox.email } }, start)
  skipFor(before, 'u:sandbox-ann', hours(240), start)
  before.send({ type: 'track', userId: sandbox.userId, event: 'Product Added', properties: fern }, start + minutes(1))
  before.pass(start + hours(26))
  before.send({ type: 'track', userId: sandbox.userId, event: 'Product Viewed', properties: fern }, start + hours(1), { now: start + hours(27) })
  const after = reopened(dir, before, true)
  expect(after.find('u:sandbox-ann')!.lead).toBe(hours(240))
  expect(after.check().findings).toEqual([])
  after.close()
})

test('nobody real is taken along into the future of a sandbox, however their ids meet', () => {
  const shop = openShop()
  const visitor = (name: string) => {
    shop.send({ type: 'track', anonymousId: name, event: 'Product Viewed', properties: fern }, start)
    skipFor(shop, `a:${name}`, hours(720), start)
  }
  visitor('sandbox-v')
  shop.send({ type: 'track', userId: 'bob', anonymousId: 'sandbox-v', event: 'Product Added', properties: fern }, start + minutes(1))
  visitor('sandbox-w')
  shop.send({ type: 'page', userId: 'carl' }, start)
  shop.send({ type: 'page', userId: 'carl', anonymousId: 'sandbox-w' }, start + minutes(1))
  visitor('sandbox-x')
  shop.send({ type: 'alias', userId: 'dora', previousId: 'sandbox-x' }, start + minutes(1))
  for (const key of ['u:bob', 'u:carl', 'u:dora']) expect(shop.find(key)).toMatchObject({ lead: 0, life: { at: start + minutes(1) } })
  // One sandbox may become another.
  visitor('sandbox-y')
  shop.send({ type: 'identify', userId: 'sandbox-eve', anonymousId: 'sandbox-y', traits: { email: 'eve@sandbox.invalid' } }, start + minutes(1))
  expect(shop.find('u:sandbox-eve')).toMatchObject({ lead: hours(720), id: shop.find('a:sandbox-y')!.id })
})
