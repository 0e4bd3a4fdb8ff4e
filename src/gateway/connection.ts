/**
 * One client on /v1/stream: hello, then events in, acks out.
 * 1. `ack n` is sent only when every event up to n is durable or was refused by a nack (R1).
 * 2. At most one ack frame per flush, and nothing is allocated per event but its message and its offer.
 * 3. While `inFlightMax` events are under way nothing more is read; whoever sends far beyond it is cut off.
 * Owned by socket.ts, which makes and sweeps connections; the batch calls settle and flush.
 */
import { isUtf8 } from 'node:buffer'
import type { WebSocket } from 'ws'
import type { Trust } from '../core/event.ts'
import type { Sender } from '../actors/intake.ts'
import { codes, isRefusal, type Code, type Refusal } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { isSpreadTooLarge } from './bodies.ts'
import { findKey, type Key } from './keys.ts'
import { isId, isObject, parseMessage, parseTime, type Received } from '../core/parse.ts'
import type { Bucket } from './rate.ts'
import type { Shared } from './shared.ts'
import type { Identity } from './token.ts'

/** What the upgrade request told. */
export type Caller = { address: string; origin: string | undefined }

type Body = Record<string, unknown>

const retryAfterMs = 1_000
const goingAway = 1001
const tooBig = 1009
const tryAgainLater = 1013

export class Connection implements Sender {
  /** Heard from since the last ping. */
  alive = true
  /** When it was opened and when it is to be pinged, by the sweeps' own time. */
  openedMs = 0
  pingAtMs = 0
  state: 'waiting' | 'checking' | 'ready' | 'closed' = 'waiting'
  /** Offered and not settled yet. */
  inFlight = 0

  readonly #ws: WebSocket
  readonly #shared: Shared
  readonly #caller: Caller
  #key: Key | undefined
  #trust: Trust = 'browser'
  /** Who a token vouches for: no event may be about someone else. */
  #verified: string | undefined
  readonly #received: Received
  #bucket: Bucket | undefined
  #next = 1
  /** Every event up to here is settled. */
  #settled = 0
  /** What the client was last told of it. */
  #told = 0
  /** Settled before one that came earlier. */
  #early: Set<number> | undefined
  /** Something was refused that no flush has followed yet. */
  #owing = false
  /** Frames that came while the token was being checked. */
  #held: [data: Buffer, binary: boolean][] | undefined

  constructor(ws: WebSocket, shared: Shared, caller: Caller, key: Key | undefined) {
    this.#ws = ws
    this.#shared = shared
    this.#caller = caller
    this.#key = key
    this.#received = { now: 0, ids: shared.messageId, sentAt: undefined, context: undefined, userId: undefined, anonymousId: undefined }
    ws.on('message', (data, binary) => this.#read(data as Buffer, binary))
  }

  get address(): string {
    return this.#caller.address
  }

  #read(data: Buffer, binary: boolean): void {
    this.alive = true
    if (this.state === 'closed') return
    if (this.state === 'checking') {
      this.#held!.push([data, binary])
      return
    }
    if (binary || !isUtf8(data)) return this.close({ refused: 'socket.frame_invalid' })
    const text = data.toString()
    let body: unknown
    try {
      body = JSON.parse(text)
    } catch {
      return this.close({ refused: 'event.json_invalid' })
    }
    if (!isObject(body)) return this.close({ refused: 'event.json_invalid' })
    if (this.state === 'ready') this.#readEvents(body, text, data.length)
    else this.#readHello(body)
  }

  #readEvents(body: Body, text: string, bytes: number): void {
    const { type } = body
    if (type === 'hello') return this.close({ refused: 'socket.hello_twice' })
    if (body['seq'] !== this.#next) return this.close({ refused: 'socket.seq_invalid' })
    const received = this.#received
    received.now = this.#shared.clock.now()
    if (type === 'batch') return this.#readBatch(body)
    if (bytes > limits.eventBytesMax) return this.close({ refused: 'event.too_large' })
    this.#take(body, text)
    this.#afterReading()
  }

  #readBatch({ batch, context, sentAt }: Body): void {
    if (!Array.isArray(batch)) return this.close({ refused: 'batch.invalid' })
    if (batch.length > limits.batchEventsMax) return this.close({ refused: 'batch.too_many' })
    if (context !== undefined && !isObject(context)) return this.close({ refused: 'event.properties_invalid', about: 'context' })
    if (context !== undefined && isSpreadTooLarge(context, batch.length)) return this.close({ refused: 'batch.too_large', about: 'context' })
    const received = this.#received
    received.context = context
    received.sentAt = sentAt === undefined ? undefined : parseTime(sentAt)
    for (let index = 0; index < batch.length && this.#isReady(); index++) this.#take(batch[index], undefined)
    received.context = undefined
    received.sentAt = undefined
    this.#afterReading()
  }

  /** One event, whose seq is the next. */
  #take(body: unknown, text: string | undefined): void {
    const seq = this.#next++
    const { intake, limits: most } = this.#shared
    if (this.inFlight >= 2 * most.inFlightMax) return this.close({ refused: 'socket.credit_exceeded' })
    if (this.#shared.draining) return this.#refuse(seq, { refused: 'stopping', retryAfterMs })
    const wait = this.#bucket!.take(1, this.#received.now)
    if (wait > 0) return this.#refuse(seq, { refused: 'rate.exceeded', retryAfterMs: wait })
    const message = parseMessage(body, this.#received, text)
    if ('refused' in message) return this.#refuse(seq, message)
    if (this.#verified !== undefined && message.userId !== this.#verified) return this.#refuse(seq, { refused: 'event.id_invalid', about: 'userId' })
    this.inFlight++
    const refusal = intake.offer({ message, source: this.#key!.id, trust: this.#trust, receivedAt: this.#received.now, sender: this, tag: seq })
    if (refusal === null) return
    this.inFlight--
    this.#refuse(seq, refusal)
  }

  #afterReading(): void {
    if (!this.#isReady()) return
    if (this.inFlight >= this.#shared.limits.inFlightMax) this.#ws.pause()
    // No commit will come that could flush what was refused at once.
    else if (this.#owing && this.inFlight === 0) this.flush()
  }

  settle(tag: number, refusal: Refusal | null): void {
    // Our own message, for a token's e-mail: the client knows nothing of it.
    if (tag === 0) {
      if (refusal !== null) this.#shared.counters.refuse(refusal, this.#key!.id)
      return
    }
    this.inFlight--
    if (refusal !== null) return this.#refuse(tag, refusal)
    this.#shared.counters.accepted++
    this.#pass(tag)
  }

  flush(): void {
    this.#owing = false
    if (this.#settled > this.#told) {
      this.#told = this.#settled
      this.#send(`{"type":"ack","seq":${this.#told}}`)
    }
    if (this.#ws.isPaused && this.#isReady() && this.inFlight * 2 <= this.#shared.limits.inFlightMax) this.#ws.resume()
    if (this.#shared.draining && this.inFlight === 0) this.#shared.drained()
  }

  #refuse(seq: number, refusal: Refusal): void {
    this.#shared.counters.refuse(refusal, this.#key!.id)
    this.#pass(seq)
    this.#owing = true
    const [status, hint] = codes[refusal.refused]
    const wait = refusal.retryAfterMs ?? (status === 429 || status === 503 ? retryAfterMs : undefined)
    this.#send(JSON.stringify({ type: 'nack', seq, code: refusal.refused, hint, retryAfterMs: wait }))
  }

  /** Moves the ack on as far as there is no gap. */
  #pass(seq: number): void {
    if (seq !== this.#settled + 1) {
      this.#early ??= new Set()
      this.#early.add(seq)
      return
    }
    this.#settled = seq
    if (this.#early !== undefined) while (this.#early.delete(this.#settled + 1)) this.#settled++
  }

  #send(frame: string): void {
    const ws = this.#ws
    if (ws.readyState !== ws.OPEN) return
    ws.send(frame)
    if (ws.bufferedAmount > this.#shared.limits.bufferBytesMax) this.close({ refused: 'socket.slow_reader' })
  }

  #readHello(body: Body): void {
    const { writeKey, anonymousId, token, resume } = body
    if (body['type'] !== 'hello') return this.close({ refused: 'socket.hello_missing' })
    if (anonymousId !== undefined && !isId(anonymousId)) return this.close({ refused: 'event.id_invalid', about: 'anonymousId' })
    if (resume !== undefined && !isResume(resume)) return this.close({ refused: 'socket.seq_invalid', about: 'resume' })
    // The upgrade's Authorization header has come first, and is the only place for a secret.
    if (this.#key === undefined) {
      const key = findKey(this.#shared.keys, { writeKey, origin: this.#caller.origin })
      if (isRefusal(key)) return this.close(key)
      this.#key = key
    }
    this.#received.anonymousId = anonymousId
    if (token === undefined) return this.#welcome(resume)
    this.state = 'checking'
    this.#held = []
    this.#ws.pause()
    void this.#shared.readToken(token).then((identity) => this.#identify(identity, resume))
  }

  #identify(identity: Identity | Refusal, resume: Resume | undefined): void {
    if (this.state !== 'checking') return
    if (isRefusal(identity)) return this.close(identity)
    this.#verified = identity.userId
    this.#received.userId = identity.userId
    this.#trust = this.#key!.kind === 'secret' ? 'server' : 'verified'
    const refusal = identity.email === undefined ? null : this.#tellAddress(identity)
    if (refusal !== null) return this.close(refusal)
    this.#welcome(resume)
    this.#ws.resume()
    const held = this.#held ?? []
    this.#held = undefined
    for (const [data, binary] of held) this.#read(data, binary)
  }

  /** The address a token vouches for, as an identify of our own; its id makes a reconnect tell it only once. */
  #tellAddress({ userId, tokenId, email }: Identity): Refusal | null {
    const now = this.#shared.clock.now()
    const body = { type: 'identify', messageId: `token:${tokenId}`, userId, anonymousId: this.#received.anonymousId, traits: { email } }
    const message = parseMessage(body, { now, ids: this.#shared.messageId }, JSON.stringify(body))
    if ('refused' in message) return message
    return this.#shared.intake.offer({ message, source: this.#key!.id, trust: this.#trust, receivedAt: now, sender: this, tag: 0 })
  }

  #welcome(resume: Resume | undefined): void {
    const { intake, rates, clock, limits: most } = this.#shared
    this.#trust = this.#key!.kind === 'secret' ? 'server' : this.#trust
    this.#bucket = rates.bucket(this.#key!.id, this.#caller.address, clock.now())
    this.state = 'ready'
    const { epoch } = intake
    // What was acked under another epoch is in another database.
    const seq = resume !== undefined && resume.epoch === epoch ? resume.seq : 0
    this.#send(JSON.stringify({ type: 'welcome', epoch, pingMs: most.pingMs, inFlightMax: most.inFlightMax, bytesMax: limits.batchBytesMax, seq }))
  }

  #isReady(): boolean {
    return this.state === 'ready'
  }

  /** Sends a ping; cuts off a peer that has not been heard since the last one. One that we do not read is spared. */
  ping(): void {
    if (!this.alive && !this.#ws.isPaused) return this.#ws.terminate()
    this.alive = false
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.ping()
  }

  /** Ends the connection because of what the client did. */
  close(refusal: Refusal): void {
    if (this.state === 'closed') return
    this.#shared.counters.refuse(refusal, this.#key?.id ?? 0)
    this.#end(toCloseCode(refusal.refused), refusal.refused)
  }

  /** The socket broke, or ws has closed it because of what came: its code for that, or the system's. */
  fail(code = ''): void {
    if (this.state === 'closed') return
    this.state = 'closed'
    if (!code.startsWith('WS_ERR_')) return
    const refused = code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? 'batch.too_large' : 'socket.frame_invalid'
    this.#shared.counters.refuse({ refused }, this.#key?.id ?? 0)
  }

  /** Ends the connection because the server stops. */
  leave(): void {
    if (this.state !== 'closed') this.#end(goingAway, 'stopping')
  }

  #end(code: number, reason: string): void {
    this.state = 'closed'
    this.#held = undefined
    // Whatever the client sends now must still be read, or its answer to the close is never seen.
    this.#ws.resume()
    this.#ws.close(code, reason)
  }

  terminate(): void {
    this.#ws.terminate()
  }
}

type Resume = { epoch: string; seq: number }

const isResume = (value: unknown): value is Resume =>
  isObject(value) && typeof value['epoch'] === 'string' && Number.isSafeInteger(value['seq']) && (value['seq'] as number) >= 0

/** 4400, 4401, 4403, 4408, 4429 for the HTTP statuses they are named after; 1009 too big; 1013 try again later. */
function toCloseCode(code: Code): number {
  const status = codes[code][0]
  return status === 413 ? tooBig : status >= 500 ? tryAgainLater : 4_000 + status
}
