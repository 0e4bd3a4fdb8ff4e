/** Stand-ins for the tests of this folder: an intake whose commits are made by hand, two keys, links that remember. */
import { randomBytes } from 'node:crypto'
import type { Refusal } from '../core/errors.ts'
import type { Clock, Ids } from '../core/world.ts'
import type { Intake, Offer, Outcome, Sender } from '../actors/intake.ts'
import { createGateway, type Gateway, type GatewayOptions } from './http.ts'
import type { Key, Keys } from './keys.ts'
import type { Hit, Links } from './links.ts'

export const publicKey: Key = { id: 1, token: 'pk_test', kind: 'public' }
export const secretKey: Key = { id: 2, token: 'sk_test', kind: 'secret' }
export const keys: Keys = { find: (token) => [publicKey, secretKey].find((key) => key.token === token) }
export const noon = Date.UTC(2026, 5, 1, 12)

export class FakeIntake implements Intake {
  readonly epoch = 'e1'
  /** Everything that was ever offered and taken. */
  readonly offers: Offer[] = []
  /** Taken and not settled. */
  pending: Offer[] = []
  /** Commits by itself soon after each offer. */
  auto = true
  refuse: (offer: Offer) => Refusal | null = () => null
  /** What the commit says of an event. */
  verdict: (offer: Offer) => Refusal | null = () => null
  #asked = false

  offer(offer: Offer): Refusal | null {
    const refusal = this.refuse(offer)
    if (refusal !== null) return refusal
    this.offers.push(offer)
    this.pending.push(offer)
    if (this.auto && !this.#asked) {
      this.#asked = true
      setImmediate(() => {
        this.#asked = false
        this.commit()
      })
    }
    return null
  }

  /** Settles these, by default all that is pending, and flushes each sender once. */
  commit(offers: Offer[] = this.pending): void {
    this.pending = this.pending.filter((offer) => !offers.includes(offer))
    const senders = new Set<Sender>()
    for (const offer of offers) {
      offer.sender.settle(offer.tag, this.verdict(offer))
      senders.add(offer.sender)
    }
    for (const sender of senders) sender.flush()
  }

  tell(_outcome: Outcome): Promise<void> {
    return Promise.resolve()
  }
}

export class FakeLinks implements Links {
  readonly told: string[] = []
  open(token: string, hit: Hit): void {
    this.told.push(`open ${token} ${hit.method}`)
  }
  click(token: string, hit: Hit): string | null {
    this.told.push(`click ${token} ${hit.method}`)
    return token === 'good' ? 'https://shop.example/tea?a=1&b=ü' : token === 'bad' ? 'javascript:alert(1)' : null
  }
  look(token: string): { recipientHint: string; preferences: string } | null {
    return token === 'good' ? { recipientHint: 'a…@<example>.com', preferences: 'chosen' } : null
  }
  unsubscribe(token: string, hit: Hit): Promise<boolean> {
    this.told.push(`unsubscribe ${token} ${hit.method}`)
    return Promise.resolve(token === 'good')
  }
}

/** Time stands at noon; waits are real, or tests with sockets would hang. */
export class FakeClock implements Clock {
  time = noon
  now(): number {
    return this.time
  }
  after(ms: number, fire: () => void): () => void {
    const timer = setTimeout(fire, ms)
    return () => clearTimeout(timer)
  }
}

const ids: Ids = { random: (bytes) => randomBytes(bytes).toString('base64url') }

export type Fake = Gateway & { intake: FakeIntake; links: FakeLinks; clock: FakeClock }

/** A gateway with everything behind it faked. */
export function createFake(options: Partial<GatewayOptions> = {}): Fake {
  const intake = new FakeIntake()
  const links = new FakeLinks()
  const clock = new FakeClock()
  const gateway = createGateway({
    clock,
    ids,
    keys,
    intake,
    links,
    origins: new Set(['https://shop.example']),
    host: '0.0.0.0',
    ready: () => true,
    metrics: () => Promise.resolve('# others\n'),
    ...options,
  })
  return { ...gateway, intake, links, clock }
}

/** Resolves once `probe` holds; rejects after four seconds. */
export async function until(probe: () => boolean): Promise<void> {
  const end = performance.now() + 4_000
  while (!probe()) {
    if (performance.now() > end) throw new Error(`never came true: ${probe}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
