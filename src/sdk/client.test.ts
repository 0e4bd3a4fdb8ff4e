import { afterEach, beforeEach, expect, test } from 'vitest'
import WebSocket from 'ws'
import { createFake, until, type Fake } from '../gateway/fake.ts'
import { Beckon, type ClientOptions, type Saved } from './client.ts'

let fake: Fake
let clients: Beckon[]
let sockets: WebSocket[]
let port: number
beforeEach(async () => {
  clients = []
  sockets = []
  await serve()
})
afterEach(async () => {
  fake.intake.auto = true
  fake.intake.commit()
  await Promise.all(clients.map((client) => client.close(50)))
  await fake.app.close()
})

const serve = async (options: Parameters<typeof createFake>[0] = {}, at = 0) => {
  fake = createFake(options)
  await fake.app.listen({ host: '127.0.0.1', port: at })
  port = (fake.app.server.address() as { port: number }).port
}
class Socket extends WebSocket {
  constructor(url: string, protocol: string) {
    super(url, protocol)
    sockets.push(this)
  }
}
const start = (options: Partial<ClientOptions> = {}) => {
  const client = new Beckon({
    url: `http://127.0.0.1:${port}`,
    writeKey: 'pk_test',
    anonymousId: 'a1',
    webSocket: Socket as unknown as NonNullable<ClientOptions['webSocket']>,
    ...options,
  })
  clients.push(client)
  return client
}
const offered = () => fake.intake.offers.map(({ message }) => message)

test('each call is one event, and its promise waits for the commit', async () => {
  fake.intake.auto = false
  const beckon = start()
  const done: string[] = []
  void beckon.track('Product Viewed', { product_id: 'p1' }).then(() => done.push('track'))
  void beckon.page('Home').then(() => done.push('page'))
  void beckon.identify('u1', { email: 'a@example.test' }).then(() => done.push('identify'))
  void beckon.screen('Cart')
  void beckon.group('g1')
  void beckon.alias('u1', 'a0')
  await until(() => fake.intake.pending.length === 6)
  expect(done).toEqual([])
  expect(offered()).toMatchObject([
    { type: 'track', event: 'Product Viewed', properties: { product_id: 'p1' }, anonymousId: 'a1', userId: undefined },
    { type: 'page', properties: {} },
    { type: 'identify', userId: 'u1', traits: { email: 'a@example.test' }, anonymousId: 'a1' },
    { type: 'screen', userId: 'u1' },
    { type: 'group', userId: 'u1' },
    { type: 'alias', userId: 'u1', previousId: 'a0' },
  ])
  fake.intake.commit()
  await beckon.flush()
  expect(done).toEqual(['track', 'page', 'identify'])
})

test('Node’s own WebSocket will do', async () => {
  const beckon = new Beckon({ url: `ws://127.0.0.1:${port}/v1/stream`, writeKey: 'pk_test', anonymousId: 'a1' })
  clients.push(beckon)
  await beckon.track('Cart Viewed')
  expect(offered()).toHaveLength(1)
})

test('message ids sort in the order they were made', async () => {
  const beckon = start()
  for (let index = 0; index < 50; index++) void beckon.page()
  await beckon.flush()
  const ids = offered().map((message) => message.messageId)
  expect([...ids].sort()).toEqual(ids)
  expect(new Set(ids).size).toBe(50)
  expect(ids[0]).toMatch(/^[0-9a-z]{8}-0000-[0-9a-z]{14}$/)
})

test('what was not acked when the connection broke is sent again with the same ids, and what was is not', async () => {
  fake.intake.auto = false
  const beckon = start()
  const first = beckon.track('A')
  const second = beckon.track('B')
  await until(() => fake.intake.pending.length === 2)
  fake.intake.commit(fake.intake.pending.slice(0, 1))
  await first
  sockets[0]!.terminate()
  const third = beckon.track('C')
  await until(() => fake.intake.offers.length === 4)
  fake.intake.commit()
  await Promise.all([second, third])
  const [, b, again, c] = offered()
  expect([again?.event, again?.messageId, c?.event]).toEqual(['B', b?.messageId, 'C'])
})

test('a server that comes back finds the client waiting with its events', async () => {
  const beckon = start()
  await beckon.track('A')
  await fake.app.close()
  const later = beckon.track('B')
  await new Promise((resolve) => setTimeout(resolve, 150))
  await serve({}, port)
  await later
  expect(offered().map((message) => message.event)).toEqual(['B'])
})

test('no more is under way than the server allows', async () => {
  await fake.app.close()
  await serve({ stream: { inFlightMax: 5 } })
  fake.intake.auto = false
  const beckon = start()
  for (let index = 0; index < 12; index++) void beckon.page()
  await until(() => fake.intake.pending.length === 5)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(fake.intake.pending.length).toBe(5)
  fake.intake.auto = true
  fake.intake.commit()
  await beckon.flush()
  expect([fake.intake.offers.length, fake.counters.refused.size]).toEqual([12, 0])
})

test('an overloaded server is given the time it asks for, then gets the same events in order', async () => {
  let busy = true
  fake.intake.refuse = () => (busy ? { refused: 'overload', retryAfterMs: 60 } : null)
  const beckon = start()
  const sent = [beckon.track('A'), beckon.track('B')]
  await until(() => fake.counters.refused.get('overload') === 2)
  const from = performance.now()
  busy = false
  await Promise.all(sent)
  expect(performance.now() - from).toBeGreaterThan(30)
  expect(offered().map((message) => message.event)).toEqual(['A', 'B'])
  expect(fake.counters.refused.get('overload')).toBe(2)
})

test('an event that is refused rejects its own promise, with the reason, and no other', async () => {
  const beckon = start()
  const [bad, good] = [beckon.track('<b>'), beckon.track('Good')]
  await expect(bad).rejects.toMatchObject({ name: 'BeckonRefusal', code: 'event.name_invalid', hint: expect.stringContaining('letters') })
  await good
})

test('an event that is too large is refused here and does not cost the connection', async () => {
  const beckon = start()
  await expect(beckon.track('A', { a: '€'.repeat(11_000) })).rejects.toMatchObject({ code: 'event.too_large' })
  await beckon.track('B')
  expect([sockets.length, fake.intake.offers.length]).toEqual([1, 1])
})

test('a bad key ends the trying, and whoever waits hears why', async () => {
  const beckon = start({ writeKey: 'pk_other' })
  await expect(beckon.track('A')).rejects.toMatchObject({ code: 'key.unknown' })
  await expect(beckon.track('B')).rejects.toMatchObject({ code: 'key.unknown' })
  expect(sockets.length).toBe(1)
})

test('a token that has run out is asked for anew', async () => {
  let asked = 0
  const beckon = start({ token: () => `t${++asked}` })
  void beckon.track('A')
  await until(() => asked === 2)
  expect(fake.counters.refused.get('token.invalid')).toBeGreaterThanOrEqual(1)
})

test('the store holds what is not safe yet, and a new client sends it', async () => {
  let kept: Saved[] = []
  const store = { load: () => kept, save: (events: Saved[]) => void (kept = events) }
  fake.intake.auto = false
  const before = start({ store })
  void before.track('A')
  await until(() => fake.intake.pending.length === 1)
  expect(kept).toHaveLength(1)
  await before.close(10)
  fake.intake.pending = []
  fake.intake.auto = true
  const after = start({ store })
  await after.flush()
  await until(() => kept.length === 0)
  const [first, again] = offered()
  expect([fake.intake.offers.length, again?.messageId]).toEqual([2, first?.messageId])
})

test('close sends what is left, then nothing more', async () => {
  const beckon = start()
  void beckon.track('A')
  await beckon.close()
  await until(() => fake.stream.open === 0)
  expect(fake.intake.offers).toHaveLength(1)
  await expect(beckon.track('B')).rejects.toMatchObject({ code: 'client.closed' })
})

test('a server that fell silent is given up for a new connection', async () => {
  await fake.app.close()
  await serve({ stream: { pingMs: 40 } })
  fake.intake.auto = false
  const beckon = start()
  const sent = beckon.track('A')
  await until(() => fake.intake.pending.length === 1)
  await until(() => sockets.length === 2)
  await until(() => fake.intake.pending.length === 2)
  fake.intake.commit()
  await sent
})
