import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { SMTPServer } from 'smtp-server'
import type { SMTPServerOptions } from 'smtp-server'
import { afterEach, describe, expect, test } from 'vitest'
import type { Clock, Post, Receipt } from '../core/world.ts'
import { createSmtpPost } from './smtp.ts'
import type { SmtpOptions } from './smtp.ts'

const mime = Buffer.from('From: hello@fern.example\r\nSubject: Hello\r\nMessage-ID: <1@fern.example>\r\n\r\nHello\r\n.dotted\r\n')
const envelope = { from: 'hello@fern.example', to: 'anna@example.com' }
const quick = { connectMs: 3_000, greetingMs: 3_000, replyMs: 3_000, letterMs: 6_000, idleMs: 5_000 }
/** For servers that keep one waiting. */
const hasty = { connectMs: 150, greetingMs: 150, replyMs: 150, letterMs: 300, idleMs: 5_000 }

/** Sockets keep real time. */
const clock: Clock = {
  now: () => Date.now(),
  after(ms, fire) {
    const timer = setTimeout(fire, ms)
    return () => clearTimeout(timer)
  },
}

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

type Phase = 'greeting' | 'EHLO' | 'MAIL' | 'RCPT' | 'DATA' | 'body' | 'dot'
/** What the server says, or does instead. */
type Deed = string | 'drop' | 'hang' | 'slow'
type Script = Partial<Record<Phase, Deed>>

type Scripted = { port: number; letters: string[]; connections: Socket[]; commands: string[] }

/** A server that follows `scripts[n]` on its nth connection, the last for all later ones. */
async function scripted(scripts: Script[], { pipelining = true } = {}): Promise<Scripted> {
  const seen: Scripted = { port: 0, letters: [], connections: [], commands: [] }
  const server = createServer((socket) => {
    const script = scripts[Math.min(seen.connections.length, scripts.length - 1)]!
    seen.connections.push(socket)
    serve(socket, script, pipelining, seen)
  })
  seen.port = await listen(server)
  closing.push(() => {
    for (const socket of seen.connections) socket.destroy()
    server.close()
  })
  return seen
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

function serve(socket: Socket, script: Script, pipelining: boolean, seen: Scripted) {
  let inData = false
  let isOver = false
  let rest = ''
  let letter = ''
  let slow: NodeJS.Timeout | undefined
  const act = (phase: Phase, usual: string): boolean => {
    const deed = script[phase] ?? usual
    if (deed === 'drop') socket.destroy()
    else if (deed === 'slow') slow ??= setInterval(() => socket.write('2'), 50)
    else if (deed !== 'hang') {
      if (!socket.destroyed) socket.write(deed.endsWith('~') ? deed.slice(0, -1) : `${deed}\r\n`)
      if (deed.startsWith('421')) socket.end()
      return true
    }
    isOver = true
    return false
  }
  socket.on('error', () => {})
  socket.on('close', () => clearInterval(slow))
  act('greeting', '220 test')
  socket.on('data', (chunk) => {
    rest += chunk.toString('latin1')
    for (let end = rest.indexOf('\r\n'); end >= 0 && !isOver; end = rest.indexOf('\r\n')) {
      const line = rest.slice(0, end)
      rest = rest.slice(end + 2)
      if (inData) {
        if (line !== '.') letter += `${line.replace(/^\./, '')}\r\n`
        if (line !== '.' && script.body !== undefined && !act('body', '')) return
        if (line !== '.') continue
        inData = false
        seen.letters.push(letter)
        letter = ''
        act('dot', '250 2.0.0 queued as 1')
        continue
      }
      seen.commands.push(line)
      const verb = line.split(/[ :]/)[0]!.toUpperCase()
      if (verb === 'EHLO' || verb === 'HELO') act('EHLO', `250-test\r\n${pipelining ? '250-PIPELINING\r\n' : ''}250 SIZE 100000`)
      else if (verb === 'MAIL') act('MAIL', '250 ok')
      else if (verb === 'RCPT') act('RCPT', '250 ok')
      else if (verb === 'DATA') {
        const refused = [script.MAIL, script.RCPT].some((deed) => /^[45]/.test(deed ?? ''))
        const said = script.DATA ?? (refused ? '503 no valid recipients' : '354 go on')
        if (act('DATA', said) && said.startsWith('354')) inData = true
      } else if (verb === 'QUIT') socket.end('221 bye\r\n')
      else socket.write('250 ok\r\n')
    }
  })
}

function postTo(port: number, options: Partial<SmtpOptions> = {}): Post {
  const post = createSmtpPost({ clock, host: '127.0.0.1', port, timeouts: quick, ...options })
  closing.push(() => post.close())
  return post
}

/** Sends one letter; says what became of it and how often it was asked for. */
async function send(post: Post, may = true, to = envelope.to): Promise<Receipt & { asked: number }> {
  let asked = 0
  const receipt = await post.send({ ...envelope, to }, mime, async () => {
    asked++
    return may
  })
  return { ...receipt, asked }
}

describe.each([{ pipelining: true }, { pipelining: false }])('with a server that takes commands $pipelining at once', (options) => {
  const phases = ['MAIL', 'RCPT', 'DATA', 'dot'] as const
  const codes = ['421', '450', '451', '452', '550', '552', '554'] as const

  test.each(phases.flatMap((phase) => codes.map((code) => [phase, code] as const)))(
    'at %s a %s is an answer, and the next letter goes out',
    async (phase, code) => {
      const server = await scripted([{ [phase]: `${code} no` }, {}], options)
      const post = postTo(server.port)
      const receipt = await send(post)
      const isOfSender = phase === 'MAIL' && (code === '550' || code === '554')
      expect(receipt.state).toBe(code < '5' || isOfSender ? 'deferred' : 'failed')
      expect(receipt.reply).toBe(`${code} no`)
      expect(receipt.asked).toBe(phase === 'dot' ? 1 : 0)
      if (receipt.state === 'failed') expect(receipt.hard).toBe(phase === 'RCPT' && code === '550')
      expect(server.letters).toHaveLength(phase === 'dot' ? 1 : 0)
      for (const socket of server.connections) socket.destroy()
      expect((await send(post)).state).toBe('sent')
    },
  )

  const stages: [Phase, Receipt['state'], asked: number][] = [
    ['greeting', 'deferred', 0],
    ['EHLO', 'deferred', 0],
    ['MAIL', 'deferred', 0],
    ['RCPT', 'deferred', 0],
    ['DATA', 'deferred', 0],
    ['body', 'unknown', 1],
    ['dot', 'unknown', 1],
  ]
  const deeds = ['drop', 'hang', 'slow', 'lorem ipsum dolor', '99999999999 ~', '\u0000\u00ff\u0000']
  test.each(stages)('at %s, a lost connection, silence, slow bytes or rubbish leave the letter %s, in good time', async (phase, state, asked) => {
    await Promise.all(
      deeds.map(async (deed) => {
        const server = await scripted([{ [phase]: deed }], options)
        const started = performance.now()
        const receipt = await send(postTo(server.port, { timeouts: hasty }))
        expect(performance.now() - started).toBeLessThan(2_000)
        expect([deed, receipt.state, receipt.asked]).toEqual([deed, state, asked])
        expect(receipt.reply).not.toBe('')
      }),
    )
  })
})

describe('a letter', () => {
  test('arrives byte for byte, from and to whom the envelope says, and is sent when the server says so', async () => {
    const server = await scripted([{ dot: '250 2.0.0 Ok: queued as 4F1' }])
    const receipt = await send(postTo(server.port, { name: 'mail.fern.example' }))
    expect(receipt).toEqual({ state: 'sent', reply: '250 2.0.0 Ok: queued as 4F1', asked: 1 })
    expect(server.letters).toEqual([mime.toString()])
    expect(server.commands).toEqual(['EHLO mail.fern.example', `MAIL FROM:<hello@fern.example> SIZE=${mime.length}`, 'RCPT TO:<anna@example.com>', 'DATA'])
  })

  test('is asked for only after the server’s 354, and not a byte of it leaves before the answer', async () => {
    const server = await scripted([{}])
    let answer = (_may: boolean) => {}
    const sending = postTo(server.port).send(envelope, mime, () => new Promise<boolean>((done) => (answer = done)))
    await sleep(80)
    expect(server.commands.at(-1)).toBe('DATA')
    const received = server.connections[0]!.bytesRead
    await sleep(80)
    expect(server.connections[0]!.bytesRead).toBe(received)
    answer(true)
    expect((await sending).state).toBe('sent')
    expect(server.connections[0]!.bytesRead).toBeGreaterThan(received + mime.length)
  })

  test('withdrawn at that moment leaves no byte, and the next one goes out', async () => {
    const server = await scripted([{}])
    const post = postTo(server.port)
    expect(await send(post, false)).toEqual({ state: 'failed', reply: 'withdrawn', hard: false, asked: 1 })
    const received = server.connections[0]!.bytesRead
    await sleep(50)
    expect(server.connections[0]!.bytesRead).toBe(received)
    expect(server.letters).toEqual([])
    expect((await send(post)).state).toBe('sent')
    expect(server.letters).toHaveLength(1)
  })

  test('whose permission cannot be had waits, and nothing leaves', async () => {
    const server = await scripted([{}])
    const receipt = await postTo(server.port).send(envelope, mime, () => Promise.reject(new Error('disk full')))
    expect(receipt).toEqual({ state: 'deferred', reply: 'disk full' })
    await sleep(30)
    expect(server.letters).toEqual([])
  })

  test('whose connection is lost while permission is being had has not left', async () => {
    const server = await scripted([{}])
    const receipt = await postTo(server.port).send(envelope, mime, async () => {
      server.connections[0]!.destroy()
      await sleep(50)
      return true
    })
    expect(receipt.state).toBe('deferred')
    expect(server.letters).toEqual([])
  })

  test.each(['a@b.example, c@d.example', 'a@b.example>\r\nRCPT TO:<c@d.example', '', 'Anna <anna@example.com>', 'anna'])(
    'to %j is refused without a word to the server',
    async (to) => {
      const server = await scripted([{}])
      expect(await send(postTo(server.port), true, to)).toMatchObject({ state: 'failed', hard: false, asked: 0 })
      expect(server.connections).toEqual([])
    },
  )

  test('larger than the server takes is refused before it is offered', async () => {
    const server = await scripted([{}])
    const receipt = await postTo(server.port).send(envelope, Buffer.alloc(200_000, 'x\r\n'), async () => true)
    expect(receipt).toMatchObject({ state: 'failed', hard: false })
    expect(server.commands).toHaveLength(1)
  })

  test('is signed before it is offered, and waits when it cannot be', async () => {
    const server = await scripted([{}])
    await send(postTo(server.port, { dkim: async (plain) => Buffer.concat([Buffer.from('DKIM-Signature: x\r\n'), plain]) }))
    expect(server.letters[0]).toBe(`DKIM-Signature: x\r\n${mime.toString()}`)
    const receipt = await send(postTo(server.port, { dkim: () => Promise.reject(new Error('no key')) }))
    expect(receipt).toEqual({ state: 'deferred', reply: 'no key', of: 'transport', asked: 0 })
  })

  test('to a port where nobody listens waits', async () => {
    const server = createServer()
    const port = await listen(server)
    server.close()
    expect(await send(postTo(port))).toMatchObject({ state: 'deferred', asked: 0 })
  })
})

describe('connections', () => {
  test('are kept and used again, by one letter at a time', async () => {
    const server = await scripted([{}])
    const post = postTo(server.port)
    for (let n = 0; n < 5; n++) expect((await send(post)).state).toBe('sent')
    expect(server.connections).toHaveLength(1)
    await Promise.all(Array.from({ length: 5 }, () => send(post)))
    expect(server.connections).toHaveLength(5)
    expect(server.letters).toHaveLength(10)
  })

  test('are kept after a refused recipient', async () => {
    const server = await scripted([{ RCPT: '550 5.1.1 no such user' }])
    const post = postTo(server.port)
    expect(await send(post)).toMatchObject({ state: 'failed', hard: true })
    await sleep(30)
    expect((await send(post)).state).toBe('failed')
    expect(server.connections).toHaveLength(1)
    expect(server.commands).toContain('RSET')
  })

  test('that the server closed while they were idle are replaced without the letter noticing', async () => {
    const server = await scripted([{}])
    const post = postTo(server.port)
    await send(post)
    server.connections[0]!.end('421 4.4.2 idle too long\r\n')
    await sleep(50)
    expect(await send(post)).toMatchObject({ state: 'sent', asked: 1 })
    expect(server.connections).toHaveLength(2)
  })

  test.each(['drop', '421 4.7.0 too many letters'])('that answer MAIL with %j when used again are replaced, once', async (deed) => {
    const server = await scripted([{}, {}])
    const post = postTo(server.port)
    await send(post)
    const [first] = server.connections
    first!.removeAllListeners('data')
    first!.on('data', () => (deed === 'drop' ? first!.destroy() : first!.end(`${deed}\r\n`)))
    expect(await send(post)).toMatchObject({ state: 'sent', asked: 1 })
    expect(server.connections).toHaveLength(2)
    expect(server.letters).toHaveLength(2)
  })

  test('lost after the letter began are not replaced: the letter is unknown and leaves once', async () => {
    const server = await scripted([{}, {}])
    const post = postTo(server.port)
    await send(post)
    const [first] = server.connections
    first!.prependListener('data', (chunk) => void (chunk.includes('Subject') && first!.destroy()))
    expect(await send(post)).toMatchObject({ state: 'unknown', asked: 1 })
    expect(server.connections).toHaveLength(1)
  })

  test('that nobody uses are closed', async () => {
    const server = await scripted([{}])
    const post = postTo(server.port, { timeouts: { ...quick, idleMs: 40 } })
    await send(post)
    await sleep(200)
    expect(server.commands.at(-1)).toBe('QUIT')
    expect((await send(post)).state).toBe('sent')
    expect(server.connections).toHaveLength(2)
  })

  test('are all closed with the post: what waited waits on, what had begun is unknown, and nothing more is taken', async () => {
    const server = await scripted([{}, { MAIL: 'hang' }, { dot: 'hang' }])
    const post = postTo(server.port, { timeouts: { ...quick, replyMs: 60_000, letterMs: 60_000 } })
    await send(post)
    const ended = Promise.all([send(post, true), send(post), send(post)])
    await sleep(80)
    await post.close()
    expect((await ended).map(({ state }) => state).sort()).toEqual(['deferred', 'sent', 'unknown'])
    expect(await send(post)).toMatchObject({ state: 'deferred', asked: 0 })
    await sleep(50)
    expect(server.connections.every((socket) => socket.destroyed || socket.readableEnded)).toBe(true)
  })
})

describe('with a real server', () => {
  async function real(options: SMTPServerOptions): Promise<{ port: number; letters: { to: string[]; mime: string; secure: boolean; user: unknown }[] }> {
    const letters: { to: string[]; mime: string; secure: boolean; user: unknown }[] = []
    const server = new SMTPServer({
      logger: false,
      onData(stream, session, done) {
        let text = ''
        stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
        stream.on('end', () => {
          letters.push({ to: session.envelope.rcptTo.map(({ address }) => address), mime: text, secure: session.secure, user: session.user })
          done(null, 'taken')
        })
      },
      ...options,
    })
    server.on('error', () => {})
    server.listen(0, '127.0.0.1')
    await once(server.server, 'listening')
    closing.push(() => new Promise<void>((done) => server.close(done)))
    return { port: (server.server.address() as AddressInfo).port, letters }
  }

  test('letters go out over STARTTLS with a password, thirty at a time', async () => {
    const { port, letters } = await real({
      onAuth: ({ username, password }, _session, done) => done(password === 'right' ? null : new Error('no'), { user: username }),
    })
    const post = postTo(port, { user: 'fern', pass: 'right', requireTls: true, tls: { rejectUnauthorized: false } })
    const receipts = await Promise.all(Array.from({ length: 30 }, (_, n) => send(post, true, `anna-${n}@example.com`)))
    expect(receipts.every(({ state }) => state === 'sent')).toBe(true)
    expect(letters.map(({ to }) => to[0]).sort()).toEqual(Array.from({ length: 30 }, (_, n) => `anna-${n}@example.com`).sort())
    expect(letters.every(({ secure, user, mime: got, to }) => secure && user === 'fern' && got === mime.toString() && to.length === 1)).toBe(true)
  })

  test('a wrong password is nobody’s bounce: letters wait', async () => {
    const { port, letters } = await real({ onAuth: (_auth, _session, done) => done(new Error('Invalid username or password')) })
    const receipt = await send(postTo(port, { user: 'fern', pass: 'wrong' }))
    expect(receipt).toMatchObject({ state: 'deferred', asked: 0 })
    expect(receipt.reply).toMatch(/^535/)
    expect(letters).toEqual([])
  })

  test('without the TLS that is required nothing is said, and letters wait', async () => {
    const { port, letters } = await real({ authOptional: true, hideSTARTTLS: true, disabledCommands: ['STARTTLS'] })
    expect(await send(postTo(port, { requireTls: true }))).toMatchObject({ state: 'deferred', asked: 0 })
    expect(letters).toEqual([])
  })

  test('a certificate that nobody vouches for is refused where TLS is required', async () => {
    const { port, letters } = await real({ authOptional: true })
    expect(await send(postTo(port, { requireTls: true }))).toMatchObject({ state: 'deferred', asked: 0 })
    expect(letters).toEqual([])
    expect(await send(postTo(port))).toMatchObject({ state: 'sent' })
  })
})
