import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { createWebSocketReceiver } from '@statelyai/inspect'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { openHouse, send } from '../sim/browser.ts'
import type { House } from '../sim/browser.ts'
import type { CustomerList, CustomerPage, Health, LetterList, Skipped } from './api.ts'

const houses = new Set<House>()
afterEach(async () => {
  for (const house of houses) await house.stop()
  houses.clear()
})

async function open(...given: Parameters<typeof openHouse>): Promise<House> {
  const house = await openHouse(...given)
  houses.add(house)
  return house
}

const api = (house: House, path: string, init?: RequestInit) => fetch(`${house.server.url}/studio/api/${path}`, init)
const get = async <T>(house: House, path: string) => (await (await api(house, path)).json()) as T
const post = (house: House, path: string, body: object = {}) =>
  api(house, path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

const added = { type: 'track', userId: 'sandbox-ann', event: 'Product Added', properties: { product_id: 'fern', price: 24.5, email: 'ann@sandbox.invalid' } }

async function found(house: House, query: string): Promise<CustomerPage> {
  const { customers } = await get<CustomerList>(house, `customers?query=${query}`)
  return get(house, `customers/${customers[0]!.id}`)
}

test('pages come from this server alone, under a policy that lets nothing else in', async () => {
  const house = await open()
  const page = await fetch(`${house.server.url}/studio/customers/7`)
  expect(page.status).toBe(200)
  const policy = page.headers.get('content-security-policy')!
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
  expect(policy).not.toMatch(/unsafe|\*/)
  const html = await page.text()
  expect(html).not.toMatch(/https?:\/\/|<script(?![^>]* src=)|<style|style=/)
  const script = /src="(\/studio\/assets\/[^"]+)"/.exec(html)![1]!
  const asset = await fetch(house.server.url + script)
  expect(asset.headers.get('cache-control')).toContain('immutable')
  expect(asset.headers.get('content-encoding')).toBe('gzip')
  expect((await fetch(house.server.url + script, { headers: { 'if-none-match': asset.headers.get('etag')! } })).status).toBe(304)
  expect((await fetch(`${house.server.url}/studio/assets/nothing.js`)).status).toBe(404)
})

test('another name for this machine, or a page from elsewhere, gets neither answers nor the feed', async () => {
  const house = await open()
  const { port } = new URL(house.server.url)
  const asked = (path: string, headers: Record<string, string>, method = 'GET') =>
    new Promise((done) => request({ port, host: '127.0.0.1', path, method, headers }, (answer) => done(answer.statusCode)).end())
  expect(await asked('/studio/api/customers', { host: 'evil.example' })).toBe(403)
  expect(await asked('/studio/api/customers', { host: `127.0.0.1:${port}`, 'x-real-ip': '203.0.113.7' })).toBe(403)
  expect(await asked('/studio/api/sandbox', { host: `127.0.0.1:${port}`, origin: 'https://evil.example' }, 'POST')).toBe(403)
  const socket = new WebSocket(`${house.server.url.replace('http', 'ws')}/studio/live`, { origin: 'https://evil.example' })
  const [error] = await once(socket, 'error')
  expect(String(error)).toMatch(/40[13]/)
})

test('a sandbox customer puts something in the cart, time is skipped, and the letter is there with its reasons', async () => {
  const house = await open()
  await send(house, [added])
  const { id } = await found(house, 'sandbox-ann')
  const skipped = (await (await post(house, `sandbox/${id}/skip`, { ms: 45 * 60_000 })).json()) as Skipped
  expect(skipped.letters).toMatchObject([{ template: 'cart-abandoned' }])
  const page = await get<CustomerPage>(house, `customers/${id}`)
  expect(page).toMatchObject({ sandbox: true, email: 'ann@sandbox.invalid', decisions: [{ template: 'cart-abandoned', decision: 'queued' }] })
  expect(page.lead).toBeGreaterThan(44 * 60_000)
  const { letters } = await get<LetterList>(house, 'letters')
  const frame = await api(house, `letters/${letters[0]!.id}/html`)
  expect(frame.headers.get('content-security-policy')).toContain('sandbox')
  expect(await frame.text()).not.toContain(`${house.server.url}/o/`)
  expect((await post(house, `letters/${letters[0]!.id}/retry`)).status).toBe(409)
  expect((await post(house, 'letters/999/release')).status).toBe(404)
})

test('a tab that sleeps does not hold up a stop', async () => {
  const house = await openHouse()
  const { port, host } = new URL(house.server.url)
  const tab = connect(Number(port), '127.0.0.1').on('error', () => {})
  const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
  tab.write(`GET /studio/live HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n\r\n`)
  await once(tab, 'data')
  tab.pause()
  const asked = performance.now()
  await house.stop()
  expect(performance.now() - asked).toBeLessThan(4_000)
  tab.destroy()
})

test('too many questions at once are turned away as such, and a question asked twice over is asked for all', async () => {
  const house = await open()
  const answers = await Promise.all(Array.from({ length: 500 }, () => api(house, 'customers?query=nobody')))
  const statuses = new Set(answers.map(({ status }) => status))
  expect([...statuses].toSorted()).toEqual([200, 503])
  for (const path of ['customers?query=a&query=b', 'letters?template=a&template=b', 'customers?state=a&state=b'])
    expect((await api(house, path)).status).toBe(200)
})

test('a letter to somebody who has said no since is not sent again, whoever asks', async () => {
  const house = await open({ relays: [{ host: '127.0.0.1', port: 9, secure: false }] })
  const timestamp = new Date(Date.now() - 45 * 60_000).toISOString()
  await send(house, [{ ...added, userId: 'bob', timestamp, properties: { ...added.properties, email: 'bob@shop.test' } }])
  await expect.poll(async () => (await get<LetterList>(house, 'letters')).letters).toMatchObject([{ state: 'deferred' }])
  await send(house, [{ type: 'identify', userId: 'bob', traits: { consent: 'unsubscribed' } }])
  const { letters } = await get<LetterList>(house, 'letters')
  expect(letters).toMatchObject([{ state: 'failed' }])
  const answer = await post(house, `letters/${letters[0]!.id}/retry`)
  expect([answer.status, await answer.json()]).toMatchObject([409, { code: 'letter.unwanted' }])
})

test('whatever is asked for, and however, is answered in one sentence with a code', async () => {
  const house = await open()
  for (const path of ['customers/9', 'customers/x', 'customers/9/turns', 'letters/9', 'letters/x', 'letters/9/html', 'customers/9/preview?template=x'])
    expect([path, (await api(house, path)).status, Object.keys(await get<object>(house, path))]).toEqual([path, 404, ['success', 'code', 'message', 'hint']])
  for (const act of ['retry', 'dismiss']) expect((await post(house, `quarantine/1/${act}`)).status).toBe(404)
  await send(house, [{ ...added, userId: 'real', properties: { ...added.properties, email: 'real@shop.test' } }])
  const { id } = await found(house, 'real')
  expect(await (await post(house, `sandbox/${id}/skip`, { ms: 60_000 })).json()).toMatchObject({ code: 'sandbox.only' })
  expect((await api(house, `customers?limit=${'9'.repeat(40)}&after=rubbish&query=%25%27`)).status).toBeLessThan(500)
})

test('the server’s health says what is behind, and what needs somebody', async () => {
  const house = await open()
  await send(house, [added])
  const health = await get<Health>(house, 'health')
  expect(health).toMatchObject({ backlog: { events: 0, overdueTimers: 0 }, quarantined: 0, complaints: [] })
  expect(health.memoryMb).toBeGreaterThan(10)
})

test('tools that speak the language of @statelyai/inspect can look on', async () => {
  const house = await open()
  const receiver = createWebSocketReceiver({ server: `${house.server.url.replace('http', 'ws')}/studio/inspect` })
  const heard: { type: string; sessionId: string; definition?: string; event?: { type: string }; snapshot?: { value: object } }[] = []
  receiver.subscribe((event) => void heard.push(event as never))
  for (let n = 0; n < 100 && heard.length < 3; n++) {
    await send(house, [{ ...added, messageId: `m${n}` }])
    await new Promise((go) => setTimeout(go, 20))
  }
  const [actor, event, snapshot] = heard
  expect(actor).toMatchObject({ type: '@xstate.actor', name: 'sandbox-ann' })
  expect(JSON.parse(actor!.definition!)).toMatchObject({ id: 'customer', type: 'parallel' })
  expect(event).toMatchObject({ type: '@xstate.event', sessionId: actor!.sessionId, event: { type: 'site.product_added' } })
  expect(snapshot).toMatchObject({ type: '@xstate.snapshot', sessionId: actor!.sessionId, snapshot: { value: { cart: 'active', presence: 'active' } } })
})
