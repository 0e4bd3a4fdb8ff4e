/**
 * A new sender's first days: each day so many letters to each great provider, and so many to all others together. Mailbox
 * providers know a sender by its past; one that begins with a flood is taken for a spammer's. Pure.
 */
import { BeckonError } from '../core/errors.ts'

/** Days are UTC's, numbered from the epoch. `first`: the day of the first letter. */
export type WarmUp = { readonly startsOn: number | 'first' }

const dayMs = 86_400_000
const schedule = [50, 100, 500, 1_000, 5_000, 10_000, 20_000, 40_000, 70_000, 100_000, 150_000, 250_000, 400_000, 600_000] as const
export const warmUpDays = schedule.length

export const dayOf = (at: number): number => Math.floor(at / dayMs)
export const startOf = (day: number): number => day * dayMs

/** How many letters a group may have on the `nth` day, from 1; before the first none beyond its limit, after the last as many as there are. */
export const limitOn = (nth: number): number => (nth > schedule.length ? Infinity : schedule[Math.max(nth, 1) - 1]!)

/** `2026-11-23` or `first`; throws a BeckonError on anything else. */
export function parseWarmUp(text: string): WarmUp {
  if (text === 'first') return { startsOn: 'first' }
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(at)) throw new BeckonError('usage', `BECKON_WARM_UP is "${text}": write the day it begins, such as 2026-11-23, or first`)
  return { startsOn: dayOf(at) }
}
