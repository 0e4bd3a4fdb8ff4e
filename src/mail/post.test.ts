/**
 * A drain, nodemailer's connection and a real smtp-server, with somebody between who says in a server's place what a
 * server may say, or does what a network may do: what becomes of the letter, when it is tried next, and how often it came.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SMTPServer } from 'smtp-server'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Clock } from '../core/world.ts'
import { openStore } from '../store/store.ts'
import type { Store } from '../store/store.ts'
import { createDrain } from './drain.ts'
import { createFailover } from './failover.ts'
import { createPace } from './pace.ts'
import { parseRates } from './rates.ts'
import { createSmtpPost } from './smtp.ts'
import { createTally } from './tally.ts'

const clock: Clock = {
  now: () => Date.now(),
  after(ms, fire) {
    const timer = setTimeout(fire, Math.min(ms, 2 ** 31 - 1))
    return () => clearTimeout(timer)
  },
}
/** Whoever says nothing to the purpose is waited for as long; an answer, on a busy machine, longer. */
const patient = { connectMs: 8_000, greetingMs: 8_000, replyMs: 8_000, letterMs: 10_000, idleMs: 1_000 }
const hasty = { connectMs: 700, greetingMs: 700, replyMs: 700, letterMs: 1_200, idleMs: 1_000 }
const minute = 60_000

const phases = ['connect', 'EHLO', 'AUTH', 'MAIL', 'RCPT', 'DATA', 'body', 'dot'] as const
type Phase = (typeof phases)[number]
type Deed = string

let directory: string
let closing: (() => unknown)[]

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'beckon-'))
  closing = []
})
afterEach(async () => {
  for (const close of closing.reverse()) await close()
  rmSync(directory, { recursive: true })
})

function newStore(name = 'beckon'): Store {
  const store = openStore(join(directory, `${name}.db`))
  closing.push(() => store.close())
  return store
}

const portOf = (server: Server) => (server.address() as AddressInfo).port

/** A real server; counts what arrived whole. */
async function realServer() {
  const arrived: string[] = []
  const server = new SMTPServer({
    logger: false,
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    disableReverseLookup: true,
    closeTimeout: 50,
    hidePIPELINING: true,
    onAuth: ({ username }, _session, done) => done(null, { user: username }),
    onData(stream, _session, done) {
      let text = ''
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
      stream.on('end', () => {
        arrived.push(text)
        done()
      })
    },
  })
  server.on('error', () => {})
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  closing.push(() => new Promise<void>((done) => server.close(done)))
  return { port: portOf(server.server), arrived }
}

/** Between a client and a server: at `phase` it does `deed` in the server's place; the rest goes through. */
async function between(port: number, phase: Phase, deed: Deed) {
  const sockets: Socket[] = []
  const proxy = createServer((client) => {
    const server = connect(port, '127.0.0.1')
    sockets.push(client, server)
    for (const socket of [client, server]) socket.on('error', () => {})
    let isGreeted = false
    let isBody = false
    let isMute = false
    const act = () => {
      isMute = true
      if (deed === 'drop') client.destroy()
      else if (deed === 'slow') void drip(client)
      else if (deed !== 'hang') client.write(deed.replace(/\n?$/, '\r\n'))
      if (deed.startsWith('421')) client.end()
      // An answer to one command leaves the rest of the talk to the server.
      if (/^[45]\d\d/.test(deed) && phase !== 'connect') isMute = false
    }
    server.on('data', (chunk) => {
      if (!isGreeted && phase === 'connect') return act()
      isGreeted = true
      if (isMute) return
      // Its answer to what it had whole is what we speak for.
      if (phase === 'dot' && isBody) return act()
      isBody ||= chunk.toString().startsWith('354')
      client.write(chunk)
    })
    client.on('data', (chunk) => {
      if (isMute && !/^[45]/.test(deed)) return
      const verb = chunk.toString('latin1').slice(0, 4)
      if (isBody ? phase === 'body' : verb === phase.slice(0, 4) && /^(?:EHLO|AUTH|MAIL|RCPT|DATA)$/.test(phase)) return act()
      server.write(chunk)
    })
    client.on('close', () => server.destroy())
    server.on('close', () => client.end())
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  closing.push(() => {
    for (const socket of sockets) socket.destroy()
    proxy.close()
  })
  return portOf(proxy)
}

async function drip(client: Socket) {
  for (let n = 0; n < 30 && !client.destroyed; n++) {
    client.write('2')
    await sleep(50)
  }
}

const relayTo = (port: number, timeouts = patient) => createSmtpPost({ clock, host: '127.0.0.1', port, user: 'fern', pass: 'right', timeouts, width: 4 })

function queue(store: Store, id = 1) {
  const mime = Buffer.from(`From: hello@fern.example\r\nSubject: Hello\r\nMessage-ID: <${id}@fern.example>\r\n\r\nHello ${id}\r\n`)
  const named = { id, token: `t${id}`, customer: 7, template: 'cart-abandoned', recipient: `anna-${id}@shop.example`, subject: 'Hello' }
  store.letters.write(() =>
    store.letters.insert({ ...named, messageId: `<${id}@fern.example>`, at: Date.now() - 1_000, resend: 0, data: '{}', links: '[]', mime }),
  )
}

/** Runs a drain until the letter has met its end, for now. */
async function deliver(store: Store, ports: number[], timeouts = patient) {
  const isOver = ({ state }: { state: string }) => !['queued', 'attempting', 'flushing'].includes(state)
  const { db, letters, lanes, deliveries, suppressions } = store
  const post = createFailover({ clock, posts: ports.map((port) => relayTo(port, timeouts)) })
  const pace = createPace({
    letters,
    lanes,
    deliveries,
    rates: parseRates(''),
    warmUp: null,
    firstDay: (today) => today,
    width: () => post.width,
    now: Date.now(),
  })
  const plain = { db, clock, letters, suppressions, hash: (address: string) => address, post, pace, tally: createTally(deliveries), stopMs: 300 }
  const drain = createDrain({ ...plain, intake: { tell: async () => {} }, onFatal: (error) => expect.unreachable(String(error)) })
  drain.start()
  for (let n = 0; n < 1_000 && !letters.list({ limit: 9 }).every(isOver); n++) await sleep(10)
  await drain.stop()
}

type Expected = { state: 'sent' | 'deferred' | 'failed' | 'unknown'; arrived: 0 | 1; minMs?: number; maxMs?: number }

const usual = { minMs: minute, maxMs: 3 * minute }
const greylist = { minMs: 5 * minute, maxMs: 6 * minute }
const codes = [
  '421 4.3.2 closing',
  '450 4.2.0 greylisted',
  '451 4.3.0 local error',
  '452 4.3.1 no room',
  '550 5.1.1 no such user',
  '552 5.3.4 too large',
  '554 5.7.1 refused',
]
const deeds = ['drop', 'hang', 'slow', 'lorem ipsum dolor', '\u0000\u00ff\u0000']

/** What is promised, from the phase and what was said in it. */
function promised(phase: Phase, deed: Deed): Expected {
  const wasWhole = phase === 'dot'
  const code = Number(/^\d{3}/.exec(deed)?.[0] ?? 0)
  const isSession = phase === 'connect' || phase === 'EHLO' || phase === 'AUTH'
  if (code === 0 || phase === 'body') {
    // Nobody can know any more, once a byte of it has left; the server has it whole only after the dot.
    if (phase === 'body' || phase === 'dot') return { state: 'unknown', arrived: wasWhole ? 1 : 0 }
    return { state: 'deferred', arrived: 0, ...usual }
  }
  // Who does not know EHLO may know HELO.
  if (phase === 'EHLO' && code !== 421) return { state: 'sent', arrived: 1 }
  if (isSession || (phase === 'MAIL' && (code === 550 || code === 554))) return { state: 'deferred', arrived: 0, ...usual }
  const arrived = wasWhole ? 1 : 0
  if (code >= 500) return { state: 'failed', arrived }
  // Nothing was ever delivered there: 450 and 451 are taken for a greylist's.
  return { state: 'deferred', arrived, ...(code === 450 || code === 451 ? greylist : usual) }
}

/** While the body is on its way a server has nothing to say. */
const rowsOf = (phase: Phase) => [...(phase === 'body' ? [] : codes), ...deeds].map((deed) => [deed, promised(phase, deed)] as const)

test.each(phases)(
  'at %s, whatever is said or done: what becomes of the letter, when it is tried next, how often it came',
  async (phase) => {
    const one = async ([deed, { state, arrived, minMs, maxMs }]: ReturnType<typeof rowsOf>[number], n: number) => {
      const server = await realServer()
      const store = newStore(String(n))
      queue(store)
      await deliver(store, [await between(server.port, phase, deed)], /^\d|drop/.test(deed) ? patient : hasty)
      const letter = store.letters.get(1)!
      const wait = letter.nextAt === null ? null : letter.nextAt - letter.changed
      const isInTime = minMs === undefined || maxMs === undefined ? wait === null : wait !== null && wait >= minMs && wait <= maxMs
      const isTold = letter.reply !== '' && (!/^\d/.test(deed) || state === 'sent' || letter.reply!.includes(deed.slice(0, 3)))
      return [
        { deed, state: letter.state, arrived: server.arrived.length, isInTime, isTold },
        { deed, state, arrived, isInTime: true, isTold: true },
      ]
    }
    const results = await Promise.all(rowsOf(phase).map(one))
    expect(results.map(([got]) => got)).toEqual(results.map(([, wanted]) => wanted))
  },
  20_000,
)

test('with nobody between it arrives once, byte for byte, and it is known by which relay', async () => {
  const server = await realServer()
  const store = newStore()
  queue(store)
  await deliver(store, [server.port])
  expect(store.letters.get(1)).toMatchObject({ state: 'sent', attempts: 1 })
  expect(store.letters.postOf(1)).toBe(`SMTP 127.0.0.1:${server.port}`)
  expect(server.arrived).toHaveLength(1)
  expect(server.arrived[0]).toContain('Message-ID: <1@fern.example>')
})

test('a letter lost after it began to leave by one relay is never brought by the other, though the other is well', async () => {
  const [one, two] = await Promise.all([realServer(), realServer()])
  const store = newStore()
  for (let id = 1; id <= 8; id++) queue(store, id)
  await deliver(store, [await between(one.port, 'dot', 'drop'), two.port])
  expect(store.letters.counts()).toMatchObject({ unknown: 8, sent: 0 })
  expect(two.arrived).toEqual([])
})
