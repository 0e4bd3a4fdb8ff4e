import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createCatalog } from '../catalog/catalog.ts'
import { openShop } from '../sim/shop.ts'
import type { Shop } from '../sim/shop.ts'
import { hashAddress } from '../store/suppressions.ts'
import { mailboxOf, meantDomain } from './addresses.ts'
import { createDaily, nextNight } from './daily.ts'
import { examine } from './examine.ts'
import type { FindingId } from './findings.ts'
import { findingIds } from './findings.ts'
import type { Found, Report } from './report.ts'
import { toldReport } from './told.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')
const min = 60_000
const day = 86_400_000
const web = { url: 'https://fern.example/', currency: 'EUR' }

function checked({ store, machines }: Shop, now = noon + day, during: (slice: number) => void = () => {}): Report {
  const slices = examine({ store, of: machines.of, shop: web, now })
  for (let n = 0; ; n++) {
    const slice = slices.next()
    if (slice.done) return slice.value
    during(n)
  }
}
const found = (report: Report, id: FindingId): Found | undefined => report.found.find((one) => one.id === id)
const ids = (report: Report) => report.found.map(({ id }) => id).toSorted()

function identify(shop: Shop, userId: string, email: string, more: Record<string, unknown> = {}, trust: 'server' | 'browser' = 'server', device?: string) {
  shop.send({ type: 'identify', userId, traits: { email, ...more }, ...(device === undefined ? {} : { anonymousId: device }) }, noon, { trust })
}

/** Everything that is written behind the log. */
const store = (shop: Shop) => {
  shop.store.begin()
  shop.engine.behind.finish()
  shop.store.commit()
}

test('a shop in order has nothing to find', () => {
  const shop = openShop()
  for (const name of ['ann', 'bob', 'eve']) identify(shop, name, `${name}@shop.example`)
  shop.track('ann', 'Product Added', noon + min, { product_id: 'mug', name: 'Mug', price: 9 })
  createCatalog({ products: shop.store.products, shopUrl: web.url }).put(
    [{ id: 'mug', name: 'Mug', price: 9, currency: 'EUR', url: 'https://fern.example/mug', image: 'https://cdn.fern.example/mug.jpg', stock: 3 }],
    noon,
  )
  shop.pass(noon + 60 * min)
  store(shop)
  const report = checked(shop)
  expect(report.found).toEqual([])
  expect(report.looked).toEqual({ customers: 3, compared: 3, letters: 1, rows: 8, products: 1 })
})

test('what is not stored yet is not missing', () => {
  const shop = openShop()
  for (const name of ['ann', 'bob', 'eve']) identify(shop, name, `${name}@shop.example`)
  shop.track('ann', 'Product Added', noon + min, { product_id: 'mug', name: 'Mug' })
  shop.pass(noon + 60 * min)
  expect(shop.store.customers.count()).toBe(0)
  expect(ids(checked(shop))).toEqual(['product_unknown'])
})

test('one address of several customers is told apart by who vouches for it', () => {
  const shop = openShop()
  identify(shop, 'ann', 'Ann@Shop.example')
  identify(shop, 'anna', 'ann@shop.example')
  identify(shop, 'bob', 'bob@shop.example')
  identify(shop, 'bobby', 'BOB@shop.example', {}, 'browser', 'phone')
  identify(shop, 'robert', 'bob@shop.example', {}, 'browser', 'tablet')
  identify(shop, 'eve', 'e.v.e+news@gmail.com')
  identify(shop, 'eva', 'eve@googlemail.com')
  store(shop)
  const report = checked(shop)
  expect(ids(report)).toEqual(['address_alike', 'address_claimed', 'address_shared'])
  expect(found(report, 'address_shared')).toMatchObject({ count: 1, examples: [{ customers: [1, 2], words: '2 customers' }] })
  expect(found(report, 'address_claimed')).toMatchObject({ count: 1, examples: [{ words: '3 customers' }] })
  expect(found(report, 'address_alike')).toMatchObject({ count: 1, examples: [{ customers: [6, 7] }] })
})

test('lives that no id leads to, ids and letters of nobody, and ids of somebody else are found', () => {
  const shop = openShop()
  for (const name of ['ann', 'bob', 'eve', 'joe']) identify(shop, name, `${name}@shop.example`)
  shop.track('eve', 'Product Added', noon + min, { product_id: 'mug', name: 'Mug' })
  shop.pass(noon + 60 * min)
  store(shop)
  const { customers, db } = shop.store
  db.exec("DELETE FROM identity WHERE customer = 1; DELETE FROM customer WHERE id = 3; UPDATE identity SET customer = 4 WHERE key = 'u:bob'")
  const report = checked(shop)
  expect(ids(report)).toEqual(['ids_astray', 'ids_mismatched', 'lives_unreached', 'product_unknown', 'records_astray'])
  expect(found(report, 'lives_unreached')).toMatchObject({ count: 1, examples: [{ customers: [1] }] })
  expect(found(report, 'ids_astray')).toMatchObject({ count: 2, examples: [{ customers: [3] }] })
  expect(found(report, 'records_astray')).toMatchObject({ count: 2, examples: [{ words: '1 decision' }, { words: '1 letter' }] })
  expect(found(report, 'ids_mismatched')).toMatchObject({ count: 1, examples: [{ customers: [4], words: '2 user ids lead here' }] })
  expect(customers.keysOf(2)).toEqual(['e:bob@shop.example'])
})

test('a stored life that was changed behind the log’s back is found, and one that cannot be read', () => {
  const shop = openShop()
  for (const name of ['ann', 'bob', 'eve']) identify(shop, name, `${name}@shop.example`)
  store(shop)
  shop.store.db.exec("UPDATE customer SET life = replace(life, 'ann@', 'nan@') WHERE id = 1; UPDATE customer SET life = 'x' || life WHERE id = 2")
  const differ = found(checked(shop), 'lives_differ')!
  expect(differ.examples.map(({ customers }) => customers![0]).toSorted()).toEqual([1, 2, 2])
  expect(JSON.stringify(differ)).not.toContain('shop.example')
})

test('shared devices, customers with very many, and made-up ones with real addresses are found', () => {
  const shop = openShop()
  for (const name of ['ann', 'bob', 'eve']) shop.send({ type: 'page', userId: name, anonymousId: 'terminal' }, noon, { trust: 'server' })
  for (let n = 0; n < 25; n++) shop.send({ type: 'page', userId: 'ann', anonymousId: `visit-${n}` }, noon + n, { trust: 'server' })
  identify(shop, 'sandbox-joe', 'joe@shop.example')
  identify(shop, 'sandbox-zoe', 'zoe@sandbox.invalid')
  store(shop)
  const report = checked(shop)
  expect(ids(report)).toEqual(['device_shared', 'devices_many', 'sandbox_address', 'sandboxes'])
  expect(found(report, 'device_shared')).toMatchObject({ count: 1, examples: [{ words: '3 user ids' }] })
  expect(found(report, 'devices_many')).toMatchObject({ count: 1, examples: [{ customers: [1], words: '25 devices' }] })
})

test('a yes that cannot be kept, a mistyped address and somebody long gone are found', () => {
  const shop = openShop()
  identify(shop, 'ann', 'ann@shop.example', { consent: 'subscribed' })
  identify(shop, 'bob', 'bob@gmial.com', { consent: 'subscribed' })
  identify(shop, 'eve', 'eve@shop.example', { consent: 'unsubscribed' })
  shop.send({ type: 'page', anonymousId: 'guest' }, noon, { trust: 'browser' })
  shop.store.meta.set('secret', 'secret')
  for (const name of ['ann', 'eve']) shop.store.suppressions.add(hashAddress('secret', `${name}@shop.example`), 'bounce', noon)
  store(shop)
  const report = checked(shop, noon + 366 * day)
  expect(ids(report)).toEqual(['address_mistyped', 'consent_suppressed', 'lives_forgotten'])
  expect(found(report, 'address_mistyped')).toMatchObject({ count: 1, examples: [{ customers: [2], words: 'meant gmail.com?' }] })
  expect(found(report, 'consent_suppressed')).toMatchObject({ count: 1, examples: [{ customers: [1] }] })
  expect(ids(checked(shop, noon + 364 * day))).not.toContain('lives_forgotten')
})

test('products of carts and letters that lack something, sold out or were never told of are found, and odd links', () => {
  const shop = openShop()
  const put = (id: string, more: object) => ({
    id,
    name: id,
    price: 1,
    currency: 'EUR',
    url: `https://fern.example/${id}`,
    image: `https://cdn.example/${id}.jpg`,
    stock: 2,
    ...more,
  })
  createCatalog({ products: shop.store.products, shopUrl: web.url }).put(
    [
      put('mug', {}),
      { id: 'bare', name: 'Bare', stock: null },
      put('gone', { stock: 0 }),
      put('dear', { currency: 'USD' }),
      put('dead', { url: 'http://localhost:3000/dead' }),
      put('plain', { image: 'http://fern.example/plain.jpg' }),
    ],
    noon,
  )
  identify(shop, 'ann', 'ann@shop.example')
  for (const id of ['mug', 'bare', 'gone', 'odd']) shop.track('ann', 'Product Added', noon + min, { product_id: id, name: id, price: 1 })
  shop.pass(noon + 60 * min)
  store(shop)
  const report = checked(shop)
  expect(ids(report)).toEqual(['product_bare', 'product_currency', 'product_link', 'product_sold_out', 'product_unknown', 'product_unseen'])
  expect(found(report, 'product_bare')!.examples).toEqual([{ product: 'bare', words: 'no price, no image, no link · 1 letter, 1 cart', letter: 1 }])
  expect(found(report, 'product_sold_out')!.examples).toMatchObject([{ product: 'gone' }])
  expect(found(report, 'product_unknown')!.examples).toMatchObject([{ product: 'odd' }])
  expect(found(report, 'product_link')!.examples).toEqual([
    { product: 'dead', words: 'link: localhost is reached by nobody outside' },
    { product: 'plain', words: 'picture: http' },
  ])
  expect(found(report, 'product_unseen')!.count).toBe(3)
  expect(ids(checked(shop, noon + 32 * day))).toContain('product_unknown')
})

test('a checkup while events go on finds nothing that is not so', () => {
  const shop = openShop({ replayEventsMax: 40 })
  for (let n = 0; n < 300; n++) identify(shop, `user-${n}`, `user-${n}@shop.example`, {}, 'server', `device-${n}`)
  store(shop)
  let sent = 0
  const report = checked(shop, noon + day, () => {
    for (let n = 0; n < 3; n++) {
      const name = `user-${(sent++ * 7) % 400}`
      shop.track(name, 'Product Added', noon + min + sent * min, { product_id: 'mug', name: 'Mug' })
      shop.pass(noon + min + sent * min)
    }
    if (sent % 30 === 0) shop.send({ type: 'alias', userId: `user-${sent}`, previousId: `guest-${sent}` }, noon + min + sent * min, { trust: 'server' })
  })
  expect(sent).toBeGreaterThan(300)
  expect(ids(report)).toEqual(['product_unknown'])
})

test('what a checkup keeps names nobody: names are looked up when it is read, and gone with their owner', () => {
  const shop = openShop()
  identify(shop, 'ann-canary', 'ann.canary@gmial.com')
  identify(shop, 'bob-canary', 'ann.canary@gmial.com')
  store(shop)
  const report = checked(shop)
  expect(JSON.stringify(report)).not.toContain('canary')
  const told = () => JSON.stringify(toldReport(shop.store, { at: noon, tookMs: 1, report }))
  expect(told()).toContain('ann.canary@gmial.com')
  shop.store.db.exec('DELETE FROM customer')
  expect(told()).not.toContain('canary')
})

function daily(given: { start?: number; timeZone?: string } = {}) {
  const shop = openShop()
  const waiting: { at: number; fire: () => void }[] = []
  const clock = {
    time: given.start ?? noon,
    now: () => clock.time,
    after(ms: number, fire: () => void) {
      const one = { at: clock.time + ms, fire }
      waiting.push(one)
      return () => void waiting.splice(waiting.indexOf(one) >>> 0, 1)
    },
  }
  const faults: unknown[] = []
  const runs: number[] = []
  const refused = new Map()
  const found: Found[] = []
  let fails = false
  const one = createDaily({
    clock,
    timeZone: given.timeZone ?? 'UTC',
    checkups: shop.store.checkups,
    async examine(now) {
      runs.push(now)
      await Promise.resolve()
      if (fails) throw new Error('the reader died')
      return { looked: { customers: 0, compared: 0, letters: 0, rows: 0, products: 0 }, found: [...found] }
    },
    order: async (work) => work(),
    refused,
    onFault: (error) => faults.push(error),
  })
  const until = async (to: number) => {
    for (let next = waiting.toSorted((a, b) => a.at - b.at)[0]; next !== undefined && next.at <= to; next = waiting.toSorted((a, b) => a.at - b.at)[0]) {
      waiting.splice(waiting.indexOf(next), 1)
      clock.time = next.at
      next.fire()
      for (let n = 0; n < 8; n++) await Promise.resolve()
    }
    clock.time = to
  }
  return { shop, clock, until, one, runs, faults, refused, found, fail: (yes: boolean) => (fails = yes) }
}

test('it runs each night of the shop, once for all who ask, and a night that was missed is made up for', async () => {
  const { one, runs, until, clock, faults, fail, shop } = daily({ timeZone: 'America/New_York' })
  one.start()
  expect(one.state()).toEqual({ running: false, next: Date.parse('2026-03-03T08:30:00Z') })
  await until(noon + 3 * day)
  expect(runs.map((at) => new Date(at).toISOString())).toEqual(['2026-03-03T08:30:00.000Z', '2026-03-04T08:30:00.000Z', '2026-03-05T08:30:00.000Z'])
  await Promise.all([one.run(), one.run()])
  expect(runs.length).toBe(4)
  fail(true)
  await until(noon + 4 * day)
  expect([faults.length, shop.store.checkups.last()!.at]).toEqual([1, noon + 3 * day])
  await one.close()
  clock.time = noon + 9 * day
  fail(false)
  one.start()
  await until(noon + 9 * day + 5 * min)
  expect(shop.store.checkups.last()!.at).toBe(noon + 9 * day + 2 * min)
})

test('the night is found in every zone on every day, also when clocks change', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: noon, max: noon + 800 * day }),
      fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Cairo'),
      (now, zone) => {
        const next = nextNight(now, zone)
        expect(next).toBeGreaterThan(now)
        expect(next - now).toBeLessThanOrEqual(25 * 60 * min)
        expect(Temporal.Instant.fromEpochMilliseconds(next).toZonedDateTimeISO(zone).hour).toBe(3)
      },
    ),
    { numRuns: 300 },
  )
})

test('how long something has been so counts from the last clean day, and days without a checkup break nothing', async () => {
  const { one, found, until, shop } = daily()
  one.start()
  const last = () => toldReport(shop.store, { at: noon, tookMs: 0, report: JSON.parse(shop.store.checkups.last()!.report).report as Report }).findings[0]
  const mistyped: Found = { id: 'address_mistyped', count: 2, examples: [] }
  found.push(mistyped)
  await until(noon + day)
  expect(last()).toMatchObject({ count: 2, since: Date.parse('2026-03-03') })
  found.pop()
  await until(noon + 2 * day)
  expect(last()).toBeUndefined()
  found.push({ ...mistyped, count: 5 })
  await until(noon + 5 * day)
  expect(last()).toMatchObject({ count: 5, since: Date.parse('2026-03-05') })
  expect(last()!.trend.map(([, count]) => count)).toEqual([2, 0, 5, 5, 5])
  expect(findingIds.length).toBe(shop.store.checkups.counts(0).length / 5)
})

test('what the gateway refused is summed by day and outlasts the server', async () => {
  const { one, refused, until, shop } = daily()
  one.start()
  refused.set('key.unknown', 3)
  await until(noon + 2 * min)
  refused.set('key.unknown', 5).set('event.too_large', 1)
  await until(noon + day)
  refused.set('key.unknown', 6)
  await one.close()
  const today = Math.floor(noon / day)
  expect(shop.store.checkups.refusals(0)).toEqual([
    { day: today, name: 'event.too_large', count: 1 },
    { day: today, name: 'key.unknown', count: 5 },
    { day: today + 1, name: 'key.unknown', count: 1 },
  ])
  const report = checked(shop, noon + day)
  expect(found(report, 'refused')).toMatchObject({ count: 7, examples: [{ words: 'key.unknown 6' }, { words: 'event.too_large 1' }] })
  expect(toldReport(shop.store, { at: noon + day, tookMs: 1, report }).findings[0]!.examples[0]!.words).toContain('Check the key')
})

test('addresses of one mailbox are alike, and a domain is called mistyped only where it is one letter off', () => {
  expect(['Ann.Lee+shop@GMAIL.com', 'annlee@googlemail.com'].map(mailboxOf)).toEqual(['annlee@gmail.com', 'annlee@gmail.com'])
  expect(['ann.lee@shop.example', 'annlee@shop.example', '+a@shop.example'].map(mailboxOf)).toEqual([
    'ann.lee@shop.example',
    'annlee@shop.example',
    '+a@shop.example',
  ])
  for (const [domain, meant] of [
    ['gmial.com', 'gmail.com'],
    ['gmai.com', 'gmail.com'],
    ['gmaill.com', 'gmail.com'],
    ['hotmial.com', 'hotmail.com'],
    ['outlok.com', 'outlook.com'],
    ['shop.con', 'shop.com'],
    ['gmail.com', null],
    ['ymail.com', null],
    ['mail.com', null],
    ['fern.example', null],
    ['gmx.de', null],
  ] as const)
    expect([domain, meantDomain(`ann@${domain}`)]).toEqual([domain, meant])
})
