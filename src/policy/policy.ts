/** Whether a letter that a machine asks for may go: send, wait, or skip with the first reason that objects. Pure. */
import type { Ask, Past } from '../core/life.ts'
import type { LetterRule } from '../kit/letter-rule.ts'
import { refusesTopic } from '../profile/consent.ts'
import type { Profile } from '../profile/profile.ts'
import { opensAt } from './quiet-hours.ts'
import type { QuietHours } from './quiet-hours.ts'
import { everywhere, heldBy } from './holdout.ts'

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
  /** Share of customers, by journey (`*`: of all), who get no letters so that the others can be compared with them: 0 to 1. */
  holdout: Readonly<Record<string, number>>
  /** Another one gives everybody a new lot, in holdouts and variants. */
  salt?: string
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

/** A letter on trial: all that the policy may look at. */
export type Trial = { template: string; facts: Facts; rule: LetterRule; rules: Rules }

/**
 * One thing that may stand against a letter. `objects`: whether it does; `sees`: the numbers it goes by, also where it
 * does not object. `mark` is what its numbers say where several questions give one reason.
 */
export type Question = {
  readonly name: string
  readonly reason: Exclude<Reason, 'merged'>
  readonly mark?: Numbers
  readonly objects: (trial: Trial) => boolean
  readonly sees: (trial: Trial) => Numbers
}

const none: Numbers = Object.freeze({})
const nothing = () => none

/** The policy in its order, apart from the hours of the day, which only delay. The first that objects names the skip. */
export const questions: readonly Question[] = [
  { name: 'address', reason: 'no-address', objects: ({ facts }) => facts.profile.email === undefined, sees: nothing },
  { name: 'erased', reason: 'erased', objects: ({ facts }) => facts.profile.erased === true, sees: nothing },
  {
    name: 'unsubscribed',
    reason: 'unsubscribed',
    mark: { by: 'customer' },
    objects: ({ facts }) => facts.profile.consent === 'unsubscribed',
    sees: ({ facts }) => (facts.profile.consent === 'unsubscribed' ? { by: 'customer' } : none),
  },
  {
    name: 'suppressed',
    reason: 'unsubscribed',
    objects: ({ facts }) => suppressedBy(facts) !== undefined,
    sees({ facts }) {
      const by = suppressedBy(facts)
      return by === undefined ? none : { by }
    },
  },
  {
    name: 'topic',
    reason: 'unsubscribed',
    mark: { by: 'topic' },
    objects: ({ facts, rule }) => refusesTopic(facts.profile, rule.topic),
    sees: ({ facts, rule: { topic } }) => (topic === undefined ? none : { ...(refusesTopic(facts.profile, topic) ? { by: 'topic' } : {}), topic }),
  },
  {
    name: 'pending',
    reason: 'no-consent',
    mark: { consent: 'pending' },
    objects: ({ facts, rule }) => facts.profile.consent === 'pending' && rule.asksConsent !== true,
    sees: ({ facts }) => (facts.profile.consent === 'pending' ? { consent: 'pending' } : none),
  },
  {
    name: 'asking',
    reason: 'no-consent',
    mark: { consent: 'settled' },
    objects: ({ facts, rule }) => rule.asksConsent === true && facts.profile.consent !== 'pending',
    sees: ({ facts, rule }) => (rule.asksConsent === true && facts.profile.consent !== 'pending' ? { consent: 'settled' } : none),
  },
  {
    name: 'consent',
    reason: 'no-consent',
    objects: ({ facts, rule, rules }) => rules.consentRequired && facts.profile.consent !== 'subscribed' && rule.asksConsent !== true,
    sees: nothing,
  },
  {
    name: 'vouched',
    reason: 'no-consent',
    mark: { address: 'claimed' },
    objects: ({ facts, rule }) => !facts.profile.verified && !rule.allowClaimed,
    sees: ({ facts }) => (facts.profile.verified ? none : { address: 'claimed' }),
  },
  { name: 'dormant', reason: 'dormant', objects: ({ facts, rule }) => facts.dormant && rule.asksConsent !== true, sees: nothing },
  {
    name: 'recent-purchase',
    reason: 'recent-purchase',
    objects: ({ facts: { at, lastOrderAt }, rule }) => rule.notAfterOrder !== undefined && lastOrderAt !== null && at - lastOrderAt < rule.notAfterOrder,
    sees: ({ facts: { at, lastOrderAt }, rule: { notAfterOrder } }) => ({
      ...(lastOrderAt === null ? {} : { lastOrderAt, ageMs: at - lastOrderAt }),
      ...(notAfterOrder === undefined ? {} : { notAfterOrderMs: notAfterOrder }),
    }),
  },
  {
    name: 'holdout',
    reason: 'holdout',
    objects: ({ facts, rule, rules }) => heldBy(facts.customer, rule, rules) !== null,
    sees: ({ facts, rule, rules }): Numbers =>
      heldBy(facts.customer, rule, rules) === everywhere ? { share: rules.holdout[everywhere]!, of: everywhere } : { share: rules.holdout[rule.journey] ?? 0 },
  },
  {
    name: 'window',
    reason: 'window',
    objects: (trial) => lastWithin(trial, trial.rule.window) !== undefined,
    sees(trial) {
      const queuedAt = lastWithin(trial, trial.rule.window) ?? lastWithin(trial, Infinity)
      return { ...(queuedAt === undefined ? {} : { queuedAt, ageMs: trial.facts.at - queuedAt }), windowMs: trial.rule.window }
    },
  },
  {
    name: 'own-cap',
    reason: 'cap',
    mark: { own: true },
    objects: (trial) => trial.rule.cap !== undefined && queuedOf(trial, trial.rule.cap.within) >= trial.rule.cap.most,
    sees: (trial) => (trial.rule.cap === undefined ? none : ownCounted(trial, trial.rule.cap)),
  },
  { name: 'cap', reason: 'cap', objects: (trial) => queuedWithin(trial) >= allowed(trial), sees: counted },
  {
    name: 'claimed',
    reason: 'cap',
    mark: { address: 'claimed' },
    objects: ({ facts }) => facts.outside.claimedTaken === true,
    sees: (trial) => (trial.facts.outside.claimedTaken ? { ...counted(trial), address: 'claimed' } : none),
  },
  {
    name: 'content',
    reason: 'nothing-to-say',
    objects: ({ facts }) => facts.outside.missing !== undefined,
    sees: ({ facts: { outside } }) => (outside.missing === undefined ? none : { missing: outside.missing }),
  },
]

/** Pure and total. Windows and caps count letters queued strictly less than their length ago. */
export function judge(ask: Ask, facts: Facts, rules: Rules): Verdict {
  const rule = rules.letters[ask.template]
  if (rule === undefined) return { send: false, reason: 'nothing-to-say', numbers: { missing: 'template' } }
  const trial: Trial = { template: ask.template, facts, rule, rules }
  for (const question of questions) if (question.objects(trial)) return { send: false, reason: question.reason, numbers: question.sees(trial) }
  const until = opensAt(facts.at, rules.quietHours, rule, facts.profile.timeZone)
  if (until !== null) return { wait: until, numbers: { until } }
  return { send: true, numbers: counted(trial) }
}

const suppressedBy = ({ profile, outside }: Facts): string | undefined => profile.suppressed ?? outside.suppressed

function lastWithin({ template, facts: { past, at } }: Trial, window: number): number | undefined {
  return past.findLast(([name, , when, queued]) => queued === 1 && name === template && at - when < window)?.[2]
}

function counted(trial: Trial): Numbers {
  const { rule, rules } = trial
  return { queued: queuedWithin(trial), allowed: allowed(trial), capWindowMs: rules.caps.window, priority: rule.priority }
}

const ownCounted = (trial: Trial, { most, within }: NonNullable<LetterRule['cap']>): Numbers => ({
  own: true,
  template: trial.template,
  queued: queuedOf(trial, within),
  allowed: most,
  capWindowMs: within,
})

/** Of this template alone. */
function queuedOf({ template, facts: { past, at } }: Trial, within: number): number {
  let n = 0
  for (const [name, , when, queued] of past) if (queued === 1 && name === template && at - when < within) n++
  return n
}

const allowed = ({ facts, rule, rules }: Trial): number => (facts.profile.verified ? rules.caps[rule.priority] : 1)

function queuedWithin({ facts: { past, at }, rules }: Trial): number {
  let n = 0
  for (const [, , when, queued] of past) if (queued === 1 && at - when < rules.caps.window) n++
  return n
}
