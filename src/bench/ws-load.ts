/**
 * Shoppers on WebSockets, in a process of their own so that they share the machine's cores with the server as they would
 * anywhere. Closed loop (as much as is acked) to find the limit; open loop (`rate`) to find the latency, which is counted
 * from the instant an event was meant to leave, so that a stall is not hidden by the sender waiting for it.
 *
 * Each socket comes from a loopback address of its own, as shoppers do: one address with one key has a rate limit.
 */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import { answer, configOf } from './child.ts'
import { createRandom, nextDeed, toFrame, toIdentify } from './traffic.ts'

export type WsLoad = {
  url: string
  key: string
  sockets: number
  /** Events under way on each socket. */
  window: number
  /** Customers from `first` on, `customers` of them, of `of` in all. */
  first: number
  customers: number
  of: number
  seed: number
  /** Once for each customer instead of events. */
  identify?: boolean
  /** Events in a frame; 1: single-event frames. */
  batch: number
  /** Taken before the clock starts. */
  warmUp: number
  events: number
  /** Events per second: open loop. */
  rate?: number
  /** It ends then, with what was acked by then. */
  secondsMax: number
}

export type WsLoaded = { rate: number; seconds: number; events: number; nacks: number; clientCpu: number; p50: number; p99: number; p999: number; max: number }

const config = configOf<WsLoad>()
const total = config.warmUp + config.events
const random = createRandom(config.seed)
const latencies = new Float64Array(config.rate === undefined ? 0 : config.events)
let measured = 0
let acked = 0
let made = 0
let nacks = 0
let startedAt = 0
let cpuAt = 0

class Shoppers {
  sent = 0
  told = 0
  readonly ws: WebSocket
  readonly #number: number
  /** When each event under way was meant to leave. */
  readonly #due = new Float64Array(8_192)

  constructor(number: number) {
    this.#number = number
    this.ws = new WebSocket(`${config.url.replace(/^http/, 'ws')}/v1/stream`, 'beckon.v1', {
      localAddress: `127.0.${1 + (number >> 7)}.${1 + (number & 127)}`,
      perMessageDeflate: false,
      // A zero mask spares this process, not the server, which unmasks all the same.
      generateMask: (mask) => mask.fill(0),
    })
  }

  async open() {
    await once(this.ws, 'open')
    this.ws.send(JSON.stringify({ type: 'hello', writeKey: config.key }))
    await once(this.ws, 'message')
    this.ws.on('message', (data) => this.#read(String(data)))
    this.ws.on('close', (code, reason) => {
      if (acked < total) throw new Error(`the server closed the socket: ${code} ${String(reason)}`)
    })
  }

  #read(text: string) {
    const body = JSON.parse(text) as { type: string; seq: number; code?: string }
    if (body.type === 'nack') {
      if (nacks++ === 0) process.stderr.write(`refused: ${text}\n`)
      return
    }
    if (body.type !== 'ack') return
    const now = performance.now()
    if (config.rate !== undefined) for (let seq = this.told + 1; seq <= body.seq; seq++) note(now - this.#due[seq & 8_191]!)
    count(body.seq - this.told)
    this.told = body.seq
    if (config.rate === undefined) this.fill()
  }

  /** As much as the window takes, once half of it is free. */
  fill() {
    const room = config.window - (this.sent - this.told)
    if (room * 2 < config.window || made >= total) return
    this.send(Math.min(room, total - made), 0)
  }

  send(events: number, due: number) {
    const timestamp = new Date().toISOString()
    const socket = (this.ws as unknown as { _socket: Socket })._socket
    socket.cork()
    for (let left = events; left > 0;) {
      const size = Math.min(config.batch, left)
      this.ws.send(config.batch === 1 ? this.#event(this.sent + 1, timestamp) : this.#batch(size, timestamp))
      for (let n = 1; n <= size; n++) this.#due[(this.sent + n) & 8_191] = due
      this.sent += size
      left -= size
    }
    socket.uncork()
  }

  #batch(size: number, timestamp: string): string {
    return `{"type":"batch","seq":${this.sent + 1},"batch":[${Array.from({ length: size }, () => this.#event(0, timestamp)).join(',')}]}`
  }

  /** A customer keeps to one socket, so that their events arrive in order. */
  #event(seq: number, timestamp: string): string {
    const id = `${config.seed.toString(36)}-${made++}`
    if (config.identify) return toIdentify(seq, id, config.first + made - 1, config.of, timestamp)
    const share = Math.floor(config.customers / config.sockets)
    const customer = config.first + Math.floor(random() * share) * config.sockets + this.#number
    return toFrame(nextDeed(random), seq, id, customer, config.of, timestamp)
  }
}

function count(events: number) {
  const before = acked
  acked += events
  if (before < config.warmUp && acked >= config.warmUp) begin()
  if (acked >= total) finish()
}

function begin() {
  startedAt = performance.now()
  cpuAt = process.cpuUsage().user + process.cpuUsage().system
}

function note(latency: number) {
  if (acked >= config.warmUp && measured < latencies.length) latencies[measured++] = latency
}

function finish() {
  const seconds = (performance.now() - startedAt) / 1_000
  const events = acked > config.warmUp ? acked - config.warmUp : acked
  const { user, system } = process.cpuUsage()
  const sorted = latencies.subarray(0, measured).toSorted()
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  const loaded: WsLoaded = {
    events,
    nacks,
    seconds,
    rate: events / seconds,
    clientCpu: (user + system - cpuAt) / 1e6 / seconds,
    p50: at(0.5),
    p99: at(0.99),
    p999: at(0.999),
    max: at(1),
  }
  answer(loaded)
  process.exit(0)
}

/** Sends what is due by now, spread over the sockets, every millisecond. */
function pace(all: readonly Shoppers[], rate: number) {
  const begun = performance.now()
  let turn = 0
  const tick = () => {
    const due = Math.min(total, Math.floor(((performance.now() - begun) * rate) / 1_000))
    while (made < due) {
      // A few events of one socket share an instant, as the pages of one shopper's device do.
      const few = Math.min(4, due - made)
      all[turn++ % all.length]!.send(few, begun + (made * 1_000) / rate)
    }
    if (made < total) setTimeout(tick, 1)
  }
  tick()
}

setTimeout(finish, config.secondsMax * 1_000)
const all = Array.from({ length: config.sockets }, (_, number) => new Shoppers(number))
await Promise.all(all.map((shoppers) => shoppers.open()))
begin()
if (config.rate === undefined) for (const shoppers of all) shoppers.fill()
else pace(all, config.rate)
