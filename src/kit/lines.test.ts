import { expect, test } from 'vitest'
import { addLine, lineOf, linesOf, orderOf, removeLine, sameLines } from './lines.ts'

const line = (id: string, quantity = 1) => ({ id, quantity })

test.each([
  ['a product id', { product_id: 'p' }, line('p')],
  ['a number as id', { product_id: 5 }, line('5')],
  ['a sku when there is no id', { sku: 's' }, line('s')],
  ['an empty id is none', { product_id: '', sku: '' }, null],
  ['no id at all', { name: 'x' }, null],
  ['nothing', null, null],
  ['numbers written as text', { product_id: 'p', quantity: '2', price: '9.90' }, { ...line('p', 2), price: 9.9 }],
  ['nonsense numbers', { product_id: 'p', quantity: -3, price: 'free' }, line('p')],
  ['values of the wrong kind', { product_id: 'p', name: { a: 1 }, image_url: 7 }, line('p')],
])('reads %s', (_, properties, expected) => expect(lineOf(properties)).toEqual(expected))

test('long texts are cut', () => {
  expect(lineOf({ product_id: 'p', name: 'x'.repeat(30_000) })!.name!.length).toBe(200)
})

test('products of one event become one line each; none at all is something else than an empty list', () => {
  expect(linesOf({ products: [{ product_id: 'a' }, { product_id: 'b', quantity: 2 }, { product_id: 'a' }, null, {}] })).toEqual([line('a', 2), line('b', 2)])
  expect(linesOf({ products: [] })).toEqual([])
  expect(linesOf({})).toBeNull()
  expect(linesOf({ products: 'many' })).toBeNull()
})

test('adding a product that is there raises its number and learns the newest words', () => {
  expect(addLine([{ ...line('a'), name: 'Old' }], { ...line('a', 2), name: 'New' })).toEqual([{ ...line('a', 3), name: 'New' }])
  expect(addLine([line('a')], line('b'))).toEqual([line('a'), line('b')])
})

test('taking a product out takes the whole line', () => {
  expect(removeLine([line('a', 3), line('b')], 'a')).toEqual([line('b')])
  expect(removeLine([line('a')], 'x')).toEqual([line('a')])
})

test('lines are the same whatever their order and words', () => {
  expect(sameLines([line('a'), line('b', 2)], [{ ...line('b', 2), name: 'B' }, line('a')])).toBe(true)
  expect(sameLines([line('a')], [line('a', 2)])).toBe(false)
  expect(sameLines([line('a')], [])).toBe(false)
})

test('an order keeps what a letter shows and counts the rest', () => {
  const products = Array.from({ length: 40 }, (_, n) => ({ product_id: `p${n}` }))
  const order = orderOf({ order_id: 7, revenue: '12.5', currency: 'EUR', products }, 99)
  expect(order).toMatchObject({ id: '7', total: 12.5, currency: 'EUR', at: 99, count: 40 })
  expect(order.lines.length).toBe(12)
})
