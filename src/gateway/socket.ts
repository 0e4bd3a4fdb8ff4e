/**
 * /v1/stream: lets WebSockets in, pings and sweeps them, and lets them go when the server stops.
 * 1. The Origin is checked before the upgrade: a page that is not listed never gets a socket.
 * 2. One sweep serves all sockets; none has a timer of its own. It counts its own rounds as time, so that neither a
 *    clock that jumps nor a process that was stopped makes living peers look dead.
 * 3. After `drain` has begun no event is taken; what was taken before is acked before its socket is closed.
 */
import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { codes, isRefusal, type Refusal } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { Connection } from './connection.ts'
import { findKey, isOriginAllowed, type Key, type Origins } from './keys.ts'
import { toAddress, toNeighbourhood } from './rate.ts'
import type { Shared, StreamLimits } from './shared.ts'

const subprotocol = 'beckon.v1'

export type StreamOptions = Omit<Shared, 'limits' | 'draining' | 'drained'> & {
  readonly origins: Origins
  /** How many proxies of ours stand in front. */
  readonly proxies: number
  readonly limits?: Partial<StreamLimits>
}

/** How long a peer may take over its side of a close. */
const closeTimeoutMs = 2_000

export class Stream {
  readonly #options: StreamOptions
  readonly #limits: StreamLimits
  readonly #shared: Shared
  readonly #server: WebSocketServer
  readonly #connections = new Set<Connection>()
  readonly #perAddress = new Map<string, number>()
  #callOff: (() => void) | undefined
  /** What the sweeps have counted, ms. */
  #elapsedMs = 0
  #opened = 0
  #empty: (() => void) | undefined
  #calm: (() => void) | undefined

  constructor(options: StreamOptions) {
    this.#options = options
    this.#limits = {
      helloMs: limits.socketHelloMs,
      pingMs: limits.socketPingMs,
      inFlightMax: limits.socketInFlightMax,
      bufferBytesMax: limits.socketBufferBytesMax,
      perAddressMax: limits.socketsPerAddressMax,
      ...options.limits,
    }
    this.#shared = { ...options, limits: this.#limits, draining: false, drained: () => this.#checkCalm() }
    const server = {
      noServer: true,
      perMessageDeflate: false,
      maxPayload: limits.batchBytesMax,
      clientTracking: false,
      handleProtocols: () => subprotocol,
      // A Connection checks it itself, to answer with a code of ours.
      skipUTF8Validation: true,
      closeTimeout: closeTimeoutMs,
    }
    this.#server = new WebSocketServer(server)
  }

  get open(): number {
    return this.#connections.size
  }

  /** Answers an upgrade request: a socket, or an HTTP refusal. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const address = toAddress(request, this.#options.proxies)
    const admitted = this.#admit(request, toNeighbourhood(address))
    if (isRefusal(admitted)) {
      this.#options.counters.refuse(admitted, 0)
      return refuseUpgrade(socket, admitted)
    }
    const { origin } = request.headers
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      const { clock, counters } = this.#options
      const neighbourhood = toNeighbourhood(address)
      const connection = new Connection(ws, this.#shared, { address: neighbourhood, origin }, admitted.key)
      connection.openedMs = this.#elapsedMs
      connection.pingAtMs = this.#elapsedMs + this.#firstPingMs()
      this.#connections.add(connection)
      counters.socketsOpen++
      this.#perAddress.set(neighbourhood, (this.#perAddress.get(neighbourhood) ?? 0) + 1)
      ws.on('error', (error: Error & { code?: string }) => connection.fail(error.code))
      ws.on('pong', () => {
        connection.alive = true
      })
      ws.on('close', () => this.#forget(connection))
      this.#callOff ??= clock.after(this.#sweepMs(), () => this.#sweep())
    })
  }

  #admit(request: IncomingMessage, neighbourhood: string): { key: Key | undefined } | Refusal {
    const { origin, authorization } = request.headers
    const { keys, origins } = this.#options
    if (origin !== undefined && !isOriginAllowed(origin, origins)) return { refused: 'origin.unlisted', about: origin.slice(0, 128) }
    if (this.#shared.draining) return { refused: 'stopping', retryAfterMs: 1_000 }
    const asked = String(request.headers['sec-websocket-protocol'] ?? '').split(',')
    if (!asked.some((name) => name.trim() === subprotocol)) return { refused: 'socket.protocol_missing' }
    if ((this.#perAddress.get(neighbourhood) ?? 0) >= this.#limits.perAddressMax) return { refused: 'socket.too_many', retryAfterMs: 10_000 }
    if (authorization === undefined) return { key: undefined }
    const key = findKey(keys, { authorization, origin })
    return isRefusal(key) ? key : { key }
  }

  #forget(connection: Connection): void {
    connection.state = 'closed'
    this.#connections.delete(connection)
    this.#options.counters.socketsOpen--
    const left = (this.#perAddress.get(connection.address) ?? 1) - 1
    if (left > 0) this.#perAddress.set(connection.address, left)
    else this.#perAddress.delete(connection.address)
    if (this.#shared.draining) this.#checkCalm()
    if (this.#connections.size > 0) return
    this.#callOff?.()
    this.#callOff = undefined
    this.#empty?.()
  }

  /** Spread by the golden ratio, so that thousands who came at once are not pinged at once. */
  #firstPingMs(): number {
    return this.#limits.pingMs * (0.5 + 0.5 * ((this.#opened++ * 0.618_033_988_75) % 1))
  }

  #sweepMs(): number {
    return Math.max(5, Math.min(this.#limits.helloMs / 4, this.#limits.pingMs / 30))
  }

  #sweep(): void {
    this.#elapsedMs += this.#sweepMs()
    const now = this.#elapsedMs
    for (const connection of this.#connections) {
      if (connection.state === 'waiting' && now - connection.openedMs > this.#limits.helloMs) connection.close({ refused: 'socket.hello_late' })
      else if (now >= connection.pingAtMs) {
        connection.pingAtMs = now + this.#limits.pingMs
        connection.ping()
      }
    }
    this.#callOff = this.#options.clock.after(this.#sweepMs(), () => this.#sweep())
  }

  /**
   * Takes no further event, waits until what is under way is settled (at most `waitMs`), then closes every socket with
   * 1001. Resolves when all are gone. Idempotent.
   */
  async drain(waitMs = 10_000): Promise<void> {
    this.#shared.draining = true
    await this.#within(waitMs, (done) => {
      this.#calm = done
      this.#checkCalm()
    })
    for (const connection of this.#connections) connection.leave()
    await this.#within(closeTimeoutMs, (done) => {
      this.#empty = done
      if (this.#connections.size === 0) done()
    })
    for (const connection of this.#connections) connection.terminate()
  }

  /** Something that was under way is done: is all of it? */
  #checkCalm(): void {
    if (this.#calm === undefined) return
    for (const connection of this.#connections) if (connection.inFlight > 0 && connection.state !== 'closed') return
    this.#calm()
    this.#calm = undefined
  }

  #within(ms: number, start: (done: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      const callOff = this.#options.clock.after(ms, resolve)
      start(() => {
        callOff()
        resolve()
      })
    })
  }
}

/** Refuses an upgrade with the same answer that a request would get. */
export function refuseUpgrade(socket: Duplex, refusal: Refusal): void {
  const [status, hint] = codes[refusal.refused]
  const body = JSON.stringify({ success: false, code: refusal.refused, message: hint, hint })
  const retry = refusal.retryAfterMs === undefined ? '' : `Retry-After: ${Math.ceil(refusal.retryAfterMs / 1000)}\r\n`
  socket.on('error', () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/json\r\n${retry}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}
