/** What came back of letters, for the studio: by day, by reason, and the last ones. Read-only. */
import { isReason, meanings } from '../bounces/classify.ts'
import type { Bounce, BouncedLetter } from '../store/bounces.ts'
import type { Store } from '../store/store.ts'
import type { BounceReport, BounceRow, CameBack } from './api-bounces.ts'

type Options = { store: Pick<Store, 'bounces' | 'suppressions'> }

const dayMs = 86_400_000
const daysShown = 30
const latestMax = 50

export function createBounceQuestions({ store }: Options) {
  return {
    /** The last thirty days, today's with them, in days of UTC. */
    bounces({ now }: { now: number }): BounceReport {
      const since = (Math.floor(now / dayMs) - daysShown + 1) * dayMs
      const days = Array.from({ length: daysShown }, (_, index) => ({ at: since + index * dayMs, hard: 0, soft: 0, complaint: 0 }))
      const reasons = new Map<string, BounceReport['reasons'][number]>()
      for (const { day, kind, reason, n } of store.bounces.days(since)) {
        const shown = days[day - since / dayMs]
        if (shown !== undefined) shown[kind] += n
        const known = reasons.get(`${kind}/${reason}`)
        reasons.set(`${kind}/${reason}`, { kind, reason, meaning: meaningOf(reason), n: n + (known?.n ?? 0) })
      }
      return {
        since,
        days,
        reasons: [...reasons.values()].sort((a, b) => b.n - a.n),
        latest: store.bounces.latest(latestMax).map(rowOf),
        suppressed: store.suppressions.counts(),
      }
    },
  }
}

/** What came back of one letter, the oldest first. */
export const cameBack = (bounces: Pick<Store['bounces'], 'of'>, letter: number): CameBack[] =>
  bounces.of(letter).map(({ at, kind, reason, status, words, mta, source }: Bounce) => ({ at, kind, meaning: meaningOf(reason), status, words, mta, source }))

const rowOf = ({ recipient, ...row }: BouncedLetter): BounceRow => ({ ...row, hint: hintOf(recipient), meaning: meaningOf(row.reason) })

const meaningOf = (reason: string): string => (isReason(reason) ? meanings[reason] : reason)

const hintOf = (address: string): string => `${address.slice(0, 2)}•••${address.slice(address.lastIndexOf('@'))}`
