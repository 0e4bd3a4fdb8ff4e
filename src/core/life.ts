/**
 * All that is known of one customer at one instant: what a turn starts from and what it returns. Immutable.
 * Stored as JSON beside the log, from which it can always be recomputed (R2).
 */
import type { Profile } from '../profile/profile.ts'
import type { Snapshot, Stepper } from './step/step.ts'

/** An armed timer: its event's type, and when it is due (ms). A list of them stands in the order they were set. */
export type Timer = readonly [event: string, due: number]

/** A letter the machine asks for. `run` and the rest come from the machine (`about`). */
export type Ask = { readonly template: string; readonly run: number } & Readonly<Record<string, unknown>>

/** A decision that later ones look back on: template, run of its journey, when, and whether it was queued. */
export type Past = readonly [template: string, run: number, at: number, queued: 0 | 1]

export type Life = {
  /** The customer's own time: of the last row in the log. It never runs backwards. */
  readonly at: number
  readonly snapshot: Snapshot
  readonly timers: readonly Timer[]
  /** Decisions of the last `pastMs`, oldest first. */
  readonly past: readonly Past[]
  /** Letters that wait for the end of the night. */
  readonly waiting: readonly Ask[]
  readonly profile: Profile
}

/** When the next timer is due, ms; null when none is armed. */
export function nextDue(life: Life): number | null {
  const { timers } = life
  let next: number | null = null
  for (let i = 0; i < timers.length; i++) {
    const due = timers[i]![1]
    if (next === null || due < next) next = due
  }
  return next
}

export function lifeToText(stepper: Stepper, life: Life): string {
  return JSON.stringify([life.at, stepper.toJSON(life.snapshot), life.timers, life.past, life.waiting, life.profile])
}

/** Throws `machine.state_unknown` when the machine has lost a state: then core/migrate.ts is asked. */
export function lifeFromText(stepper: Stepper, text: string): Life {
  const [at, snapshot, timers, past, waiting, profile] = JSON.parse(text)
  return { at, snapshot: stepper.fromJSON(snapshot), timers, past, waiting, profile }
}
