import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Message, Trust } from '../core/event.ts'
import { consentChange, learnOutcome, refusesTopic, stricter, wantsNone } from './consent.ts'
import type { Wishes } from './consent.ts'
import { learn } from './profile.ts'
import type { Profile } from './profile.ts'

const addressOf = (text: string) => (text.includes('@') ? text : null)
const identify = (traits: Record<string, unknown>): Message => ({ type: 'identify', messageId: 'm', userId: 'ann', traits, at: 0, text: '' })
const told = (before: Profile, traits: Record<string, unknown>, trust: Trust, isDouble = false) => learn(before, identify(traits), trust, addressOf, isDouble)
const consentOf = (...args: Parameters<typeof told>) => told(...args).consent

const wishes: fc.Arbitrary<Wishes> = fc.record(
  {
    consent: fc.constantFrom('pending', 'subscribed', 'unsubscribed'),
    suppressed: fc.constantFrom('bounce', 'complaint'),
    topics: fc.dictionary(fc.constantFrom('offers', 'orders', 'reminders'), fc.boolean()),
  },
  { requiredKeys: [] },
)

test('of joined lives the stricter wish counts, in whatever order and grouping they are joined', () => {
  fc.assert(
    fc.property(wishes, wishes, wishes, (a, b, c) => {
      const joined = stricter(a, b)
      expect(stricter(b, a)).toEqual(joined)
      expect(stricter(stricter(a, b), c)).toEqual(stricter(a, stricter(b, c)))
      expect(stricter(a, a)).toEqual(a)
      // Nothing that either forbids is allowed afterwards.
      if (wantsNone(a) || wantsNone(b)) expect(wantsNone(joined)).toBe(true)
      for (const topic of ['offers', 'orders', 'reminders']) if (refusesTopic(a, topic)) expect(refusesTopic(joined, topic)).toBe(true)
      if (a.consent === 'pending') expect(joined.consent).not.toBe('subscribed')
      if (a.suppressed === 'complaint') expect(joined.suppressed).toBe('complaint')
    }),
  )
})

test.each<[string, Profile['consent'], string, Trust, boolean, Profile['consent']]>([
  ['a yes in a browser counts where nobody has to confirm', undefined, 'subscribed', 'browser', false, 'subscribed'],
  ['where they have to, it waits', undefined, 'subscribed', 'browser', true, 'pending'],
  ['with a token too', undefined, 'subscribed', 'verified', true, 'pending'],
  ['a server’s counts', undefined, 'subscribed', 'server', true, 'subscribed'],
  ['and ends the waiting', 'pending', 'subscribed', 'server', true, 'subscribed'],
  ['a second yes in a browser goes on waiting', 'pending', 'subscribed', 'browser', true, 'pending'],
  ['also once nobody has to confirm any more', 'pending', 'subscribed', 'browser', false, 'pending'],
  ['a yes in a browser lifts no no', 'unsubscribed', 'subscribed', 'browser', true, 'unsubscribed'],
  ['a server’s does', 'unsubscribed', 'subscribed', 'server', false, 'subscribed'],
  ['anyone may say no', 'subscribed', 'unsubscribed', 'browser', true, 'unsubscribed'],
  ['a confirmed yes stays', 'subscribed', 'subscribed', 'browser', true, 'subscribed'],
  ['a browser puts nobody among those who are asked', undefined, 'pending', 'browser', false, undefined],
  ['a server does', undefined, 'pending', 'server', false, 'pending'],
])('%s', (_, before, says, trust, isDouble, after) =>
  expect(consentOf(before === undefined ? {} : { consent: before }, { consent: says }, trust, isDouble)).toBe(after),
)

test('a yes of the past lifts no no, and asks nobody anything', () => {
  const imported = { consent: 'subscribed', imported: { source: 'old list', at: '2020-01-01T00:00:00Z' } }
  expect(consentOf({ consent: 'unsubscribed' }, imported, 'server')).toBe('unsubscribed')
  expect(consentOf({}, imported, 'server')).toBe('subscribed')
  expect(told({ topics: { offers: false } }, { ...imported, topics: { offers: true, orders: false } }, 'server').topics).toEqual({
    offers: false,
    orders: false,
  })
  const asked = { ...imported, consent: 'pending' }
  expect(consentChange({}, told({}, asked, 'server'), identify(asked), 'server')).toBeNull()
  expect(consentChange({}, told({}, { consent: 'pending' }, 'server'), identify({ consent: 'pending' }), 'server')).toBe('consent.asked')
})

test('a yes that was said for one address does not go with another that is only typed', () => {
  const before: Profile = { email: 'a@x.test', consent: 'subscribed' }
  expect(consentOf(before, { email: 'victim@x.test' }, 'browser', true)).toBe('pending')
  expect(consentOf(before, { email: 'victim@x.test' }, 'server', true)).toBe('subscribed')
  expect(consentOf(before, { first_name: 'Ann' }, 'browser', true)).toBe('subscribed')
})

test('anyone may choose against a topic, only the shop or the owner of the address for it again; rubbish teaches nothing', () => {
  const no = told({}, { topics: { offers: false, '<b>': false, news: 'no' } }, 'browser')
  expect(no.topics).toEqual({ offers: false })
  expect(told(no, { topics: { offers: true } }, 'browser').topics).toEqual({ offers: false })
  expect(told(no, { topics: { offers: true } }, 'server').topics).toEqual({ offers: true })
  for (const rubbish of [null, 'offers', ['offers'], 7]) expect(told({}, { topics: rubbish }, 'server').topics).toBeUndefined()
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`t${n}`, false]))
  expect(Object.keys(told({}, { topics: many }, 'browser').topics!)).toHaveLength(32)
  expect(told({}, { topics: JSON.parse('{"__proto__": false}') as unknown }, 'server').topics).toBeUndefined()
})

test('a confirmed link subscribes and vouches for the address it was mailed to, and no other', () => {
  const pending: Profile = { email: 'Ann@x.test', consent: 'pending' }
  const confirmed = { type: 'mail.confirmed', recipient: 'ann@x.test' }
  expect(learnOutcome(pending, confirmed)).toEqual({ email: 'Ann@x.test', consent: 'subscribed', verified: true })
  const moved: Profile = { ...pending, email: 'victim@x.test' }
  expect(learnOutcome(moved, confirmed)).toBe(moved)
  const left: Profile = { ...pending, consent: 'unsubscribed' }
  expect(learnOutcome(left, confirmed)).toBe(left)
})

test('who had the address before may say no, and not yes', () => {
  const profile: Profile = { email: 'new@x.test', consent: 'subscribed', topics: { offers: false } }
  const said = { type: 'mail.preferences', recipient: 'old@x.test' }
  expect(learnOutcome(profile, { ...said, consent: 'unsubscribed' }).consent).toBe('unsubscribed')
  expect(learnOutcome({ ...profile, consent: 'unsubscribed' }, { ...said, consent: 'subscribed' }).consent).toBe('unsubscribed')
  expect(learnOutcome(profile, { ...said, topics: { offers: true, orders: false } }).topics).toEqual({ offers: false, orders: false })
})

test('a complaint is not forgotten for a later bounce', () => {
  expect(learnOutcome({ suppressed: 'complaint' }, { type: 'mail.bounced' }).suppressed).toBe('complaint')
})
