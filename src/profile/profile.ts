/** The unified profile: who a customer is, as far as events have told. Pure; later words win, stricter consent wins. */
import type { Message, Properties, Trust } from '../core/event.ts'
import { learnWishes } from './consent.ts'
import type { Consent, Topics } from './consent.ts'

export type Profile = {
  readonly userId?: string
  readonly anonymousId?: string
  readonly email?: string
  /** Somebody vouches for it: a token or a secret key. Otherwise it was only typed in a browser. */
  readonly verified?: true
  /** Not there: never asked. `pending`: asked, and yet to confirm by a mailed link. */
  readonly consent?: Consent
  readonly topics?: Topics
  /** No more letters to this customer: a bounce or a complaint. */
  readonly suppressed?: 'bounce' | 'complaint'
  readonly erased?: true
  readonly firstName?: string
  readonly name?: string
  readonly locale?: string
  readonly timeZone?: string
  readonly currency?: string
  readonly traits?: Properties
}

const traitsMax = 64
const known = new Set([
  'email',
  'first_name',
  'firstName',
  'last_name',
  'lastName',
  'name',
  'locale',
  'language',
  'timezone',
  'timeZone',
  'currency',
  'consent',
  'topics',
  'imported',
])

/** Whether a message can teach anything beyond ids: saves the hot path from looking closer. */
const teaches = (message: Message) => message.type === 'identify' || message.properties?.['email'] !== undefined

/**
 * The profile after a message. `addressOf` reads exactly one plain address, or null. `isDouble`: a yes to letters that
 * nobody vouches for has to be confirmed. Returns the same object when nothing is new.
 */
export function learn(profile: Profile, message: Message, trust: Trust, addressOf: (text: string) => string | null, isDouble = false): Profile {
  let next = profile
  if (message.userId !== undefined && message.userId !== profile.userId && profile.userId === undefined) next = { ...next, userId: message.userId }
  if (message.anonymousId !== undefined && profile.anonymousId === undefined) next = { ...next, anonymousId: message.anonymousId }
  if (!teaches(message)) return next
  if (message.type !== 'identify' && profile.verified && message.properties?.['email'] === profile.email) return next
  const told = message.type === 'identify' ? (message.traits ?? {}) : { email: message.properties?.['email'] }
  return learnTraits(next, told, trust, addressOf, isDouble)
}

function learnTraits(profile: Profile, told: Properties, trust: Trust, addressOf: (text: string) => string | null, isDouble: boolean): Profile {
  const next: { -readonly [K in keyof Profile]: Profile[K] } = { ...profile }
  learnAddress(next, told['email'], trust, addressOf)
  learnWishes(next, told, trust, isDouble, profile)
  const firstName = text(told['first_name']) ?? text(told['firstName'])
  if (firstName !== undefined) next.firstName = firstName
  const last = text(told['last_name']) ?? text(told['lastName'])
  const name = text(told['name']) ?? (firstName !== undefined && last !== undefined ? `${firstName} ${last}` : undefined)
  if (name !== undefined) next.name = name
  const locale = text(told['locale']) ?? text(told['language'])
  if (locale !== undefined && /^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$/.test(locale)) next.locale = locale.replaceAll('_', '-')
  const zone = text(told['timezone']) ?? text(told['timeZone'])
  if (zone !== undefined && isTimeZone(zone)) next.timeZone = zone
  const currency = text(told['currency'])
  if (currency !== undefined && /^[A-Z]{3}$/.test(currency)) next.currency = currency
  const others = Object.entries(told).filter(([key, value]) => !known.has(key) && isSmall(value))
  if (others.length > 0) next.traits = Object.fromEntries(Object.entries({ ...profile.traits, ...Object.fromEntries(others) }).slice(0, traitsMax))
  return next
}

/** A vouched-for address is never replaced by one that was only typed. */
function learnAddress(next: { email?: string; verified?: true }, told: unknown, trust: Trust, addressOf: (text: string) => string | null) {
  const email = typeof told === 'string' ? addressOf(told) : null
  if (email === null) return
  if (trust === 'browser' && next.verified) return
  next.email = email
  if (trust !== 'browser') next.verified = true
}

/** What a life is called outside: the shop's id for it if there is one. */
export const nameOf = (profile: Profile): string => profile.userId ?? profile.anonymousId ?? profile.email ?? ''

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' && value.length <= 200 ? value : undefined)
const isSmall = (value: unknown) => ['number', 'boolean'].includes(typeof value) || text(value) !== undefined

const zones = new Map<string, boolean>()

function isTimeZone(zone: string): boolean {
  let valid = zones.get(zone)
  if (valid === undefined) {
    try {
      new Intl.DateTimeFormat('en', { timeZone: zone })
      valid = true
    } catch {
      valid = false
    }
    if (zones.size < 1_000) zones.set(zone, valid)
  }
  return valid
}
