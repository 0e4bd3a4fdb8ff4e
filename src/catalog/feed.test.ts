import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readFeed } from './feed.ts'
import { readProduct } from './read-product.ts'

const words = { currency: 'EUR', shopUrl: 'https://fern.example/', now: Date.parse('2026-11-23T12:00:00Z') }

/** In pieces of a few bytes, as the network may cut it. */
async function read(feed: string | Uint8Array, piece = 7) {
  const bytes = typeof feed === 'string' ? Buffer.from(feed) : feed
  async function* pieces() {
    for (let from = 0; from < bytes.length; from += piece) yield bytes.subarray(from, from + piece)
  }
  const found = []
  for await (const { product, where } of readFeed(pieces(), words)) found.push({ where, ...readProduct(product) })
  return found
}

const fern = {
  id: 'fern',
  name: 'Boston fern & pot',
  brand: 'Fern & Co',
  category: 'Home > Plants',
  price: 1234.5,
  currency: 'GBP',
  url: 'https://fern.example/fern?a=1&b=2',
  image: 'https://fern.example/fern.jpg',
  stock: 0,
}

const xml = `<?xml version="1.0"?><rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Feed</title><link>https://fern.example</link>
<item><g:id>fern</g:id><title><![CDATA[Boston fern & pot]]></title><g:brand>Fern &amp; Co</g:brand><g:product_type>Home &gt; Plants</g:product_type>
<g:price>1,234.50 GBP</g:price><link>https://fern.example/fern?a=1&amp;b=2</link><g:image_link>https://fern.example/fern.jpg</g:image_link>
<g:availability>out_of_stock</g:availability><g:shipping><g:country>DE</g:country><g:price>4.95 EUR</g:price></g:shipping></item>
<item><g:id>ivy</g:id><g:title>Ivy</g:title><g:price>10 EUR</g:price><g:sale_price>8 EUR</g:sale_price>
<g:sale_price_effective_date>2026-11-20T00:00+0100/2026-11-30T00:00+0100</g:sale_price_effective_date><g:availability>in stock</g:availability></item></channel></rss>`

test('a Google Merchant feed gives its products, whatever size of pieces it comes in', async () => {
  const ivy = { where: 'item 2', id: 'ivy', name: 'Ivy', price: 8, currency: 'EUR', stock: null }
  for (const piece of [1, 7, 100_000]) expect(await read(xml, piece)).toEqual([{ where: 'item 1', ...fern }, ivy])
  expect(await read(gzipSync(xml))).toHaveLength(2)
})

test('an Atom feed has its links as attributes', async () => {
  expect(await read('<feed><entry><g:id>fern</g:id><title>Fern</title><link href="https://fern.example/fern"/></entry></feed>')).toEqual([
    { where: 'item 1', id: 'fern', name: 'Fern', url: 'https://fern.example/fern', stock: null },
  ])
})

test('a Google Merchant table gives the same', async () => {
  const tsv = `id\ttitle\tbrand\tproduct type\tprice\tlink\timage link\tavailability\nfern\t"Boston fern & pot"\tFern & Co\tHome > Plants\t1,234.50 GBP\t${fern.url}\t${fern.image}\tout of stock\n`
  expect(await read(tsv)).toEqual([{ where: 'line 2', ...fern }])
  expect(await read(tsv.replaceAll('\n', '\r\n').trimEnd())).toEqual([{ where: 'line 2', ...fern }])
})

test('a Shopify export gives a product for each variant that is sold', async () => {
  const csv = `Handle,Title,Body (HTML),Vendor,Type,Published,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Inventory Policy,Variant Price,Image Src,Status
boston-fern,Boston fern,"<p>Soft, ""green""
and patient</p>",Fern & Co,plants,true,Size,Small,FERN-S,3,deny,24.50,https://cdn.example/fern.jpg,active
boston-fern,,,,,,,Large,FERN-L,-1,deny,39.00,,
boston-fern,,,,,,,,,,,,https://cdn.example/second.jpg,
ivy,Ivy,,Fern & Co,plants,true,Title,Default Title,,0,continue,8.00,,active
old,Old,,Fern & Co,plants,true,Title,Default Title,OLD,5,deny,8.00,,archived
`
  const shared = { brand: 'Fern & Co', category: 'plants', currency: 'EUR' }
  const boston = { ...shared, image: 'https://cdn.example/fern.jpg', url: 'https://fern.example/products/boston-fern' }
  expect(await read(csv)).toEqual([
    { where: 'line 2', id: 'FERN-S', name: 'Boston fern, Small', price: 24.5, stock: 3, ...boston },
    { where: 'line 4', id: 'FERN-L', name: 'Boston fern, Large', price: 39, stock: 0, ...boston },
    { where: 'line 6', id: 'ivy', name: 'Ivy', price: 8, stock: null, ...shared, url: 'https://fern.example/products/ivy' },
  ])
})

test('JSON lines are the products of the API, and a line that is none is named', async () => {
  const { stock: _, ...rest } = fern
  expect(await read(`${JSON.stringify(rest)}\n\nnot json\n{"id":"ivy","price":-1}`)).toEqual([
    { where: 'line 1', ...rest, stock: null },
    { where: 'line 3', refused: 'product.invalid', about: 'not an object' },
    { where: 'line 4', refused: 'product.invalid', about: 'ivy: price' },
  ])
})

test('prices are read as shops write them, and what is no price is refused by name', async () => {
  for (const [text, price, currency] of [
    ['24.50 USD', 24.5, 'USD'],
    ['24,50 EUR', 24.5, 'EUR'],
    ['EUR 1.234,50', 1234.5, 'EUR'],
    ['1 234 SEK', 1234, 'SEK'],
    ['€7', 7, 'EUR'],
    ['0.00', 0, 'EUR'],
  ])
    expect(await read(`id\tprice\nfern\t${text}`)).toEqual([{ where: 'line 2', id: 'fern', price, currency, stock: null }])
  for (const text of ['-5 EUR', 'free', '5 XXQ']) expect(await read(`id\tprice\nfern\t${text}`)).toMatchObject([{ refused: 'product.invalid' }])
})

test('a feed that breaks off says so, and does not pass for a short one', async () => {
  await expect(read(xml.slice(0, xml.indexOf('8 EUR')))).rejects.toMatchObject({ code: 'file.invalid', message: expect.stringContaining('item 2') })
  await expect(read('id,title\nfern,"Boston')).rejects.toMatchObject({ code: 'file.invalid', message: expect.stringContaining('line 2') })
  await expect(read(gzipSync(xml).subarray(0, 200))).rejects.toMatchObject({ code: 'file.invalid' })
  expect(await read('')).toEqual([])
})

test('whatever a feed holds, its products are read or refused, and nothing else happens', async () => {
  const start = fc.constantFrom('<rss><item><g:id>1</g:id>', 'id\tprice\n', 'handle,variant_price\n', '{"id":1}\n', '')
  await fc.assert(
    fc.asyncProperty(start, fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 9 }), async (head, rest, piece) => {
      try {
        await read(head + rest, piece)
      } catch (error) {
        expect(error).toMatchObject({ code: 'file.invalid' })
      }
    }),
  )
})
