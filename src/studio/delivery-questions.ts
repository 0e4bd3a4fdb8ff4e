/** What the outbox and its figures say of delivery. Read-only, so that it can be asked in a thread of its own. */
import { domainOf } from '../mail/domains.ts'
import { meaningOf } from '../mail/refusal.ts'
import { dayOf } from '../mail/warm-up.ts'
import type { StoredLetter } from '../store/letters.ts'
import type { Store } from '../store/store.ts'
import type { DeliveryCounts, DeliveryPage, DeliveryReply } from './api-delivery.ts'

const nextMax = 5
const repliesMax = 8
/** Of so many letters that are not delivered the replies are looked at. */
const lookedAtMax = 200

export type Outbox = Pick<DeliveryPage, 'outbox' | 'next' | 'replies'> & {
  waiting: { queue: number; n: number }[]
  today: (DeliveryCounts & { domain: string })[]
  week: (DeliveryCounts & { domain: string })[]
  posts: (DeliveryCounts & { post: string })[]
}

export function createDeliveryQuestions({ letters, deliveries }: Pick<Store, 'letters' | 'deliveries'>) {
  return {
    outbox({ now }: { now: number }): Outbox {
      const day = dayOf(now)
      const soonest = letters.soonest(lookedAtMax)
      return {
        outbox: letters.counts(),
        next: soonest
          .slice(0, nextMax)
          .map(({ id, template, recipient, nextAt, attempts, reply }) => ({ id, template, recipient, at: nextAt!, attempts, reply })),
        replies: repliesOf([...soonest, ...letters.list({ state: 'failed', limit: lookedAtMax }), ...letters.list({ state: 'unknown', limit: lookedAtMax })]),
        waiting: letters.waiting(),
        today: deliveries.byDomain(day, day),
        week: deliveries.byDomain(day - 6, day),
        posts: deliveries.byPost(day, day),
      }
    },
  }
}

/** The same words of the same domain, but for the numbers in them, are one row. */
function repliesOf(all: readonly StoredLetter[]): DeliveryReply[] {
  const rows = new Map<string, DeliveryReply>()
  for (const { id, state, reply, recipient, changed } of all) {
    if (reply === null || reply === '') continue
    // What is no server's answer says nothing of the domain.
    const domain = /^(?:given up after \d+ attempts: )?[45]\d\d\b/.test(reply) ? domainOf(recipient) : 'any'
    const key = `${domain} ${state} ${reply.replaceAll(/\d+/g, '0').slice(0, 60)}`
    const row = rows.get(key)
    if (row === undefined) rows.set(key, { reply, means: meaningOf(reply), state, times: 1, at: changed, letter: id, domain })
    else {
      row.times++
      if (changed > row.at) Object.assign(row, { reply, at: changed, letter: id })
    }
  }
  return [...rows.values()].sort((a, b) => b.at - a.at).slice(0, repliesMax)
}
