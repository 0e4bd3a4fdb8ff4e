/**
 * The way out over SMTP: a pool of connections to one relay, each letter with one explicit recipient.
 * 1. `flushing()` is awaited between the server's 354 and the first body byte; a connection lost before that byte has
 *    sent nothing, one lost after it leaves the outcome unknown until the server's answer is read (R4).
 * 2. `send` never rejects, and ends within `letterMs` whatever the server does.
 * 3. A kept connection that the server had closed meanwhile is replaced by a fresh one, once, if nothing of the letter
 *    was sent; `flushing()` is asked at most once a letter.
 */
import { Readable } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { Clock, Envelope, Post, Receipt } from '../core/world.ts'
import { addressOf } from './address.ts'
import { isLost, toReceipt } from './receipt.ts'
import type { SmtpFailure, Stage } from './receipt.ts'

export type SmtpOptions = {
  clock: Clock
  host: string
  port: number
  /** TLS from the first byte; otherwise STARTTLS where the server offers it. Default: on port 465. */
  secure?: boolean
  user?: string
  pass?: string
  /** Says nothing without TLS. Default: when there is a password and the relay is on another machine. */
  requireTls?: boolean
  tls?: ConnectionOptions
  /** Connections, and so letters, at once. */
  width?: number
  /** What we call ourselves in EHLO. */
  name?: string
  /** Signs a letter's bytes. */
  dkim?: (mime: Uint8Array) => Promise<Uint8Array>
  timeouts?: Partial<SmtpTimeouts>
}

export type SmtpTimeouts = { connectMs: number; greetingMs: number; replyMs: number; letterMs: number; idleMs: number }

/** Long where giving up early would leave a letter unknown: servers may scan for minutes before they answer. */
const timeoutsDefault: SmtpTimeouts = { connectMs: 15_000, greetingMs: 30_000, replyMs: 300_000, letterMs: 600_000, idleMs: 10_000 }
const lettersPerConnectionMax = 100

/** One connection. `fail` is whoever waits on it now. */
type Line = { connection: SMTPConnection; letters: number; isOpen: boolean; isStale: boolean; fail: (failure: SmtpFailure) => void }

/** One letter on its way. */
type Trip = { envelope: Envelope; mime: Uint8Array; flushing: () => Promise<boolean>; stage: Stage; isAsked: boolean; line: Line | null; isLate: boolean }

type End = { receipt: Receipt; lost: boolean }

/**
 * A post that hands letters to an SMTP relay.
 *
 *     const post = createSmtpPost({ clock, host: 'smtp.example.com', port: 587, user, pass })
 */
export function createSmtpPost(options: SmtpOptions): Post {
  const { clock, host, port, user, pass, width = 20, dkim } = options
  const timeouts = { ...timeoutsDefault, ...options.timeouts }
  const lines = new Set<Line>()
  let idle: Line[] = []
  let isClosed = false
  let cancelSweep: (() => void) | null = null
  const secure = options.secure ?? port === 465
  const requireTLS = options.requireTls ?? (pass !== undefined && !isLoopback(host))
  const connectionOptions = {
    host,
    port,
    secure,
    requireTLS,
    name: options.name,
    // Where plain text would do, a certificate that nobody signed is no worse.
    tls: { rejectUnauthorized: secure || requireTLS, ...options.tls },
    connectionTimeout: timeouts.connectMs,
    greetingTimeout: timeouts.greetingMs,
    socketTimeout: timeouts.replyMs,
    socketCloseTimeout: 1_000,
    maxResponseSize: 65_536,
  }

  async function send(envelope: Envelope, mime: Uint8Array, flushing: () => Promise<boolean>): Promise<Receipt> {
    if (addressOf(envelope.to) === null) return { state: 'failed', reply: 'the recipient is not one plain address', hard: false }
    const trip: Trip = { envelope, mime, flushing, stage: 'session', isAsked: false, line: null, isLate: false }
    const cancelDeadline = clock.after(timeouts.letterMs, () => expire(trip))
    try {
      if (dkim !== undefined) trip.mime = await dkim(mime)
      return await travel(trip)
    } catch (error) {
      return toReceipt(error as Error, trip.stage)
    } finally {
      cancelDeadline()
    }
  }

  async function travel(trip: Trip): Promise<Receipt> {
    const kept = idle.pop()
    if (kept !== undefined) {
      const { receipt, lost } = await carry(kept, trip)
      if (!lost || trip.isAsked || trip.isLate || isClosed) return receipt
      trip.stage = 'session'
    }
    if (isClosed) return { state: 'deferred', reply: 'the post is closed', of: 'transport' }
    const opened = await open(trip)
    return 'connection' in opened ? (await carry(opened, trip)).receipt : toReceipt(opened, 'session')
  }

  async function probe(): Promise<string | null> {
    const trip: Trip = {
      envelope: { from: '', to: '' },
      mime: new Uint8Array(),
      flushing: async () => false,
      stage: 'session',
      isAsked: false,
      line: null,
      isLate: false,
    }
    const cancelDeadline = clock.after(timeouts.connectMs + timeouts.greetingMs, () => expire(trip))
    const opened = await open(trip)
    cancelDeadline()
    if (!('connection' in opened)) return toReceipt(opened, 'session').reply
    release(opened)
    return null
  }

  /** A fresh connection, greeted and logged in, or why there is none. */
  function open(trip: Trip): Promise<Line | SmtpFailure> {
    return new Promise((resolve) => {
      const connection = new SMTPConnection(connectionOptions)
      const line: Line = { connection, letters: 0, isOpen: true, isStale: false, fail: resolve }
      lines.add(line)
      trip.line = line
      connection.on('error', (error: SmtpFailure) => line.fail(error))
      connection.once('end', () => lose(line))
      const greeted = (error?: SmtpFailure | null) => {
        if (error) return line.fail(error)
        if (user === undefined || pass === undefined || !connection.allowsAuth) return resolve(line)
        connection.login({ user, pass }, (refusal) => {
          if (!refusal) return resolve(line)
          connection.close()
          line.fail(refusal)
        })
      }
      connection.connect(greeted)
    })
  }

  /** Later than whatever nodemailer says of the reason. */
  function lose(line: Line) {
    line.isOpen = false
    lines.delete(line)
    idle = idle.filter((other) => other !== line)
    setImmediate(() => line.fail({ message: 'the connection was closed' }))
  }

  /** Hands the letter over on this connection. */
  function carry(line: Line, trip: Trip): Promise<End> {
    trip.line = line
    trip.stage = 'envelope'
    line.letters++
    return new Promise((resolve) => {
      let isDone = false
      const finish = (end: End) => {
        if (isDone) return
        isDone = true
        line.fail = ignore
        resolve(end)
      }
      const fail = (failure: SmtpFailure) => finish({ receipt: toReceipt(failure, trip.stage), lost: isLost(failure) })
      line.fail = fail
      const body = bodyOf(
        trip,
        () => isDone || !line.isOpen,
        (receipt) => {
          line.connection.close()
          finish({ receipt, lost: false })
        },
      )
      const { from, to } = trip.envelope
      line.connection.send({ from, to: [to], size: trip.mime.length }, body, (error, info) => {
        if (error) {
          fail(error)
          return reuse(line, error, trip.stage)
        }
        if (info === undefined || !body.readableEnded) {
          line.connection.close()
          return fail({ message: 'the server answered before it had the letter' })
        }
        finish({ receipt: { state: 'sent', reply: info.response }, lost: false })
        release(line)
      })
    })
  }

  /**
   * After a refusal the session is reset and kept. Not when the letter had begun: its end may still be in our buffers,
   * and RSET would become part of it.
   */
  function reuse(line: Line, error: SmtpFailure, stage: Stage) {
    if (!line.isOpen) return
    if (stage === 'body' || isLost(error)) return line.connection.close()
    line.connection.reset((failure) => (failure ? line.connection.close() : release(line)))
  }

  function release(line: Line) {
    if (!line.isOpen) return
    if (isClosed || line.letters >= lettersPerConnectionMax || idle.length >= width) return retire(line)
    line.isStale = false
    idle.push(line)
    cancelSweep ??= clock.after(timeouts.idleMs, sweep)
  }

  /** Closes what nobody used since the last time it looked. */
  function sweep() {
    cancelSweep = null
    for (const line of idle.filter(({ isStale }) => isStale)) retire(line)
    for (const line of idle) line.isStale = true
    if (idle.length > 0) cancelSweep = clock.after(timeouts.idleMs, sweep)
  }

  return {
    name: `SMTP ${host}:${port}`,
    width,
    send,
    probe,
    async close() {
      isClosed = true
      cancelSweep?.()
      for (const line of idle) retire(line)
      for (const line of lines) line.connection.close()
    },
  }
}

/** The letter as a stream whose first read, which nodemailer does on the server's 354, asks whether it may leave. */
function bodyOf(trip: Trip, isOver: () => boolean, stop: (receipt: Receipt) => void): Readable {
  const { buffer, byteOffset, byteLength } = trip.mime
  const leave = async (body: Readable) => {
    let may: boolean
    try {
      may = await trip.flushing()
    } catch (error) {
      return stop({ state: 'deferred', reply: (error as Error).message })
    }
    if (isOver()) return
    if (!may) return stop({ state: 'failed', reply: 'withdrawn', hard: false })
    trip.stage = 'body'
    body.push(Buffer.from(buffer, byteOffset, byteLength))
    body.push(null)
  }
  return new Readable({
    read() {
      if (trip.isAsked) return
      trip.isAsked = true
      void leave(this)
    },
  })
}

function expire(trip: Trip) {
  trip.isLate = true
  const { line } = trip
  line?.fail({ message: 'the server took too long' })
  line?.connection.close()
}

function retire({ connection }: Line) {
  connection.quit()
  connection.close()
}

const ignore = () => {}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.')
