/** Whether a letter that a machine asks for may go: send, wait, or skip with the first reason that objects. Pure. */
import type { Ask, Past } from '../core/life.ts'
import type { LetterRule } from '../kit/letter-rule.ts'
import type { Profile } from '../profile/profile.ts'
import { endOfNight } from './quiet-hours.ts'
import type { QuietHours } from './quiet-hours.ts'
import { isHeldOut } from './holdout.ts'

/** In the order they are asked; the first that objects names the skip. `merged`: see core/retell.ts. */
export const reasons = [
  'no-address',
  'erased',
  'unsubscribed',
  'no-consent',
  'dormant',
  'recent-purchase',
  'holdout',
  'window',
  'cap',
  'nothing-to-say',
  'merged',
] as const
export type Reason = (typeof reasons)[number]

export type Rules = {
  letters: Readonly<Record<string, LetterRule>>
  caps: { window: number; low: number; medium: number; high: number }
  /** A customer must have said yes, not merely not no. */
  consentRequired: boolean
  /** Share of customers, by journey, who get no letters so that the others can be compared with them: 0 to 1. */
  holdout: Readonly<Record<string, number>>
  quietHours: QuietHours | null
}

/** What stands outside the customer's own life. It is kept with the decision, so that replay decides alike. */
export type Outside = {
  /** The address is suppressed: somebody unsubscribed it, or it bounced, perhaps in another life. */
  suppressed?: string
  /** Another life has had this merely claimed address's letter of the day. */
  claimedTaken?: true
  /** What the templates found missing. */
  missing?: string
}

export type Facts = {
  at: number
  customer: number
  profile: Profile
  dormant: boolean
  lastOrderAt: number | null
  past: readonly Past[]
  outside: Outside
}

/** A policy's answer with the numbers behind it. */
export type Verdict = { send: true; numbers: Numbers } | { send: false; reason: Reason; numbers: Numbers } | { wait: number; numbers: Numbers }

export type Numbers = Record<string, number | string | boolean>

/** Pure and total. Windows and caps count letters queued strictly less than their length ago. */
export function judge(ask: Ask, facts: Facts, rules: Rules): Verdict {
  const rule = rules.letters[ask.template]
  if (rule === undefined) return skip('nothing-to-say', { missing: 'template' })
  const { profile, outside, at } = facts

  if (profile.email === undefined) return skip('no-address')
  if (profile.erased) return skip('erased')
  if (profile.consent === 'unsubscribed') return skip('unsubscribed', { by: 'customer' })
  if (profile.suppressed !== undefined) return skip('unsubscribed', { by: profile.suppressed })
  if (outside.suppressed !== undefined) return skip('unsubscribed', { by: outside.suppressed })
  if (rules.consentRequired && profile.consent !== 'subscribed') return skip('no-consent')
  if (!profile.verified && !rule.allowClaimed) return skip('no-consent', { address: 'claimed' })
  if (facts.dormant) return skip('dormant')
  if (rule.notAfterOrder !== undefined && facts.lastOrderAt !== null && at - facts.lastOrderAt < rule.notAfterOrder)
    return skip('recent-purchase', { lastOrderAt: facts.lastOrderAt, ageMs: at - facts.lastOrderAt, notAfterOrderMs: rule.notAfterOrder })
  const share = rules.holdout[rule.journey] ?? 0
  if (share > 0 && isHeldOut(facts.customer, rule.journey, share)) return skip('holdout', { share })

  const inWindow = facts.past.findLast(([template, , when, queued]) => queued === 1 && template === ask.template && at - when < rule.window)
  if (inWindow !== undefined) return skip('window', { queuedAt: inWindow[2], ageMs: at - inWindow[2], windowMs: rule.window })
  const queued = facts.past.filter(([, , when, kept]) => kept === 1 && at - when < rules.caps.window).length
  const allowed = profile.verified ? rules.caps[rule.priority] : 1
  const counted = { queued, allowed, capWindowMs: rules.caps.window, priority: rule.priority }
  if (queued >= allowed) return skip('cap', counted)
  if (outside.claimedTaken) return skip('cap', { ...counted, address: 'claimed' })
  if (outside.missing !== undefined) return skip('nothing-to-say', { missing: outside.missing })

  const until = rules.quietHours === null ? null : endOfNight(at, rules.quietHours, profile.timeZone)
  if (until !== null) return { wait: until, numbers: { until } }
  return { send: true, numbers: counted }
}

const skip = (reason: Reason, numbers: Numbers = {}): Verdict => ({ send: false, reason, numbers })
