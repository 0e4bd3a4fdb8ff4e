import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readEvents } from './files.ts'
import type { Format } from './files.ts'

function read(format: Format, lines: string[], name = 'events') {
  const path = join(mkdtempSync(join(tmpdir(), 'beckon-')), name)
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(`${lines.join('\n')}\n`) : `${lines.join('\n')}\n`)
  const file = readEvents(path, format)
  return {
    ...file,
    refused: Object.fromEntries(file.refused),
    events: file.messages.map(({ event, type, userId, at, properties }) => ({ event: event ?? type, userId, at: new Date(at).toISOString(), properties })),
  }
}

const rees46 = 'event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session'

test('rees46: views, cart adds and purchases, each row once', () => {
  const row = '2019-10-01 00:00:01 UTC,purchase,1307067,2053,computers.notebook,lenovo,251.74,550050854,7c90'
  const { events, duplicates, rows } = read('rees46', [
    rees46,
    row,
    row,
    '2019-10-01 00:00:02 UTC,cart,5,2,,,3.50,7,s',
    '2019-10-01 00:00:03 UTC,view,5,2,,,3.50,7,s',
  ])
  expect([rows, duplicates]).toEqual([4, 1])
  expect(events).toEqual([
    {
      event: 'Order Completed',
      userId: '550050854',
      at: '2019-10-01T00:00:01.000Z',
      properties: {
        total: 251.74,
        email: 'user-550050854@example.test',
        products: [{ product_id: '1307067', category: 'computers / notebook', brand: 'lenovo', price: 251.74 }],
      },
    },
    { event: 'Product Added', userId: '7', at: '2019-10-01T00:00:02.000Z', properties: { product_id: '5', price: 3.5, email: 'user-7@example.test' } },
    { event: 'Product Viewed', userId: '7', at: '2019-10-01T00:00:03.000Z', properties: { product_id: '5', price: 3.5, email: 'user-7@example.test' } },
  ])
})

test('taobao: no header, seconds, four kinds of behaviour; gzip too', () => {
  const { events } = read('taobao', ['1,22,333,pv,1511544070', '1,22,333,fav,1511544071', '1,22,333,cart,1511544072', '1,22,333,buy,1511544073'], 'log.gz')
  expect(events.map(({ event, at }) => [event, at])).toEqual([
    ['Product Viewed', '2017-11-24T17:21:10.000Z'],
    ['Product Added to Wishlist', '2017-11-24T17:21:11.000Z'],
    ['Product Added', '2017-11-24T17:21:12.000Z'],
    ['Order Completed', '2017-11-24T17:21:13.000Z'],
  ])
  expect(events[3]!.properties).toMatchObject({ products: [{ product_id: '22' }] })
})

test('online-retail: the lines of one invoice are one order, quoted names and all; a C is a refund', () => {
  const { events, duplicates } = read('online-retail', [
    'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country',
    '536365,85123A,"LIGHT, ""WHITE""",6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom',
    '536365,85123A,"LIGHT, ""WHITE""",6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom',
    '536365,71053,LANTERN,2,2010-12-01 08:27:00,3.39,17850.0,United Kingdom',
    'C536379,D,Discount,-1,2010-12-01 09:41:00,27.5,14527.0,United Kingdom',
  ])
  expect(duplicates).toBe(1)
  expect(events).toEqual([
    {
      event: 'Order Completed',
      userId: '17850.0',
      at: '2010-12-01T08:26:00.000Z',
      properties: {
        order_id: '536365',
        total: 22.08,
        currency: 'GBP',
        email: 'user-17850.0@example.test',
        products: [
          { product_id: '85123A', name: 'LIGHT, "WHITE"', quantity: 6, price: 2.55 },
          { product_id: '71053', name: 'LANTERN', quantity: 2, price: 3.39 },
        ],
      },
    },
    {
      event: 'Order Refunded',
      userId: '14527.0',
      at: '2010-12-01T09:41:00.000Z',
      properties: {
        order_id: 'C536379',
        total: 27.5,
        currency: 'GBP',
        email: 'user-14527.0@example.test',
        products: [{ product_id: 'D', name: 'Discount', quantity: 1, price: 27.5 }],
      },
    },
  ])
})

test('segment: what is refused is counted by its reason and the rest is read', () => {
  const { events, refused } = read('segment', [
    '{"type":"track","event":"Product Viewed","userId":"ann","messageId":"1","timestamp":"2026-03-02T12:00:00Z","properties":{"product_id":"mug"}}',
    '',
    '{"type":"track","event":"Product Viewed","messageId":"2","timestamp":"2026-03-02T12:00:00Z"}',
    '{"type":"page","anonymousId":"a","messageId":"3","timestamp":"yesterday"}',
  ])
  expect(events.map(({ event }) => event)).toEqual(['Product Viewed'])
  expect(refused).toEqual({ 'event.id_missing': 1, 'event.time_invalid': 1 })
})

test.each<[string, () => unknown, string, string]>([
  ['a missing file', () => readEvents('/nowhere/events.ndjson'), 'file.missing', 'cannot read'],
  [
    'a line that is no JSON',
    () => read('segment', ['{"type":"page","anonymousId":"a","timestamp":"2026-03-02T12:00:00Z"}', '{oops']),
    'file.invalid',
    'line 2',
  ],
  ['a row of another format', () => read('rees46', [rees46, 'a,b,c']), 'file.invalid', 'line 2'],
  ['a row without a readable time', () => read('taobao', ['1,2,3,pv,soon']), 'file.invalid', 'no readable time'],
])('%s is one clear sentence', (_, work, code, words) => {
  expect(work).toThrow(expect.objectContaining({ code, message: expect.stringContaining(words) }))
})
