import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadMachine } from '../actors/load-machine.ts'
import { createCatalog } from '../catalog/catalog.ts'
import { isRefusal } from '../core/errors.ts'
import { birth } from '../core/turn.ts'
import { lineOf } from '../kit/lines.ts'
import { defaultShop, machinesDirectory, openStore, templatesDirectory } from '../main.ts'
import { readProduct } from '../catalog/read-product.ts'
import type { Product } from '../store/products.ts'
import { createPrepare } from './prepare.ts'
import { render } from './render.ts'
import { loadTemplates } from './templates.ts'
import type { LetterData } from './view.ts'

const at = Date.parse('2026-03-02T12:00:00Z')
const templates = loadTemplates(templatesDirectory)
const { stepper, letters } = loadMachine(machinesDirectory)
const born = birth(stepper, at)
const life = { ...born, profile: { userId: 'ann', email: 'ann@example.test', verified: true as const } }

const product = (id: string, more: Partial<Product> = {}): Product => ({
  id,
  name: `Shop’s ${id}`,
  price: 10,
  currency: 'EUR',
  url: `https://fern.example/${id}`,
  image: `https://fern.example/${id}.jpg`,
  stock: null,
  source: 'shop',
  updated: at,
  ...more,
})

/** The letter for a shop that sells `products`. */
function write(template: string, about: Record<string, unknown>, products: readonly Product[], recommended: readonly Product[] = []) {
  const prepare = createPrepare({
    templates,
    shop: defaultShop,
    publicUrl: 'https://shop.example',
    from: { address: 'hello@shop.example' },
    secret: 'secret',
    shelves: {
      get: (id) => products.find((one) => one.id === id),
      recommend: () => (recommended.length === 0 ? null : { products: [...recommended], steps: recommended.map(() => 'cart') }),
    },
  })
  const prepared = prepare({ ask: { template, run: at, ...about }, rule: letters[template]!, key: `1/${template}`, customer: 1, life, at })
  if ('missing' in prepared) return { missing: prepared.missing }
  const data = JSON.parse(prepared.letter.data) as LetterData
  const rendered = render(templates, template, data)
  if ('missing' in rendered) throw new Error(rendered.missing)
  return { data, ...rendered }
}

const words = (letter: ReturnType<typeof write>) => ('missing' in letter ? `missing ${letter.missing}` : `${letter.subject}\n${letter.text}`)
const line = (id: string, more: Record<string, unknown> = {}) => lineOf({ product_id: id, name: `Cart’s ${id}`, price: 15, currency: 'EUR', ...more })!

test('a cart line has the shop’s name, picture, link and price of now; one the shop does not know stays as it was put in', () => {
  const letter = words(write('cart-abandoned', { lines: [line('mug', { quantity: 2 }), line('cup')] }, [product('mug', { price: 9 })]))
  for (const part of ['2 × Shop’s mug: €18.00', 'https://shop.example/c/', '1 × Cart’s cup: €15.00', 'Total: €33.00']) expect(letter).toContain(part)
})

test('a price in other money than the cart’s does not replace it', () => {
  expect(words(write('cart-abandoned', { lines: [line('mug', { currency: 'USD' })] }, [product('mug')]))).toContain('Shop’s mug: US$15.00')
})

test('what was learnt from others’ events fills gaps, and changes no word of her own', () => {
  const learnt = product('mug', { source: 'learnt' })
  expect(words(write('cart-abandoned', { lines: [line('mug')] }, [learnt]))).toContain('Cart’s mug: €15.00')
  expect(words(write('cart-abandoned', { lines: [lineOf({ product_id: 'mug' })!] }, [learnt]))).toContain('Shop’s mug: €10.00')
})

test('a line that sold out is named so, comes last, and is not in the total', () => {
  const letter = write('cart-abandoned', { lines: [line('mug'), line('cup')] }, [product('mug', { stock: 0 }), product('cup', { stock: 2 })])
  const text = words(letter)
  expect(text).toContain('Shop’s cup is still in your cart')
  expect(text.indexOf('Shop’s cup: €10.00 (2 left)')).toBeLessThan(text.indexOf('Shop’s mug: sold out for now'))
  expect(text).toContain('Total: €10.00')
  expect(text).not.toContain('just as it was')
})

test('a letter about nothing but what is sold out or was taken away is not sent', () => {
  const out = [product('mug', { stock: 0 }), product('cup', { source: 'gone', stock: 0 })]
  expect(write('cart-abandoned', { lines: [line('mug'), line('cup')] }, out)).toEqual({ missing: 'lines in stock' })
  expect(write('browse-reminder', { product: line('cup') }, out)).toEqual({ missing: 'product in stock' })
})

test('an order keeps the prices that were paid, and its own words', () => {
  const orders = [{ id: '7', at, lines: [line('mug'), lineOf({ product_id: 'cup', price: 3 })!], count: 2, currency: 'EUR', total: 18 }]
  const letter = words(write('order-thanks', { orders }, [product('mug', { stock: 0 }), product('cup')]))
  for (const part of ['Cart’s mug: €15.00', 'Shop’s cup: €3.00', 'Total: €18.00']) expect(letter).toContain(part)
  expect(letter).not.toContain('sold out')
})

test('what is recommended is shown where a letter has a place for it, with the step that spoke kept; without any the block is not there', () => {
  for (const [template, about] of [
    ['browse-reminder', { product: line('mug') }],
    ['order-thanks', { orders: [{ at, lines: [line('mug')], count: 1 }] }],
    ['win-back', {}],
  ] as const) {
    const letter = write(template, about, [], [product('cup'), product('jug')])
    expect(letter).toMatchObject({ data: { recommendedBy: ['cart', 'cart'] } })
    expect(words(letter)).toContain('Shop’s cup: €10.00')
    expect(words(write(template, about, []))).not.toMatch(/might like|may also like|think you would like/)
  }
  expect(write('cart-abandoned', { lines: [line('mug')] }, [], [product('cup')])).not.toHaveProperty('data.recommended')
})

test('whatever products are told by API or events, no letter shows a value that is none, an empty name or a broken picture', () => {
  const odd = fc.constantFrom<unknown>(
    'undefined',
    'null',
    'NaN',
    '',
    ' ',
    '\u202e',
    '\u0000',
    '<b>x</b>',
    '[object Object]',
    'data:image/png;base64,AA',
    '/x.png',
    'http://',
    NaN,
    null,
    -0,
    1e308,
    7,
    {},
    [],
  )
  const field = (sound: fc.Arbitrary<unknown>) =>
    fc.oneof({ weight: 2, arbitrary: sound }, { weight: 1, arbitrary: odd }, { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) })
  const told = fc.record(
    {
      name: field(fc.constant('Mug')),
      brand: field(fc.constant('Fern')),
      category: field(fc.constant('a > b')),
      price: field(fc.double({ min: 0, max: 1e4 })),
      currency: field(fc.constantFrom('EUR', 'JPY', 'usd')),
      url: field(fc.webUrl()),
      image: field(fc.webUrl()),
      stock: field(fc.integer({ min: -1, max: 5 })),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(
      fc.array(told, { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      fc.constantFrom('cart-abandoned', 'cart-discount', 'browse-reminder', 'order-thanks', 'win-back'),
      (given, isApi, template) => {
        const store = openStore(':memory:')
        const catalog = createCatalog({ products: store.products, shopUrl: 'https://fern.example' })
        const ids = given.map((_, n) => `p${n}`)
        given.forEach((one, n) => {
          const read = readProduct({ ...one, id: ids[n] })
          if (isApi) void (isRefusal(read) || catalog.put([read], at))
          else catalog.learn(lineOf({ ...one, image_url: one.image, product_id: ids[n] })!, 'server', 1, at)
        })
        const known = ids.map((id) => catalog.get(id)).filter((one) => one !== undefined)
        const lines = ids.map((id) => lineOf({ product_id: id, quantity: 2 })!)
        const letter = write(template, { lines, product: lines[0], orders: [{ at, lines, count: lines.length }] }, known, known)
        store.close()
        if ('missing' in letter) return
        const { subject, text, html } = letter
        for (const part of [subject, text, html]) expect(part).not.toMatch(/undefined|\bNaN\b|\bnull\b|\[object|Infinity/)
        for (const [, src] of html.matchAll(/<img[^>]* src="([^"]*)"/g)) expect(URL.parse(src!.replaceAll('&amp;', '&'))?.protocol).toMatch(/^https?:$/)
        for (const [, name] of html.matchAll(/class="name"[^>]*>([^<]*)</g)) expect(name!.trim()).not.toBe('')
        expect(Buffer.byteLength(html)).toBeLessThan(60_000)
      },
    ),
    { numRuns: 150 },
  )
})
