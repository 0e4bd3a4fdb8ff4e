/**
 * What a customer wants to be sent: whether any letters, of which topics, and what stands against writing to them. Pure.
 * 1. Anyone may say no for themselves. Only the shop's server, or the owner of the address by a mailed link, may say yes
 *    after a no; a yes of the past (an import) never does.
 * 2. Where a yes has to be confirmed, one that comes from a browser or by a token is `pending` until a mailed link says so.
 * 3. Of two lives the stricter one counts, whichever way round they are joined (R8): see `stricter`.
 */
import type { Message, Properties, Trust } from '../core/event.ts'
import type { Profile } from './profile.ts'

export type Consent = 'pending' | 'subscribed' | 'unsubscribed'

/** Topic → whether they want letters of it. A topic that is not named was never chosen about, and is wanted. */
export type Topics = Readonly<Record<string, boolean>>

/** What of a profile says what its owner wants. */
export type Wishes = Pick<Profile, 'consent' | 'suppressed' | 'topics'>

/** What became of a letter, as far as it says what somebody wants. `recipient`: the address it was mailed to. */
export type Said = { type: string; recipient?: string; consent?: 'subscribed' | 'unsubscribed'; topics?: Topics }

type Draft = { -readonly [K in keyof Profile]: Profile[K] }

const topicsMax = 32
const topicName = /^[A-Za-z0-9][\w -]{0,39}$/

/** What traits say about letters, learnt into `next`. `before`: as it was before the same traits told an address. */
export function learnWishes(next: Draft, told: Properties, trust: Trust, isDouble: boolean, before: Profile): void {
  // A yes was said for the address of then.
  if (isDouble && trust === 'browser' && next.consent === 'subscribed' && before.email !== undefined && next.email !== before.email) next.consent = 'pending'
  const consent = consentAfter(next.consent, told['consent'], trust, isDouble, isPast(told))
  if (consent !== undefined) next.consent = consent
  const topics = topicsAfter(next.topics, told['topics'], isPast(told) ? 'browser' : trust)
  if (topics !== undefined) next.topics = topics
}

function consentAfter(before: Consent | undefined, told: unknown, trust: Trust, isDouble: boolean, isOfThePast: boolean): Consent | undefined {
  switch (told) {
    case 'unsubscribed':
      return 'unsubscribed'
    case 'subscribed':
      if (trust === 'server') return isOfThePast && before === 'unsubscribed' ? before : 'subscribed'
      return before ?? (isDouble ? 'pending' : 'subscribed')
    case 'pending':
      return trust === 'server' ? (before ?? 'pending') : before
    default:
      return before
  }
}

function topicsAfter(before: Topics | undefined, told: unknown, trust: Trust): Topics | undefined {
  if (typeof told !== 'object' || told === null || Array.isArray(told)) return before
  const next: Record<string, boolean> = { ...before }
  let isNew = false
  for (const [name, wants] of Object.entries(told)) {
    if (typeof wants !== 'boolean' || !topicName.test(name) || next[name] === wants) continue
    if (next[name] === false && trust !== 'server') continue
    if (next[name] === undefined && Object.keys(next).length >= topicsMax) continue
    next[name] = wants
    isNew = true
  }
  return isNew ? next : before
}

/** Told by an import: news of the past, by which nobody is asked anything and no no is lifted. */
const isPast = (told: Properties): boolean => typeof told['imported'] === 'object' && told['imported'] !== null

/** The profile after what became of a letter. Returns the same object when it says nothing. */
export function learnOutcome(profile: Profile, said: Said): Profile {
  const isOwner = said.recipient !== undefined && said.recipient === profile.email?.toLowerCase()
  switch (said.type) {
    case 'mail.unsubscribed':
      return { ...profile, consent: 'unsubscribed' }
    case 'mail.bounced':
      return { ...profile, suppressed: profile.suppressed === 'complaint' ? 'complaint' : 'bounce' }
    case 'mail.complained':
      return { ...profile, suppressed: 'complaint' }
    case 'mail.confirmed':
      // An old link does not undo a later no, and one mailed to another address says nothing about this one.
      return isOwner && profile.consent === 'pending' ? { ...profile, consent: 'subscribed', verified: true } : profile
    case 'mail.preferences':
      return afterChoice(profile, said, isOwner)
    default:
      return profile
  }
}

/** Whoever had the address before may still say no. */
function afterChoice(profile: Profile, { consent, topics }: Said, isOwner: boolean): Profile {
  const next: Draft = { ...profile }
  if (consent === 'unsubscribed') next.consent = 'unsubscribed'
  if (consent === 'subscribed' && isOwner) {
    next.consent = 'subscribed'
    next.verified = true
  }
  const chosen = topicsAfter(profile.topics, topics, isOwner ? 'server' : 'browser')
  if (chosen !== undefined) next.topics = chosen
  return next
}

/**
 * What a machine hears after the event that changed a consent: `consent.asked` when somebody has yet to confirm,
 * `consent.given`, `consent.withdrawn`; null when nothing changed. `message`: what told it, if it was one.
 */
export function consentChange(before: Profile, after: Profile, message?: Message, trust?: Trust): string | null {
  if (before === after) return null
  const told = message?.type === 'identify' ? (message.traits ?? {}) : {}
  if (isPast(told)) return null
  if (after.consent === 'pending') {
    const says = told['consent'] === 'subscribed' || (told['consent'] === 'pending' && trust === 'server')
    return says || after.email !== before.email ? 'consent.asked' : null
  }
  if (after.consent === before.consent) return null
  return after.consent === 'subscribed' ? 'consent.given' : 'consent.withdrawn'
}

/** From the least to the most that stands against a letter. */
const strictness = [undefined, 'subscribed', 'pending', 'unsubscribed'] as const
const gravity = [undefined, 'bounce', 'complaint'] as const

/**
 * What stays true of two lives that become one: no over yet to confirm over yes over never asked; of topics the no; the
 * graver suppression. Commutative, associative, idempotent.
 */
export function stricter(a: Wishes, b: Wishes): Wishes {
  const consent = strictness[Math.max(strictness.indexOf(a.consent), strictness.indexOf(b.consent))]
  const suppressed = gravity[Math.max(gravity.indexOf(a.suppressed), gravity.indexOf(b.suppressed))]
  const topics = a.topics === undefined || b.topics === undefined ? (a.topics ?? b.topics) : bothTopics(a.topics, b.topics)
  return { ...(consent === undefined ? {} : { consent }), ...(suppressed === undefined ? {} : { suppressed }), ...(topics === undefined ? {} : { topics }) }
}

function bothTopics(a: Topics, b: Topics): Topics {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()
  return Object.fromEntries(names.map((name) => [name, a[name] !== false && b[name] !== false]))
}

/** Whether a customer must not be written to, whatever the shop would like. */
export const wantsNone = ({ consent, suppressed }: Wishes): boolean => consent === 'unsubscribed' || suppressed !== undefined

/** Whether they said no to letters of this topic. */
export const refusesTopic = ({ topics }: Wishes, topic: string | undefined): boolean => topic !== undefined && topics?.[topic] === false
