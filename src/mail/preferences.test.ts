import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Outcome } from '../actors/intake.ts'
import type { Hit, Preferences } from '../gateway/links.ts'
import { learnOutcome } from '../profile/consent.ts'
import type { Profile } from '../profile/profile.ts'
import { openDatabase } from '../store/database.ts'
import type { Db } from '../store/database.ts'
import { createLetters } from '../store/letters.ts'
import { createSuppressions, hashAddress } from '../store/suppressions.ts'
import type { Suppressions } from '../store/suppressions.ts'
import { letterToken, letterTokens, preferenceTokens, readToken } from './links.ts'
import { createPreferences } from './preferences.ts'

const secret = 'Zk3vQ9tLw2Zk3vQ9tLw2Zk3vQ9tLw2Zk3vQ9tLw2abc'
const token = letterToken(secret, '7/cart/1/cart-abandoned')
const { preferences: link, mark } = preferenceTokens(secret, token)
const hash = (address: string) => hashAddress(secret, address)
const anna = hash('anna@example.com')
const topics = {
  offers: { en: { title: 'Offers', words: 'Discounts.' }, de: { title: 'Angebote', words: 'Rabatte.' } },
  orders: { en: { title: 'Orders', words: 'Thanks.' } },
}

let directory: string
let db: Db
let suppressions: Suppressions
let profile: Profile
let outcomes: Outcome[]
let preferences: Preferences
let now: number
/** What happens between the telling and its commit. */
let meanwhile: () => void

const hit = (): Hit => ({ at: ++now, method: 'POST' })
const choose = (consent: 'subscribed' | 'unsubscribed' | undefined, ...wanted: string[]) =>
  preferences.choose(link, mark, { ...(consent === undefined ? {} : { consent }), topics: new Set(wanted) }, hit())

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'beckon-'))
  db = openDatabase(join(directory, 'beckon.db'))
  const letters = createLetters(db)
  suppressions = createSuppressions(db)
  profile = { email: 'Anna@example.com', verified: true }
  outcomes = []
  now = 1_000
  meanwhile = () => {}
  const known = new Set<string>()
  preferences = createPreferences({
    secret,
    letters,
    suppressions,
    hash,
    topics,
    profileOf: (customer) => (customer === 7 ? profile : undefined),
    intake: {
      async tell(outcome) {
        outcomes.push(outcome)
        if (known.has(outcome.messageId)) return
        known.add(outcome.messageId)
        profile = learnOutcome(profile, outcome)
        meanwhile()
      },
    },
  })
  letters.insert({
    id: 5,
    token,
    customer: 7,
    template: 'cart-abandoned',
    recipient: 'anna@example.com',
    subject: 's',
    messageId: '<m>',
    at: 1,
    resend: 0,
    data: JSON.stringify({ locale: 'de-AT' }),
    links: '[]',
    mime: new Uint8Array(),
  })
})
afterEach(() => {
  db.close()
  rmSync(directory, { recursive: true })
})

test('the page’s token is its own: neither the link to unsubscribe nor that of the picture opens it, nor a changed one', () => {
  const { open, unsubscribe, preferences: own, links } = letterTokens(secret, token)
  expect(own).toBe(link)
  expect(readToken(secret, 'preferences', own)).toBe(token)
  for (const other of [open, unsubscribe, `${own.slice(0, -1)}${own.endsWith('A') ? 'B' : 'A'}`, token + mark, '']) expect(preferences.look(other)).toBeNull()
  expect(readToken(secret, 'unsubscribe', own)).toBeNull()
  expect(links).not.toContain(mark)
})

test('looking shows a hint of the address, the state and the topics in the letter’s language, and changes nothing', () => {
  profile = { ...profile, consent: 'subscribed', topics: { offers: false } }
  expect(preferences.look(link)).toEqual({
    recipientHint: 'a•••@example.com',
    locale: 'de-AT',
    consent: 'subscribed',
    isBlocked: false,
    topics: [
      { name: 'offers', title: 'Angebote', words: 'Rabatte.', isWanted: false },
      { name: 'orders', title: 'Orders', words: 'Thanks.', isWanted: true },
    ],
    token: link,
    mark,
  })
  expect([outcomes, suppressions.count()]).toEqual([[], 0])
})

test('without the mark of the page’s form nothing is confirmed or chosen', async () => {
  profile = { ...profile, consent: 'pending' }
  for (const wrong of ['', 'One-Click', mark.slice(1), link]) {
    expect(await preferences.confirm(link, wrong, hit())).toBe('unmarked')
    expect(await preferences.choose(link, wrong, { consent: 'subscribed', topics: new Set() }, hit())).toBe('unmarked')
  }
  expect(await preferences.confirm(`x${link.slice(1)}`, mark, hit())).toBe('unknown')
  expect([outcomes, suppressions.count()]).toEqual([[], 0])
})

test('confirming tells it once, however often the button is pressed', async () => {
  profile = { email: 'anna@example.com', consent: 'pending' }
  expect(await preferences.confirm(link, mark, hit())).toBe('kept')
  expect(await preferences.confirm(link, mark, hit())).toBe('kept')
  expect(new Set(outcomes.map(({ messageId }) => messageId)).size).toBe(1)
  expect(profile).toMatchObject({ consent: 'subscribed', verified: true })
})

test('a choice says only what it changes, and the same choice again says nothing', async () => {
  await choose(undefined, 'orders')
  expect(outcomes).toMatchObject([{ type: 'mail.preferences', recipient: 'anna@example.com', topics: { offers: false } }])
  expect(outcomes[0]).not.toHaveProperty('consent')
  await choose(undefined, 'orders')
  expect(outcomes).toHaveLength(1)
  await choose(undefined, 'orders', 'offers', 'invented')
  await choose(undefined, 'orders')
  expect(profile.topics).toEqual({ offers: false })
  expect(outcomes).toHaveLength(3)
})

test('no letters at all is a suppression before it is told', async () => {
  const seen: unknown[] = []
  meanwhile = () => seen.push(suppressions.has(anna))
  await choose('unsubscribed', 'offers', 'orders')
  expect(seen).toEqual(['unsubscribed'])
  expect(profile.consent).toBe('unsubscribed')
  expect(preferences.look(link)).toMatchObject({ consent: 'unsubscribed' })
})

test('who unsubscribed by mistake can come back, by their own act', async () => {
  suppressions.add(anna, 'unsubscribed', ++now)
  profile = { ...profile, consent: 'unsubscribed' }
  await choose('subscribed', 'offers', 'orders')
  expect([profile.consent, suppressions.has(anna)]).toEqual(['subscribed', undefined])
})

test('where only the address is suppressed, and another life said so, coming back works too', async () => {
  suppressions.add(anna, 'unsubscribed', ++now)
  profile = { ...profile, consent: 'subscribed' }
  expect(preferences.look(link)).toMatchObject({ consent: 'unsubscribed' })
  await choose('subscribed', 'offers', 'orders')
  expect(suppressions.has(anna)).toBeUndefined()
})

test.each(['complaint', 'bounce'] as const)('a %s is never lifted, whatever is chosen, and the page says so', async (reason) => {
  suppressions.add(anna, reason, ++now)
  await choose('subscribed', 'offers', 'orders')
  expect(suppressions.has(anna)).toBe(reason)
  expect(preferences.look(link)).toMatchObject({ isBlocked: true })
})

test('a complaint outlasts an unsubscription after it, so that taking that back does not lift the complaint', async () => {
  suppressions.add(anna, 'complaint', ++now)
  await choose('unsubscribed', 'offers', 'orders')
  await choose('subscribed', 'offers', 'orders')
  expect(suppressions.has(anna)).toBe('complaint')
})

test('a no that comes while a yes is under way stands', async () => {
  suppressions.add(anna, 'unsubscribed', ++now)
  profile = { ...profile, consent: 'unsubscribed' }
  // The one-click link of another letter, a moment later.
  meanwhile = () => suppressions.add(anna, 'unsubscribed', ++now)
  await choose('subscribed', 'offers', 'orders')
  expect(suppressions.has(anna)).toBe('unsubscribed')
})

test('the link of an address that is not the customer’s any more lifts nothing', async () => {
  suppressions.add(anna, 'unsubscribed', ++now)
  profile = { email: 'new@example.com', consent: 'unsubscribed' }
  await choose('subscribed', 'offers', 'orders')
  expect([profile.consent, suppressions.has(anna)]).toEqual(['unsubscribed', 'unsubscribed'])
})
