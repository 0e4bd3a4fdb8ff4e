import fastify from 'fastify'
import { afterEach, expect, test } from 'vitest'
import { createBatch } from '../actors/batch.ts'
import { createCounter } from '../codes/counter.ts'
import type { Refusal } from '../core/errors.ts'
import { openShop } from '../sim/shop.ts'
import { createSandboxes, addSandboxRoutes } from './sandbox.ts'
import { addDemoRoutes } from './demo.ts'
import { products } from './demo-products.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const minute = 60_000
const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A real engine behind both sets of routes; skipping moves everybody's time, which is enough for one visitor. */
function open() {
  const shop = openShop()
  let now = noon
  let drawn = 0
  let orders = 0
  const clock = { now: () => now, after: () => () => {} }
  const batch = createBatch({
    engine: shop.engine,
    store: shop.store,
    clock,
    epoch: 'e1',
    onLetters: () => {},
    onFatal: (error) => {
      throw error
    },
    soon: setImmediate,
  })
  batch.start()
  const skipped: [number, number][] = []
  const { letters, customers } = shop.store
  const sandboxes = createSandboxes({
    intake: batch,
    identify: (key) => customers.find(key) ?? null,
    keysOf: customers.keysOf,
    skip: (customer, ms): Promise<Refusal | { at: number }> => {
      skipped.push([customer, ms])
      now += ms
      batch.run()
      return Promise.resolve({ at: now })
    },
    letters,
    clock,
    ids: { random: (bytes) => `r${++drawn}andomandom`.padEnd(Math.max(bytes, 12), 'x') },
  })
  const codes = createCounter({
    codes: shop.store.codes,
    secret: 'secret',
    prefix: 'FERN',
    order: batch.order,
    now: clock.now,
    leadOf: () => 0,
    identify: () => null,
  })
  /** As the drain would: it has left, and is there. */
  const send = (id: number) => {
    letters.attempting(id, now)
    letters.flushing(id, now)
    letters.settle(id, { state: 'sent', nextAt: null, reply: '', resend: 0 }, now)
  }
  const audited: string[] = []
  const app = fastify()
  void app.register(
    async (scope) => addSandboxRoutes(scope, { sandboxes, audit: (_, did, about) => audited.push(about === null ? did : `${did}: ${about}`) }),
    { prefix: '/studio/api' },
  )
  void app.register(
    async (scope) =>
      addDemoRoutes(scope, {
        sandboxes,
        letters,
        codes,
        ids: { random: () => `order${++orders}` },
        shop: { name: 'Fern & Co', currency: 'EUR', cartUrl: 'http://shop.test/demo/cart' },
        publicUrl: 'http://shop.test',
        writeKey: 'pk_test',
      }),
    { prefix: '/demo/api' },
  )
  closing.push(async () => {
    await app.close()
    batch.stop()
    shop.close()
  })
  const call = async (method: 'GET' | 'POST', url: string, payload?: object) => {
    const response = await app.inject({ method, url, ...(payload === undefined ? {} : { payload }) })
    const isJson = String(response.headers['content-type']).includes('json')
    return { status: response.statusCode, headers: response.headers, text: response.body, json: isJson ? response.json() : null }
  }
  return { shop, call, send, audited, skipped, customers, letters, body: (seq: number) => JSON.parse(shop.store.log.get(seq)!.body) as Record<string, unknown> }
}

test('a sandbox customer is given no address of somebody real', async () => {
  const { call, shop } = open()
  const { json: sandbox } = await call('POST', '/studio/api/sandbox')
  const events = `/studio/api/sandbox/${sandbox.customer}/events`
  for (const email of ['ann@shop.test', 7, ['ann@shop.test']])
    expect(await call('POST', events, { event: 'Product Added', properties: { ...added.properties, email } })).toMatchObject({ status: 400 })
  expect(await call('POST', events, { event: 'Product Added', properties: { ...added.properties, email: 'ann@sandbox.invalid' } })).toMatchObject({
    status: 200,
  })
  expect(shop.find(`u:${sandbox.userId}`)!.life.profile.email).toBe('ann@sandbox.invalid')
})

const added = { event: 'Product Added', properties: { product_id: 'boston-fern', name: 'Boston fern', price: 24.5, currency: 'EUR' } }

test('a sandbox customer left a cart: half an hour skipped brings the reminder, with its number and subject', async () => {
  const { call, letters, audited } = open()
  const { json: sandbox } = await call('POST', '/studio/api/sandbox')
  expect(sandbox.userId).toMatch(/^sandbox-[a-z0-9]{6}$/)
  expect(sandbox.email).toMatch(/^[a-z]+-[a-z0-9]{6}@sandbox\.invalid$/)
  expect(await call('POST', `/studio/api/sandbox/${sandbox.customer}/events`, added)).toMatchObject({ status: 200 })
  const { json: skipped } = await call('POST', `/studio/api/sandbox/${sandbox.customer}/skip`, { ms: 45 * minute })
  expect(skipped.at).toBe(noon + 45 * minute)
  expect(skipped.letters).toEqual([{ id: expect.any(Number), template: 'cart-abandoned', subject: 'Boston fern is still in your cart' }])
  expect(letters.get(skipped.letters[0].id)!.recipient).toBe(sandbox.email)
  expect(audited).toEqual([
    `made a sandbox customer: ${sandbox.userId}`,
    `sent Product Added: customer ${sandbox.customer}`,
    `skipped 2700 s: customer ${sandbox.customer}`,
  ])
})

test('letters that were there before are not told as new ones', async () => {
  const { call } = open()
  const { customer } = (await call('POST', '/studio/api/sandbox')).json
  await call('POST', `/studio/api/sandbox/${customer}/events`, added)
  await call('POST', `/studio/api/sandbox/${customer}/skip`, { ms: 45 * minute })
  expect((await call('POST', `/studio/api/sandbox/${customer}/skip`, { ms: minute })).json.letters).toEqual([])
})

test('nobody but a sandbox customer is spoken for or moved through time, and nothing is written of it', async () => {
  const { call, shop, skipped, customers, audited } = open()
  shop.track('ann', 'Product Added', noon, added.properties)
  // Somebody real whose browser says it is a sandbox's is still somebody real.
  shop.send({ type: 'identify', userId: 'ben', anonymousId: 'sandbox-claimed', traits: { email: 'ben@example.test' } }, noon)
  const before = shop.store.log.lastSeq()
  for (const key of ['u:ann', 'u:ben']) {
    const customer = customers.find(key)!
    expect(await call('POST', `/studio/api/sandbox/${customer}/events`, added)).toMatchObject({ status: 409, json: { code: 'sandbox.only' } })
    expect(await call('POST', `/studio/api/sandbox/${customer}/skip`, { ms: minute })).toMatchObject({ status: 409, json: { code: 'sandbox.only' } })
    expect(await call('POST', '/demo/api/skip', { customer, ms: minute })).toMatchObject({ status: 409 })
    expect(await call('GET', `/demo/api/mailbox?customer=${customer}`)).toMatchObject({ status: 409 })
  }
  expect(await call('POST', '/demo/api/sign-in', { anonymousId: 'sandbox-claimed', firstName: 'Eve' })).toMatchObject({ status: 409 })
  expect(await call('POST', '/demo/api/orders', { anonymousId: 'sandbox-claimed', lines: [{ id: 'monstera', quantity: 1 }] })).toMatchObject({ status: 409 })
  expect(await call('POST', '/demo/api/orders', { userId: 'ann', lines: [{ id: 'monstera', quantity: 1 }] })).toMatchObject({ status: 400 })
  expect(await call('POST', '/studio/api/sandbox/9999/events', added)).toMatchObject({ status: 404, json: { code: 'customer.unknown' } })
  expect([skipped, audited, shop.store.log.lastSeq()]).toEqual([[], [], before])
})

test('a test event is held to the same rules as one at the gateway, and its refusal says what to do', async () => {
  const { call, shop } = open()
  const { customer } = (await call('POST', '/studio/api/sandbox')).json
  const before = shop.store.log.lastSeq()
  const sent = async (body: object) => (await call('POST', `/studio/api/sandbox/${customer}/events`, body)).json
  expect(await sent({ event: '<b>' })).toMatchObject({ code: 'event.name_invalid', hint: expect.stringContaining('letters') })
  expect(await sent({ event: 'Product Added', properties: [1] })).toMatchObject({ code: 'event.properties_invalid' })
  expect(await sent({ event: 'Product Added', properties: { name: 'x'.repeat(40_000) } })).toMatchObject({ code: 'event.too_large' })
  expect(shop.store.log.lastSeq()).toBe(before)
})

test('time is skipped forward, from a second to 400 days', async () => {
  const { call, skipped } = open()
  const { customer } = (await call('POST', '/studio/api/sandbox')).json
  for (const ms of [0, -minute, 999, 401 * 86_400_000, '60000', null, Number.MAX_VALUE])
    expect(await call('POST', `/studio/api/sandbox/${customer}/skip`, { ms })).toMatchObject({ status: 400, json: { code: 'studio.input_invalid' } })
  expect(skipped).toEqual([])
})

test('the shop names everything it sells with absolute pictures that are there', async () => {
  const { existsSync, statSync } = await import('node:fs')
  const { call } = open()
  const { json } = await call('GET', '/demo/api/shop')
  expect(json).toMatchObject({ name: 'Fern & Co', currency: 'EUR', writeKey: 'pk_test', cartUrl: 'http://shop.test/demo/cart' })
  expect(json.products).toHaveLength(products.length)
  for (const { id, url, image } of json.products) {
    expect([url, image]).toEqual([`http://shop.test/demo/products/${id}`, `http://shop.test/demo/pictures/${id}.jpg`])
    const file = new URL(`../web/demo/pictures/${id}.jpg`, import.meta.url)
    expect([existsSync(file), statSync(file).size < 40_960]).toEqual([true, true])
  }
})

test('a visitor who signs in keeps the cart of before, and gets the letter in the mailbox', async () => {
  const { call, shop } = open()
  expect((await call('GET', '/demo/api/visitor?anonymousId=sandbox-v1')).json).toEqual({ customer: null })
  shop.send({ type: 'track', anonymousId: 'sandbox-v1', ...added }, noon, { trust: 'browser' })
  const { customer: before } = (await call('GET', '/demo/api/visitor?anonymousId=sandbox-v1')).json
  const { json: who } = await call('POST', '/demo/api/sign-in', { anonymousId: 'sandbox-v1', firstName: ' Zoë ' })
  expect(who).toMatchObject({ customer: before, userId: expect.stringMatching(/^sandbox-/), email: expect.stringMatching(/^zoe-.+@sandbox\.invalid$/) })
  await call('POST', '/demo/api/skip', { customer: who.customer, ms: 45 * minute })
  const { json: mailbox } = await call('GET', `/demo/api/mailbox?customer=${who.customer}`)
  expect(mailbox.letters).toMatchObject([{ template: 'cart-abandoned', subject: 'Boston fern is still in your cart', at: noon + 30 * minute }])

  const letter = await call('GET', `/demo/api/letters/${mailbox.letters[0].id}/html`)
  expect(letter.status).toBe(200)
  expect(letter.headers['content-security-policy']).toBe(
    "default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'",
  )
  expect(letter.text).toContain('<base target="_blank">')
  expect(letter.text).toMatch(/\/o\//)
  expect(letter.text).toMatch(/\/c\//)
})

test('the mailbox opens no letter of anybody real', async () => {
  const { call, shop, letters } = open()
  shop.track('ann', 'Product Added', noon, added.properties)
  shop.pass(noon + 45 * minute)
  const [letter] = letters.list({ limit: 1 })
  expect(letter!.recipient).toBe('ann@example.test')
  expect(await call('GET', `/demo/api/letters/${letter!.id}/html`)).toMatchObject({ status: 409, json: { code: 'sandbox.only' } })
  expect(await call('GET', '/demo/api/letters/77/html')).toMatchObject({ status: 404, json: { code: 'letter.unknown' } })
})

test('an order is told by the shop with its own prices, and thanked for', async () => {
  const { call, shop, body } = open()
  const { customer, userId } = (await call('POST', '/demo/api/sign-in', { anonymousId: 'sandbox-v1', firstName: 'Zoe' })).json
  const { json } = await call('POST', '/demo/api/orders', {
    userId,
    lines: [
      { id: 'boston-fern', quantity: 2, price: 0.01 },
      { id: 'basil-seeds', quantity: 1 },
    ],
  })
  expect(json).toEqual({ orderId: 'FC-ORDER1', total: 55.5 })
  expect(body(shop.store.log.lastSeq())).toMatchObject({
    event: 'Order Completed',
    userId,
    properties: { order_id: 'FC-ORDER1', total: 55.5, currency: 'EUR' },
  })
  expect((await call('POST', '/demo/api/skip', { customer, ms: 60 * minute })).json.letters).toMatchObject([{ template: 'order-thanks' }])
})

test('the code of a discount letter is good for its own reader and for nobody else', async () => {
  const { call, shop, letters, body, send } = open()
  const signIn = async (anonymousId: string) => (await call('POST', '/demo/api/sign-in', { anonymousId, firstName: 'Zoe' })).json
  const [zoe, other] = [await signIn('sandbox-v1'), await signIn('sandbox-v2')]
  await call('POST', `/studio/api/sandbox/${zoe.customer}/events`, added)
  const { json } = await call('POST', '/demo/api/skip', { customer: zoe.customer, ms: 25 * 60 * minute })
  expect(json.letters.map(({ template }: { template: string }) => template)).toEqual(['cart-abandoned', 'cart-discount'])
  const { code } = JSON.parse(letters.frozen(json.letters[1].id)!.data).code
  const look = async (customer: number, text = code) => (await call('POST', '/demo/api/codes', { customer, code: text })).json
  const lines = [{ id: 'monstera', quantity: 1 }]
  const order = (userId: string) => call('POST', '/demo/api/orders', { userId, lines, code })
  expect(await look(zoe.customer)).toEqual({ reason: 'code.not_sent' })
  send(json.letters[1].id)
  expect(await look(zoe.customer, ` ${code.toLowerCase()} `)).toEqual({ percent: 10, expiresAt: expect.any(String) })
  expect(await look(other.customer)).toEqual({ reason: 'code.unknown' })
  expect(await look(zoe.customer, code.slice(0, -1))).toEqual({ reason: 'code.mistyped' })
  const before = shop.store.log.lastSeq()
  expect(await order(other.userId)).toMatchObject({ status: 404, json: { code: 'code.unknown' } })
  expect(shop.store.log.lastSeq()).toBe(before)
  const { orderId, total } = (await order(zoe.userId)).json
  expect(total).toBe(37.8)
  expect(body(shop.store.log.lastSeq())).toMatchObject({ properties: { coupon: code, discount: 4.2, total: 37.8 } })
  expect(await look(zoe.customer)).toMatchObject({ reason: 'code.used', orderId })
  expect(await order(zoe.userId)).toMatchObject({ status: 409, json: { code: 'code.used' } })
})

test('a code is too old once its time has been skipped', async () => {
  const { call, letters, send } = open()
  const zoe = (await call('POST', '/demo/api/sign-in', { anonymousId: 'sandbox-v1', firstName: 'Zoe' })).json
  await call('POST', `/studio/api/sandbox/${zoe.customer}/events`, added)
  const { json } = await call('POST', '/demo/api/skip', { customer: zoe.customer, ms: 25 * 60 * minute })
  const { id } = json.letters[1]
  send(id)
  const { code } = JSON.parse(letters.frozen(id)!.data).code
  await call('POST', '/demo/api/skip', { customer: zoe.customer, ms: 8 * 24 * 60 * minute })
  expect((await call('POST', '/demo/api/codes', { customer: zoe.customer, code })).json).toMatchObject({
    reason: 'code.expired',
    expiresAt: expect.any(String),
  })
  expect(await call('POST', '/demo/api/orders', { userId: zoe.userId, lines: [{ id: 'monstera', quantity: 1 }], code })).toMatchObject({
    status: 410,
    json: { code: 'code.expired' },
  })
})

test('an order of nothing, of what is not sold, or of too many is none', async () => {
  const { call, shop } = open()
  const { userId } = (await call('POST', '/demo/api/sign-in', { anonymousId: 'sandbox-v1', firstName: 'Zoe' })).json
  const before = shop.store.log.lastSeq()
  for (const lines of [
    [],
    'all',
    [{ id: 'yacht', quantity: 1 }],
    [{ id: 'monstera', quantity: 0 }],
    [{ id: 'monstera', quantity: 1.5 }],
    [{ id: 'monstera', quantity: 100 }],
  ])
    expect(await call('POST', '/demo/api/orders', { userId, lines })).toMatchObject({ status: 400, json: { code: 'studio.input_invalid' } })
  expect(shop.store.log.lastSeq()).toBe(before)
})
