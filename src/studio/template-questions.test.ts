import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createArchive } from '../actors/machines.ts'
import { loadTemplates } from '../mail/templates.ts'
import { defaultShop, templatesDirectory } from '../main.ts'
import { openShop } from '../sim/shop.ts'
import { openStore } from '../store/store.ts'
import { createQuestions } from './questions.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')
const min = 60_000
const templates = loadTemplates(templatesDirectory)
const fern = { product_id: 'fern', name: 'Boston fern', price: 24.5, currency: 'EUR' }

/** One who left a German cart, one who only came by; and the studio's questions on a connection that cannot write. */
function open() {
  const dir = mkdtempSync(join(tmpdir(), 'beckon-'))
  const shop = openShop({ dir })
  shop.send({ type: 'identify', userId: 'ada', traits: { email: 'ada@example.test', firstName: 'Ada', locale: 'de-DE' } }, noon, { trust: 'server' })
  shop.send({ type: 'track', event: 'Product Added', userId: 'ada', properties: fern }, noon, { trust: 'server' })
  shop.send({ type: 'identify', userId: 'bob', traits: { email: 'bob@example.test' } }, noon, { trust: 'server' })
  shop.pass(noon + 10 * min)
  shop.finish()
  const before = shop.store.letters.list({ limit: 10 }).length
  const store = openStore(join(dir, 'beckon.db'), { readonly: true })
  const questions = createQuestions({
    store,
    of: createArchive(store.meta, join(dir, 'reader')),
    version: shop.machines.version,
    config: { consentRequired: false, holdout: {} },
    letters: { templates, shop: defaultShop, publicUrl: 'http://127.0.0.1:4650', from: { address: 'hello@shop.test' }, shelves: { get: store.products.get } },
  })
  const customer = (key: string) => {
    const { id, head, life } = shop.find(key)!
    return { id, head, now: life.at, lead: 0 }
  }
  return { shop, before, questions, customer }
}

test('the list names every template with its journey, its needs, its blocks and how it reads in each language', () => {
  const { templates: rows, gaps, languages } = open().questions.templates({})
  expect(gaps).toEqual([])
  expect(languages).toEqual(['en', 'de'])
  const row = rows.find(({ name }) => name === 'cart-abandoned')!
  expect(row).toMatchObject({ journey: 'cart', priority: 'high', insteadOf: null, requires: ['shop.name', 'shop.address', 'links.unsubscribe', 'lines'] })
  expect(row.blocks).toContainEqual({ name: 'picture', requires: ['part.item.image'], hasFallback: true })
  expect(row.languages.map(({ language, subject }) => [language, subject])).toEqual([
    ['en', 'Boston fern and 2 more are still in your cart'],
    ['de', 'Boston fern und 2 weitere Artikel liegen noch in Ihrem Warenkorb'],
  ])
  for (const { languages } of rows)
    for (const { htmlBytes, worries } of languages) expect([htmlBytes > 1_000 && htmlBytes < 60_000, worries]).toEqual([true, []])
})

test('a preview leaves out what it is told to, and says which blocks fell back', async () => {
  const { questions } = open()
  const whole = await questions.templatePreview({ name: 'win-back', without: [] })
  expect(whole).toMatchObject({ language: 'en', fell: [] })
  const bare = await questions.templatePreview({ name: 'win-back', language: 'de', without: ['recommendations', 'names', 'nonsense'] })
  expect(bare).toMatchObject({
    language: 'de',
    fell: [
      { block: 'greeting', lacks: 'customer.firstName' },
      { block: 'finds', lacks: 'recommended' },
    ],
    text: expect.stringContaining('nur ein kurzer Gruß'),
  })
  const { html } = (await questions.templateHtml({ name: 'cart-abandoned', without: ['pictures', 'prices'], dark: true })) as { html: string }
  expect(html).not.toContain('<img')
  expect(html).not.toMatch(/€|Total/)
})

test('a customer’s preview is theirs, in their language; nothing is sent and no link in it works', async () => {
  const { questions, customer, shop, before } = open()
  const input = { name: 'cart-abandoned', without: [], customer: customer('u:ada') }
  expect(await questions.templatePreview(input)).toMatchObject({
    language: 'de',
    subject: 'Boston fern liegt noch in Ihrem Warenkorb',
    text: expect.stringContaining('Hallo Ada,'),
  })
  const { html } = (await questions.templateHtml({ ...input, dark: false })) as { html: string }
  expect(html).toContain('ada@example.test')
  expect(await questions.templatePreview({ ...input, language: 'en' })).toMatchObject({ language: 'en', subject: 'Boston fern is still in your cart' })
  expect(await questions.templatePreview({ ...input, customer: customer('u:bob') })).toEqual({ lacks: 'lines' })
  expect(await questions.templateHtml({ ...input, customer: customer('u:bob'), dark: false })).toEqual({ words: expect.stringContaining('needs lines') })
  expect(shop.store.letters.list({ limit: 10 })).toHaveLength(before)
})

test('a template that is not there is refused', async () => {
  const { questions } = open()
  expect(await questions.templatePreview({ name: '../layout', without: [] })).toEqual({ refused: 'studio.input_invalid', about: 'template' })
})

test('the sample says for how many there is something to say, and what the others lack', () => {
  const { questions } = open()
  const { customers, letters } = questions.templateSample({ now: noon + 10 * min, count: 50 })
  expect(customers).toBe(2)
  expect(letters.find(({ template }) => template === 'cart-abandoned')).toMatchObject({
    written: 1,
    languages: { de: 1 },
    lacking: [{ what: 'lines', times: 1 }],
    fell: expect.arrayContaining([{ block: 'picture', lacks: 'part.item.image', times: 1 }]),
    faults: [],
    worries: [],
  })
})
