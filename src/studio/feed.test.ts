import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadMachine } from '../actors/load-machine.ts'
import { minutes } from '../kit/kit.ts'
import { machinesDirectory } from '../main.ts'
import type { ShopOptions } from '../sim/shop.ts'
import { openShop } from '../sim/shop.ts'
import type { FeedMessage, FeedTick, Health } from './api.ts'
import { createCensus } from './census.ts'
import { createFeed } from './feed.ts'
import type { Viewer } from './feed.ts'

const start = Date.UTC(2026, 10, 23, 12)

/** A shop with a feed whose ticks are made by hand. */
function watched(options: ShopOptions = {}) {
  let now = start
  let tick = () => {}
  const clock = {
    now: () => now,
    after(_: number, fire: () => void) {
      tick = fire
      return () => {
        tick = () => {}
      }
    },
  }
  const shop = openShop({ ...options, listeners: () => ({ onTurn: feed.turned, onBirth: feed.born, onJoin: feed.joined }) })
  const census = createCensus({ customers: shop.store.customers, lives: shop.engine.lives, machines: shop.machines })
  const health = (): Health => ({ at: now }) as Health
  const feed = createFeed({ clock, machine: shop.machines.current, census, health, refusals: () => [] })
  const open = (isSlow = () => false) => {
    const heard: FeedMessage[] = []
    const viewer: Viewer = {
      watched: null,
      behind: true,
      say(text) {
        if (isSlow()) return false
        heard.push(JSON.parse(text) as FeedMessage)
        return true
      },
    }
    feed.add(viewer)
    return { viewer, heard, last: () => heard.findLast((message): message is FeedTick => message.type === 'tick')! }
  }
  return {
    shop,
    feed,
    open,
    tick(ms = 250) {
      now += ms
      tick()
    },
  }
}

/** What the census should say: everybody's states, one by one. */
function counted(shop: ReturnType<typeof openShop>): Record<string, number> {
  const counts: Record<string, number> = {}
  shop.finish()
  for (const id of shop.store.customers.ids(0, 10_000))
    for (const state of shop.engine.lives.get(id)!.life.snapshot.states.ids) counts[state] = (counts[state] ?? 0) + 1
  return counts
}

const present = (counts: Record<string, number>) => Object.fromEntries(Object.entries(counts).filter(([, n]) => n !== 0))
const sum = (ticks: readonly FeedMessage[]) =>
  ticks.reduce<Record<string, number>>((all, message) => (message.type === 'tick' ? { ...all, ...message.counts } : all), {})

test('whoever opens the studio hears how many stand in each state, and every move from then on', () => {
  const { shop, open, tick } = watched()
  for (let n = 0; n < 30; n++) shop.track(`early-${n}`, 'Product Added', start + n, { product_id: 'fern' })
  const { heard, last } = open()
  expect(last().counts['customer.cart.active']).toBe(30)
  for (let n = 0; n < 10; n++) shop.track(`early-${n}`, 'Order Completed', start + 1_000 + n, { order_id: `${n}` })
  for (let n = 0; n < 5; n++) shop.track(`late-${n}`, 'Product Viewed', start + 2_000 + n, { product_id: 'fern' })
  tick()
  expect(last().counts).toMatchObject({ 'customer.cart.active': 20, 'customer.cart.empty': 15, recent: 10 })
  expect(last()).toMatchObject({ total: 35, counted: 1 })
  expect(present(sum(heard))).toEqual(counted(shop))
})

test('numbers stay exact while stored customers are still being counted, move, are born and become one', () => {
  const { shop, open, tick } = watched({ hotMax: 50 })
  for (let n = 0; n < 1_000; n++) shop.track(`c${n}`, n % 3 === 0 ? 'Product Added' : 'Product Viewed', start + n, { product_id: 'fern' })
  shop.finish()
  shop.engine.lives.letGo()
  while (shop.engine.lives.size() > 50) shop.engine.lives.letGo()
  const { heard, last } = open()
  expect(last().counted).toBeLessThan(1)
  // Both sides of where the count has come to, new ones, and two lives that turn out to be one.
  for (const n of [1, 2, 999, 998, 500]) shop.track(`c${n}`, 'Product Added', start + 5_000 + n, { product_id: 'pot' })
  for (let n = 0; n < 7; n++) shop.track(`new-${n}`, 'Product Added', start + 6_000 + n, { product_id: 'pot' })
  shop.send({ type: 'track', anonymousId: 'laptop', event: 'Product Viewed', properties: { product_id: 'fern' } }, start + 7_000)
  shop.send({ type: 'identify', anonymousId: 'laptop', userId: 'c3', traits: {} }, start + 7_001)
  for (let n = 0; n < 8; n++) tick()
  expect(last()).toMatchObject({ counted: 1, total: 1_007 })
  expect(present(sum(heard))).toEqual(counted(shop))
})

test('after the machine changed, whoever a crash left in memory is counted where the new one has them', () => {
  const dir = mkdtempSync(join(tmpdir(), 'beckon-'))
  const before = openShop({ dir })
  for (let n = 0; n < 5; n++) before.track(`c${n}`, 'Product Viewed', start + n, { product_id: 'fern' })
  before.close()
  const machines = join(dir, 'changed')
  cpSync(machinesDirectory, machines, { recursive: true })
  const browsing = join(machines, 'browsing.ts')
  writeFileSync(browsing, readFileSync(browsing, 'utf8').replaceAll(/\bwatching\b/g, 'looking'))
  const { shop, open, tick } = watched({ dir, machine: loadMachine(machines) })
  const { heard } = open()
  for (let n = 0; n < 3; n++) shop.track(`c${n}`, 'Product Viewed', start + 1_000 + n, { product_id: 'fern' })
  tick()
  expect(present(sum(heard))).toEqual(counted(shop))
  shop.close()
})

test('names that clients make up are told apart by nobody, and cost no more than one', () => {
  const { shop, open, tick } = watched()
  const { last } = open()
  shop.track('ann', 'Product Viewed', start, { product_id: 'fern' })
  const { stepper } = shop.machines.current
  const explain = stepper.explain
  let explained = 0
  stepper.explain = (snapshot, event) => {
    explained++
    return explain.call(stepper, snapshot, event)
  }
  for (let n = 0; n < 100; n++) shop.track('ann', `Made up ${n}`, start + 1_000 + n)
  stepper.explain = explain
  expect(explained).toBeLessThan(5)
  tick()
  expect(last().events.at(-1)).toMatchObject({ name: 'Made up 99' })
})

test('transitions that were taken are told by the key the chart draws them under, letters’ answers included', () => {
  const { shop, open, tick } = watched()
  const { last } = open()
  shop.track('ann', 'Product Added', start, { product_id: 'fern' })
  shop.track('bob', 'Product Added', start, { product_id: 'fern' })
  tick()
  expect(Object.fromEntries(last().taken)['customer.cart site.product_added customer.cart.changed']).toBe(2)
  shop.pass(start + minutes(30))
  tick()
  const taken = Object.fromEntries(last().taken)
  expect(taken['customer.cart.active xstate.after.abandonAfter.customer.cart.active customer.cart.abandoned']).toBe(2)
  expect(taken['customer.cart.abandoned.reminding letter.* customer.cart.abandoned.reminded']).toBe(2)
  tick()
  expect(last().taken).toEqual([])
})

test('a page that watches a customer hears of that one alone', () => {
  const { shop, feed, open, tick } = watched()
  shop.track('ann', 'Product Viewed', start, { product_id: 'fern' })
  const { viewer, heard } = open()
  feed.watch(viewer, shop.find('u:ann')!.id)
  shop.track('ann', 'Product Added', start + 1, { product_id: 'fern', name: 'Boston fern', price: 24.5, currency: 'EUR' })
  shop.track('bob', 'Product Added', start + 2, { product_id: 'fern' })
  tick()
  expect(heard.filter(({ type }) => type === 'customer')).toMatchObject([
    {
      turns: [{ name: 'Product Added', kind: 'event' }],
      standing: { cart: [{ id: 'fern', quantity: 1 }], timers: [{ setAt: start + 1 }, { setAt: start + 1 }] },
    },
  ])
})

test('a slow reader misses ticks, and then has all counts again', () => {
  const { shop, open, tick } = watched()
  let slow = false
  const { heard, last } = open(() => slow)
  shop.track('ann', 'Product Viewed', start, { product_id: 'fern' })
  slow = true
  tick()
  const before = heard.length
  slow = false
  tick()
  expect(heard).toHaveLength(before + 1)
  expect(last().counts['customer.cart.empty']).toBe(1)
})

test('nobody looks: nothing is counted, and the next to look counts anew', () => {
  const { shop, feed, open } = watched()
  const { viewer } = open()
  feed.remove(viewer)
  shop.track('ann', 'Product Added', start, { product_id: 'fern' })
  const { last } = open()
  expect(last()).toMatchObject({ total: 1, counts: { 'customer.cart.active': 1 } })
})
