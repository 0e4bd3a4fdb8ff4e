/** What GET /studio/api/delivery says: shapes only. Instants are ms, rates letters a minute; null where there is no limit. */
import type { LetterState } from './api.ts'

export type DeliveryCounts = {
  sent: number
  deferred: number
  greylisted: number
  slowed: number
  bounced: number
  failed: number
  unknown: number
  complained: number
}

export type DeliveryPage = {
  at: number
  posts: DeliveryPost[]
  outbox: Record<LetterState, number>
  /** Those that had letters in the last week, have some waiting, or are held: the busiest first. */
  domains: DeliveryDomain[]
  /** How many more there are. */
  moreDomains: number
  warmUp: DeliveryWarmUp | null
  /** The next to be attempted. */
  next: { id: number; template: string; recipient: string; at: number; attempts: number; reply: string | null }[]
  /** What the other sides said of letters that are not delivered, the latest first. */
  replies: DeliveryReply[]
}

/** `well` | `down` | `trial`: it answers again, and has one letter at a time | `held` by somebody. */
export type DeliveryPost = {
  name: string
  state: 'well' | 'down' | 'trial' | 'held'
  since: number
  inFlight: number
  /** Its own last fault, not one of a letter. */
  fault: { reply: string; means: string; at: number } | null
  probeAt: number | null
  today: DeliveryCounts
}

export type DeliveryDomain = {
  name: string
  perMinute: number | null
  fullPerMinute: number | null
  waiting: number
  /** Nothing goes before; null: it may go now. */
  opensAt: number | null
  held: boolean
  /** What made it slow. */
  why: { reply: string; means: string; at: number } | null
  today: DeliveryCounts
  /** The last seven days, today among them. */
  week: DeliveryCounts
}

/** `limit`, `next`: letters for each group today and tomorrow; null without limit. */
export type DeliveryWarmUp = {
  day: number
  days: number
  startsAt: number
  limit: number | null
  next: number | null
  groups: { name: string; used: number }[]
}

/** `domain`: `any` where nobody answered. */
export type DeliveryReply = { reply: string; means: string; state: LetterState; times: number; at: number; letter: number; domain: string }
