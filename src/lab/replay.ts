/** Runs recorded events through the real engine on virtual time: the same turns, policy and letters, as fast as it goes. */
import type { Engine } from '../actors/engine.ts'
import type { Code } from '../core/errors.ts'
import type { Message } from '../core/event.ts'
import { nameOf } from '../profile/profile.ts'
import type { Store } from '../store/store.ts'

export type Progress = (done: number, total: number) => void

export type ReplayResult = {
  events: number
  duplicates: number
  refused: Map<Code, number>
  transitions: number
  timers: number
  quarantined: number
  customers: number
  until: number
  ms: number
}

export type ReplayOptions = {
  engine: Engine
  store: Store
  messages: Message[]
  /** The instant to run timers out to, given the last event's. */
  until: (last: number) => number
  /** Milliseconds of a stopwatch. */
  stopwatch: () => number
  progress?: Progress
}

const commitEvery = 4_096

/** Takes all messages in order of time, then runs timers out. One source, vouched for by the shop. */
export function replay({ engine, store, messages, until, stopwatch, progress }: ReplayOptions): ReplayResult {
  const started = stopwatch()
  const sorted = messages.toSorted((a, b) => a.at - b.at)
  const refused = new Map<Code, number>()
  store.begin()
  sorted.forEach((message, index) => {
    engine.fireDue(message.at, Infinity)
    const refusal = engine.take({ message, source: 1, trust: 'server', receivedAt: message.at })
    if (refusal !== null) refused.set(refusal.refused, (refused.get(refusal.refused) ?? 0) + 1)
    if ((index + 1) % commitEvery === 0) {
      engine.behind.relieve()
      store.commit()
      progress?.(index + 1, sorted.length)
      store.begin()
    }
  })
  const end = until(sorted.at(-1)?.at ?? 0)
  engine.fireDue(end, Infinity)
  store.commit()
  progress?.(sorted.length, sorted.length)
  const { events, duplicates, transitions, timers, quarantined } = engine.counts
  return { events, duplicates, refused, transitions, timers, quarantined, customers: store.customers.countIdentified(), until: end, ms: stopwatch() - started }
}

/** One line of `--letters`: a decision and the letter it became, if it did. */
export type LetterLine = {
  at: string
  customer: string
  journey: string
  template: string
  priority: string
  decision: 'queued' | 'skipped'
  reason: string | null
  key: string
  to: string | null
  subject: string | null
}

/** Every decision in the database, in order of time. */
export function* letterLines(engine: Engine, store: Store): Iterable<LetterLine> {
  for (const row of store.decisions.all()) {
    const profile = engine.lives.get(row.customer)?.life.profile ?? {}
    const letter = row.decision === 'queued' ? store.letters.get(row.id) : undefined
    yield {
      at: new Date(row.at).toISOString(),
      customer: nameOf(profile),
      journey: row.journey,
      template: row.template,
      priority: row.priority,
      decision: row.decision,
      reason: row.reason,
      key: row.key,
      to: profile.email ?? null,
      subject: letter?.subject ?? null,
    }
  }
}
