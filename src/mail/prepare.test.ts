import { expect, test } from 'vitest'
import { openShop } from '../sim/shop.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')
const min = 60_000
const decode = (mime: Uint8Array) =>
  Buffer.from(mime)
    .toString('latin1')
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))

function abandonedBy(trust: 'browser' | 'server', properties: Record<string, unknown>) {
  const shop = openShop()
  shop.send({ type: 'identify', anonymousId: 'a', traits: { email: 'ann@example.test', first_name: 'Ann' } }, noon, { trust })
  shop.send({ type: 'track', event: 'Product Added', anonymousId: 'a', properties }, noon, { trust })
  shop.pass(noon + 30 * min)
  const letter = shop.store.letters.list({ limit: 1 })[0]
  return { shop, letter, mime: letter === undefined ? '' : decode(shop.store.letters.mime(letter.id)!) }
}

test('the letter names the product, the customer, and how to leave', () => {
  const { mime, letter } = abandonedBy('server', { product_id: 'mug', name: 'Blue mug', price: 12, currency: 'EUR', url: 'https://elsewhere.example/mug' })
  expect(letter).toMatchObject({ recipient: 'ann@example.test', template: 'cart-abandoned', state: 'queued' })
  for (const words of ['Blue mug', 'Ann', 'List-Unsubscribe: <http://127.0.0.1:4650/u/', 'List-Unsubscribe-Post: List-Unsubscribe=One-Click'])
    expect(mime).toContain(words)
})

test('an address that was only typed in a browser gets no words, links or pictures of a stranger’s making', () => {
  const { mime, shop, letter } = abandonedBy('browser', {
    product_id: 'mug',
    name: 'Visit https://evil.example now',
    brand: 'call me@evil.example',
    url: 'https://evil.example/x',
    image_url: 'https://evil.example/x.png',
  })
  expect(letter).toBeDefined()
  expect(mime).not.toContain('evil')
  expect(mime).not.toContain('Ann')
  expect(shop.store.letters.links(letter!.id).join()).not.toContain('evil')
})

test('a claimed address gets one letter a day, whoever claims it', () => {
  const { shop } = abandonedBy('browser', { product_id: 'mug' })
  shop.send({ type: 'identify', anonymousId: 'b', traits: { email: 'ANN@example.test' } }, noon + 31 * min, { trust: 'browser' })
  shop.send({ type: 'track', event: 'Product Added', anonymousId: 'b', properties: { product_id: 'mug' } }, noon + 31 * min, { trust: 'browser' })
  shop.pass(noon + 90 * min)
  expect(shop.words()).toEqual(['cart-abandoned queued', 'cart-abandoned skipped cap'])
  expect(shop.check().findings).toEqual([])
})

test('the discount code is the letter’s own, kept with it, and the same when it is told again', () => {
  const { shop, letter } = abandonedBy('server', { product_id: 'mug', name: 'Blue mug' })
  shop.pass(noon + 25 * 60 * min)
  const [second] = shop.store.letters.list({ limit: 1 })
  expect(second).toMatchObject({ template: 'cart-discount' })
  const { code } = JSON.parse(shop.store.letters.frozen(second!.id)!.data) as { code: { code: string; percent: number; expiresAt: number } }
  expect(code).toMatchObject({ code: expect.stringMatching(/^FERN(-[0-9A-HJKMNP-TV-Z]{4}){3}$/), percent: 10 })
  expect(shop.store.codes.ofLetter(second!.id)).toMatchObject({ code: code.code, percent: 10, expiresAt: code.expiresAt, pool: null })
  expect(decode(shop.store.letters.mime(second!.id)!)).toContain(code.code)
  expect(letter!.token).not.toBe(second!.token)
})

test('what fell back, and the language, stand with the letter’s frozen data', () => {
  const { letter, shop } = abandonedBy('server', { product_id: 'mug', name: 'Blue mug', price: 12, currency: 'EUR' })
  const data = JSON.parse(shop.store.letters.frozen(letter!.id)!.data) as { language: string; fellBack: unknown }
  expect(data.language).toBe('en')
  expect(data.fellBack).toContainEqual({ block: 'picture', lacks: 'part.item.image' })
})
