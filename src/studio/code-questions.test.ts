import { expect, test } from 'vitest'
import { createCodeQuestions } from './code-questions.ts'
import { createLetterQuestions } from './letter-questions.ts'
import { openShop } from '../sim/shop.ts'

const hour = 3_600_000
const day = 24 * hour
const week = 7 * day
/** A Monday. */
const monday = Date.parse('2026-03-02T00:00:00Z')

/** Two customers with a discount letter a week apart; the second redeemed theirs. */
function open() {
  const shop = openShop()
  const { store } = shop
  store.meta.set('secret', 'secret')
  for (const [n, who] of ['ann', 'bob'].entries()) {
    shop.track(who, 'Product Added', monday + n * week, { product_id: 'mug', name: 'Mug', price: 12 })
    shop.pass(monday + n * week + 25 * hour)
  }
  const [bob, ann] = store.letters.list({ template: 'cart-discount', limit: 2 }).map(({ id, at }) => {
    store.letters.attempting(id, at)
    store.letters.flushing(id, at)
    store.letters.settle(id, { state: 'sent', nextAt: null, reply: '', resend: 0 }, at)
    return store.codes.ofLetter(id)!
  })
  store.codes.redeem(bob!.id, 'B-1', monday + week + 2 * day)
  const letters = shop.machines.current.letters
  const discount = { percent: 5, validFor: day, pool: 'spring' }
  const questions = createCodeQuestions({ store, letters: { ...letters, 'win-back': { ...letters['win-back']!, discount } }, prefix: 'FERN' })
  return { shop, questions, ann: ann!, bob: bob!, now: monday + week + 3 * day }
}

test('codes are counted by state, letter and week, and a pool that a rule names but nobody filled is said to be empty', () => {
  const { questions, now } = open()
  const page = questions.codes({ now })
  expect(page.made).toEqual({ all: 2, reserved: 0, redeemed: 1, expired: 1 })
  expect(page.templates).toEqual([{ template: 'cart-discount', sent: 2, redeemed: 1 }])
  expect(page.weeks).toHaveLength(12)
  expect(page.weeks.slice(-2)).toEqual([
    { at: monday, sent: 1, redeemed: 0 },
    { at: monday + week, sent: 1, redeemed: 1 },
  ])
  expect(page.weeks.slice(0, -2).every(({ sent }) => sent === 0)).toBe(true)
  expect(page.pools).toMatchObject([{ pool: 'spring', all: 0, free: 0, letters: ['win-back'], level: 'bad' }])
  expect(page.redemptions).toMatchObject([{ orderId: 'B-1', state: 'redeemed', letter: { recipient: 'bob@example.test' } }])
})

test('a pool that no letter draws from is nobody’s worry', () => {
  const { questions, shop, now } = open()
  shop.store.codes.upload('OLD1', 'OLD-1', 'old', now)
  expect(questions.codes({ now }).pools.find(({ pool }) => pool === 'old')).toMatchObject({ free: 1, letters: [], level: 'good', words: null })
})

test('a code has its whole story, however it is typed; a slip is told from one that never was', () => {
  const { questions, ann } = open()
  const now = monday + 2 * day
  expect(questions.code({ text: ` ${ann.code.toLowerCase()}`, now })).toMatchObject({
    code: { code: ann.code, state: 'reserved', template: 'cart-discount', letter: { id: ann.letter, recipient: 'ann@example.test', state: 'sent' } },
  })
  expect(questions.code({ text: ann.code, now: ann.expiresAt! + 1 })).toMatchObject({ code: { state: 'expired' } })
  expect(questions.code({ text: ann.code.slice(0, -1), now })).toEqual({ none: 'mistyped' })
  expect(questions.code({ text: 'SUMMER', now })).toEqual({ none: 'unknown' })
})

test('a letter shows its code, and says when its pool has it again', async () => {
  const { shop, bob } = open()
  const questions = createLetterQuestions({ store: shop.store, letters: shop.machines.current.letters })
  expect(await questions.letter({ id: bob.letter! })).toMatchObject({ code: { code: bob.code, percent: 10, state: 'redeemed', orderId: 'B-1' } })
  expect(await questions.letter({ id: shop.store.letters.list({ template: 'cart-abandoned', limit: 1 })[0]!.id })).toMatchObject({ code: null })
  // As the schema frees a code of a pool.
  shop.store.db.prepare('UPDATE code SET letter = NULL WHERE id = ?').run(bob.id)
  expect(await questions.letter({ id: bob.letter! })).toMatchObject({ code: { code: bob.code, state: 'returned', orderId: null } })
})
