/**
 * Sends events to /v1/stream from a browser or from Node, and keeps each until the server has it safe.
 * 1. An event's promise resolves only when the server has acked it; a connection lost before that sends it again,
 *    with the same messageId, so that it counts once.
 * 2. At most `inFlightMax` events (the server says how many) are under way.
 */

export type Properties = Record<string, unknown>

/** Who and when, where it is not the client's own identity and now. To speak for many people give the client no anonymousId. */
export type About = { userId?: string; anonymousId?: string; messageId?: string; timestamp?: Date }

/** A queued event, as text. */
export type Saved = { messageId: string; json: string }

/** Keeps events over a restart. `save` is given all that are not acked yet. */
export interface EventStore {
  load(): Saved[]
  save(events: Saved[]): void
}

/** What is used of a WebSocket: the browser's, Node's own, or that of `ws`. */
export interface SocketLike {
  readonly readyState: number
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(text: string): void
  close(code?: number): void
}

export type ClientOptions = {
  /** Where the server is, such as `https://beckon.shop.example`. */
  url: string
  writeKey: string
  anonymousId?: string
  /** The shop's word for who this is; a function is asked anew at every connection. */
  token?: string | (() => string | Promise<string>)
  webSocket?: new (url: string, protocol: string) => SocketLike
  store?: EventStore
}

/** Why an event or a connection was refused. */
export class BeckonRefusal extends Error {
  readonly code: string
  readonly hint: string
  constructor(code: string, hint: string) {
    super(`${code}: ${hint}`)
    this.name = 'BeckonRefusal'
    this.code = code
    this.hint = hint
  }
}

type Item = Saved & { resolve: () => void; reject: (reason: BeckonRefusal) => void; done: Promise<void> }
type Frame =
  | { type: 'welcome'; inFlightMax: number; pingMs: number; epoch: string }
  | { type: 'ack'; seq: number }
  | { type: 'nack'; seq: number; code: string; hint: string; retryAfterMs?: number }

const backoffMs = [250, 30_000] as const
const eventBytesMax = 32_000
/** Trying again would meet the same answer. */
const finalCloses = new Set([4400, 4401, 4403])

/**
 *     const beckon = new Beckon({ url, writeKey: 'pk_…', anonymousId })
 *     await beckon.track('Product Added', { product_id: 'p1' }) // the server has it
 */
export class Beckon {
  readonly #options: ClientOptions
  readonly #queue: Item[]
  readonly #inFlight = new Map<number, Item>()
  #socket: SocketLike | undefined
  #welcomed = false
  #seq = 0
  #told = 0
  #epoch: string | undefined
  #inFlightMax = 1
  #attempts = 0
  #holdUntil = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #watch: ReturnType<typeof setTimeout> | undefined
  #pingMs = 30_000
  #heardAt = 0
  #userId: string | undefined
  #closed: BeckonRefusal | undefined
  #saving = false
  readonly #nextId = createMessageIds()

  constructor(options: ClientOptions) {
    this.#options = options
    this.#queue = (options.store?.load() ?? []).map(toItem)
    this.#connect()
  }

  /** Resolves when the server has the event; rejects with a BeckonRefusal when it will not take it. As all below. */
  track(event: string, properties: Properties = {}, about: About = {}): Promise<void> {
    return this.#add('track', { event, properties }, about)
  }

  identify(userId: string, traits: Properties = {}, about: About = {}): Promise<void> {
    this.#userId = userId
    return this.#add('identify', { traits }, { ...about, userId })
  }

  page(name?: string, properties: Properties = {}, about: About = {}): Promise<void> {
    return this.#add('page', { name, properties }, about)
  }

  screen(name?: string, properties: Properties = {}, about: About = {}): Promise<void> {
    return this.#add('screen', { name, properties }, about)
  }

  alias(userId: string, previousId: string, about: About = {}): Promise<void> {
    return this.#add('alias', { previousId }, { ...about, userId })
  }

  group(groupId: string, traits: Properties = {}, about: About = {}): Promise<void> {
    return this.#add('group', { groupId, traits }, about)
  }

  /** Resolves when everything sent so far is settled, one way or the other. */
  async flush(): Promise<void> {
    await Promise.allSettled([...this.#inFlight.values(), ...this.#queue].map((item) => item.done))
  }

  /** Flushes for at most `waitMs`, then closes. What is not acked by then is rejected, and stays in the store. */
  async close(waitMs = 5_000): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined
    await Promise.race([this.flush(), new Promise((resolve) => (timer = setTimeout(resolve, waitMs)))])
    clearTimeout(timer)
    this.#stop(new BeckonRefusal('client.closed', 'The client was closed.'), true)
  }

  #add(type: string, fields: Properties, about: About): Promise<void> {
    const messageId = about.messageId ?? this.#nextId()
    const message = {
      type,
      messageId,
      timestamp: (about.timestamp ?? new Date()).toISOString(),
      ...fields,
      userId: about.userId ?? (about.anonymousId === undefined ? this.#userId : undefined),
      anonymousId: about.anonymousId ?? this.#options.anonymousId,
    }
    const item = toItem({ messageId, json: JSON.stringify(message) })
    if (this.#closed !== undefined) item.reject(this.#closed)
    else if (item.json.length > eventBytesMax || new TextEncoder().encode(item.json).length > eventBytesMax) {
      // Sent, it would cost the connection, and all that is under way with it.
      item.reject(new BeckonRefusal('event.too_large', 'One event holds at most 32 KB.'))
    } else {
      this.#queue.push(item)
      this.#save()
      this.#pump()
    }
    return item.done
  }

  #connect(): void {
    const Socket = this.#options.webSocket ?? (globalThis.WebSocket as unknown as NonNullable<ClientOptions['webSocket']>)
    const socket = new Socket(toEndpoint(this.#options.url), 'beckon.v1')
    this.#socket = socket
    this.#welcomed = false
    socket.onopen = () => void this.#hello(socket)
    socket.onmessage = (event: { data: unknown }) => this.#read(JSON.parse(String(event.data)) as Frame)
    socket.onclose = (event: { code: number; reason: string }) => this.#lost(socket, event.code, event.reason)
    // A close always follows.
    socket.onerror = () => undefined
  }

  async #hello(socket: SocketLike): Promise<void> {
    const { writeKey, anonymousId, token } = this.#options
    let proof: string | undefined
    try {
      proof = typeof token === 'function' ? await token() : token
    } catch {
      return socket.close()
    }
    const resume = this.#epoch === undefined ? undefined : { epoch: this.#epoch, seq: this.#told }
    if (socket.readyState === 1) socket.send(JSON.stringify({ type: 'hello', writeKey, anonymousId, token: proof, resume }))
  }

  #read(frame: Frame): void {
    this.#heardAt = Date.now()
    if (frame.type === 'welcome') this.#welcome(frame)
    else if (frame.type === 'ack') this.#ack(frame.seq)
    else if (frame.type === 'nack') this.#nack(frame)
    this.#pump()
  }

  #welcome({ inFlightMax, pingMs, epoch }: Extract<Frame, { type: 'welcome' }>): void {
    this.#welcomed = true
    this.#seq = 0
    this.#told = 0
    this.#attempts = 0
    this.#inFlightMax = inFlightMax
    this.#pingMs = pingMs
    this.#epoch = epoch
  }

  #ack(seq: number): void {
    for (const [sent, item] of this.#inFlight) {
      if (sent > seq) break
      this.#inFlight.delete(sent)
      item.resolve()
    }
    this.#told = seq
    this.#save()
  }

  #nack({ seq, code, hint, retryAfterMs }: Extract<Frame, { type: 'nack' }>): void {
    const item = this.#inFlight.get(seq)
    if (item === undefined) return
    this.#inFlight.delete(seq)
    if (retryAfterMs === undefined) {
      item.reject(new BeckonRefusal(code, hint))
      this.#save()
      return
    }
    // Those refused together come back in the order they were sent.
    const place = this.#queue.findIndex((other) => other.messageId > item.messageId)
    this.#queue.splice(place === -1 ? this.#queue.length : place, 0, item)
    this.#hold(retryAfterMs)
  }

  #hold(ms: number): void {
    this.#holdUntil = Math.max(this.#holdUntil, Date.now() + ms)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#pump(), this.#holdUntil - Date.now())
  }

  #pump(): void {
    const socket = this.#socket
    if (!this.#welcomed || socket === undefined || socket.readyState !== 1 || Date.now() < this.#holdUntil) return
    const sentAt = new Date().toISOString()
    const count = Math.min(this.#queue.length, this.#inFlightMax - this.#inFlight.size)
    for (const item of this.#queue.splice(0, Math.max(0, count))) {
      this.#inFlight.set(++this.#seq, item)
      socket.send(`{"seq":${this.#seq},"sentAt":"${sentAt}",${item.json.slice(1)}`)
    }
    if (this.#inFlight.size > 0 && this.#watch === undefined) this.#watchFor(socket)
  }

  /** A peer that vanished says nothing: without an answer for two pings' time the connection is given up. */
  #watchFor(socket: SocketLike): void {
    const from = Date.now()
    this.#watch = setTimeout(() => {
      this.#watch = undefined
      if (socket !== this.#socket || this.#inFlight.size === 0) return
      if (this.#heardAt >= from) return this.#watchFor(socket)
      this.#lost(socket, 1006, '')
      socket.close()
    }, 2 * this.#pingMs)
  }

  #lost(socket: SocketLike, code: number, reason: string): void {
    if (socket !== this.#socket || this.#closed !== undefined) return
    this.#socket = undefined
    this.#welcomed = false
    clearTimeout(this.#watch)
    this.#watch = undefined
    this.#queue.unshift(...this.#inFlight.values())
    this.#inFlight.clear()
    // A token that ran out is asked for anew.
    const final = finalCloses.has(code) && !(code === 4401 && typeof this.#options.token === 'function')
    if (final) return this.#stop(new BeckonRefusal(reason || `close.${code}`, 'The server refused the connection.'), false)
    const [least, most] = backoffMs
    const wait = Math.min(most, least * 2 ** this.#attempts++) * (0.5 + Math.random() / 2)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#connect(), wait)
  }

  #stop(why: BeckonRefusal, close: boolean): void {
    if (this.#closed !== undefined) return
    this.#closed = why
    clearTimeout(this.#timer)
    clearTimeout(this.#watch)
    for (const item of [...this.#inFlight.values(), ...this.#queue]) item.reject(why)
    if (close) this.#socket?.close(1000)
  }

  #save(): void {
    const { store } = this.#options
    if (store === undefined || this.#saving) return
    this.#saving = true
    queueMicrotask(() => {
      this.#saving = false
      store.save([...this.#inFlight.values(), ...this.#queue].map(({ messageId, json }) => ({ messageId, json })))
    })
  }
}

/** `https://host` → `wss://host/v1/stream`; another path stays as it is. */
function toEndpoint(text: string): string {
  const url = new URL(text.replace(/^http/, 'ws'))
  if (url.pathname === '/') url.pathname = '/v1/stream'
  return url.href
}

function toItem(saved: Saved): Item {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  // Whoever does not wait for an event does not want to hear of it either.
  promise.catch(() => undefined)
  return { ...saved, resolve, reject, done: promise }
}

/** Ids that sort in the order they were made: `<base36 time>-<counter>-<random>`. */
function createMessageIds(): () => string {
  let counter = 0
  const random = () => crypto.getRandomValues(new Uint32Array(2)).reduce((text, part) => text + part.toString(36).padStart(7, '0'), '')
  return () => `${Date.now().toString(36)}-${(counter++ % 36 ** 4).toString(36).padStart(4, '0')}-${random()}`
}
