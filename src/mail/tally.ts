/** What became of letters, by domain and by post: a row each for what one transaction booked, and counts since the start. */
import { isSandboxAddress } from '../profile/sandbox.ts'
import type { Receipt } from '../core/world.ts'
import { outcomes } from '../store/deliveries.ts'
import type { Counts, Deliveries, OutcomeOfLetter } from '../store/deliveries.ts'
import { domainOf, groupOf } from './domains.ts'
import type { Advice } from './refusal.ts'
import { dayOf } from './warm-up.ts'

export type Tally = ReturnType<typeof createTally>

/** What a receipt counts as; null: it says nothing of the domain. `advice` where it was an answer for now. */
export function outcomeOf(receipt: Receipt, advice: Advice | null): OutcomeOfLetter | null {
  if (receipt.state === 'failed') return receipt.hard ? 'bounced' : /^\d{3}\b/.test(receipt.reply) ? 'failed' : null
  if (receipt.state !== 'deferred') return receipt.state
  return advice?.kind === 'greylisted' ? 'greylisted' : advice?.kind === 'slow' ? 'slowed' : advice?.kind === 'later' ? 'deferred' : null
}

export function createTally(deliveries: Deliveries) {
  let pending = new Map<string, { domain: string; day: number; post: string; counts: Partial<Counts> }>()
  const byPost = new Map<string, Counts>()
  const byGroup = new Map<string, Counts>()
  let tidied: number | null = null

  return {
    /** In a transaction that `write` ends. Letters to sandbox customers go nowhere, and count as nothing. */
    note(recipient: string, post: string, outcome: OutcomeOfLetter, now: number) {
      if (isSandboxAddress(recipient)) return
      const domain = domainOf(recipient)
      const day = dayOf(now)
      const key = `${domain} ${day} ${post}`
      let row = pending.get(key)
      if (row === undefined) pending.set(key, (row = { domain, day, post, counts: {} }))
      row.counts[outcome] = (row.counts[outcome] ?? 0) + 1
      countsIn(byPost, post)[outcome]++
      countsIn(byGroup, groupOf(domain))[outcome]++
    },
    /** In the transaction: what was noted since the last. True on the first of a day, when old days are tidied up. */
    write(now: number): boolean {
      if (pending.size === 0) return false
      for (const { domain, day, post, counts } of pending.values()) deliveries.add(domain, day, post, counts)
      pending = new Map()
      if (tidied === dayOf(now)) return false
      tidied = dayOf(now)
      deliveries.tidy(tidied)
      return true
    },
    /** Since the start. */
    byPost: (): ReadonlyMap<string, Readonly<Counts>> => byPost,
    byGroup: (): ReadonlyMap<string, Readonly<Counts>> => byGroup,
  }
}

function countsIn(all: Map<string, Counts>, name: string): Counts {
  let counts = all.get(name)
  if (counts === undefined) all.set(name, (counts = Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Counts))
  return counts
}
