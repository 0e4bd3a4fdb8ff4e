import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { tellAgain } from '../actors/earnings.ts'
import { openShop } from '../sim/shop.ts'
import type { Shop, ShopOptions } from '../sim/shop.ts'
import { steps } from '../store/schema.ts'
import { openStore } from '../store/store.ts'
import type { Attribution, EarnedRow } from '../studio/api-results.ts'
import { createResults } from './results.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')
const min = 60_000
const h = 60 * min
const d = 24 * h
const mug = { product_id: 'mug', name: 'Blue mug', price: 12 }
const sentAt = noon + 30 * min

let outcomes = 0

/** A shop, and shorthand for what happens in it. */
function open(options: ShopOptions = {}) {
  const shop = openShop(options)
  const results = createResults(shop.store, { currency: 'EUR', timeZone: 'Europe/Berlin' })
  return {
    shop,
    abandon: (user = 'ann', at = noon) => void shop.track(user, 'Product Added', at, mug),
    /** The newest letter, or number `letter`, got so far. */
    got(type: 'mail.sent' | 'mail.opened' | 'mail.clicked', at: number, letter = shop.store.letters.list({ limit: 1 })[0]!.id, machine = false) {
      const customer = shop.store.letters.get(letter)!.customer
      shop.store.begin()
      shop.engine.hearOutcome({ type, letter, customer, at, messageId: `${type}:${outcomes++}`, ...(machine ? { machine } : {}) }, at)
      shop.store.commit()
    },
    order: (user: string, at: number, total: number, more: Record<string, unknown> = {}) =>
      void shop.track(user, 'Order Completed', at, { order_id: `o-${user}-${at}`, total, currency: 'EUR', products: [mug], ...more }),
    earned(input: Record<string, string> = {}, now = noon + 20 * d): Attribution {
      const answer = results.results({ now, from: '2026-03-01', to: '2026-03-21', ...input })
      if (!('rows' in answer)) throw new Error(JSON.stringify(answer))
      return answer
    },
    results,
  }
}

/** A cart, its letter, sent and clicked, all of ann's. */
function clicked(options: ShopOptions = {}, at = sentAt + h) {
  const opened = open(options)
  opened.abandon()
  opened.shop.pass(sentAt)
  opened.got('mail.sent', sentAt)
  opened.got('mail.clicked', at)
  return opened
}

const short = ({ orders, revenue }: Pick<EarnedRow, 'orders' | 'revenue'>) => ({ orders, ...revenue })

test('an order after a click belongs to the letter, whose cart it recovers', () => {
  const { order, earned } = clicked()
  order('ann', sentAt + 2 * h, 12.345)
  const { rows, total, carts, shop, days } = earned()
  expect(rows).toMatchObject([
    {
      key: 'cart-abandoned',
      journey: 'cart',
      priority: 'high',
      sent: 1,
      opened: 0,
      clicked: 1,
      ordered: 1,
      orders: 1,
      revenue: { EUR: 12.345 },
      perSent: { EUR: 12.345 },
    },
  ])
  expect(short(total)).toEqual({ orders: 1, EUR: 12.345 })
  expect(carts).toEqual({ written: 1, recovered: 1, revenue: { EUR: 12.345 } })
  expect(shop).toMatchObject({ orders: 1, byBrowsers: 0 })
  expect(days.find(({ day }) => day === '2026-03-02')).toMatchObject({ orders: 1, all: { orders: 1 } })
})

test('an order exactly five days after the click counts, one a millisecond later does not', () => {
  for (const [late, orders] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const { order, earned } = clicked()
    order('ann', sentAt + h + 5 * d + late, 10)
    expect(earned().total.orders).toBe(orders)
    expect(earned().shop.orders).toBe(1)
  }
})

test('the last letter that was clicked gets the order, and none that was clicked afterwards', () => {
  const { shop, got, order, earned } = clicked()
  shop.pass(noon + 25 * h)
  got('mail.sent', noon + 25 * h)
  got('mail.clicked', noon + 26 * h)
  order('ann', noon + 27 * h, 10)
  got('mail.clicked', noon + 28 * h, 1)
  expect(earned().rows.map(({ key, orders }) => [key, orders])).toEqual([
    ['cart-discount', 1],
    ['cart-abandoned', 0],
  ])
})

test('what scanners and proxies do is told apart, and earns nothing', () => {
  const { shop, abandon, got, order, earned } = open()
  abandon()
  shop.pass(sentAt)
  got('mail.sent', sentAt)
  got('mail.clicked', sentAt + min, 1, true)
  got('mail.opened', sentAt + min, 1, true)
  order('ann', sentAt + h, 10)
  expect(earned().rows).toMatchObject([{ opened: 0, openedByMachine: 1, clicked: 0, clickedByMachine: 1, orders: 0, revenue: {}, afterOpen: { orders: 0 } }])
  expect(earned({ model: 'last-open' }).total.orders).toBe(0)
})

test('an open alone is told apart, and is revenue only where somebody asks for that', () => {
  const { shop, abandon, got, order, earned } = open()
  abandon()
  shop.pass(sentAt)
  got('mail.opened', sentAt + min)
  order('ann', sentAt + h, 10)
  expect(earned().total).toMatchObject({ orders: 0, revenue: {}, afterOpen: { orders: 1, revenue: { EUR: 10 } } })
  expect(earned().carts.recovered).toBe(0)
  expect(earned({ model: 'last-open' }).total).toMatchObject({ orders: 1, revenue: { EUR: 10 }, afterOpen: { orders: 0 } })
})

test('what a browser calls an order is kept, counted apart, and is never revenue', () => {
  for (const trust of ['browser', 'verified'] as const) {
    const { shop, earned } = clicked()
    const body = { type: 'track', userId: 'ann', event: 'Order Completed', properties: { order_id: 'o1', total: 1_000_000 } }
    shop.send(body, sentAt + 2 * h, { trust })
    expect(earned()).toMatchObject({ shop: { orders: 0, revenue: {}, byBrowsers: 1 }, total: { orders: 0 } })
    // The server tells of the same order: that one counts, with the server's word.
    shop.send({ ...body, properties: { order_id: 'o1', total: 10 } }, sentAt + 2 * h + min)
    expect(earned()).toMatchObject({ shop: { orders: 1, revenue: { EUR: 10 }, byBrowsers: 0 }, total: { orders: 1 } })
  }
})

test('an order told twice counts once, and what a browser gives back lowers nothing', () => {
  const { shop, order, earned } = clicked()
  order('ann', sentAt + 2 * h, 10, { order_id: 'o1' })
  order('ann', sentAt + 3 * h, 10, { order_id: 'o1' })
  shop.send({ type: 'track', userId: 'ann', event: 'Order Refunded', properties: { order_id: 'o1' } }, sentAt + 4 * h, { trust: 'browser' })
  expect(short(earned().total)).toEqual({ orders: 1, EUR: 10 })
})

test('refunds lower what was earned by what they name, never below nothing, and a cancelled order is none', () => {
  const { shop, order, earned } = clicked()
  order('ann', sentAt + 2 * h, 100, { order_id: 'o1' })
  const refund = (properties: object, at: number) => void shop.track('ann', 'Order Refunded', at, { order_id: 'o1', ...properties })
  refund({ total: 30 }, sentAt + 10 * d)
  expect(short(earned().total)).toEqual({ orders: 1, EUR: 70 })
  refund({ products: [{ ...mug, quantity: 2 }] }, sentAt + 10 * d + min)
  expect(earned().total.revenue).toEqual({ EUR: 46 })
  refund({ total: 30, currency: 'USD' }, sentAt + 10 * d + 2 * min)
  expect(earned().total.revenue).toEqual({ EUR: 46 })
  refund({ total: 500 }, sentAt + 11 * d)
  expect(short(earned().total)).toEqual({ orders: 1, EUR: 0 })
  shop.track('ann', 'Order Cancelled', sentAt + 12 * d, { order_id: 'o1', total: 100 })
  expect(short(earned().total)).toEqual({ orders: 0 })
})

test('amounts of different currencies stand beside each other and are never added', () => {
  const { order, earned } = clicked()
  order('ann', sentAt + 2 * h, 0.1)
  order('ann', sentAt + 3 * h, 0.2)
  order('ann', sentAt + 4 * h, 7, { currency: 'usd' })
  order('ann', sentAt + 5 * h, 3, { currency: undefined })
  order('ann', sentAt + 6 * h, 5, { currency: '$' })
  order('ann', sentAt + 7 * h, 0, { total: undefined })
  expect(short(earned().total)).toEqual({ orders: 6, EUR: 3.3, USD: 7, unknown: 5 })
})

test('an order that comes late does not follow a click that it preceded', () => {
  const { shop, earned } = clicked()
  shop.send({ type: 'track', userId: 'ann', event: 'Order Completed', properties: { order_id: 'o1', total: 10 } }, sentAt + 30 * min, { now: sentAt + 2 * h })
  expect(earned()).toMatchObject({ shop: { orders: 1 }, total: { orders: 0 } })
})

test('when two lives turn out to be one, the clicks of the one and the orders of the other meet', () => {
  const { shop, got, order, earned } = open()
  shop.send({ type: 'identify', anonymousId: 'phone', traits: { email: 'ann@example.test' } }, noon)
  shop.send({ type: 'track', anonymousId: 'phone', event: 'Product Added', properties: mug }, noon)
  shop.pass(sentAt)
  got('mail.sent', sentAt)
  got('mail.clicked', sentAt + h)
  shop.send({ type: 'page', userId: 'bob' }, noon + min)
  order('zoe', sentAt + 2 * h, 10)
  expect(earned().total.orders).toBe(0)
  shop.send({ type: 'alias', userId: 'zoe', previousId: 'phone' }, sentAt + 3 * h)
  expect(short(earned().total)).toEqual({ orders: 1, EUR: 10 })
})

test('days are the shop’s own, and those who only try things count nowhere', () => {
  const { shop, got, order, earned } = clicked()
  order('ann', Date.parse('2026-03-02T23:30:00Z'), 10)
  const { rows, days } = earned({ by: 'day' })
  expect(rows.map(({ key, sent, orders }) => [key, sent, orders])).toEqual([
    ['2026-03-02', 1, 0],
    ['2026-03-03', 0, 1],
  ])
  expect([days[0]!.day, days.at(-1)!.day, days.length]).toEqual(['2026-03-01', '2026-03-21', 21])
  shop.track('sandbox-1', 'Product Added', noon + 4 * d, { ...mug, email: 'x@sandbox.invalid' })
  shop.pass(noon + 4 * d + h)
  got('mail.sent', noon + 4 * d + h)
  got('mail.clicked', noon + 4 * d + 2 * h)
  order('sandbox-1', noon + 4 * d + 3 * h, 99, { email: 'x@sandbox.invalid' })
  expect(earned()).toMatchObject({ shop: { orders: 1 }, total: { sent: 1, orders: 1 } })
})

test('the same facts are told again from the log, merges and all', () => {
  const { shop, got, order } = clicked()
  order('ann', sentAt + 2 * h, 10, { order_id: 'o1' })
  order('ann', sentAt + 3 * h, 10, { order_id: 'o1' })
  shop.send({ type: 'track', anonymousId: 'phone', event: 'Order Completed', properties: { total: 5 } }, sentAt + 4 * h, { trust: 'browser' })
  shop.send({ type: 'track', anonymousId: 'tablet', event: 'ORDER  completed', properties: { total: 6 } }, sentAt + 4 * h)
  shop.send({ type: 'page', userId: 'ann', anonymousId: 'phone' }, sentAt + 5 * h)
  shop.send({ type: 'alias', userId: 'ann', previousId: 'tablet' }, sentAt + 6 * h)
  shop.track('ann', 'Order Refunded', sentAt + 2 * d, { order_id: 'o1', total: 3 })
  got('mail.opened', sentAt + 2 * d, 1, true)
  got('mail.opened', sentAt + 3 * d, 1)
  const tables = ['sale', 'touch', 'mailing'] as const
  const dump = () => tables.map((name) => shop.store.db.prepare(`SELECT * FROM ${name} ORDER BY 1, 2`).all())
  const live = dump()
  expect(live.map(({ length }) => length)).toEqual([5, 3, 2])
  expect(new Set((live[0] as { customer: number }[]).map(({ customer }) => customer)).size).toBe(1)
  shop.store.begin()
  tellAgain(shop.store)
  shop.store.commit()
  expect(dump()).toEqual(live)
  expect(shop.check().findings).toEqual([])
})

test('an event that is set aside is no order until it is retried, and the same event again is none more', () => {
  const { shop, order, earned } = clicked()
  const { stepper } = shop.machines.current
  const step = stepper.step
  stepper.step = () => {
    throw new Error('a bug in a machine')
  }
  order('ann', sentAt + 2 * h, 10)
  stepper.step = step
  expect(earned().shop.orders).toBe(0)
  shop.store.begin()
  shop.engine.retry(shop.store.quarantine.latest(1)[0]!.id, sentAt + 3 * h)
  shop.store.commit()
  expect(earned().total.orders).toBe(1)
  const again = { type: 'track', userId: 'ann', event: 'Order Completed', messageId: 'same', properties: { total: 1 } }
  shop.send(again, sentAt + 4 * h)
  shop.send(again, sentAt + 4 * h)
  expect(earned().total.orders).toBe(2)
})

test('what was earned is still known after a crash', () => {
  const dir = mkdtempSync(join(tmpdir(), 'beckon-'))
  const first = clicked({ dir })
  first.order('ann', sentAt + 2 * h, 10)
  first.shop.close()
  const second: { shop: Shop; earned: () => Attribution } = open({ dir })
  expect(short(second.earned().total)).toEqual({ orders: 1, EUR: 10 })
  second.shop.close()
})

test('a database of before is read for its reports all the same: nothing is known until a start has counted', () => {
  const dir = mkdtempSync(join(tmpdir(), 'beckon-'))
  const path = join(dir, 'beckon.db')
  const old = new Database(path)
  const before = steps.findIndex((step) => step.includes('CREATE TABLE sale'))
  for (const step of steps.slice(0, before)) old.exec(step)
  old.pragma(`user_version = ${before}`)
  old.close()
  const store = openStore(path, { readonly: true })
  const results = createResults(store, { currency: 'EUR', timeZone: 'UTC' })
  expect(results.results({ now: noon })).toMatchObject({ rows: [], shop: { orders: 0 } })
  expect(results.experiments({ now: noon })).toMatchObject({ experiments: [] })
  expect([store.letters.get(1), store.decisions.of(1)]).toEqual([undefined, []])
  store.close()
})

test('as CSV each currency has a line, counts are not repeated, and no text is a formula', () => {
  const { order, results } = clicked()
  order('ann', sentAt + 2 * h, 10)
  order('ann', sentAt + 3 * h, 7, { currency: 'USD' })
  const answer = results.results({ now: noon + 20 * d, from: '2026-03-01', format: 'csv' })
  const lines = (answer as { csv: string }).csv.split('\r\n')
  expect(lines.slice(1)).toEqual([
    'cart-abandoned,cart-abandoned,,cart,high,1,0,0,1,0,1,2,EUR,10,10,0,0',
    'cart-abandoned,cart-abandoned,,cart,high,,,,,,,,USD,7,7,,0',
    '',
  ])
})

test('what is asked for wrongly is refused by name', () => {
  const { results } = open()
  const asked = (input: object) => results.results({ now: noon, ...input })
  for (const input of [
    { by: 'moon' },
    { model: 'first' },
    { days: '0' },
    { days: '1.5' },
    { from: 'yesterday' },
    { from: '2026-13-01' },
    { from: '2026-03-03', to: '2026-03-01' },
  ])
    expect(asked(input)).toMatchObject({ refused: 'report.invalid' })
  expect(asked({})).toMatchObject({ rows: [], total: { sent: 0, perSent: null } })
})
