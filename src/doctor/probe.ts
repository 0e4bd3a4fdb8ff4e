/**
 * Looks at a relay as a mail program would: greeting, EHLO, STARTTLS, and the certificate. Says QUIT; never MAIL.
 * 1. Ends within `timeoutMs` whatever the other side does; what is read is bounded.
 * 2. Nothing secret is said, so the certificate is looked at whether or not it can be trusted.
 */
import { connect as connectPlain, isIP } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../core/world.ts'

export type Relay = { host: string; port: number; secure: boolean }

export type Probed =
  | { fault: string }
  | {
      greeting: string
      /** null: the connection stayed in plain text, since STARTTLS is not offered or failed (`plainBecause`). */
      tls: { protocol: string; /** null: trusted, for this host. */ distrust: string | null; names: string[]; validTo: number } | null
      plainBecause: string | null
    }

export type RelayProbe = (relay: Relay) => Promise<Probed>

export function createRelayProbe({ clock, timeoutMs = 8_000, ca }: { clock: Clock; timeoutMs?: number; ca?: string }): RelayProbe {
  return async ({ host, port, secure }) => {
    const servername = isIP(host) === 0 ? { servername: host } : {}
    const options = { host, port, rejectUnauthorized: false, ...servername, ...(ca === undefined ? {} : { ca }) }
    let socket: Socket = secure ? connectTls(options) : connectPlain({ host, port })
    const cancel = clock.after(timeoutMs, () => socket.destroy(new Error(`no answer within ${timeoutMs / 1_000} s`)))
    try {
      await opened(socket, secure)
      const greeting = await reply(socket)
      if (secure) {
        await say(socket, 'EHLO doctor.invalid')
        return { greeting: greeting.text, tls: certificateOf(socket as TLSSocket), plainBecause: null }
      }
      const offer = await say(socket, 'EHLO doctor.invalid')
      if (!/^250[ -]STARTTLS\b/im.test(offer.text)) return { greeting: greeting.text, tls: null, plainBecause: 'it does not offer STARTTLS' }
      const leave = await say(socket, 'STARTTLS')
      if (leave.code !== 220) return { greeting: greeting.text, tls: null, plainBecause: `it answers STARTTLS with ${leave.code}` }
      const upgraded = connectTls({ ...options, socket })
      socket = upgraded
      await opened(upgraded, true)
      await say(upgraded, 'EHLO doctor.invalid')
      return { greeting: greeting.text, tls: certificateOf(upgraded), plainBecause: null }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      return { fault: code === undefined ? message : `${message} (${code})` }
    } finally {
      cancel()
      if (socket.writable) socket.end('QUIT\r\n')
      socket.on('error', ignore)
      clock.after(500, () => socket.destroy())
    }
  }
}

function opened(socket: Socket, isSecure: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      socket.off('error', reject)
      resolve()
    })
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the connection was closed')))
  })
}

type Reply = { code: number; text: string }

async function say(socket: Socket, line: string): Promise<Reply> {
  socket.write(`${line}\r\n`)
  return reply(socket)
}

/** The next whole answer, of one line or several. */
function reply(socket: Socket): Promise<Reply> {
  return new Promise((resolve, reject) => {
    let text = ''
    const stop = (end: () => void) => {
      socket.off('data', read).off('error', fail).off('close', close)
      end()
    }
    const read = (chunk: Buffer) => {
      text += chunk.toString('latin1')
      const last = /^(\d{3}) [^\n]*\n/m.exec(text) ?? /^(\d{3})\r?\n/m.exec(text)
      if (last !== null) stop(() => resolve({ code: Number(last[1]), text: text.trimEnd() }))
      else if (text.length > replyCharsMax) stop(() => reject(new Error('it talks without end')))
    }
    const fail = (error: Error) => stop(() => reject(error))
    const close = () => stop(() => reject(new Error('the connection was closed')))
    socket.on('data', read).on('error', fail).on('close', close)
  })
}

function certificateOf(socket: TLSSocket) {
  const certificate = socket.getPeerCertificate()
  const names = (certificate.subjectaltname ?? '')
    .split(/,\s*/)
    .map((name) => name.replace(/^(?:DNS|IP Address):/, ''))
    .filter(Boolean)
  const distrust = socket.authorized ? null : String(socket.authorizationError ?? 'not trusted')
  return { protocol: socket.getProtocol() ?? 'unknown', distrust, names: names.slice(0, 20), validTo: Date.parse(certificate.valid_to) }
}

const replyCharsMax = 16_384
const ignore = () => {}
