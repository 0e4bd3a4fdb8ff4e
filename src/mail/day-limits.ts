/** The day's limits of a new sender, and how much of them is used: counted from what is booked, and what is on its way. */
import type { Deliveries } from '../store/deliveries.ts'
import { groupOf, groups } from './domains.ts'
import { dayOf, limitOn, startOf, warmUpDays } from './warm-up.ts'
import type { WarmUp } from './warm-up.ts'

/** The day that the first letter went; today while none has. `begins`: one goes now. */
export type FirstDay = (today: number, begins: boolean) => number

export type Limits = ReturnType<typeof createLimits>

export function createLimits({ startsOn }: WarmUp, firstDay: FirstDay, deliveries: Deliveries, now: number) {
  let today = -1
  const used = new Map<string, number>()
  look(now)

  /** At the turn of a day, and at the start, what is booked is counted. */
  function look(at: number) {
    if (dayOf(at) === today) return
    today = dayOf(at)
    used.clear()
    for (const { domain, sent, bounced, failed, unknown } of deliveries.byDomain(today, today)) {
      const group = groupOf(domain)
      used.set(group, (used.get(group) ?? 0) + sent + bounced + failed + unknown)
    }
  }

  const nth = (): number => today - (startsOn === 'first' ? firstDay(today, false) : startsOn) + 1
  const limit = (): number => limitOn(nth())

  return {
    left(group: string, at: number): number {
      look(at)
      return limit() - (used.get(group) ?? 0)
    },
    /** Of the day last looked at. */
    isSpent: (group: string): boolean => (used.get(group) ?? 0) >= limit(),
    /** When more may go. */
    opensAt(group: string, at: number): number {
      look(at)
      return limit() > (used.get(group) ?? 0) ? 0 : startOf(today + 1)
    },
    /** In the transaction that takes letters, or gives them back. */
    taken(group: string, letters: number) {
      if (startsOn === 'first' && letters > 0) firstDay(today, true)
      used.set(group, Math.max(0, (used.get(group) ?? 0) + letters))
    },
    shown(at: number) {
      look(at)
      return {
        day: nth(),
        days: warmUpDays,
        startsAt: startOf(today - nth() + 1),
        isOver: nth() > warmUpDays,
        limit: limit(),
        next: limitOn(nth() + 1),
        groups: groups.map((name) => ({ name, used: used.get(name) ?? 0 })),
      }
    },
  }
}
