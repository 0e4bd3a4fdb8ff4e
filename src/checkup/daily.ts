/**
 * Has the checkup run once a day in the shop's night, or when somebody asks; keeps what it found, and what was refused.
 * 1. One at a time; who asks while one runs gets that one.
 * 2. A night that was missed is made up for soon after the start.
 * 3. A checkup that fails is said and tried again the next night: nothing waits for it.
 */
import type { Code } from '../core/errors.ts'
import type { Clock } from '../core/world.ts'
import type { Checkups } from '../store/checkups.ts'
import { findingIds } from './findings.ts'
import type { Report } from './report.ts'

type Options = {
  clock: Clock
  timeZone: string
  checkups: Checkups
  /** Made elsewhere: in the reader's thread. */
  examine: (now: number) => Promise<Report>
  /** Does the work in the next batch's transaction. */
  order: <T>(work: () => T) => Promise<T>
  /** All refusals since the start, by code. */
  refused: ReadonlyMap<Code, number>
  onFault: (error: unknown) => void
}

export type Daily = ReturnType<typeof createDaily>

const dayMs = 86_400_000
const at = '03:30'
/** After a start: not among all that begins then. */
const madeUpMs = 120_000
const missedMs = 26 * 3_600_000
const sumsMs = 60_000

export function createDaily({ clock, timeZone, checkups, examine, order, refused, onFault }: Options) {
  const summed = new Map<Code, number>()
  let running: Promise<void> | null = null
  let next: number | null = null
  let cancelNext = () => {}
  let cancelSums = () => {}
  let isOpen = false

  const dayOf = (ms: number) => Math.floor(ms / dayMs)

  async function once(): Promise<void> {
    const from = clock.now()
    const report = await examine(from)
    const until = clock.now()
    const counts = new Map(report.found.map(({ id, count }) => [id, count]))
    const kept = JSON.stringify({ tookMs: until - from, report })
    // Ids with nothing found as well: a day on which it was clean ends a row of days.
    await order(() =>
      checkups.save(
        until,
        dayOf(until),
        kept,
        findingIds.map((id) => [id, counts.get(id) ?? 0] as const),
      ),
    )
  }

  function run(): Promise<void> {
    running ??= once().finally(() => (running = null))
    return running
  }

  function plan(when: number) {
    next = when
    cancelNext = clock.after(Math.max(0, when - clock.now()), () => {
      // The longest waits are cut short: then it is only looked at again.
      if (clock.now() < when) return plan(when)
      run().catch((error: unknown) => isOpen && onFault(error))
      plan(nextNight(clock.now(), timeZone))
    })
  }

  /** What was refused since the last time, into the sums of today. */
  function sum(): Promise<void> | null {
    const more = [...refused].map(([code, count]) => [code, count - (summed.get(code) ?? 0)] as const).filter(([, count]) => count > 0)
    if (more.length === 0) return null
    for (const [code, count] of more) summed.set(code, (summed.get(code) ?? 0) + count)
    return order(() => checkups.refuse(dayOf(clock.now()), more))
  }

  function sumLater() {
    cancelSums = clock.after(sumsMs, () => {
      // A batch that failed has said so itself, and takes nothing more.
      void sum()?.catch(() => {})
      sumLater()
    })
  }

  return {
    run,
    state: (): { running: boolean; next: number | null } => ({ running: running !== null, next }),
    start(): void {
      isOpen = true
      const last = checkups.last()?.at
      const now = clock.now()
      plan(last !== undefined && now - last > missedMs ? now + madeUpMs : nextNight(now, timeZone))
      sumLater()
    },
    /** Before the batch stops: its last sums go into it. */
    async close(): Promise<void> {
      isOpen = false
      cancelNext()
      cancelSums()
      await sum()?.catch(() => {})
    },
  }
}

/** The next half past three of the shop's night. */
export function nextNight(now: number, timeZone: string): number {
  const day = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone).toPlainDate()
  const of = (date: Temporal.PlainDate) => date.toZonedDateTime({ timeZone, plainTime: Temporal.PlainTime.from(at) }).epochMilliseconds
  const today = of(day)
  return today > now ? today : of(day.add({ days: 1 }))
}
