/** Days as the shop counts them, and periods made of them. Pure. */

const quarterMs = 900_000
const dayMs = 86_400_000
const daysMax = 400

/** From `from` to before `to`, ms. */
export type Period = { from: number; to: number }

/** `2026-11-23` of an instant, in a time zone. Every zone's offset is whole quarters of an hour, so few are computed. */
export function createCalendar(timeZone: string) {
  const known = new Map<number, string>()
  const startOf = (day: Temporal.PlainDate) => day.toZonedDateTime({ timeZone }).epochMilliseconds
  return {
    dayOf(at: number): string {
      const quarter = Math.floor(at / quarterMs)
      let day = known.get(quarter)
      if (day === undefined) {
        day = Temporal.Instant.fromEpochMilliseconds(quarter * quarterMs)
          .toZonedDateTimeISO(timeZone)
          .toPlainDate()
          .toString()
        known.set(quarter, day)
      }
      return day
    },
    /** Every day that a period touches, with its beginning. */
    days({ from, to }: Period): { day: string; at: number }[] {
      const days: { day: string; at: number }[] = []
      let day = Temporal.PlainDate.from(this.dayOf(from))
      for (let at = startOf(day); at < to && days.length <= daysMax; day = day.add({ days: 1 }), at = startOf(day)) days.push({ day: day.toString(), at })
      return days
    },
    /**
     * What somebody asks for: days (`2026-11-01` to `2026-11-23`, both included) or instants; the last 30 days where they
     * leave it open. A text is what is wrong with it.
     */
    period(from: string | undefined, to: string | undefined, now: number): Period | string {
      const end = to === undefined ? now + 1 : this.instant(to, 1)
      if (end === null) return 'to'
      const start = from === undefined ? startOf(Temporal.PlainDate.from(this.dayOf(end - 1)).subtract({ days: 29 })) : this.instant(from, 0)
      if (start === null || start >= end || end - start > daysMax * dayMs) return 'from'
      return { from: start, to: end }
    },
    /** Of a day its beginning, or that of the day `after` days later; null: it is neither a day nor an instant. */
    instant(text: string, after: number): number | null {
      try {
        if (/^\d{4}-\d\d-\d\d$/.test(text)) return startOf(Temporal.PlainDate.from(text).add({ days: after }))
        return Temporal.Instant.from(text).epochMilliseconds
      } catch {
        return null
      }
    },
  }
}

export type Calendar = ReturnType<typeof createCalendar>
