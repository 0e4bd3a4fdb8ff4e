import { gzipSync } from 'node:zlib'
import { request as rawRequest } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import type { InjectOptions } from 'fastify'
import { createFake, noon, publicKey, secretKey, type Fake, type FakeClock } from './fake.ts'

let fake: Fake
afterEach(() => fake?.app.close())

const basic = (token: string) => ({ authorization: `Basic ${Buffer.from(`${token}:`).toString('base64')}` })
const origin = 'https://shop.example'
const track = { type: 'track', event: 'Product Added', messageId: 'm1', anonymousId: 'a1', properties: { product_id: 'p1' } }
const post = (url: string, payload: unknown, headers: Record<string, string> = basic('pk_test')): InjectOptions => ({
  method: 'POST',
  url,
  headers,
  payload: (typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload)) as string,
})
const item = (messageId: string, more: object = {}) => ({ ...track, messageId, ...more })

type Row = {
  what: string
  options?: Parameters<typeof createFake>[0]
  request: InjectOptions
  status: number
  body?: object
  code?: string
  offered?: object[]
  headers?: object
}

const ok = { success: true }
const rows: Row[] = [
  // Each path, each place for the key, each Content-Type.
  ...(['identify', 'track', 'page', 'screen', 'group', 'alias'] as const).flatMap((type) =>
    [`/v1/${type}`, `/v1/${type[0]}`].map((url) => ({
      what: `POST ${url} is a ${type}`,
      request: post(url, { event: 'Cart Viewed', userId: 'u', previousId: 'p', messageId: 'm' }),
      status: 200,
      body: ok,
      offered: [{ message: { type, messageId: 'm' }, source: publicKey.id, trust: 'browser', receivedAt: noon }],
    })),
  ),
  ...['/v1/batch', '/v1/b', '/batch', '/batch/', '/beacon/v1/batch'].map((url) => ({
    what: `POST ${url} is a batch`,
    request: post(url, { batch: [item('1'), item('2')] }),
    status: 200,
    body: ok,
    offered: [{ message: { messageId: '1' } }, { message: { messageId: '2' } }],
  })),
  ...[undefined, 'text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-8', 'rubbish'].map((type) => ({
    what: `a body of type ${type} is read as JSON`,
    request: post('/v1/track', track, { ...basic('pk_test'), ...(type === undefined ? {} : { 'content-type': type }) }),
    status: 200,
    body: ok,
    offered: [{ message: { event: 'Product Added' } }],
  })),
  { what: 'writeKey in the body', request: post('/v1/track', { ...track, writeKey: 'pk_test' }, {}), status: 200, offered: [{ source: 1 }] },
  { what: 'writeKey in a beacon’s query', request: post('/beacon/v1/batch?writeKey=pk_test', { batch: [track] }, {}), status: 200, offered: [{ source: 1 }] },
  {
    what: 'a secret key is a server’s word',
    request: post('/v1/track', track, { authorization: 'Bearer sk_test' }),
    status: 200,
    offered: [{ source: secretKey.id, trust: 'server' }],
  },
  {
    what: 'gzip, as RudderStack’s node SDK sends it',
    request: post('/v1/batch', gzipSync(JSON.stringify({ batch: [track] })), {
      ...basic('pk_test'),
      'content-type': 'application/x-www-form-urlencoded',
      'content-encoding': 'gzip',
    }),
    status: 200,
    body: ok,
    offered: [{ message: { messageId: 'm1' } }],
  },
  {
    what: 'posthog-node’s batch',
    request: post(
      '/batch/',
      {
        api_key: 'pk_test',
        batch: [
          { type: 'capture', event: 'Product Viewed', distinct_id: 'u1', properties: { product_id: 'p1' }, timestamp: '2026-05-31T00:00:00.000Z', uuid: 'x' },
          { event: '$identify', distinct_id: 'u1', $set: { email: 'a@example.test' } },
        ],
        sent_at: '2026-06-01T12:00:00.000Z',
      },
      {},
    ),
    status: 200,
    offered: [
      { message: { type: 'track', event: 'Product Viewed', userId: 'u1', messageId: 'x', at: Date.UTC(2026, 4, 31) } },
      { message: { type: 'identify', userId: 'u1', traits: { email: 'a@example.test' } } },
    ],
  },
  {
    what: 'the context and sentAt of a batch',
    request: post('/v1/batch', { sentAt: noon + 1_000, context: { ip: 'x' }, batch: [item('1', { timestamp: noon })] }),
    status: 200,
    offered: [{ message: { at: noon - 1_000, text: expect.stringContaining('"context":{"ip":"x"}') } }],
  },
  { what: 'an empty batch', request: post('/v1/batch', { batch: [] }), status: 200, body: ok },

  // Keys and origins.
  { what: 'no key', request: post('/v1/track', track, {}), status: 401, code: 'key.missing' },
  { what: 'a key nobody knows', request: post('/v1/track', track, basic('pk_other')), status: 401, code: 'key.unknown' },
  {
    what: 'a secret key from a browser',
    request: post('/v1/track', track, { authorization: 'Bearer sk_test', origin }),
    status: 403,
    code: 'key.secret_in_browser',
  },
  { what: 'a secret key in the body', request: post('/v1/track', { ...track, writeKey: 'sk_test' }, {}), status: 403, code: 'key.secret_required' },
  { what: 'a secret key in the query', request: post('/beacon/v1/batch?writeKey=sk_test', { batch: [track] }, {}), status: 403, code: 'key.secret_required' },
  {
    what: 'an origin that is not listed',
    request: post('/v1/track', track, { ...basic('pk_test'), origin: 'https://evil.example' }),
    status: 403,
    code: 'origin.unlisted',
  },
  { what: 'a sandboxed page', request: post('/v1/track', track, { ...basic('pk_test'), origin: 'null' }), status: 403, code: 'origin.unlisted' },
  {
    what: 'a local page, when the server can be reached from elsewhere',
    request: post('/v1/track', track, { ...basic('pk_test'), origin: 'http://localhost:3000' }),
    status: 403,
    code: 'origin.unlisted',
  },
  {
    what: 'a local page, when it cannot',
    options: { host: '127.0.0.1' },
    request: post('/v1/track', track, { ...basic('pk_test'), origin: 'http://localhost:3000' }),
    status: 200,
    offered: [{}],
    headers: { 'access-control-allow-origin': 'http://localhost:3000' },
  },
  {
    what: 'our own page',
    options: { publicUrl: 'https://beckon.example/x' },
    request: post('/v1/track', track, { ...basic('pk_test'), origin: 'https://beckon.example' }),
    status: 200,
    offered: [{}],
  },
  {
    what: 'a listed page may read the answer',
    request: post('/v1/track', track, { ...basic('pk_test'), origin }),
    status: 200,
    offered: [{}],
    headers: { 'access-control-allow-origin': origin, vary: 'Origin' },
  },

  // Bodies.
  { what: 'no body', request: { method: 'POST', url: '/v1/track', headers: basic('pk_test') }, status: 400, code: 'event.json_invalid' },
  { what: 'half a body', request: post('/v1/track', '{"type":'), status: 400, code: 'event.json_invalid' },
  { what: 'half a body without a key', request: post('/v1/track', '{"type":', {}), status: 400, code: 'event.json_invalid' },
  { what: 'a body that is not UTF-8', request: post('/v1/track', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])), status: 400, code: 'event.json_invalid' },
  { what: 'a list', request: post('/v1/track', []), status: 400, code: 'event.json_invalid' },
  { what: 'broken gzip', request: post('/v1/batch', gzipSync('{}').subarray(0, 12)), status: 400, code: 'event.json_invalid' },
  { what: 'a zip bomb', request: post('/v1/batch', gzipSync(Buffer.alloc(50_000_000, 0x20))), status: 413, code: 'batch.too_large' },
  { what: 'a batch over 500 KB', request: post('/v1/batch', { batch: [], more: 'x'.repeat(512_000) }), status: 413, code: 'batch.too_large' },
  { what: 'an event over 32 KB', request: post('/v1/track', { ...track, properties: { a: 'x'.repeat(32_768) } }), status: 413, code: 'event.too_large' },
  { what: '2,501 events', request: post('/v1/batch', { batch: Array.from({ length: 2_501 }, () => 1) }), status: 413, code: 'batch.too_many' },
  { what: 'a batch that is none', request: post('/v1/batch', { batch: {} }), status: 400, code: 'batch.invalid' },
  { what: 'a context that is none', request: post('/v1/batch', { batch: [track], context: [] }), status: 400, code: 'event.properties_invalid' },
  {
    what: 'a context that would fill the log',
    request: post('/v1/batch', { batch: Array.from({ length: 2_000 }, () => 1), context: { a: 'x'.repeat(30_000) } }),
    status: 413,
    code: 'batch.too_large',
  },
  { what: 'a bad name', request: post('/v1/track', { ...track, event: '<script>' }), status: 400, code: 'event.name_invalid' },
  {
    what: '__proto__',
    request: post('/v1/track', '{"anonymousId":"a","event":"A","properties":{"__proto__":{"x":1}}}'),
    status: 400,
    code: 'event.key_forbidden',
  },
  {
    what: 'what is wrong in a batch is named, and the rest is taken',
    request: post('/v1/batch', { batch: [item('1'), item('2', { event: '' }), 7, item('3')] }),
    status: 200,
    body: {
      success: true,
      rejected: [
        { index: 1, messageId: '2', code: 'event.name_invalid', hint: expect.any(String) },
        { index: 2, messageId: null, code: 'event.json_invalid', hint: expect.any(String) },
      ],
    },
    offered: [{ message: { messageId: '1' } }, { message: { messageId: '3' } }],
  },
  { what: 'a rate passed', options: { eventsPerSecond: 1 }, request: post('/v1/batch', { batch: [] }), status: 200 },

  // Elsewhere.
  { what: 'livez', request: { url: '/livez' }, status: 200 },
  { what: 'livez, asked with HEAD', request: { method: 'HEAD', url: '/livez' }, status: 200 },
  { what: 'readyz', request: { url: '/readyz' }, status: 200 },
  { what: 'readyz before the start is done', options: { ready: () => false }, request: { url: '/readyz' }, status: 503 },
  { what: 'a path that is none', request: { url: '/v1/nothing' }, status: 404, body: { code: 'route.unknown', message: expect.any(String) } },
  { what: 'GET of a path to POST to', request: { url: '/v1/track' }, status: 404 },
  {
    what: 'a path that is none, for a person',
    request: { url: '/x', headers: { accept: 'text/html' } },
    status: 404,
    headers: { 'content-type': 'text/html; charset=utf-8' },
  },
  {
    what: 'settings for analytics-next',
    request: { url: '/v1/projects/pk_test/settings', headers: { host: 'beckon.example', origin } },
    status: 200,
    body: { integrations: { 'Segment.io': { apiKey: 'pk_test', apiHost: 'beckon.example/v1', protocol: 'http' } } },
    headers: { 'access-control-allow-origin': origin },
  },
  {
    what: 'settings where the server’s address is known',
    options: { publicUrl: 'https://b.example' },
    request: { url: '/v1/projects/pk_test/settings' },
    status: 200,
    body: { integrations: { 'Segment.io': { apiHost: 'b.example/v1', protocol: 'https' } } },
  },
  { what: 'settings of a secret key', request: { url: '/v1/projects/sk_test/settings' }, status: 403, code: 'key.secret_required' },
  { what: 'settings of a key nobody knows', request: { url: '/v1/projects/pk_other/settings' }, status: 401, code: 'key.unknown' },
  {
    what: 'RudderStack’s source',
    request: { url: '/sourceConfig/?p=web', headers: basic('pk_test') },
    status: 200,
    body: { source: { id: 'source-1', writeKey: 'pk_test', enabled: true, destinations: [] } },
  },
]

test.each(rows)('$what', async ({ options, request, status, body, code, offered = [], headers = {} }) => {
  fake = createFake(options)
  const response = await fake.app.inject(request)
  expect(response.statusCode).toBe(status)
  if (body !== undefined) expect(response.json()).toMatchObject(body)
  expect(response.headers).toMatchObject(headers)
  if (code !== undefined) expect(response.json()).toEqual({ success: false, code, message: expect.any(String), hint: expect.any(String) })
  expect(fake.intake.offers).toMatchObject(offered)
  // And nothing else was counted.
  expect(fake.counters.accepted).toBe(offered.length)
  const rejected = (body as { rejected?: { code: string }[] } | undefined)?.rejected?.map((one) => one.code) ?? (code === undefined ? [] : [code])
  expect(
    fake.counters
      .recent()
      .map((one) => one.code)
      .reverse(),
  ).toEqual(rejected)
})

test('200 goes out only after the commit', async () => {
  fake = createFake()
  fake.intake.auto = false
  let answered = false
  const response = fake.app.inject(post('/v1/batch', { batch: [item('1'), item('2')] })).then((value) => {
    answered = true
    return value
  })
  await expect.poll(() => fake.intake.pending.length).toBe(2)
  fake.intake.commit(fake.intake.pending.slice(1))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(answered).toBe(false)
  fake.intake.commit()
  expect((await response).json()).toEqual(ok)
})

test('an id used twice is a 409, in a batch a rejected item, and the rest stands', async () => {
  fake = createFake()
  fake.intake.verdict = ({ message }) => (message.messageId === 'm1' ? { refused: 'event.id_reused', about: 'm1' } : null)
  expect(await fake.app.inject(post('/v1/track', track))).toMatchObject({ statusCode: 409 })
  const batch = await fake.app.inject(post('/v1/batch', { batch: [item('m2'), track] }))
  expect([batch.statusCode, batch.json()]).toEqual([
    200,
    { success: true, rejected: [{ index: 1, messageId: 'm1', code: 'event.id_reused', hint: expect.any(String) }] },
  ])
  expect([fake.counters.accepted, fake.counters.refused.get('event.id_reused')]).toEqual([1, 2])
})

test('when the server is behind the whole batch is to be sent again, and nothing of it is said to be safe', async () => {
  fake = createFake()
  fake.intake.refuse = ({ message }) => (message.messageId === '2' ? { refused: 'overload', retryAfterMs: 2_500 } : null)
  const response = await fake.app.inject(post('/v1/batch', { batch: [item('1'), item('2'), item('3')] }))
  expect([response.statusCode, response.headers['retry-after'], response.json().code]).toEqual([503, '3', 'overload'])
  expect(fake.intake.offers.map((offer) => offer.message.messageId)).toEqual(['1'])
})

test('a disk that is full is no 200', async () => {
  fake = createFake()
  fake.intake.verdict = () => ({ refused: 'store.full' })
  expect((await fake.app.inject(post('/v1/batch', { batch: [track] }))).statusCode).toBe(500)
})

test('one poisonous event of a batch does not make the client send the others again', async () => {
  fake = createFake()
  fake.intake.verdict = ({ message }) => (message.messageId === '1' ? { refused: 'turn.threw' } : null)
  const response = await fake.app.inject(post('/v1/batch', { batch: [item('1'), item('2')] }))
  expect([response.statusCode, response.json().rejected]).toMatchObject([200, [{ code: 'turn.threw' }]])
})

test('over the rate: 429 with Retry-After for that key, and the events of another key pass', async () => {
  fake = createFake({ eventsPerSecond: 2 })
  const send = (token: string) => fake.app.inject(post('/v1/batch', { batch: [item('1'), item('2')] }, { authorization: `Bearer ${token}` }))
  expect((await send('pk_test')).statusCode).toBe(200)
  const over = await send('pk_test')
  expect([over.statusCode, over.headers['retry-after'], over.json().code]).toEqual([429, '1', 'rate.exceeded'])
  expect((await send('sk_test')).statusCode).toBe(200)
  ;(fake.clock as FakeClock).time += 1_000
  expect((await send('pk_test')).statusCode).toBe(200)
  expect(fake.intake.offers).toHaveLength(6)
})

test('only our own proxies are believed about an address', async () => {
  const send = (to: Fake, from: string) => to.app.inject(post('/v1/track', track, { ...basic('pk_test'), 'x-forwarded-for': from }))
  fake = createFake({ eventsPerSecond: 1 })
  expect((await send(fake, '1.1.1.1')).statusCode).toBe(200)
  expect((await send(fake, '2.2.2.2')).statusCode).toBe(429)
  await fake.app.close()
  fake = createFake({ eventsPerSecond: 1, proxies: 1 })
  expect((await send(fake, 'x, 1.1.1.1')).statusCode).toBe(200)
  expect((await send(fake, 'y, 1.1.1.1')).statusCode).toBe(429)
  expect((await send(fake, '1.1.1.1, 2.2.2.2')).statusCode).toBe(200)
})

test('a preflight gets the headers it asks for, from listed pages only', async () => {
  fake = createFake()
  const ask = (from: string) =>
    fake.app.inject({
      method: 'OPTIONS',
      url: '/v1/t',
      headers: { origin: from, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,anonymousid,content-type' },
    })
  const good = await ask(origin)
  expect([good.statusCode, good.headers]).toMatchObject([
    204,
    {
      'access-control-allow-origin': origin,
      'access-control-allow-headers': 'authorization,anonymousid,content-type',
      'access-control-allow-methods': 'GET, POST, OPTIONS',
    },
  ])
  const bad = await ask('https://evil.example')
  expect([bad.statusCode, bad.headers['access-control-allow-origin']]).toEqual([403, undefined])
})

test('known and unknown e-mails get the same answer', async () => {
  fake = createFake()
  const send = (email: string) => fake.app.inject(post('/v1/identify', { anonymousId: 'a', traits: { email } }))
  const [one, two] = [await send('known@example.test'), await send('unknown@example.test')]
  expect([one.statusCode, one.body]).toEqual([two.statusCode, two.body])
})

test('a fault says nothing of itself, and is told to whoever keeps the log', async () => {
  const faults: unknown[] = []
  fake = createFake({ onFault: (error) => faults.push(error), metrics: () => Promise.reject(new Error('secret detail')) })
  const response = await fake.app.inject({ url: '/metrics' })
  expect([response.statusCode, response.json().code]).toEqual([500, 'internal'])
  expect(response.body).not.toContain('secret')
  const page = await fake.app.inject({ url: '/metrics', headers: { accept: 'text/html' } })
  expect([page.statusCode, page.body.includes('secret')]).toEqual([500, false])
  expect(faults).toHaveLength(2)
})

test('metrics count what was taken and refused, beside those of others', async () => {
  fake = createFake()
  await fake.app.inject(post('/v1/track', track))
  await fake.app.inject(post('/v1/track', track, {}))
  const { body } = await fake.app.inject({ url: '/metrics' })
  expect(body).toMatch(/^# others\n/)
  expect(body).toContain('beckon_events_accepted_total 1\n')
  expect(body).toContain('beckon_refusals_total{code="key.missing"} 1\n')
  expect(body).toContain('beckon_sockets_open 0\n')
})

test('the last 200 refusals are kept, the latest first, and no address with them', async () => {
  fake = createFake()
  for (let index = 0; index < 205; index++) fake.counters.refuse({ refused: 'event.name_invalid', about: `n${index}` }, 1)
  const recent = fake.counters.recent()
  expect([recent.length, recent[0], recent.at(-1)?.about]).toEqual([200, { at: noon, code: 'event.name_invalid', about: 'n204', key: 1 }, 'n5'])
})

test('a request that offers HTTP/2 is answered by HTTP/1.1, and an upgrade to nowhere is a 404', async () => {
  fake = createFake()
  await fake.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = fake.app.server.address() as { port: number }
  const ask = (upgrade: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      rawRequest({ port, host: '127.0.0.1', path: '/livez', headers: { connection: 'Upgrade', upgrade } }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end()
    })
  expect(await ask('h2c')).toBe(200)
  expect(await ask('websocket')).toBe(404)
})
