import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { SignJWT } from 'jose'
import WebSocket, { type ClientOptions } from 'ws'
import { createFake, noon, publicKey, secretKey, until, type Fake } from './fake.ts'

let fake: Fake
let clients: Client[] = []
afterEach(async () => {
  for (const client of clients) client.ws.terminate()
  clients = []
  fake.intake.commit()
  await fake.app.close()
})

/** A bare client that keeps what it is sent. */
class Client {
  readonly ws: WebSocket
  readonly frames: Record<string, unknown>[] = []
  code: number | undefined
  reason = ''
  /** The HTTP status of an upgrade that was refused. */
  status: number | undefined
  constructor(options: ClientOptions = {}, protocols: string[] = ['beckon.v1'], path = '/v1/stream') {
    const { port } = fake.app.server.address() as { port: number }
    this.ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { perMessageDeflate: true, ...options })
    this.ws.on('message', (data) => this.frames.push(JSON.parse(String(data))))
    this.ws.on('close', (code, reason) => {
      this.code = code
      this.reason = String(reason)
    })
    this.ws.on('unexpected-response', (request, response) => {
      this.status = response.statusCode
      request.destroy()
    })
    this.ws.on('error', () => undefined)
    clients.push(this)
  }
  send(...frames: unknown[]): void {
    for (const frame of frames) this.ws.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame))
  }
  of(type: string): Record<string, unknown>[] {
    return this.frames.filter((frame) => frame['type'] === type)
  }
  get acked(): unknown {
    return this.of('ack').at(-1)?.['seq']
  }
}

const listen = async (options: Parameters<typeof createFake>[0] = {}) => {
  fake = createFake(options)
  await fake.app.listen({ host: '127.0.0.1', port: 0 })
}
const open = async (options?: ClientOptions, protocols?: string[]) => {
  const client = new Client(options, protocols)
  await until(() => client.ws.readyState === WebSocket.OPEN || client.status !== undefined)
  return client
}
const greet = async (hello: object = {}, options?: ClientOptions) => {
  const client = await open(options)
  client.send({ type: 'hello', writeKey: 'pk_test', anonymousId: 'a1', ...hello })
  await until(() => client.frames.length > 0 || client.code !== undefined)
  return client
}
const event = (seq: number, more: object = {}) => ({ seq, type: 'track', event: 'Product Viewed', messageId: `m${seq}`, ...more })
const events = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => event(from + index))
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('hello is welcomed, events are taken and acked after the commit', async () => {
  await listen()
  fake.intake.auto = false
  const client = await greet()
  expect(client.frames).toEqual([{ type: 'welcome', epoch: 'e1', pingMs: 30_000, inFlightMax: 1_024, bytesMax: 512_000, seq: 0 }])
  expect([client.ws.protocol, client.ws.extensions]).toEqual(['beckon.v1', ''])
  client.send(...events(1, 3))
  await until(() => fake.intake.pending.length === 3)
  expect(client.frames).toHaveLength(1)
  fake.intake.commit()
  await until(() => client.frames.length > 1)
  expect(client.frames.slice(1)).toEqual([{ type: 'ack', seq: 3 }])
  expect(fake.intake.offers).toMatchObject(
    [1, 2, 3].map((seq) => ({
      tag: seq,
      source: publicKey.id,
      trust: 'browser',
      receivedAt: noon,
      message: { messageId: `m${seq}`, anonymousId: 'a1', at: noon },
    })),
  )
  expect([fake.counters.accepted, fake.counters.socketsOpen, fake.stream.open]).toEqual([3, 1, 1])
})

test('an ack never passes an event that is not settled, whatever the order', async () => {
  await listen()
  fake.intake.auto = false
  const client = await greet()
  client.send(...events(1, 2), event(3, { event: '' }), ...events(4, 6))
  await until(() => fake.intake.pending.length === 5 && client.frames.length === 2)
  const [first, second, fourth, fifth, sixth] = fake.intake.pending
  expect(client.frames.slice(1)).toMatchObject([{ type: 'nack', seq: 3, code: 'event.name_invalid', hint: expect.any(String) }])
  expect(client.of('nack')[0]).not.toHaveProperty('retryAfterMs')
  fake.intake.commit([second!, fifth!])
  fake.intake.commit([first!])
  await until(() => client.acked === 3)
  fake.intake.commit([sixth!])
  fake.intake.commit([fourth!])
  await until(() => client.acked === 6)
  expect(client.of('ack')).toEqual([
    { type: 'ack', seq: 3 },
    { type: 'ack', seq: 6 },
  ])
})

test('an event refused at once is acked at once when nothing else is under way', async () => {
  await listen()
  const client = await greet()
  client.send(event(1, { event: '' }))
  await until(() => client.acked === 1)
  expect(client.frames.slice(1)).toMatchObject([
    { type: 'nack', seq: 1 },
    { type: 'ack', seq: 1 },
  ])
  expect(fake.intake.offers).toEqual([])
})

test('a refusal by the commit is a nack, and the ack passes over it', async () => {
  await listen()
  fake.intake.verdict = ({ tag }) => (tag === 2 ? { refused: 'event.id_reused' } : null)
  const client = await greet()
  client.send(...events(1, 3))
  await until(() => client.acked === 3)
  expect(client.of('nack')).toMatchObject([{ seq: 2, code: 'event.id_reused' }])
  expect([fake.counters.accepted, fake.counters.recent()]).toMatchObject([2, [{ code: 'event.id_reused', key: publicKey.id }]])
})

test('overload and rate are nacks that say when to come back', async () => {
  await listen({ eventsPerSecond: 3 })
  fake.intake.refuse = ({ tag }) => (tag === 2 ? { refused: 'overload', retryAfterMs: 70 } : tag === 3 ? { refused: 'overload' } : null)
  const client = await greet()
  client.send(...events(1, 4))
  await until(() => client.acked === 4)
  expect(client.of('nack')).toMatchObject([
    { seq: 2, code: 'overload', retryAfterMs: 70 },
    { seq: 3, retryAfterMs: 1_000 },
    { seq: 4, code: 'rate.exceeded', retryAfterMs: 334 },
  ])
  expect(fake.intake.offers.map((offer) => offer.tag)).toEqual([1])
})

test('a batch counts its events up from its seq, each refused or taken by itself', async () => {
  await listen()
  const client = await greet()
  client.send(
    event(1),
    { type: 'batch', seq: 2, sentAt: noon + 50, context: { ip: 'x' }, batch: [{ ...event(0), messageId: 'x', timestamp: noon }, 'rubbish', { type: 'page' }] },
    { type: 'batch', seq: 5, batch: [] },
    event(5),
  )
  await until(() => client.acked === 5)
  expect(client.of('nack')).toMatchObject([{ seq: 3, code: 'event.json_invalid' }])
  expect(fake.intake.offers).toMatchObject([
    { tag: 1 },
    { tag: 2, message: { at: noon - 50, messageId: 'x' } },
    { tag: 4, message: { type: 'page' } },
    { tag: 5, message: { at: noon } },
  ])
  expect(fake.intake.offers[3]?.message.text).not.toContain('context')
})

test('after a reconnect what was acked is known by its epoch, and what was not is taken again', async () => {
  await listen()
  const same = await greet({ resume: { epoch: 'e1', seq: 41 } })
  expect(same.frames[0]).toMatchObject({ seq: 41 })
  same.send(event(1))
  await until(() => same.acked === 1)
  expect((await greet({ resume: { epoch: 'e0', seq: 41 } })).frames[0]).toMatchObject({ seq: 0 })
})

// What a client may not do, and how the connection ends.
type Bad = { what: string; frames: unknown[]; code: number; reason: string; hello?: boolean; options?: Parameters<typeof createFake>[0] }
const bad: Bad[] = [
  { what: 'an event before hello', hello: false, frames: [event(1)], code: 4400, reason: 'socket.hello_missing' },
  { what: 'no JSON', hello: false, frames: ['hello'], code: 4400, reason: 'event.json_invalid' },
  { what: 'an empty frame', frames: [''], code: 4400, reason: 'event.json_invalid' },
  { what: 'a frame that is a list', frames: ['[]'], code: 4400, reason: 'event.json_invalid' },
  { what: 'a binary frame', frames: [Buffer.from('{}')], code: 4400, reason: 'socket.frame_invalid' },
  { what: 'hello twice', frames: [{ type: 'hello', writeKey: 'pk_test' }], code: 4400, reason: 'socket.hello_twice' },
  { what: 'a seq left out', frames: [event(1), event(3)], code: 4400, reason: 'socket.seq_invalid' },
  { what: 'a seq told twice', frames: [event(1), event(1)], code: 4400, reason: 'socket.seq_invalid' },
  { what: 'a seq that is text', frames: [{ ...event(1), seq: '1' }], code: 4400, reason: 'socket.seq_invalid' },
  { what: 'a batch that is none', frames: [{ type: 'batch', seq: 1, batch: {} }], code: 4400, reason: 'batch.invalid' },
  { what: 'a batch of 2,501', frames: [{ type: 'batch', seq: 1, batch: Array.from({ length: 2_501 }, () => 1) }], code: 1009, reason: 'batch.too_many' },
  {
    what: 'a batch whose context would fill the log',
    frames: [{ type: 'batch', seq: 1, context: { a: 'x'.repeat(30_000) }, batch: Array.from({ length: 2_000 }, () => 1) }],
    code: 1009,
    reason: 'batch.too_large',
  },
  { what: 'an event over 32 KB', frames: [event(1, { properties: { a: 'x'.repeat(32_768) } })], code: 1009, reason: 'event.too_large' },
  { what: 'a frame over 500 KB', frames: ['x'.repeat(512_001)], code: 1009, reason: '' },
  { what: 'no key', hello: false, frames: [{ type: 'hello' }], code: 4401, reason: 'key.missing' },
  { what: 'an unknown key', hello: false, frames: [{ type: 'hello', writeKey: 'pk_other' }], code: 4401, reason: 'key.unknown' },
  { what: 'a secret in hello', hello: false, frames: [{ type: 'hello', writeKey: 'sk_test' }], code: 4403, reason: 'key.secret_required' },
  { what: 'a token where none can be read', hello: false, frames: [{ type: 'hello', writeKey: 'pk_test', token: 'x' }], code: 4401, reason: 'token.invalid' },
  {
    what: 'a hello with an id that cannot be one',
    hello: false,
    frames: [{ type: 'hello', writeKey: 'pk_test', anonymousId: 'a\n' }],
    code: 4400,
    reason: 'event.id_invalid',
  },
  {
    what: 'a resume that is none',
    hello: false,
    frames: [{ type: 'hello', writeKey: 'pk_test', resume: { epoch: 1, seq: -1 } }],
    code: 4400,
    reason: 'socket.seq_invalid',
  },
]
test.each(bad)('$what ends the connection with $code $reason', async ({ frames, code, reason, hello = true }) => {
  await listen()
  const client = hello ? await greet() : await open()
  client.send(...frames)
  await until(() => client.code !== undefined)
  expect([client.code, client.reason]).toEqual([code, reason])
  // Only what came before the bad frame.
  expect(fake.intake.offers.length).toBe(frames.length - 1)
  await until(() => fake.stream.open === 0)
  expect(fake.counters.socketsOpen).toBe(0)
  expect([...fake.counters.refused.values()]).toEqual([1])
})

test('nothing that came with or after a bad frame is taken', async () => {
  await listen()
  const client = await greet()
  client.ws.send('{', () => undefined)
  client.send(...events(1, 20))
  await until(() => client.code !== undefined)
  expect(fake.intake.offers).toEqual([])
})

// Before the upgrade.
const upgrades: [what: string, options: ClientOptions, protocols: string[] | undefined, status: number, code: string][] = [
  ['an unlisted Origin', { origin: 'https://evil.example' }, undefined, 403, 'origin.unlisted'],
  ['a secret key from a page', { origin: 'https://shop.example', headers: { authorization: 'Bearer sk_test' } }, undefined, 403, 'key.secret_in_browser'],
  ['an unknown key in the header', { headers: { authorization: 'Bearer pk_other' } }, undefined, 401, 'key.unknown'],
  ['no subprotocol', {}, [], 400, 'socket.protocol_missing'],
  ['another subprotocol', {}, ['other.v1'], 400, 'socket.protocol_missing'],
]
test.each(upgrades)('%s gets no socket', async (_what, options, protocols, status, code) => {
  await listen()
  const client = await open(options, protocols)
  expect([client.status, fake.stream.open, fake.counters.recent()]).toMatchObject([status, 0, [{ code }]])
})

test('a secret key in hello from a listed page is 4403', async () => {
  await listen()
  const client = await greet({ writeKey: 'sk_test' }, { origin: 'https://shop.example' })
  expect([client.code, client.reason]).toEqual([4403, 'key.secret_in_browser'])
})

test('a secret key in the Authorization header speaks for a server', async () => {
  await listen()
  const client = await greet({ writeKey: undefined, anonymousId: undefined }, { headers: { authorization: 'Bearer sk_test' } })
  client.send(event(1, { userId: 'u1' }), event(2))
  await until(() => client.acked === 2)
  expect(fake.intake.offers).toMatchObject([{ source: secretKey.id, trust: 'server', message: { userId: 'u1' } }])
  expect(client.of('nack')).toMatchObject([{ seq: 2, code: 'event.id_missing' }])
})

const secret = 's'.repeat(32)
const sign = (claims: object) =>
  new SignJWT({ sub: 'u1', jti: 't1', aud: 'beckon', ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt(noon / 1000)
    .sign(new TextEncoder().encode(secret))

test('a token makes the connection speak for one verified person, and tells their address', async () => {
  await listen({ token: { audience: 'beckon', secret } })
  const client = await open()
  // The events need not wait for welcome.
  client.send(
    { type: 'hello', writeKey: 'pk_test', anonymousId: 'a1', token: await sign({ email: 'a@example.test' }) },
    event(1),
    event(2, { userId: 'u1' }),
    event(3, { userId: 'u2' }),
  )
  await until(() => client.acked === 3)
  expect(client.frames[0]).toMatchObject({ type: 'welcome' })
  expect(client.of('nack')).toMatchObject([{ seq: 3, code: 'event.id_invalid' }])
  expect(fake.intake.offers).toMatchObject([
    { tag: 0, trust: 'verified', message: { type: 'identify', messageId: 'token:t1', userId: 'u1', anonymousId: 'a1', traits: { email: 'a@example.test' } } },
    { tag: 1, trust: 'verified', message: { userId: 'u1', anonymousId: 'a1' } },
    { tag: 2, trust: 'verified', message: { userId: 'u1' } },
  ])
})

test('a token without e-mail tells none, and a refused address is no nack', async () => {
  await listen({ token: { audience: 'beckon', secret } })
  fake.intake.verdict = ({ tag }) => (tag === 0 ? { refused: 'event.id_reused' } : null)
  const plain = await greet({ token: await sign({}) })
  expect(fake.intake.offers).toEqual([])
  const told = await greet({ token: await sign({ email: 'a@example.test' }) })
  told.send(event(1))
  await until(() => told.acked === 1)
  expect([plain.of('nack'), told.of('nack'), told.code]).toEqual([[], [], undefined])
})

test('who does not say hello in time is shut out', async () => {
  await listen({ stream: { helloMs: 40 } })
  const [late, good] = [await open(), await greet()]
  await until(() => late.code !== undefined)
  expect([late.code, late.reason, good.code]).toEqual([4408, 'socket.hello_late', undefined])
})

test('a peer that does not answer pings is let go, one that does stays', async () => {
  await listen({ stream: { pingMs: 60 } })
  const [dead, good] = [await greet({}, { autoPong: false } as ClientOptions), await greet()]
  await until(() => dead.code !== undefined)
  expect([dead.code, good.code, fake.stream.open]).toEqual([1006, undefined, 1])
})

test('an address may have so many sockets and no more', async () => {
  await listen({ stream: { perAddressMax: 2 } })
  const first = await open()
  await open()
  expect((await open()).status).toBe(429)
  first.ws.close()
  await until(() => fake.stream.open === 1)
  expect((await open()).status).toBeUndefined()
})

test('whoever floods is read no further until commits make room, and loses nothing', async () => {
  await listen({ stream: { inFlightMax: 1_000 } })
  fake.intake.auto = false
  const client = await greet()
  const count = 20_000
  const filling = { properties: { text: 'x'.repeat(200) } }
  for (let seq = 1; seq <= count; seq++) client.send(event(seq, filling))
  await until(() => fake.intake.pending.length >= 1_000)
  await pause(50)
  expect(fake.intake.pending.length).toBeLessThan(2_000)
  fake.intake.auto = true
  fake.intake.commit()
  await until(() => client.acked === count)
  expect([fake.intake.offers.length, client.code]).toEqual([count, undefined])
})

test('a client that is paused is not taken for dead', async () => {
  await listen({ stream: { inFlightMax: 10, pingMs: 30 } })
  fake.intake.auto = false
  const client = await greet()
  client.send(...events(1, 10))
  await until(() => fake.intake.pending.length === 10)
  await pause(150)
  fake.intake.commit()
  await until(() => client.acked === 10)
  expect(client.code).toBeUndefined()
})

test('sending far beyond the credit ends the connection; what was taken before stays taken', async () => {
  await listen({ stream: { inFlightMax: 10 } })
  fake.intake.auto = false
  const client = await greet()
  client.send({ type: 'batch', seq: 1, batch: events(1, 30) })
  await until(() => client.code !== undefined)
  expect([client.code, client.reason, fake.intake.pending.length]).toEqual([4429, 'socket.credit_exceeded', 20])
  fake.intake.commit()
  expect(fake.counters.accepted).toBe(20)
})

test('a reader that does not read is shut out before it fills the memory', async () => {
  await listen({ stream: { bufferBytesMax: 20_000 } })
  const client = await greet()
  client.ws.pause()
  let seq = 1
  // Each bad event costs the server a nack that nobody reads.
  for (let round = 0; round < 400 && fake.stream.open > 0; round++) {
    for (let index = 0; index < 200; index++) client.send({ seq: seq++, type: 'track', event: '' })
    await new Promise((resolve) => setImmediate(resolve))
    if (fake.counters.refused.has('socket.slow_reader')) break
  }
  expect(fake.counters.refused.get('socket.slow_reader')).toBe(1)
  await until(() => fake.stream.open === 0)
}, 10_000)

test('when the server stops, what is under way is acked, what comes then is not taken, and all close with 1001', async () => {
  await listen()
  fake.intake.auto = false
  const [busy, idle, unknown] = [await greet(), await greet(), await open()]
  busy.send(...events(1, 2))
  await until(() => fake.intake.pending.length === 2)
  const drained = fake.stream.drain()
  busy.send(event(3))
  await until(() => busy.of('nack').length === 1)
  expect(busy.of('nack')).toMatchObject([{ seq: 3, code: 'stopping', retryAfterMs: 1_000 }])
  expect((await open()).status).toBe(503)
  await pause(20)
  expect([busy.code, idle.code]).toEqual([undefined, undefined])
  fake.intake.commit()
  await drained
  await until(() => busy.code !== undefined && idle.code !== undefined && unknown.code !== undefined)
  expect([busy.acked, busy.code, idle.code, unknown.code]).toEqual([3, 1001, 1001, 1001])
  expect([fake.stream.open, fake.intake.offers.length]).toEqual([0, 2])
})

test('a drain does not wait for ever for a commit that does not come', async () => {
  await listen()
  fake.intake.auto = false
  const client = await greet()
  client.send(event(1))
  await until(() => fake.intake.pending.length === 1)
  await fake.stream.drain(30)
  await until(() => client.code !== undefined)
  expect([client.code, client.acked]).toEqual([1001, undefined])
})

// Bytes that no client library sends.
const handshake = (extra = '') =>
  `GET /v1/stream HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: beckon.v1\r\n${extra}\r\n`
const frame = (payload: Buffer, opcode = 0x81) => Buffer.concat([Buffer.from([opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload])
const dial = async (...chunks: Buffer[]) => {
  const socket = connect((fake.app.server.address() as { port: number }).port, '127.0.0.1')
  const seen: Buffer[] = []
  let closed = false
  socket.on('data', (data) => seen.push(data as Buffer))
  socket.on('close', () => (closed = true))
  socket.on('error', () => undefined)
  socket.write(handshake())
  await until(() => Buffer.concat(seen).includes('\r\n\r\n'))
  seen.length = 0
  for (const chunk of chunks) socket.write(chunk)
  return {
    socket,
    isClosed: () => closed,
    closeCode: () => {
      const all = Buffer.concat(seen)
      const at = all.indexOf(0x88)
      return at === -1 ? undefined : all.readUInt16BE(at + 2)
    },
  }
}
const hello = frame(Buffer.from('{"type":"hello","writeKey":"pk_test","anonymousId":"a"}'))
const page = (seq: number) => frame(Buffer.from(`{"seq":${seq},"type":"page","messageId":"m${seq}"}`))

test('a frame that is not UTF-8 is refused', async () => {
  await listen()
  const { closeCode, socket } = await dial(hello, frame(Buffer.from([0x22, 0xc3, 0x28, 0x22])))
  await until(() => closeCode() !== undefined)
  expect(closeCode()).toBe(4400)
  socket.destroy()
})

test('frames that come a byte at a time, in pieces or many at once are the same frames', async () => {
  await listen()
  const { socket } = await dial(hello)
  for (const byte of page(1)) {
    socket.write(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  const text = '{"seq":2,"type":"page","messageId":"m2"}'
  socket.write(Buffer.concat([frame(Buffer.from(text.slice(0, 9)), 0x01), frame(Buffer.from(text.slice(9)), 0x80), page(3), page(4)]))
  await until(() => fake.intake.offers.length === 4)
  expect(fake.intake.offers.map((offer) => offer.message.messageId)).toEqual(['m1', 'm2', 'm3', 'm4'])
  socket.destroy()
  await until(() => fake.stream.open === 0)
})

test('a frame that is never finished holds nothing up and is let go with its peer', async () => {
  await listen({ stream: { pingMs: 60 } })
  const { isClosed } = await dial(hello, page(1).subarray(0, 20))
  const good = await greet()
  good.send(event(1))
  await until(() => good.acked === 1)
  await until(isClosed)
  expect(fake.intake.offers).toHaveLength(1)
})

const rubbish: [what: string, bytes: Buffer, code: number][] = [
  ['an unmasked frame', Buffer.concat([Buffer.from([0x81, 2]), Buffer.from('{}')]), 1002],
  ['reserved bits', Buffer.concat([Buffer.from([0xf1, 0x82, 0, 0, 0, 0]), Buffer.from('{}')]), 1002],
  ['a length beyond all limits', Buffer.from([0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]), 1009],
  ['a ping that is too long', Buffer.from([0x89, 0xfe, 1, 0, 0, 0, 0, 0]), 1002],
]
test.each(rubbish)('%s ends only its own connection', async (_what, bytes, code) => {
  await listen()
  const { closeCode, socket } = await dial(hello, bytes)
  await until(() => closeCode() !== undefined)
  expect(closeCode()).toBe(code)
  expect(fake.counters.recent()).toMatchObject([{ code: code === 1009 ? 'batch.too_large' : 'socket.frame_invalid', key: publicKey.id }])
  socket.destroy()
  const good = await greet()
  good.send(event(1))
  await until(() => good.acked === 1)
})

test('a connection that dies with events under way leaves them to the commit', async () => {
  await listen()
  fake.intake.auto = false
  const client = await greet()
  client.send(...events(1, 3))
  await until(() => fake.intake.pending.length === 3)
  client.ws.terminate()
  await until(() => fake.stream.open === 0)
  fake.intake.commit()
  expect(fake.counters.accepted).toBe(3)
  await fake.stream.drain(1_000)
})
