import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openShop } from '../sim/shop.ts'
import { openStore } from '../store/store.ts'
import { createLetterQuestions } from './letter-questions.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')
const min = 60_000
const fern = { product_id: 'fern', name: 'Boston <b>fern</b>', price: 24.5, url: 'http://127.0.0.1:4650/demo/fern' }

/** A shop with some letters on disk, and the questions as a thread of its own would ask them: from a read-only store. */
function open(customers = 1) {
  const dir = mkdtempSync(join(tmpdir(), 'beckon-'))
  const shop = openShop({ dir })
  for (let n = 0; n < customers; n++) shop.track(`ann${n}`, 'Product Added', noon + n * min, fern)
  shop.pass(noon + 60 * min)
  shop.pass(noon + 26 * 60 * min)
  const store = openStore(join(dir, 'beckon.db'), { readonly: true })
  return { shop, store, questions: createLetterQuestions({ store, letters: shop.machines.current.letters }) }
}

test('letters come newest first in pages that meet without a gap, and the last says so', () => {
  const { questions } = open(5)
  const first = questions.letters({ limit: 6 })
  expect(first.letters.map(({ id }) => id)).toEqual(first.letters.map(({ id }) => id).toSorted((a, b) => b - a))
  const rest = questions.letters({ limit: 6, before: first.before! })
  expect([first.letters.length, rest.letters.length, rest.before]).toEqual([6, 4, null])
  expect(new Set([...first.letters, ...rest.letters].map(({ id }) => id)).size).toBe(10)
  expect(first.counts).toMatchObject({ queued: 10, failed: 0 })
  expect(first.templates).toContain('win-back')
})

test('they can be chosen by template and by state, and by one that nobody knows there are none', () => {
  const { questions, shop } = open(3)
  const named = questions.letters({ template: 'cart-discount', limit: 10 })
  expect(named.letters.map(({ template, priority }) => `${template} ${priority}`)).toEqual(Array(3).fill('cart-discount high'))
  const one = named.letters[0]!.id
  shop.store.letters.attempting(one, noon)
  shop.store.letters.settle(one, { state: 'failed', nextAt: null, reply: '550 no', resend: 0 }, noon)
  expect(questions.letters({ state: 'failed', limit: 10 }).letters).toMatchObject([{ id: one, reply: '550 no', attempts: 1 }])
  expect(questions.letters({ state: 'failed', template: 'cart-abandoned', limit: 10 }).letters).toEqual([])
  expect(questions.letters({ state: 'failed', template: 'cart-discount', limit: 10 }).letters).toHaveLength(1)
  expect(questions.letters({ state: 'lost', limit: 10 })).toMatchObject({ letters: [], before: null, counts: { failed: 1 } })
})

test('the list carries no letter’s token, by which its links are made', async () => {
  const { questions, store } = open()
  const { letters } = questions.letters({ limit: 1 })
  const { token } = store.letters.get(letters[0]!.id)!
  expect(JSON.stringify(letters)).not.toContain(token)
})

test('one letter comes with its parts, where its links lead, its checks and how it was decided', async () => {
  const { questions } = open()
  const { id } = questions.letters({ template: 'cart-abandoned', limit: 1 }).letters[0]!
  const letter = await questions.letter({ id })
  if ('refused' in letter) throw new Error(letter.refused)
  expect(letter).toMatchObject({ id, recipient: 'ann0@example.test', state: 'queued', priority: 'high' })
  expect(letter.text).toContain('Your cart is as you left it')
  expect(letter.headers).toContainEqual(['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click'])
  expect(letter.links).toContainEqual({ text: 'Return to your cart', url: 'http://127.0.0.1:4650/demo/cart', kind: 'click' })
  expect(letter.links.map(({ kind }) => kind)).toContain('unsubscribe')
  expect(letter.checks.map(({ id }) => id)).toEqual(['clients', 'alt', 'contrast', 'unsubscribe', 'links', 'size', 'spam'])
  expect(letter.words).toMatch(/0 letters in the last 24 h/)
})

test('what a frame shows tells nobody that it was looked at, and the source is what goes out', async () => {
  const { questions, store } = open()
  const { id } = questions.letters({ template: 'cart-abandoned', limit: 1 }).letters[0]!
  const { token } = store.letters.get(id)!
  const shown = await questions.letterHtml({ id, dark: true })
  if ('refused' in shown) throw new Error(shown.refused)
  expect(shown.html).not.toContain(`/o/${token}`)
  expect(shown.html).not.toContain(`/c/${token}`)
  expect(shown.html).toContain('href="http://127.0.0.1:4650/demo/cart" target="_blank"')
  expect(shown.html).not.toContain('<b>fern</b>')
  expect(shown.html).not.toContain('prefers-color-scheme')
  expect(questions.letterSource({ id })).toEqual({ source: Buffer.from(store.letters.mime(id)!).toString() })
})

test('a letter that is not there, or whose customer was erased, is refused by name', async () => {
  const { questions, shop } = open()
  const { id, customer } = questions.letters({ limit: 1 }).letters[0]!
  shop.store.letters.erase(customer)
  for (const missing of [id, 0, Number.NaN, 2 ** 60]) {
    expect(await questions.letter({ id: missing })).toEqual({ refused: 'letter.unknown' })
    expect(await questions.letterHtml({ id: missing, dark: false })).toEqual({ refused: 'letter.unknown' })
    expect(questions.letterSource({ id: missing })).toEqual({ refused: 'letter.unknown' })
  }
})
