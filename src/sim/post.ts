/**
 * A mail server outside the process, faults and all. It outlives every crash and keeps its own ledger of what it was handed,
 * which is what the letters' states are judged by (R3, R4, R7).
 */
import { createHash } from 'node:crypto'
import type { Clock, Envelope, Post, Receipt } from '../core/world.ts'
import { createFailover } from '../mail/failover.ts'
import type { Random, World } from './world.ts'

/** One letter's way through one connection. `left`: its first body byte went out; `arrived`: the server has it; `lost`: the process ended before it had booked the answer. */
export type Trip = {
  to: string
  messageId: string
  mime: string
  at: number
  left: boolean
  arrived: boolean
  lost: boolean
  receipt: Receipt['state'] | 'none' | 'withdrawn'
}

type Fate = {
  /** Said before the letter's body: null lets it go on. */
  early: Receipt | null
  /** Never answers at all, or drops the connection before the first byte. */
  silent: boolean
  /** What happens after the first byte. */
  late: 'taken' | 'deferred' | 'refused' | 'dropped' | 'dropped-after-dot' | 'hangs'
}

export type Relay = ReturnType<typeof createRelay>

export function createRelay(world: World, hooks: { isAlive: () => boolean; firstByte: (trip: Trip) => void; done: (trip: Trip) => void }) {
  const random: Random = world.random.fork('post')
  const trips: Trip[] = []
  /** Those of the process that runs now. */
  let underway = new Map<Trip, (receipt: Receipt) => void>()
  let trouble = 0.25
  let isDown = false

  function fateOf(to: string): Fate {
    const fate: Fate = { early: null, silent: false, late: 'taken' }
    if (isDown) return { ...fate, early: { state: 'deferred', reply: 'connect ECONNREFUSED', of: 'transport' } }
    if (to.includes('bounces')) return { ...fate, early: { state: 'failed', reply: '550 5.1.1 no such user', hard: true } }
    if (to.endsWith('@family.test') && random.chance(0.5)) return { ...fate, early: { state: 'deferred', reply: '450 4.2.0 greylisted' } }
    if (!random.chance(trouble)) return fate
    return random.pick<Fate>([
      { ...fate, early: { state: 'deferred', reply: '421 4.7.0 too many messages, try again in 3 minutes' } },
      { ...fate, early: { state: 'deferred', reply: '450 4.2.0 greylisted' } },
      { ...fate, early: { state: 'deferred', reply: '451 4.3.0 local error' } },
      { ...fate, early: { state: 'failed', reply: '552 5.3.4 too large', hard: false } },
      { ...fate, early: { state: 'failed', reply: '550 5.7.1 spam', hard: false } },
      { ...fate, early: { state: 'deferred', reply: 'the connection was closed', of: 'transport' } },
      { ...fate, silent: true },
      { ...fate, late: 'deferred' },
      { ...fate, late: 'refused' },
      { ...fate, late: 'dropped' },
      { ...fate, late: 'dropped-after-dot' },
      { ...fate, late: 'hangs' },
    ])
  }

  const answers: Record<Exclude<Fate['late'], 'hangs'>, Receipt> = {
    taken: { state: 'sent', reply: '250 2.0.0 queued' },
    deferred: { state: 'deferred', reply: '452 4.3.1 no room' },
    refused: { state: 'failed', reply: '554 5.6.0 rejected', hard: false },
    dropped: { state: 'unknown', reply: 'the connection was lost' },
    'dropped-after-dot': { state: 'unknown', reply: 'the connection was lost' },
  }

  const wait = () => (random.chance(0.3) ? 0 : random.between(1, 2_000))

  function send(envelope: Envelope, mime: Uint8Array, flushing: () => Promise<boolean>): Promise<Receipt> {
    const trip: Trip = {
      to: envelope.to,
      messageId: messageIdOf(mime),
      mime: digest(mime),
      at: world.wall(),
      left: false,
      arrived: false,
      lost: false,
      receipt: 'none',
    }
    const fate = fateOf(envelope.to)
    trips.push(trip)
    return new Promise((resolve) => {
      underway.set(trip, resolve)
      const end = (receipt: Receipt) => {
        if (!underway.delete(trip)) return
        trip.receipt = receipt.reply === 'withdrawn' ? 'withdrawn' : receipt.state
        hooks.done(trip)
        resolve(receipt)
      }
      const body = () => {
        if (fate.late === 'hangs')
          return world.later(600_000, () => arrive(trip, random.chance(0.5), () => end({ state: 'unknown', reply: 'the server took too long' })))
        const answer = answers[fate.late]
        world.later(wait(), () => arrive(trip, fate.late === 'taken' || fate.late === 'dropped-after-dot', () => world.later(wait(), () => end(answer))))
      }
      const speak = async () => {
        if (!underway.has(trip)) return
        if (fate.silent) return world.later(300_000, () => end({ state: 'deferred', reply: 'the server took too long', of: 'transport' }))
        if (fate.early !== null) return end(fate.early)
        if (!(await flushing())) return end({ state: 'failed', reply: 'withdrawn', hard: false })
        if (!underway.has(trip) || !hooks.isAlive()) return
        trip.left = true
        hooks.firstByte(trip)
        body()
      }
      world.later(wait(), () => void speak())
    })
  }

  function arrive(trip: Trip, isWhole: boolean, next: () => void) {
    if (!underway.has(trip)) return
    trip.arrived = isWhole
    next()
  }

  return {
    trips,
    /** The share of letters that meet a fault. */
    setTrouble: (share: number) => void (trouble = share),
    setDown: (down: boolean) => void (isDown = down),
    /** The process died: connections break, and what had wholly left may have been taken all the same. */
    cut() {
      for (const trip of underway.keys()) if (trip.left && !trip.arrived) trip.arrived = random.chance(0.5)
      underway = new Map()
    },
    /** Two ways to the same server: what one of them took, the other must not bring again. */
    post: (clock: Clock, width: number): Post =>
      createFailover({ clock, posts: ['first', 'second'].map((name) => ({ name, width, send, close: async () => {} })) }),
    count: () => underway.size,
  }
}

export const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16)

const messageIdOf = (mime: Uint8Array): string =>
  /^Message-ID:\s*(<[^>]*>)/im.exec(Buffer.from(mime.buffer, mime.byteOffset, Math.min(mime.byteLength, 4_096)).toString('latin1'))?.[1] ?? ''
