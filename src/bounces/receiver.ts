/**
 * The SMTP server that bounces come back to.
 * 1. It takes mail for signed addresses of ours alone, relays nothing and knows no login; anybody else is refused at
 *    RCPT, before a byte of a message is read.
 * 2. 250 is answered when what the message says is durable; where that failed, 451, so that the other side keeps it.
 * 3. A message that says nothing is taken and counted: to refuse it would only make another one.
 * 4. Connections, their number from one neighbourhood, their length and the size of a message are limited.
 */
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import type { SMTPServerDataStream, SMTPServerSession } from 'smtp-server'
import type { Clock } from '../core/world.ts'
import { toNeighbourhood } from '../gateway/rate.ts'
import type { Letters, StoredLetter } from '../store/letters.ts'
import { classify } from './classify.ts'
import type { Ledger } from './ledger.ts'
import { idsIn, readReport } from './report.ts'
import type { Report } from './report.ts'
import { tokenOfMessageId } from './tokens.ts'
import type { Verp } from './verp.ts'

export type ReceiverOptions = {
  host: string
  /** 0: any free one. */
  port: number
  verp: Verp
  letters: Pick<Letters, 'byToken'>
  ledger: Pick<Ledger, 'book' | 'hear'>
  clock: Clock
  onFault: (error: unknown) => void
}

export type Receiver = {
  /** Listens; resolves to the port. */
  listen(): Promise<number>
  /** Takes no more, and lets go of whoever is still talking. */
  close(): Promise<void>
  /** Since the start. */
  refused(): number
}

export const limits = {
  messageBytesMax: 1_048_576,
  connectionsMax: 50,
  perNeighbourhoodMax: 10,
  idleMs: 60_000,
  sessionMs: 300_000,
  recipientsMax: 10,
  /** In one session. */
  refusalsMax: 20,
  perLetterAndHourMax: 20,
  feedbackPerHourMax: 10_000,
  addressesCountedMax: 100_000,
} as const

const hourMs = 3_600_000

type Failure = Error & { responseCode?: number }
const failure = (responseCode: number, words: string): Failure => Object.assign(new Error(words), { responseCode })

export function createReceiver(options: ReceiverOptions): Receiver {
  const { verp, clock, onFault } = options
  const open = new Map<string, { from: string; refused: number; cancel: () => void }>()
  const counted = new Map<string, number>()
  let countedSince = 0
  let refused = 0

  const server = new SMTPServer({
    name: verp.domain,
    banner: 'bounces only',
    disabledCommands: ['AUTH', 'STARTTLS'],
    authOptional: true,
    disableReverseLookup: true,
    size: limits.messageBytesMax,
    maxClients: limits.connectionsMax,
    socketTimeout: limits.idleMs,
    closeTimeout: 2_000,
    logger: false,
    onConnect(session, done) {
      const from = toNeighbourhood(session.remoteAddress)
      const near = [...open.values()].filter((other) => other.from === from).length
      if (near >= limits.perNeighbourhoodMax) return done(failure(421, '4.7.0 Too many connections from your neighbourhood'))
      open.set(session.id, { from, refused: 0, cancel: clock.after(limits.sessionMs, () => end(session.id)) })
      done()
    },
    onClose(session) {
      open.get(session.id)?.cancel()
      open.delete(session.id)
    },
    onRcptTo({ address }, session, done) {
      if (verp.read(address) === null) {
        refused++
        const visit = open.get(session.id)
        const isGuessing = visit !== undefined && ++visit.refused > limits.refusalsMax
        return done(isGuessing ? failure(421, '4.7.0 Too many addresses that are none of ours') : failure(550, '5.1.1 No such address here'))
      }
      if (isTooOften(address)) return done(failure(450, '4.7.1 Too many messages for this address, try again later'))
      if (session.envelope.rcptTo.length >= limits.recipientsMax) return done(failure(452, '4.5.3 Too many recipients'))
      done()
    },
    onData(stream, session, done) {
      void receive(stream, session).then(
        (answer) => done(null, answer),
        (error: Failure) => {
          if (error.responseCode === undefined) onFault(error)
          done(error.responseCode === undefined ? failure(451, '4.3.0 Try again later') : error)
        },
      )
    },
  })
  server.on('error', ignore)

  /** One letter comes back once or twice: whoever sends more to its address only keeps us busy. */
  function isTooOften(address: string): boolean {
    const now = clock.now()
    if (now - countedSince >= hourMs || counted.size >= limits.addressesCountedMax) {
      counted.clear()
      countedSince = now
    }
    const key = address.toLowerCase()
    const count = (counted.get(key) ?? 0) + 1
    counted.set(key, count)
    return count > (key === verp.feedback ? limits.feedbackPerHourMax : limits.perLetterAndHourMax)
  }

  /** A session that goes on and on. */
  function end(id: string) {
    for (const connection of server.connections) if (connection.id === id) connection.close()
  }

  async function receive(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<string> {
    const chunks: Buffer[] = []
    for await (const chunk of stream as AsyncIterable<Buffer>) if (!stream.sizeExceeded) chunks.push(chunk)
    if (stream.sizeExceeded) throw failure(552, '5.3.4 The message is too large')
    const report = await readReport(Buffer.concat(chunks))
    const addresses = new Set(session.envelope.rcptTo.map(({ address }) => address.toLowerCase()))
    for (const address of addresses) await take(address, report)
    return '2.0.0 Heard'
  }

  async function take(address: string, report: Report) {
    const { ledger } = options
    const source = report.what === 'complaint' ? 'arf' : 'dsn'
    const letter = letterOf(address, report)
    if (report.what !== 'bounce' && report.what !== 'complaint') return ledger.hear(source, report.what)
    if (letter === undefined) return ledger.hear(source, 'unknown letter')
    const { words, mta } = report
    const said = { words, mta, source }
    const isNews =
      report.what === 'complaint'
        ? await ledger.book(letter, { ...said, kind: 'complaint', reason: 'spam', status: null })
        : await ledger.book(letter, { ...said, ...classify(report.status, words), status: report.status })
    ledger.hear(source, isNews ? report.what : 'repeat')
  }

  /** The letter that an address was made for; feedback loops name theirs in the report. */
  function letterOf(address: string, report: Report): StoredLetter | undefined {
    const read = verp.read(address)
    const tokens = read !== null && read !== 'feedback' ? [read.token] : report.what === 'complaint' ? idsIn(report.original).flatMap(tokenNamed) : []
    return tokens.map((token) => options.letters.byToken(token)).find((letter) => letter !== undefined)
  }

  function tokenNamed(id: string): string[] {
    const read = verp.read(id)
    const token = read !== null && read !== 'feedback' ? read.token : tokenOfMessageId(id)
    return token === null ? [] : [token]
  }

  return {
    listen: () =>
      new Promise((resolve, reject) => {
        const failed = (error: Error) => reject(error)
        server.once('error', failed)
        server.listen(options.port, options.host, () => {
          server.off('error', failed)
          resolve((server.server.address() as AddressInfo).port)
        })
      }),
    close: () =>
      new Promise((resolve) => {
        for (const { cancel } of open.values()) cancel()
        server.close(() => resolve())
      }),
    refused: () => refused,
  }
}

const ignore = () => {}
