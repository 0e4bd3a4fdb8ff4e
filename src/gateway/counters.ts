/** What came in and what was turned away, as numbers for /metrics and as a list for the studio. */
import { Counter, Gauge, Registry } from 'prom-client'
import type { Clock } from '../core/world.ts'
import type { Code, Refusal } from '../core/errors.ts'

/** One refusal, without any address. `key` is 0 where none was known. */
export type Refused = { at: number; code: Code; about: string | null; key: number }

const recentMax = 200

/**
 * Counts for one server. Plain numbers, written on the hot path; prom-client reads them when it is asked.
 *
 *     counters.accepted++
 *     counters.refuse({ refused: 'key.unknown' }, 0)
 */
export class Counters {
  /** Events whose durability was told to their sender. */
  accepted = 0
  socketsOpen = 0
  readonly refused = new Map<Code, number>()
  readonly registry = new Registry()
  readonly #clock: Clock
  readonly #recent: Refused[] = []
  #next = 0

  constructor(clock: Clock) {
    this.#clock = clock
    const registers = [this.registry]
    const accepted = new Counter({
      name: 'beckon_events_accepted_total',
      help: 'Events acknowledged to their senders.',
      registers,
      collect: () => {
        accepted.reset()
        accepted.inc(this.accepted)
      },
    })
    const refused = new Counter({
      name: 'beckon_refusals_total',
      help: 'Events, requests and connections refused, by code.',
      labelNames: ['code'],
      registers,
      collect: () => {
        refused.reset()
        for (const [code, count] of this.refused) refused.inc({ code }, count)
      },
    })
    const open = new Gauge({
      name: 'beckon_sockets_open',
      help: 'WebSocket connections open.',
      registers,
      collect: (): void => open.set(this.socketsOpen),
    })
  }

  refuse(refusal: Refusal, key: number): void {
    const code = refusal.refused
    this.refused.set(code, (this.refused.get(code) ?? 0) + 1)
    this.#recent[this.#next] = { at: this.#clock.now(), code, about: refusal.about ?? null, key }
    this.#next = (this.#next + 1) % recentMax
  }

  /** All refusals since the start. */
  total(): number {
    let total = 0
    for (const count of this.refused.values()) total += count
    return total
  }

  /** The last refusals, the latest first. */
  recent(): Refused[] {
    return [...this.#recent.slice(this.#next), ...this.#recent.slice(0, this.#next)].reverse()
  }

  /** In Prometheus' text format. */
  text(): Promise<string> {
    return this.registry.metrics()
  }
}
