/**
 * A Redis connection with nothing but what BullMQ needs. BullMQ takes any driver and brings none; this one writes whatever
 * was asked for in one tick as one packet (pipelining), and wraps into BullMQ's adapter for clients of this shape.
 */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { createBunRedisClient } from 'bullmq'

type Reply = string | number | null | Reply[]
type Waiting = { resolve: (reply: never) => void; reject: (error: Error) => void }

/** A connection for BullMQ's `connection` option. */
export const redisAt = (port: number) => createBunRedisClient(new RedisWire(port))

export class RedisWire {
  connected = false
  onconnect: (() => void) | null = null
  onclose: ((error?: Error) => void) | null = null
  onerror: ((error: Error) => void) | null = null
  readonly #port: number
  #socket: Socket | undefined
  #out = ''
  #in: Buffer = Buffer.alloc(0)
  #at = 0
  readonly #waiting: Waiting[] = []
  #answered = 0

  constructor(port: number) {
    this.#port = port
  }

  connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#port, '127.0.0.1', () => {
        this.connected = true
        this.onconnect?.()
        resolve()
      })
      socket.setNoDelay(true)
      socket.on('error', reject)
      socket.on('data', (data) => this.#read(data as Buffer))
      socket.on('close', () => {
        this.connected = false
        this.onclose?.()
        for (const { reject: fail } of this.#waiting.splice(0)) fail(new Error('Connection closed'))
      })
      this.#socket = socket
    })
  }

  close() {
    this.#socket?.destroy()
  }

  duplicate = async (): Promise<this> => new RedisWire(this.#port) as this

  send<T>(command: string, args: (string | Buffer)[]): Promise<T> {
    if (this.#out === '') queueMicrotask(() => this.#flush())
    let text = `*${args.length + 1}\r\n$${command.length}\r\n${command}\r\n`
    // Latin-1 carries bytes as they are, so that packed arguments pass.
    for (const arg of args) {
      const bytes = typeof arg === 'string' && isAscii.test(arg) ? arg : (typeof arg === 'string' ? Buffer.from(arg) : arg).toString('latin1')
      text += `$${bytes.length}\r\n${bytes}\r\n`
    }
    this.#out += text
    return new Promise<T>((resolve, reject) => this.#waiting.push({ resolve: resolve as Waiting['resolve'], reject }))
  }

  get = (key: string) => this.send<string | null>('GET', [key])
  smembers = (key: string) => this.send<string[]>('SMEMBERS', [key])
  incr = (key: string) => this.send<number>('INCR', [key])

  #flush() {
    const out = this.#out
    this.#out = ''
    this.#socket?.write(out, 'latin1')
  }

  #read(data: Buffer) {
    this.#in = this.#at === this.#in.length ? data : Buffer.concat([this.#in.subarray(this.#at), data])
    this.#at = 0
    for (;;) {
      const begun = this.#at
      const reply = this.#parse()
      if (reply === undefined) {
        this.#at = begun
        break
      }
      const { resolve, reject } = this.#waiting[this.#answered++]!
      if (reply instanceof Error) reject(reply)
      else resolve(reply as never)
    }
    this.#waiting.splice(0, this.#answered)
    this.#answered = 0
  }

  /** One reply from where we are; undefined when it has not all come yet. */
  #parse(): Reply | Error | undefined {
    const end = this.#in.indexOf('\r\n', this.#at)
    if (end === -1) return undefined
    const kind = this.#in[this.#at]
    const line = this.#in.toString('latin1', this.#at + 1, end)
    this.#at = end + 2
    if (kind === 0x2b) return line
    if (kind === 0x2d) return new Error(line)
    if (kind === 0x3a) return Number(line)
    const length = Number(line)
    if (length === -1) return null
    if (kind === 0x2a) return this.#parseMany(length)
    if (this.#in.length < this.#at + length + 2) return undefined
    const text = this.#in.toString('utf8', this.#at, this.#at + length)
    this.#at += length + 2
    return text
  }

  #parseMany(length: number): Reply | undefined {
    const many: Reply[] = []
    for (let n = 0; n < length; n++) {
      const one = this.#parse()
      if (one === undefined) return undefined
      many.push(one instanceof Error ? one.message : one)
    }
    return many
  }
}

// oxlint-disable-next-line no-control-regex
const isAscii = /^[\x00-\x7f]*$/
