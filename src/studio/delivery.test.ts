import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createPostOffice } from '../mail/post-office.ts'
import type { PostOffice } from '../mail/post-office.ts'
import { parseRates } from '../mail/rates.ts'
import { dayOf } from '../mail/warm-up.ts'
import type { Clock, Post } from '../core/world.ts'
import { openStore } from '../store/store.ts'
import type { Store } from '../store/store.ts'
import type { DeliveryPage } from './api-delivery.ts'
import { createDeliveryQuestions } from './delivery-questions.ts'
import { addDeliveryRoutes } from './delivery-routes.ts'
import type { Reader } from './reader.ts'

const noon = Date.UTC(2026, 10, 23, 12)
const clock: Clock = { now: () => noon, after: () => () => {} }
const relay = (name: string): Post => ({ name, width: 4, send: async () => ({ state: 'sent', reply: '250 ok' }), close: async () => {} })

let directory: string
let store: Store
let office: PostOffice
let audited: string[]
let woken: number

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'beckon-'))
  store = openStore(join(directory, 'beckon.db'))
  audited = []
  woken = 0
  office = open()
})
afterEach(() => {
  store.close()
  rmSync(directory, { recursive: true })
})

const open = () =>
  createPostOffice({ store, clock, relays: [relay('one'), relay('two')], rates: parseRates('gmail.com=60/m'), warmUp: { startsOn: dayOf(noon) } })

function serve() {
  const app = Fastify()
  const questions = createDeliveryQuestions(store)
  const reader = { ask: async (_: string, input: { now: number }) => questions.outbox(input) } as unknown as Reader
  addDeliveryRoutes(app, { office, reader, clock, audit: (_, did, about) => void audited.push(`${did} ${about}`), onLetters: () => void woken++ })
  return app
}

const page = async () => (await serve().inject('/delivery')).json<DeliveryPage>()

function queue(id: number, recipient: string) {
  const letter = { id, token: `t${id}`, customer: 7, template: 'cart-abandoned', recipient, subject: 'Hello', messageId: `<${id}@shop.example>` }
  store.letters.write(() => store.letters.insert({ ...letter, at: noon, resend: 0, data: '{}', links: '[]', mime: Buffer.from('') }))
}

test('the page says how each relay is, what each domain had, how far the warm-up is, and what is next', async () => {
  store.deliveries.add('gmail.com', dayOf(noon), 'one', { sent: 12, bounced: 1 })
  store.deliveries.add('gmail.com', dayOf(noon) - 2, 'one', { sent: 100, complained: 3 })
  store.deliveries.add('gmail.com', dayOf(noon) - 9, 'one', { sent: 1_000 })
  queue(1, 'anna@shop.example')
  office = open()
  const { posts, domains, warmUp, next, outbox } = await page()
  expect(posts.map(({ name, state, today }) => [name, state, today.sent])).toEqual([
    ['one', 'well', 12],
    ['two', 'well', 0],
  ])
  expect(domains).toMatchObject([{ name: 'gmail.com', perMinute: 60, today: { sent: 12, bounced: 1 }, week: { sent: 112, complained: 3 } }])
  expect(warmUp).toMatchObject({ day: 1, limit: 50, next: 100 })
  expect(warmUp?.groups[0]).toEqual({ name: 'gmail.com', used: 13 })
  expect(next).toMatchObject([{ id: 1, recipient: 'anna@shop.example', attempts: 0 }])
  expect(outbox.queued).toBe(1)
})

test('replies of undelivered letters stand there once each, in their own words and in plain ones', async () => {
  for (const id of [1, 2, 3]) {
    queue(id, `anna-${id}@shop.example`)
    store.letters.attempting(id, noon)
    store.letters.settle(id, { state: 'failed', nextAt: null, reply: `550 5.1.1 no such user (${id})`, resend: 0 }, noon + id)
  }
  const { replies } = await page()
  expect(replies).toMatchObject([{ reply: '550 5.1.1 no such user (3)', times: 3, letter: 3, domain: 'shop.example', state: 'failed' }])
  expect(replies[0]?.means).toContain('no such mailbox')
})

test('a hold on a domain or a relay is written into the audit log, outlives a restart, and wakes the drain when it ends', async () => {
  const app = serve()
  expect((await app.inject({ method: 'POST', url: '/delivery/domains/shop.example/hold' })).statusCode).toBe(200)
  expect((await app.inject({ method: 'POST', url: '/delivery/posts/one/hold' })).statusCode).toBe(200)
  office = open()
  const held = await page()
  expect(held.posts.map(({ state }) => state)).toEqual(['held', 'well'])
  expect(held.domains).toMatchObject([{ name: 'shop.example', held: true }])
  const after = serve()
  await after.inject({ method: 'POST', url: '/delivery/domains/shop.example/resume' })
  await after.inject({ method: 'POST', url: '/delivery/posts/one/resume' })
  office = open()
  const { posts, domains } = await page()
  expect(posts[0]?.state).toBe('well')
  expect(domains).toEqual([])
  expect(woken).toBe(4)
  expect(audited).toEqual(['held letters to a domain shop.example', 'held a relay one', 'resumed letters to a domain shop.example', 'resumed a relay one'])
})

test('a hold on what is no domain and no relay is refused, and leaves no trace', async () => {
  const app = serve()
  for (const url of ['/delivery/posts/three/hold', '/delivery/domains/%3Cb%3E/hold', '/delivery/domains/%20/hold', `/delivery/domains/${'a'.repeat(300)}/hold`])
    expect((await app.inject({ method: 'POST', url })).statusCode).toBeGreaterThanOrEqual(400)
  expect(audited).toEqual([])
  expect(store.lanes.all()).toEqual([])
})
