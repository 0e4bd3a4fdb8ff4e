import { setImmediate as soon } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isRefusal } from '../core/errors.ts'
import type { MachineEvent, Trust } from '../core/event.ts'
import { openShop } from '../sim/shop.ts'
import { openStore } from '../store/store.ts'
import { createCatalog } from './catalog.ts'
import { readProduct } from './read-product.ts'
import type { Told } from './read-product.ts'
import { createShelf } from './shelf.ts'

const shopUrl = 'https://fern.example/'
const noon = Date.parse('2026-03-02T12:00:00Z')
const min = 60_000

function open(store = openStore(':memory:')) {
  const catalog = createCatalog({ products: store.products, shopUrl })
  const shelf = createShelf(catalog)
  const tell = (customer: number, type: string, properties: Record<string, unknown>, trust: Trust = 'server', at = noon) =>
    shelf.heard(customer, { type, at, properties } as MachineEvent, trust)
  const view = (customer: number, id: string, at = noon) => tell(customer, 'site.product_viewed', { product_id: id }, 'browser', at)
  const order = (customer: number, ids: string[], at = noon) =>
    tell(customer, 'site.order_completed', { products: ids.map((product_id) => ({ product_id })) }, 'browser', at)
  return { store, catalog, shelf, tell, view, order }
}

const product = (id: string, more: Partial<Told> = {}): Told => ({ id, name: `The ${id}`, price: 10, url: `${shopUrl}${id}`, stock: null, ...more })

test('what the shop says is there at once, stays after a restart, and is the same however often it is said', () => {
  const { store, catalog } = open()
  catalog.put([product('mug', { stock: 3 })], noon)
  catalog.put([product('mug', { stock: 3 })], noon + 1)
  expect(catalog.get('mug')).toMatchObject({ name: 'The mug', price: 10, stock: 3, source: 'shop', updated: noon })
  catalog.put([{ id: 'mug', price: 8, stock: null }], noon + 2)
  expect(catalog.get('mug')).toEqual({ id: 'mug', price: 8, stock: null, source: 'shop', updated: noon + 2 })
  expect(open(store).catalog.get('mug')).toEqual(catalog.get('mug'))
})

test('a change takes a learnt product over: it is the shop’s word from then on', () => {
  const { store, catalog, tell } = open()
  tell(1, 'site.product_added', { product_id: 'cup', name: 'Cup', price: 5, currency: 'eur' })
  expect(catalog.change({ id: 'cup', set: { stock: 2 }, clear: ['price'] }, noon + 1)).toBe(true)
  tell(1, 'site.product_added', { product_id: 'cup', name: 'Other', price: 6 })
  expect(catalog.get('cup')).toEqual({ id: 'cup', name: 'Cup', currency: 'EUR', stock: 2, source: 'shop', updated: noon + 1 })
  catalog.change({ id: 'cup', set: { stock: 2 }, clear: [] }, noon + 2)
  expect(open(store).catalog.get('cup')).toEqual({ ...catalog.get('cup'), updated: noon + 1 })
})

test('what the demonstration shop sells is known and not kept', () => {
  const { store, catalog } = open()
  catalog.put([product('mug', { price: 7 })], noon)
  catalog.lend([product('mug'), product('cup')])
  expect([catalog.get('mug')!.price, catalog.get('cup')!.price]).toEqual([7, 10])
  expect(open(store).catalog.get('cup')).toBeUndefined()
})

test('a server’s events teach products the shop has not told of, and change none that it has', () => {
  const { store, catalog, tell } = open()
  catalog.put([product('mug')], noon)
  tell(1, 'site.product_viewed', { product_id: 'mug', name: 'Other', price: 1 })
  tell(1, 'site.product_added', { product_id: 'cup', name: 'Cup', price: 5, currency: 'eur', url: 'https://elsewhere.example/cup' })
  tell(1, 'site.product_viewed', { product_id: 'cup', image_url: 'https://cdn.example/cup.png' })
  expect(catalog.get('mug')).toMatchObject({ name: 'The mug', price: 10 })
  expect(catalog.get('cup')).toMatchObject({ name: 'Cup', price: 5, currency: 'EUR', image: 'https://cdn.example/cup.png', stock: null, source: 'learnt' })
  expect([catalog.hasUnwritten(), catalog.flush(), catalog.hasUnwritten()]).toEqual([true, false, false])
  expect(open(store).catalog.get('cup')).toEqual(catalog.get('cup'))
})

test('a product that the shop took away is not learnt again, and comes back when the shop says so', () => {
  const { store, catalog, tell } = open()
  catalog.put([product('mug')], noon)
  expect([catalog.remove('mug', noon), catalog.remove('mug', noon), catalog.remove('cup', noon)]).toEqual([true, false, false])
  tell(1, 'site.product_viewed', { product_id: 'mug', name: 'Mug', url: `${shopUrl}mug` })
  expect(open(store).catalog.get('mug')).toMatchObject({ source: 'gone' })
  catalog.put([product('mug')], noon)
  expect(catalog.get('mug')).toMatchObject({ source: 'shop' })
})

test('one visitor’s browser cannot write into everybody’s letters; several that say the same of the shop’s own page can', () => {
  const { catalog, tell } = open()
  const claim = { product_id: 'mug', name: 'Blue mug', url: `${shopUrl}mug`, image_url: 'https://elsewhere.example/x.png' }
  for (let n = 0; n < 9; n++) tell(1, 'site.product_viewed', claim, 'browser')
  tell(2, 'site.product_viewed', { ...claim, name: 'Rude words' }, 'verified')
  tell(2, 'site.product_viewed', claim, 'verified')
  expect(catalog.get('mug')).toBeUndefined()
  tell(3, 'site.product_viewed', claim, 'browser')
  expect(catalog.get('mug')).toMatchObject({ name: 'Blue mug', url: `${shopUrl}mug` })
  expect(catalog.get('mug')).not.toHaveProperty('image')
  for (let customer = 1; customer < 9; customer++)
    tell(customer, 'site.product_viewed', { ...claim, product_id: 'cup', url: 'https://evil.example/cup' }, 'browser')
  expect(catalog.get('cup')).toBeUndefined()
})

test('each refused product is named with its field', () => {
  for (const [given, about] of [
    ['x', 'not an object'],
    [{ id: 'a', name: 7 }, 'a: name'],
    [{ id: 'a', price: -1 }, 'a: price'],
    [{ id: 'a', price: 'ten' }, 'a: price'],
    [{ id: 'a', currency: 'FERN' }, 'a: currency'],
    [{ id: 'a', url: 'javascript:alert(1)' }, 'a: url'],
    [{ id: 'a', url: 'https://fern.example@evil.example/' }, 'a: url'],
    [{ id: 'a', image: '/relative.png' }, 'a: image'],
    [{ id: 'a', stock: 'some' }, 'a: stock'],
  ] as const)
    expect(readProduct(given)).toEqual({ refused: 'product.invalid', about })
  for (const id of ['', null, {}, 'x'.repeat(256), 'a\nb']) expect(readProduct({ id, name: 'x' })).toEqual({ refused: 'product.id_invalid' })
  expect(readProduct({ id: 7, name: ' a \n b ', price: '24.50', currency: 'eur', stock: -2, url: '', brand: null })).toEqual({
    id: '7',
    name: 'a b',
    price: 24.5,
    currency: 'EUR',
    stock: 0,
  })
})

test('whatever is sent as a product, it is read or refused, and what is read reads the same again', () => {
  fc.assert(
    fc.property(fc.anything(), fc.object(), (id, rest) => {
      const read = readProduct({ ...rest, id })
      if (!isRefusal(read)) expect(readProduct(JSON.parse(JSON.stringify(read)))).toEqual(read)
    }),
  )
})

test('a letter never offers what is in the cart, was just bought, is sold out, taken away, or has no name or link', () => {
  const { catalog, shelf, view, order } = open()
  const ids = ['mug', 'cup', 'plate', 'bowl', 'vase', 'jug', 'pot']
  catalog.put([...ids.map((id) => product(id)), product('pan', { stock: 0 }), { id: 'lid', name: 'Lid', stock: 1 }], noon)
  for (let customer = 10; customer < 20; customer++) for (const id of [...ids, 'pan', 'lid']) view(customer, id)
  for (let customer = 10; customer < 20; customer++) order(customer, [...ids, 'pan', 'lid'])
  catalog.remove('pot', noon)
  view(1, 'mug')
  order(1, ['cup'])
  const { products, steps } = shelf.recommend(1, ['mug', 'plate'], ['bowl'], noon + min)!
  expect(products.map(({ id }) => id).sort()).toEqual(['jug', 'vase'])
  expect(steps[0]).toBe('viewed')
  expect(shelf.recommend(1, ids, [], noon)).toBeNull()
})

test('what a start finds in the log is known soon after it, and what joined lives did belongs to one', async () => {
  const shop = openShop()
  shop.send({ type: 'track', event: 'Product Viewed', anonymousId: 'a', properties: { product_id: 'mug', name: 'Mug', url: `${shopUrl}mug` } }, noon)
  shop.send({ type: 'track', event: 'Product Viewed', anonymousId: 'a', properties: { product_id: 'cup', name: 'Cup', url: `${shopUrl}cup` } }, noon + min)
  shop.send({ type: 'track', event: 'Product Viewed', anonymousId: 'b', properties: { product_id: 'mug' } }, noon + 2 * min)
  shop.send({ type: 'identify', anonymousId: 'b', userId: 'ben' }, noon + 3 * min)
  const { shelf } = open(shop.store)
  const { customer } = shop.store.log.get(3)!
  shelf.warm(shop.store.log, (work) => void soon().then(work), 200_000)
  await soon()
  await soon()
  expect(shelf.recommend(customer, [], ['mug'], noon + 4 * min)).toMatchObject({ products: [{ id: 'cup' }], steps: ['viewed'] })
})

test('no event, whatever is in it, stops the engine that tells of it', () => {
  const { shelf, catalog, tell } = open()
  const types = fc.constantFrom('product_viewed', 'product_added', 'order_completed', 'cart_viewed', 'checkout_started').map((name) => `site.${name}`)
  const line = fc.record(
    {
      product_id: fc.constantFrom<unknown>('a', 'b', 7, '\ud800'),
      name: fc.anything(),
      url: fc.oneof(fc.webUrl(), fc.constant(`${shopUrl}a`), fc.anything()),
      price: fc.anything(),
      category: fc.anything(),
    },
    { requiredKeys: [] },
  )
  const properties = fc.oneof(line, fc.record({ products: fc.array(fc.oneof(line, fc.anything())) }), fc.object()) as fc.Arbitrary<Record<string, unknown>>
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      types,
      properties,
      fc.constantFrom<Trust>('browser', 'verified', 'server'),
      fc.integer(),
      (customer, type, given, trust, at) => {
        tell(customer, type, given, trust, at)
        shelf.recommend(customer, ['a'], [], at)
        catalog.flush()
      },
    ),
    { numRuns: 500 },
  )
})
