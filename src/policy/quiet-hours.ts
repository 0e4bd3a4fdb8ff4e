/**
 * When a letter may leave: not in the customer's local night, and only in the hours that its own rule names. Pure; DST by
 * Temporal's rules (R5): an hour that clocks skip ends at the first instant after it, one that comes twice counts once.
 */
import type { LetterRule } from '../kit/letter-rule.ts'

/** Wall-clock times such as 21:00 and 08:00, and the zone of customers who have not said theirs. */
export type QuietHours = { from: string; to: string; timeZone: string }

/** Hours that exclude each other are refused when a machine is loaded; this only bounds the looking. */
const looksMax = 16

/** The first instant (ms) from `at` on that is neither night nor outside the letter's own hours; null when `at` is one. */
export function opensAt(at: number, hours: QuietHours | null, rule: LetterRule | undefined, timeZone?: string): number | null {
  const own = rule?.sendBetween
  // Somebody who has just asked for letters waits for this one.
  if ((hours === null && own === undefined) || rule?.asksConsent) return null
  const zone = hours?.timeZone ?? 'UTC'
  let open = at
  for (let looks = 0; looks < looksMax; looks++) {
    const night = hours === null ? null : endOfNight(open, hours, timeZone)
    const closed = own === undefined ? null : endOfNight(night ?? open, { from: own.to, to: own.from, timeZone: zone }, timeZone)
    if (night === null && closed === null) break
    open = closed ?? night!
  }
  return open === at ? null : open
}

/** The instant (ms) at which the night around `at` ends; null when it is day. */
export function endOfNight(at: number, hours: QuietHours, timeZone = hours.timeZone): number | null {
  const from = Temporal.PlainTime.from(hours.from)
  const to = Temporal.PlainTime.from(hours.to)
  const overMidnight = Temporal.PlainTime.compare(from, to) > 0
  const today = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate()
  for (const evening of overMidnight ? [today.subtract({ days: 1 }), today] : [today]) {
    const end = instantOf(overMidnight ? evening.add({ days: 1 }) : evening, to, timeZone)
    if (at < end && at >= instantOf(evening, from, timeZone)) return end
  }
  return null
}

/** When clocks in the zone first show this time on this day; where they skip it, the instant at which they do. */
function instantOf(day: Temporal.PlainDate, time: Temporal.PlainTime, timeZone: string): number {
  const first = day.toPlainDateTime(time).toZonedDateTime(timeZone, { disambiguation: 'earlier' })
  if (first.toPlainTime().equals(time)) return first.epochMilliseconds
  return first.getTimeZoneTransition('next')?.epochMilliseconds ?? first.epochMilliseconds
}

/** Whether two spans of a day have a minute in common in which a letter may leave. Wall-clock times; `own` the letter's, `night` the quiet hours. */
export function neverMeet(own: { from: string; to: string }, night: { from: string; to: string } | null): boolean {
  const inside = (minute: number, { from, to }: { from: string; to: string }) =>
    minutesOf(from) <= minutesOf(to) ? minute >= minutesOf(from) && minute < minutesOf(to) : minute >= minutesOf(from) || minute < minutesOf(to)
  const isAlways = minutesOf(own.from) === minutesOf(own.to)
  for (let minute = 0; minute < 1_440; minute++) if ((isAlways || inside(minute, own)) && (night === null || !inside(minute, night))) return false
  return true
}

const minutesOf = (time: string): number => {
  const { hour, minute } = Temporal.PlainTime.from(time)
  return hour * 60 + minute
}
