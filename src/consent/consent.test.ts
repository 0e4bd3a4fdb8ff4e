import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Offer } from '../actors/intake.ts'
import { isRefusal } from '../core/errors.ts'
import { addressOf } from '../mail/address.ts'
import { openShop } from '../sim/shop.ts'
import { hashAddress } from '../store/suppressions.ts'
import type { ConsentRecord } from '../studio/api-consent.ts'
import { createDesk, readConsent } from './desk.ts'
import { historyOf } from './history.ts'
import { createRecords } from './record.ts'
import { headOf, lineOf, readRows } from './rows.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')
const min = 60_000
const h = 60 * min
const hash = (address: string) => hashAddress('secret', address)
const browser = { trust: 'browser' } as const

/** A shop with a desk, whose batch is the shop's own transaction. */
function open() {
  const shop = openShop()
  shop.store.meta.set('secret', 'secret')
  let now = noon
  const desk = createDesk({
    suppressions: shop.store.suppressions,
    clock: { now: () => now, after: () => () => {} },
    hash,
    addressOf,
    order: async (work) => work(now),
    intake: {
      offer({ message, source, trust, receivedAt, sender, tag }: Offer) {
        shop.store.begin()
        const answer = shop.engine.take({ message, source, trust, receivedAt })
        shop.store.commit()
        sender.settle(tag, answer)
        sender.flush()
        return null
      },
    },
  })
  const records = createRecords({ store: shop.store, addressOf, isDouble: (version) => shop.machines.of(version).isDouble })
  return {
    ...shop,
    desk,
    at: (time: number) => void (now = time),
    page(key: string) {
      const hot = shop.find(key)!
      return records.page(hot.id, hot.head)
    },
    everybody() {
      shop.finish()
      return records.slice(0, 100).records
    },
    records,
    rows: () => shop.store.log.after(0, 1_000),
  }
}

test('an imported list becomes events of the log, once, however often it is taken', async () => {
  const shop = open()
  const rows = await readRows(
    'email,user_id,status,topics,source,at\nann@example.test,ann,subscribed,offers=no,old list,2024-03-01T10:00:00Z\nbob@example.test,,pending,,,\n',
  )
  expect(await shop.desk.take(rows, 1)).toEqual([null, null])
  const once = shop.rows().length
  shop.at(noon + h)
  expect(await shop.desk.take(rows, 1)).toEqual([null, null])
  expect(shop.rows()).toHaveLength(once)
  expect(shop.find('u:ann')!.life.profile).toMatchObject({ consent: 'subscribed', topics: { offers: false }, email: 'ann@example.test', verified: true })
  expect(shop.find('e:bob@example.test')!.life.profile.consent).toBe('pending')
  // Nobody is written to for having been on a list.
  expect(shop.words()).toEqual([])
  expect(shop.page('u:ann')).toMatchObject({
    status: 'subscribed',
    since: Date.parse('2024-03-01T10:00:00Z'),
    source: 'import: old list',
    history: [{ at: noon, consent: 'subscribed', topics: { offers: false }, by: 'import', source: 'old list', saidAt: Date.parse('2024-03-01T10:00:00Z') }],
  })
  expect(shop.check()).toMatchObject({ findings: [] })
})

test('an import mails nobody who said no: neither by a letter’s link, nor in a browser, nor since', async () => {
  const shop = open()
  shop.send({ type: 'identify', userId: 'ann', traits: { email: 'ann@example.test', consent: 'unsubscribed', topics: { offers: false } } }, noon)
  shop.store.suppressions.add(hash('bob@example.test'), 'unsubscribed', noon)
  const yes = (email: string, userId: string) => ({ email, user_id: userId, status: 'subscribed', topics: { offers: true }, at: '2020-01-01' })
  expect(await shop.desk.take([yes('ann@example.test', 'ann'), yes('bob@example.test', 'bob')], 1)).toEqual([null, null])
  expect(shop.find('u:ann')!.life.profile).toMatchObject({ consent: 'unsubscribed', topics: { offers: false } })
  expect(shop.store.suppressions.has(hash('bob@example.test'))).toBe('unsubscribed')
  expect(shop.page('u:bob').status).toBe('unsubscribed')
})

test('a no, a bounce and a complaint of a list are suppressions, also of addresses that nobody has yet', async () => {
  const shop = open()
  const rows = ['unsubscribed', 'bounced', 'complaint', 'suppressed'].map((status, n) => ({ email: `a${n}@example.test`, status }))
  expect(await shop.desk.take(rows, 1)).toEqual([null, null, null, null])
  expect(rows.map(({ email }) => shop.store.suppressions.has(hash(email)))).toEqual(['unsubscribed', 'bounce', 'complaint', 'bounce'])
  // Only the no is somebody's word.
  expect(shop.rows()).toHaveLength(1)
  expect(shop.records.ofAddress('a1@example.test')).toMatchObject({ status: 'bounce', history: [] })
  expect(shop.records.ofAddress('nobody@example.test')).toBeNull()
})

test.each([
  ['no address and no id', { status: 'subscribed' }],
  ['two addresses', { email: 'a@x.test, b@x.test', status: 'subscribed' }],
  ['a status that nobody knows', { email: 'a@x.test', status: 'perhaps' }],
  ['topics that cannot be read', { email: 'a@x.test', status: 'subscribed', topics: 'offers' }],
  ['a time to come', { email: 'a@x.test', status: 'subscribed', at: '2099-01-01' }],
  ['a time that is none', { email: 'a@x.test', status: 'subscribed', at: 'yesterday' }],
  ['a bounce of no address', { user_id: 'ann', status: 'bounce' }],
  ['no row at all', 'ann'],
])('a row is refused for %s, and leaves no trace', async (_, row) => {
  const shop = open()
  expect(await shop.desk.take([row], 1)).toMatchObject([{ refused: 'consent.invalid' }])
  expect([shop.rows(), shop.store.suppressions.count()]).toEqual([[], 0])
})

test('the history names each change with when, by whom, and which letter', () => {
  const shop = open()
  shop.send({ type: 'identify', anonymousId: 'a', traits: { email: 'ann@example.test', consent: 'subscribed' } }, noon, browser)
  shop.send({ type: 'track', anonymousId: 'a', event: 'Product Added', properties: { product_id: 'fern' } }, noon + min, browser)
  shop.pass(noon + h)
  const tell = (type: 'mail.preferences' | 'mail.unsubscribed' | 'mail.bounced', hours: number, more = {}) =>
    shop.outcome(type, 1, noon + hours * h, false, { recipient: 'ann@example.test', ...more })
  tell('mail.preferences', 2, { topics: { offers: false } })
  tell('mail.preferences', 3, { topics: { offers: false } })
  tell('mail.unsubscribed', 4)
  shop.send({ type: 'identify', userId: 'ann', anonymousId: 'a', traits: { consent: 'subscribed' } }, noon + 5 * h)
  tell('mail.bounced', 6)
  const letter = { id: 1, template: 'cart-abandoned' }
  expect(shop.page('u:ann').history.toReversed()).toEqual([
    { at: noon, consent: 'subscribed', by: 'browser', source: null, saidAt: null, letter: null },
    { at: noon + 2 * h, topics: { offers: false }, by: 'letter link', source: null, saidAt: null, letter },
    { at: noon + 4 * h, consent: 'unsubscribed', by: 'letter link', source: null, saidAt: null, letter },
    { at: noon + 5 * h, consent: 'subscribed', by: 'server', source: null, saidAt: null, letter: null },
    { at: noon + 6 * h, suppressed: 'bounce', by: 'bounce', source: null, saidAt: null, letter },
  ])
  expect(shop.page('u:ann')).toMatchObject({ status: 'bounce', since: noon + 6 * h, source: 'bounce', userId: 'ann', email: 'ann@example.test' })
})

test('the history comes to what the life holds, through merges, double opt-in and events that were too old', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(7), fc.boolean()), { maxLength: 12 }), (deeds) => {
      const shop = openShop({ settings: { doubleOptIn: '1' } })
      let now = noon
      for (const [who, what, isBrowser] of deeds) {
        now += h
        const id = `a${who}`
        const traits = [
          { consent: 'subscribed' },
          { consent: 'unsubscribed' },
          { consent: 'pending' },
          { email: `${id}@example.test` },
          { email: 'shared@example.test', consent: 'subscribed' },
          { topics: { offers: what % 2 === 0, orders: false } },
        ][what]
        const how = { trust: isBrowser ? ('browser' as const) : ('server' as const), now }
        if (traits !== undefined) shop.send({ type: 'identify', anonymousId: id, traits }, what === 1 && who === 3 ? now - 9 * 24 * h : now, how)
        else if (what === 6) shop.send({ type: 'alias', userId: 'ann', previousId: id }, now, how)
        else if (shop.store.letters.get(1) !== undefined) shop.outcome('mail.confirmed', 1, now, false, { recipient: shop.store.letters.get(1)!.recipient })
      }
      for (const key of ['u:ann', 'a:a0', 'a:a1', 'a:a2', 'a:a3']) {
        const hot = shop.find(key)
        if (hot === null) continue
        const options = { addressOf, isDouble: () => true, templateOf: () => undefined }
        const { consent, suppressed, topics } = historyOf(shop.store.log.life(hot.head), options).profile
        const kept = hot.life.profile
        expect([consent, suppressed, topics]).toEqual([kept.consent, kept.suppressed, kept.topics])
      }
      expect(shop.check()).toMatchObject({ findings: [] })
    }),
    { numRuns: 60 },
  )
})

test('an export can be taken in elsewhere, and says the same there', async () => {
  const shop = open()
  shop.send({ type: 'identify', userId: 'ann', traits: { email: 'ann@example.test', consent: 'subscribed', topics: { offers: false } } }, noon)
  shop.send({ type: 'identify', userId: '=2+2', traits: { email: '+bob@example.test', consent: 'unsubscribed' } }, noon)
  shop.send({ type: 'identify', userId: 'eve', traits: { email: 'eve@example.test' } }, noon)
  shop.send({ type: 'page', anonymousId: 'nobody' }, noon)
  const records = shop.everybody()
  expect(records.map(({ email, status }) => [email, status])).toEqual([
    ['ann@example.test', 'subscribed'],
    ['+bob@example.test', 'unsubscribed'],
    ['eve@example.test', 'not asked'],
  ])
  for (const format of ['csv', 'ndjson'] as const) {
    const there = open()
    there.at(noon + h)
    const rows = await readRows(headOf(format) + records.map((record) => lineOf(record, format)).join(''))
    expect(await there.desk.take(rows, 1)).toEqual([null, null, null])
    expect(there.page('u:ann')).toMatchObject({ status: 'subscribed', topics: { offers: false }, since: noon })
    expect(there.page('u:=2+2')).toMatchObject({ status: 'unsubscribed', email: '+bob@example.test' })
  }
})

test('no cell of an export is a formula to a spreadsheet, and every cell comes back as it was', async () => {
  const text = fc.string({ minLength: 1, maxLength: 12 }).map((s) => s.replaceAll(/[\s\0]+/g, '_'))
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('', '=', '+', '-', '@', '"', "'"), text, text, async (first, userId, source) => {
      const record: ConsentRecord = { userId: first + userId, email: 'a@x.test', status: 'subscribed', topics: {}, since: null, source: first + source }
      const line = lineOf(record, 'csv')
      for (const cell of line.split(',')) expect(cell.replace(/^"/, '')).not.toMatch(/^[=+@-]\w*$/)
      const [row] = (await readRows(headOf('csv') + line)) as Record<string, string>[]
      expect(row).toMatchObject({ user_id: record.userId, source: record.source })
    }),
  )
})

test('lists come as CSV with other separators, with a mark at the front, or as JSON lines; what is neither is refused', async () => {
  const shop = open()
  expect(await readRows('\uFEFFEmail;Status\nann@example.test;subscribed\n')).toEqual([{ email: 'ann@example.test', status: 'subscribed' }])
  expect(await readRows('{"email":"ann@example.test"}\n\n{"email":"bob@example.test"}\n')).toHaveLength(2)
  for (const text of ['', 'hello', '{"email":']) expect(isRefusal(await shop.desk.read(text))).toBe(true)
})

test('the same row has the same id, another row another', () => {
  const idOf = (row: object) => {
    const read = readConsent(row, noon, { hash, addressOf })
    return isRefusal(read) ? null : read.message?.messageId
  }
  const row = { email: 'a@x.test', status: 'subscribed', source: 's' }
  expect(idOf(row)).toBe(idOf({ ...row }))
  expect(new Set([row, { ...row, source: 't' }, { ...row, status: 'pending' }, { ...row, user_id: 'u' }, { ...row, at: '2020-01-01' }].map(idOf)).size).toBe(5)
})
