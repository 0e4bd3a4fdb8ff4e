/** The customer's local night, in which letters wait. Pure; DST by Temporal's rules (R5). */

/** Wall-clock times such as 21:00 and 08:00, and the zone of customers who have not said theirs. */
export type QuietHours = { from: string; to: string; timeZone: string }

/** The instant (ms) at which the night around `at` ends; null when it is day. A gap at dawn ends at the next valid instant. */
export function endOfNight(at: number, hours: QuietHours, timeZone = hours.timeZone): number | null {
  const now = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone)
  const time = now.toPlainTime()
  const from = Temporal.PlainTime.from(hours.from)
  const to = Temporal.PlainTime.from(hours.to)
  const afterFrom = Temporal.PlainTime.compare(time, from) >= 0
  const beforeTo = Temporal.PlainTime.compare(time, to) < 0
  const overMidnight = Temporal.PlainTime.compare(from, to) > 0
  if (overMidnight ? !afterFrom && !beforeTo : !(afterFrom && beforeTo)) return null
  const day = overMidnight && afterFrom ? now.toPlainDate().add({ days: 1 }) : now.toPlainDate()
  const end = day.toZonedDateTime({ timeZone, plainTime: to }).epochMilliseconds
  return end > at ? end : null
}
