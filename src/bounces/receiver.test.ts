import { once } from 'node:events'
import { connect } from 'node:net'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Outcome } from '../actors/intake.ts'
import type { Clock } from '../core/world.ts'
import { letterToken } from '../mail/links.ts'
import { openStore } from '../store/store.ts'
import type { Store } from '../store/store.ts'
import { hashAddress } from '../store/suppressions.ts'
import * as mail from './fixtures.ts'
import { createLedger } from './ledger.ts'
import { createReceiver, limits } from './receiver.ts'
import type { Receiver } from './receiver.ts'
import { createVerp } from './verp.ts'

const day = 86_400_000
const noon = Date.UTC(2026, 5, 1, 12)
const verp = createVerp('secret', 'bounces.fern.example')
const hash = (address: string) => hashAddress('secret', address)

let now = noon
/** Sockets keep real time. */
const clock: Clock = {
  now: () => now,
  after(ms, fire) {
    const timer = setTimeout(fire, ms)
    return () => clearTimeout(timer)
  },
}

let store: Store
let told: Outcome[]
/** Runs before an outcome is taken; may throw. */
let onTell: (outcome: Outcome) => void
let addresses: Map<number, string>
let faults: unknown[]
let receiver: Receiver
let port: number

beforeEach(async () => {
  now = noon
  store = openStore(':memory:', { scratch: true })
  told = []
  onTell = () => {}
  addresses = new Map()
  faults = []
  const ledger = createLedger({
    ...store,
    hash,
    clock,
    intake: {
      async tell(outcome) {
        onTell(outcome)
        told.push(outcome)
      },
    },
    addressOf: (customer) => addresses.get(customer),
  })
  receiver = createReceiver({ host: '127.0.0.1', port: 0, verp, letters: store.letters, ledger, clock, onFault: (error) => faults.push(error) })
  port = await receiver.listen()
})
afterEach(async () => {
  await receiver.close()
  store.close()
})

/** A letter that a relay has taken. */
function sent(id: number, recipient = 'anna@example.com', at = now): string {
  const token = letterToken('secret', String(id))
  const letter = {
    id,
    token,
    customer: 7,
    template: 'cart-abandoned',
    recipient,
    subject: 'Hello',
    messageId: `<${token}@beckon.example>`,
    at,
    resend: 0 as const,
  }
  store.letters.insert({ ...letter, data: '{}', links: '[]', mime: Buffer.from('') })
  store.letters.attempting(id, at)
  store.letters.flushing(id, at)
  store.letters.settle(id, { state: 'sent', nextAt: null, reply: '250 OK', resend: 0 }, at)
  addresses.set(7, recipient)
  return verp.addressFor(token)
}

/** Hands a message to the receiver as a relay would, from nobody; its answer. */
async function deliver(to: string | string[], message: Buffer, from = ''): Promise<string> {
  const connection = new SMTPConnection({ host: '127.0.0.1', port, name: 'relay.example' })
  try {
    await new Promise<void>((resolve, reject) => {
      connection.on('error', reject)
      connection.connect((error) => (error ? reject(error) : resolve()))
    })
    return await new Promise((resolve) =>
      connection.send({ from, to }, message, (error, info) => resolve(error ? ((error as { response?: string }).response ?? error.message) : info!.response)),
    )
  } finally {
    connection.close()
  }
}

const types = () => told.map(({ messageId }) => messageId)
const heard = () => Object.fromEntries(store.bounces.heard().map(({ source, what, n }) => [`${source} ${what}`, n]))

describe('a letter that comes back for good', () => {
  test('suppresses the address, is told to its customer, and stands with the letter', async () => {
    const to = sent(1)
    expect(await deliver(to, mail.gmail)).toMatch(/^250 /)
    expect(store.suppressions.has(hash('anna@example.com'))).toBe('bounce')
    expect(told).toEqual([{ type: 'mail.bounced', letter: 1, customer: 7, at: noon, messageId: 'bounced:1' }])
    expect(store.bounces.of(1)).toMatchObject([
      {
        kind: 'hard',
        reason: 'no-mailbox',
        status: '5.1.1',
        source: 'dsn',
        mta: 'mx.example.com',
        words: expect.stringMatching(/^550-5\.1\.1 The email account/) as string,
      },
    ])
    expect(heard()).toEqual({ 'dsn bounce': 1 })
  })

  test('and comes back again changes nothing, whatever case the relay makes of the address', async () => {
    const to = sent(1)
    await deliver(to, mail.gmail)
    now += 60_000
    await deliver(to.toUpperCase(), mail.gmail)
    expect(store.bounces.of(1)).toHaveLength(1)
    // The batch takes an id once.
    expect(types()).toEqual(['bounced:1', 'bounced:1'])
    expect(heard()).toEqual({ 'dsn bounce': 1, 'dsn repeat': 1 })
  })

  test('is answered only when it is durable, with the address suppressed before anybody is told', async () => {
    const to = sent(1)
    onTell = () => {
      expect(store.suppressions.has(hash('anna@example.com'))).toBe('bounce')
      throw new Error('the disk is gone')
    }
    expect(await deliver(to, mail.gmail)).toMatch(/^451 /)
    expect(faults).toHaveLength(1)
    onTell = () => {}
    expect(await deliver(to, mail.gmail)).toMatch(/^250 /)
    expect(types()).toEqual(['bounced:1'])
  })

  test('says nothing of a customer who has another address by now: only the old one is suppressed', async () => {
    const to = sent(1)
    addresses.set(7, 'anna@new.example')
    await deliver(to, mail.gmail)
    expect(store.suppressions.has(hash('anna@example.com'))).toBe('bounce')
    expect(told).toEqual([])
  })

  test('and was erased meanwhile is heard and forgotten', async () => {
    const to = sent(1)
    await deliver(to, mail.postfix)
    store.letters.erase(7)
    expect(store.bounces.latest(10)).toEqual([])
    expect(await deliver(to, mail.gmail)).toMatch(/^250 /)
    expect(store.suppressions.has(hash('anna@example.com'))).toBeUndefined()
    expect(told).toEqual([])
    expect(heard()).toMatchObject({ 'dsn unknown letter': 1 })
  })
})

describe('a letter that came back for another reason', () => {
  test('is on record, and the customer keeps getting letters', async () => {
    await deliver(sent(1), mail.postfix)
    expect(store.bounces.of(1)).toMatchObject([{ kind: 'soft', reason: 'full', status: '5.2.2' }])
    expect(store.suppressions.count()).toBe(0)
    expect(told).toEqual([])
  })

  test('for the fifth time in a row over two weeks wears the address out', async () => {
    for (let n = 0; n < 5; n++) {
      now = noon + n * 4 * day
      expect(store.suppressions.count()).toBe(0)
      await deliver(sent(n + 1, 'anna@example.com', now), mail.postfix)
    }
    expect(store.suppressions.has(hash('anna@example.com'))).toBe('bounce')
    expect(types()).toEqual(['bounced:5'])
  })

  test('five times with one that arrived in between does not', async () => {
    for (let n = 0; n < 6; n++) {
      now = noon + n * 6 * day
      const to = sent(n + 1, 'anna@example.com', now)
      if (n !== 2) await deliver(to, mail.postfix)
    }
    expect(store.suppressions.count()).toBe(0)
  })

  test.each([
    ['postfix’s warning', mail.postfixDelayed],
    ['exim’s warning', mail.eximDelayed],
    ['a holiday', mail.vacation],
    ['a German holiday', mail.vacationGerman],
  ])('%s is no bounce at all', async (_whose, message) => {
    expect(await deliver(sent(1), message)).toMatch(/^250 /)
    expect(store.bounces.of(1)).toEqual([])
    expect(store.suppressions.count()).toBe(0)
    expect(told).toEqual([])
  })
})

describe('a complaint', () => {
  test('at the letter’s own address suppresses and is told, also when the address changed', async () => {
    const to = sent(1)
    addresses.set(7, 'anna@new.example')
    await deliver(to, mail.complaint({}))
    expect(store.suppressions.has(hash('anna@example.com'))).toBe('complaint')
    expect(types()).toEqual(['complained:1'])
    expect(store.bounces.of(1)).toMatchObject([{ kind: 'complaint', reason: 'spam', source: 'arf', mta: 'fbl.mail.example' }])
  })

  test('at the address for feedback loops finds its letter by the signed sender, or by the Message-ID', async () => {
    const to = sent(1)
    sent(2, 'berta@example.com')
    await deliver(verp.feedback, mail.complaint({ mailFrom: to }))
    await deliver(verp.feedback, mail.complaint({ messageId: store.letters.get(2)!.messageId.slice(1, -1) }))
    expect(types()).toEqual(['complained:1', 'complained:2'])
  })

  test('about somebody else’s letter is counted and changes nothing', async () => {
    sent(1)
    expect(await deliver(verp.feedback, mail.complaint({ mailFrom: 'b+aaaa.bbbb@bounces.fern.example' }))).toMatch(/^250 /)
    expect(told).toEqual([])
    expect(heard()).toEqual({ 'arf unknown letter': 1 })
  })
})

describe('the receiver', () => {
  test('refuses whatever was not signed by us, and relays nothing', async () => {
    const to = sent(1)
    const forged = `${to.slice(0, to.indexOf('.') + 1)}${'a'.repeat(16)}@bounces.fern.example`
    for (const address of [forged, 'postmaster@bounces.fern.example', 'anna@example.com', to.replace('fern', 'moss')])
      expect(await deliver(address, mail.gmail)).toMatch(/^550 5\.1\.1 /)
    expect(store.suppressions.count()).toBe(0)
    expect(heard()).toEqual({})
    expect(receiver.refused()).toBe(4)
  })

  test('offers no login and no TLS of its own', async () => {
    const socket = connect(port, '127.0.0.1')
    let said = ''
    socket.on('data', (chunk: Buffer) => (said += chunk.toString()))
    await once(socket, 'data')
    socket.write('EHLO relay.example\r\n')
    while (!said.includes('250 ')) await once(socket, 'data')
    socket.write('AUTH PLAIN AGEAYg==\r\nSTARTTLS\r\nQUIT\r\n')
    await once(socket, 'close')
    expect(said).not.toMatch(/250[ -](?:AUTH|STARTTLS)/)
    expect(said).toMatch(/\r\n50[0-9] .*\r\n50[0-9] .*\r\n221 /)
  })

  test('hangs up on who guesses addresses', async () => {
    const socket = connect(port, '127.0.0.1')
    let said = ''
    socket.on('data', (chunk: Buffer) => (said += chunk.toString()))
    await once(socket, 'data')
    socket.write(`EHLO x\r\nMAIL FROM:<>\r\n${'RCPT TO:<a@bounces.fern.example>\r\n'.repeat(limits.refusalsMax + 1)}`)
    await once(socket, 'close')
    expect(said.match(/^550 /gm)).toHaveLength(limits.refusalsMax)
    expect(said).toMatch(/^421 /m)
  })

  test('takes what says nothing, counts it, and goes on', async () => {
    const to = sent(1)
    for (const rubbish of [
      Buffer.alloc(0),
      Buffer.from([0, 255, 254, 13, 10, 46]),
      Buffer.from('Content-Type: multipart/report; boundary="'),
      Buffer.alloc(50_000, '\n'),
    ])
      expect(await deliver(to, rubbish)).toMatch(/^250 /)
    expect(told).toEqual([])
    expect(heard()).toEqual({ 'dsn unreadable': 4 })
    expect(await deliver(to, mail.gmail)).toMatch(/^250 /)
    expect(types()).toEqual(['bounced:1'])
  })

  test('refuses what is too large, said before or not', async () => {
    const to = sent(1)
    expect(await deliver(to, Buffer.concat([mail.gmail, Buffer.alloc(limits.messageBytesMax, 'a line of it\r\n')]))).toMatch(/^552 /)
    expect(store.bounces.of(1)).toEqual([])
  })

  test('lets so many in from one neighbourhood and no more', async () => {
    const visits = Array.from({ length: limits.perNeighbourhoodMax }, () => connect(port, '127.0.0.1'))
    await Promise.all(visits.map((socket) => once(socket, 'data')))
    const one = connect(port, '127.0.0.1')
    const [greeting] = (await once(one, 'data')) as [Buffer]
    expect(greeting.toString()).toMatch(/^421 /)
    for (const socket of [...visits, one]) socket.destroy()
  })

  test('puts off who sends to one letter’s address again and again; other letters still come back', async () => {
    const [to, other] = [sent(1), sent(2, 'berta@example.com')]
    for (let n = 0; n < limits.perLetterAndHourMax; n++) await deliver(to, Buffer.from('hello'))
    expect(await deliver(to, mail.gmail)).toMatch(/^450 /)
    expect(await deliver(other, mail.gmail)).toMatch(/^250 /)
    now += 3_600_000
    expect(await deliver(to, mail.gmail)).toMatch(/^250 /)
  })

  test('a person’s own letter to it is no bounce', async () => {
    const to = sent(1)
    await deliver(to, Buffer.from('From: anna@example.com\r\nSubject: Re: Hello\r\n\r\nPlease: 550 of them.\r\n'), 'anna@example.com')
    expect(told).toEqual([])
  })
})
