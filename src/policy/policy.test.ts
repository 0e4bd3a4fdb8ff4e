import { expect, test } from 'vitest'
import { judge, questions, reasons } from './policy.ts'
import type { Facts, Rules } from './policy.ts'
import { isHeldOut } from './holdout.ts'

const h = 3_600_000
const at = Date.parse('2026-03-02T12:00:00Z')
const rule = (priority: 'high' | 'medium' | 'low', more = {}) => ({
  journey: priority,
  priority,
  window: 24 * h,
  allowClaimed: false,
  unknown: 'hold' as const,
  ...more,
})
const rules: Rules = {
  letters: {
    high: rule('high'),
    medium: rule('medium', { notAfterOrder: 24 * h }),
    low: rule('low', { allowClaimed: true }),
    about: rule('high', { topic: 'offers', cap: { most: 2, within: 72 * h } }),
    asks: rule('high', { allowClaimed: true, asksConsent: true }),
  },
  caps: { window: 24 * h, low: 1, medium: 2, high: 3 },
  consentRequired: false,
  holdout: {},
  quietHours: null,
}
const facts: Facts = { at, customer: 1, profile: { email: 'a@b.test', verified: true }, dormant: false, lastOrderAt: null, past: [], outside: {} }
const ask = (template: string, changed: Partial<Facts> = {}, other: Partial<Rules> = {}) =>
  judge({ template, run: 0 }, { ...facts, ...changed }, { ...rules, ...other })
const reasonOf = (...args: Parameters<typeof ask>) => {
  const verdict = ask(...args)
  return 'send' in verdict ? (verdict.send ? 'send' : verdict.reason) : 'wait'
}
const past = (...ages: [string, number][]) => ages.map(([template, age]) => [template, 0, at - age, 1] as const)
const profile = (more: Facts['profile']) => ({ profile: { ...facts.profile, ...more } })

test('nothing objects: it is sent, with the numbers of the cap', () => {
  expect(ask('high', { past: past(['medium', h]) })).toEqual({ send: true, numbers: { queued: 1, allowed: 3, capWindowMs: 24 * h, priority: 'high' } })
})

test.each<[string, Parameters<typeof ask>, string]>([
  ['no address', ['high', { profile: {} }], 'no-address'],
  ['erased', ['high', profile({ erased: true })], 'erased'],
  ['unsubscribed', ['high', profile({ consent: 'unsubscribed' })], 'unsubscribed'],
  ['bounced', ['high', profile({ suppressed: 'bounce' })], 'unsubscribed'],
  ['suppressed in another life', ['high', { outside: { suppressed: 'complaint' } }], 'unsubscribed'],
  ['no consent where it is required', ['high', {}, { consentRequired: true }], 'no-consent'],
  ['consent where it is required', ['high', profile({ consent: 'subscribed' }), { consentRequired: true }], 'send'],
  ['an address only typed in a browser', ['high', { profile: { email: 'a@b.test' } }], 'no-consent'],
  ['the same, for a letter that may', ['low', { profile: { email: 'a@b.test' } }], 'send'],
  ['the same, when another life had its letter today', ['low', { profile: { email: 'a@b.test' }, outside: { claimedTaken: true } }], 'cap'],
  ['a topic they said no to', ['about', profile({ topics: { offers: false } })], 'unsubscribed'],
  ['another topic', ['about', profile({ topics: { orders: false, offers: true } })], 'send'],
  ['yet to confirm', ['high', profile({ consent: 'pending' })], 'no-consent'],
  ['yet to confirm, for the letter that asks', ['asks', profile({ consent: 'pending' }), { consentRequired: true }], 'send'],
  ['the letter that asks, to a sleeper who has just asked', ['asks', { ...profile({ consent: 'pending' }), dormant: true }], 'send'],
  ['the letter that asks, to who is subscribed', ['asks', profile({ consent: 'subscribed' })], 'no-consent'],
  ['the letter that asks, to who never asked', ['asks', {}], 'no-consent'],
  ['the letter that asks, to who unsubscribed', ['asks', profile({ consent: 'unsubscribed' })], 'unsubscribed'],
  ['its own cap, a millisecond before it is free', ['about', { past: past(['about', 72 * h - 1], ['about', 50 * h]) }], 'cap'],
  ['its own cap, at the very millisecond', ['about', { past: past(['about', 72 * h], ['about', 50 * h]) }], 'send'],
  ['its own cap, with letters of others', ['about', { past: past(['high', 50 * h], ['low', 50 * h], ['about', 50 * h]) }], 'send'],
  ['dormant', ['high', { dormant: true }], 'dormant'],
  ['an order a millisecond less than a day ago', ['medium', { lastOrderAt: at - 24 * h + 1 }], 'recent-purchase'],
  ['an order exactly a day ago', ['medium', { lastOrderAt: at - 24 * h }], 'send'],
  ['an order, for a letter that does not mind', ['high', { lastOrderAt: at }], 'send'],
  ['held out', ['high', {}, { holdout: { high: 1 } }], 'holdout'],
  ['the same letter a millisecond less than a day ago', ['high', { past: past(['high', 24 * h - 1]) }], 'window'],
  ['the same letter exactly a day ago', ['high', { past: past(['high', 24 * h]) }], 'send'],
  ['a low letter after one', ['low', { past: past(['high', h]) }], 'cap'],
  ['a low letter after one exactly a day ago', ['low', { past: past(['high', 24 * h]) }], 'send'],
  ['a medium letter after one', ['medium', { past: past(['high', h]) }], 'send'],
  ['a medium letter after two', ['medium', { past: past(['high', h], ['low', 2 * h]) }], 'cap'],
  ['a high letter after two others', ['high', { past: past(['medium', h], ['low', 2 * h]) }], 'send'],
  ['a high letter after three others', ['high', { past: past(['medium', h], ['medium', h], ['low', 2 * h]) }], 'cap'],
  ['something it needs is missing', ['high', { outside: { missing: 'lines' } }], 'nothing-to-say'],
  ['a letter nobody made a rule for', ['unheard-of'], 'nothing-to-say'],
])('%s', (_, args, expected) => expect(reasonOf(...args)).toBe(expected))

test('a skipped letter fills neither window nor cap', () => {
  expect(
    reasonOf('high', {
      past: [
        ['high', 0, at - h, 0],
        ['low', 0, at - h, 0],
        ['low', 0, at - h, 0],
      ],
    }),
  ).toBe('send')
})

test('the first objection names the reason, in the order of the list', () => {
  const everything: Partial<Facts> = {
    profile: { erased: true },
    dormant: true,
    lastOrderAt: at,
    past: past(['medium', 1], ['high', 1], ['low', 1]),
    outside: { suppressed: 'bounce', missing: 'x' },
  }
  const mended: [Partial<Facts>, Partial<Rules>, string][] = []
  let now = { ...everything }
  let settings: Partial<Rules> = { consentRequired: true, holdout: { medium: 1 } }
  const mend = (facts: Partial<Facts>, reason: string, change: Partial<Rules> = {}) => {
    mended.push([now, settings, reason])
    now = { ...now, ...facts }
    settings = { ...settings, ...change }
  }
  mend({ profile: { erased: true, email: 'a@b.test', verified: true } }, 'no-address')
  mend({ profile: { email: 'a@b.test', verified: true, consent: 'unsubscribed' } }, 'erased')
  mend({ profile: { email: 'a@b.test', verified: true }, outside: { missing: 'x' } }, 'unsubscribed')
  mend({}, 'no-consent', { consentRequired: false })
  mend({ dormant: false }, 'dormant')
  mend({ lastOrderAt: null }, 'recent-purchase')
  mend({}, 'holdout', { holdout: {} })
  mend({ past: past(['high', 1], ['low', 1]) }, 'window')
  mend({ past: [] }, 'cap')
  mend({ outside: {} }, 'nothing-to-say')
  expect(mended.map(([facts, rules]) => reasonOf('medium', facts, rules))).toEqual(mended.map(([, , reason]) => reason))
  expect(mended.map(([, , reason]) => reason)).toEqual(reasons.filter((reason) => reason !== 'merged'))
})

test('the questions can be listed: in the order of the reasons, and the first that objects is the one that judged', () => {
  expect([...new Set(questions.map(({ reason }) => reason))]).toEqual(reasons.filter((reason) => reason !== 'merged'))
  const late: Partial<Facts> = { dormant: true, past: past(['medium', h]), outside: { missing: 'lines' } }
  const trial = { template: 'medium', facts: { ...facts, ...late }, rule: rules.letters['medium']!, rules }
  expect(questions.filter(({ objects }) => objects(trial)).map(({ name }) => name)).toEqual(['dormant', 'window', 'content'])
  expect(questions.find(({ name }) => name === 'window')!.sees(trial)).toEqual({ queuedAt: at - h, ageMs: h, windowMs: 24 * h })
  expect(reasonOf('medium', late)).toBe('dormant')
})

test('the numbers say which topic, who has yet to confirm, and whose cap it was', () => {
  expect(ask('about', profile({ topics: { offers: false } }))).toMatchObject({ numbers: { by: 'topic', topic: 'offers' } })
  expect(ask('high', profile({ consent: 'pending' }))).toMatchObject({ numbers: { consent: 'pending' } })
  expect(ask('asks')).toMatchObject({ numbers: { consent: 'settled' } })
  expect(ask('about', { past: past(['about', 50 * h], ['about', 40 * h]) })).toMatchObject({
    reason: 'cap',
    numbers: { own: true, template: 'about', queued: 2, allowed: 2, capWindowMs: 72 * h },
  })
})

test('at night it waits, but only when nothing else objects', () => {
  const night = { quietHours: { from: '11:00', to: '13:00', timeZone: 'UTC' } }
  expect(ask('high', {}, night)).toEqual({ wait: at + h, numbers: { until: at + h } })
  expect(reasonOf('high', { dormant: true }, night)).toBe('dormant')
})

test('a holdout is the same people every time, about its share of them, and another group for each journey', () => {
  const held = (journey: string) => Array.from({ length: 20_000 }, (_, customer) => isHeldOut(customer, journey, 0.1))
  const cart = held('cart')
  expect(cart).toEqual(held('cart'))
  const share = cart.filter(Boolean).length / cart.length
  expect(share).toBeGreaterThan(0.09)
  expect(share).toBeLessThan(0.11)
  const both = held('browsing').filter((is, customer) => is && cart[customer]).length / cart.length
  expect(both).toBeGreaterThan(0.005)
  expect(both).toBeLessThan(0.015)
})
