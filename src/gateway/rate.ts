/** Token buckets per key and address, so that one sender in a storm does not starve the others. */
import { isIPv6 } from 'node:net'
import type { IncomingMessage } from 'node:http'

/** Holds up to a second's worth of events. What is asked of a full bucket is always given, and paid off later. */
export class Bucket {
  /** In thousandths of an event, so that whole milliseconds fill it by whole numbers. */
  #level: number
  #at: number
  readonly #perSecond: number

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond
    this.#level = perSecond * 1_000
    this.#at = now
  }

  /** Takes `count` events and answers 0, or takes none and answers in how many ms to ask again. */
  take(count: number, now: number): number {
    if (now !== this.#at) this.#fill(now)
    const needed = Math.min(count, this.#perSecond) * 1_000
    if (this.#level >= needed) {
      this.#level -= count * 1_000
      return 0
    }
    return Math.ceil((needed - this.#level) / this.#perSecond)
  }

  /** Whether it is as good as a new one. */
  isFull(now: number): boolean {
    this.#fill(now)
    return this.#level >= this.#perSecond * 1_000
  }

  #fill(now: number) {
    // A clock set back gives nothing and takes nothing.
    if (now > this.#at) this.#level = Math.min(this.#perSecond * 1_000, this.#level + (now - this.#at) * this.#perSecond)
    this.#at = now
  }
}

/** The buckets of one server. */
export class Rates {
  readonly #perSecond: number
  readonly #bucketsMax: number
  readonly #buckets = new Map<string, Bucket>()

  constructor(perSecond: number, bucketsMax = 50_000) {
    this.#perSecond = perSecond
    this.#bucketsMax = bucketsMax
  }

  get size(): number {
    return this.#buckets.size
  }

  /** The bucket that everything by this key from this address draws from. */
  bucket(key: number, address: string, now: number): Bucket {
    const name = `${key} ${address}`
    let bucket = this.#buckets.get(name)
    if (bucket === undefined) {
      if (this.#buckets.size >= this.#bucketsMax) this.#makeRoom(now)
      bucket = new Bucket(this.#perSecond, now)
      this.#buckets.set(name, bucket)
    }
    return bucket
  }

  /** Drops a few of the oldest that are full, or else the oldest. */
  #makeRoom(now: number) {
    let looked = 0
    for (const [name, bucket] of this.#buckets) {
      if (bucket.isFull(now)) this.#buckets.delete(name)
      if (++looked === 16) break
    }
    if (this.#buckets.size < this.#bucketsMax) return
    const oldest = this.#buckets.keys().next()
    if (!oldest.done) this.#buckets.delete(oldest.value)
  }
}

/** The address a request comes from, as told by `proxies` proxies of ours in front (0: nobody is believed). */
export function toAddress(request: IncomingMessage, proxies: number): string {
  const direct = request.socket.remoteAddress ?? ''
  if (proxies === 0) return direct
  const hops = String(request.headers['x-forwarded-for'] ?? '').split(',')
  return hops.at(-proxies)?.trim() || direct
}

/** What limits count by: an IPv4 address, or the /64 that an IPv6 host can choose its addresses from. Pure. */
export function toNeighbourhood(address: string): string {
  if (address.startsWith('::ffff:') && address.includes('.')) return address.slice(7)
  if (!isIPv6(address)) return address
  const [head = '', tail] = (address.split('%', 1)[0] ?? '').split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':')
    while (groups.length + after.length < 8) groups.push('0')
    groups.push(...after)
  }
  return `${groups.slice(0, 4).join(':')}::/64`
}
