/** The engine's numbers for /metrics, in Prometheus' names and units. Read when asked for; nothing on the hot path. */
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client'
import type { Batch } from '../actors/batch.ts'
import type { Engine } from '../actors/engine.ts'
import type { PostOffice } from '../mail/post-office.ts'

type Sources = {
  /** How many codes of each pool are free. */
  supplies: () => { pool: string; free: number }[]
  redemptions: () => number
  engine: Engine
  batch: Batch
  drain: { stats(): { backlog: number; inFlight: number; dead: number; unknown: number } }
  office: Pick<PostOffice, 'tally' | 'ways'>
}

export function createMetrics({ engine, batch, drain, supplies, redemptions, office }: Sources): Registry {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const counter = (name: string, help: string, value: () => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(value())
      },
    })
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value())
      },
    })
  const { counts, lives, behind } = engine
  counter('beckon_events_total', 'Events taken into the log.', () => counts.events)
  counter('beckon_duplicates_total', 'Events that had come before.', () => counts.duplicates)
  counter('beckon_transitions_total', 'Turns that changed a customer’s state.', () => counts.transitions)
  counter('beckon_timers_fired_total', 'Timers fired.', () => counts.timers)
  counter('beckon_quarantined_total', 'Events that no machine could take.', () => counts.quarantined)
  counter('beckon_letters_queued_total', 'Letters decided to be sent.', () => counts.queued)
  counter('beckon_letters_skipped_total', 'Letters decided not to be sent.', () => counts.skipped)
  gauge('beckon_batch_backlog', 'Events that wait for a turn.', () => batch.backlog())
  gauge('beckon_customers_in_memory', 'Lives in memory.', () => lives.size())
  gauge('beckon_timers_near', 'Entries in the agenda of the near future.', () => lives.agenda.size)
  gauge('beckon_log_rows_behind', 'Log rows that a restart would tell again.', () => behind.behind())
  gauge('beckon_outbox_backlog', 'Letters that wait for an attempt.', () => drain.stats().backlog)
  gauge('beckon_outbox_in_flight', 'Letters being handed over.', () => drain.stats().inFlight)
  gauge('beckon_outbox_dead', 'Letters given up.', () => drain.stats().dead)
  gauge('beckon_outbox_unknown', 'Letters whose fate is unknown.', () => drain.stats().unknown)
  counter('beckon_codes_redeemed_total', 'Discount codes redeemed.', redemptions)
  new Gauge({
    name: 'beckon_codes_free',
    help: 'Free discount codes of a pool that letters draw from, counted to 10,000.',
    labelNames: ['pool'],
    registers,
    collect() {
      for (const { pool, free } of supplies()) this.set({ pool }, free)
    },
  })
  addDelivery(registry, office)
  return registry
}

/** What became of letters by the post that took them and by the great receivers, all other domains together: so many series, and no more. */
function addDelivery(registry: Registry, { tally, ways }: Sources['office']) {
  const byOutcome = (name: string, help: string, label: string, all: () => ReadonlyMap<string, Readonly<Record<string, number>>>) =>
    new Counter({
      name,
      help,
      labelNames: [label, 'outcome'],
      registers: [registry],
      collect() {
        this.reset()
        for (const [value, counts] of all()) for (const [outcome, n] of Object.entries(counts)) this.inc({ [label]: value, outcome }, n)
      },
    })
  byOutcome('beckon_post_letters_total', 'What became of attempts, by the post.', 'post', tally.byPost)
  byOutcome('beckon_receiver_letters_total', 'What became of attempts, by the receiver.', 'receiver', tally.byGroup)
  new Gauge({
    name: 'beckon_post_up',
    help: '1: the post takes letters; 0: it is down, or on hold.',
    labelNames: ['post'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { name, state } of ways()) this.set({ post: name }, state === 'well' || state === 'trial' ? 1 : 0)
    },
  })
}
