import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { readConfig } from '../cli/config.ts'
import { startServer } from '../serve.ts'
import type { Server } from '../serve.ts'
import type { LetterList } from '../studio/api.ts'

let server: Server | null = null
afterEach(async () => {
  await server?.stop()
  server = null
})

async function start(data = mkdtempSync(join(tmpdir(), 'beckon-')), settings = 'quietFor=20ms,abandonAfter=400ms,followUpAfter=10m') {
  const config = readConfig({ port: 0, host: '127.0.0.1', data, settings })
  server = await startServer(
    { ...config, shop: { ...config.shop, url: 'https://fern.example', cartUrl: 'https://fern.example/cart' }, log: 'silent' },
    (error) => {
      throw error
    },
  )
  const { url, keys } = server
  const keyOf = (kind: string) => keys.find((key) => key.kind === kind)!.token
  const ask = async (method: string, path: string, body?: unknown, kind = 'secret') => {
    const headers = { authorization: `Bearer ${keyOf(kind)}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
    const answer = await fetch(`${url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }
  const letter = async () => {
    for (let n = 0; n < 200; n++) {
      const [first] = ((await (await fetch(`${url}/studio/api/letters`)).json()) as LetterList).letters
      if (first !== undefined)
        return (await (await fetch(`${url}/studio/api/letters/${first.id}/source`)).text()).replaceAll('=\r\n', '').replaceAll('=3D', '=')
      await new Promise((go) => setTimeout(go, 25))
    }
    throw new Error('waited in vain for a letter')
  }
  return { data, ask, letter, stop: async () => void (await server!.stop(), (server = null)) }
}

const mug = { id: 'mug', name: 'Blue mug', price: 12, currency: 'EUR', url: 'https://fern.example/mug', image: 'https://fern.example/mug.jpg', stock: 2 }

test('a product put is answered when it is kept, is the same however often it is put, and is gone when it is deleted', async () => {
  const first = await start()
  expect(await first.ask('PUT', '/v1/products', mug)).toEqual({ status: 200, body: { success: true, taken: 1 } })
  await first.stop()
  const { ask } = await start(first.data)
  const { body } = await ask('GET', '/v1/products/mug')
  expect(body).toMatchObject({ ...mug, source: 'shop' })
  expect((await ask('PUT', '/v1/products', { products: [mug, mug] })).body).toEqual({ success: true, taken: 2 })
  expect((await ask('GET', '/v1/products/mug')).body).toEqual(body)
  expect((await ask('DELETE', '/v1/products/mug')).status).toBe(200)
  expect([(await ask('DELETE', '/v1/products/mug')).status, (await ask('GET', '/v1/products/mug')).status]).toEqual([404, 404])
})

test('of a batch each refused product is named with its reason, and the others are taken', async () => {
  const { ask } = await start()
  const { status, body } = await ask('PUT', '/v1/products', [mug, { id: 'cup', price: -1 }, { name: 'nameless' }, { id: 'a/b c', name: 'Odd' }])
  expect(status).toBe(200)
  expect(body).toMatchObject({
    taken: 2,
    rejected: [
      { index: 1, code: 'product.invalid', about: 'cup: price' },
      { index: 2, code: 'product.id_invalid' },
    ],
  })
  expect((await ask('GET', `/v1/products/${encodeURIComponent('a/b c')}`)).body).toMatchObject({ name: 'Odd' })
  expect(await ask('PUT', '/v1/products', { id: 'cup', price: -1 })).toMatchObject({ status: 400, body: { code: 'product.invalid' } })
  expect((await ask('PUT', '/v1/products', Array(2_501).fill(mug))).body).toMatchObject({ code: 'batch.too_many' })
})

test('a change of stock and price leaves all else as it was, null clears a field, and what changed is kept', async () => {
  const first = await start()
  await first.ask('PUT', '/v1/products', [mug, { ...mug, id: 'cup', name: 'Cup' }])
  expect(await first.ask('PATCH', '/v1/products/mug', { price: 9.5, stock: 0 })).toEqual({ status: 200, body: { success: true, taken: 1 } })
  expect(
    await first.ask('PATCH', '/v1/products', [
      { id: 'cup', stock: null, image: null },
      { id: 'jug', stock: 1 },
      { id: 'mug', price: -1 },
    ]),
  ).toMatchObject({
    status: 200,
    body: {
      taken: 1,
      rejected: [
        { index: 1, code: 'product.unknown', about: 'jug' },
        { index: 2, code: 'product.invalid', about: 'mug: price' },
      ],
    },
  })
  await first.stop()
  const { ask } = await start(first.data)
  expect((await ask('GET', '/v1/products/mug')).body).toMatchObject({ ...mug, price: 9.5, stock: 0 })
  const { image: _, ...cup } = { ...mug, id: 'cup', name: 'Cup', stock: null }
  expect((await ask('GET', '/v1/products/cup')).body).toEqual({ ...cup, source: 'shop', updated: expect.any(Number) as number })
})

test('a change makes no product, brings none back, and belongs to the product its path names', async () => {
  const { ask } = await start()
  expect(await ask('PATCH', '/v1/products/mug', { stock: 1 })).toMatchObject({ status: 404, body: { code: 'product.unknown' } })
  await ask('PUT', '/v1/products', mug)
  for (const body of [{ id: 'cup', stock: 1 }, [{ stock: 1 }, { stock: 2 }], 7])
    expect((await ask('PATCH', '/v1/products/mug', body)).body).not.toMatchObject({ taken: 1 })
  expect((await ask('GET', '/v1/products/mug')).body).toMatchObject(mug)
  await ask('DELETE', '/v1/products/mug')
  expect((await ask('PATCH', '/v1/products/mug', { stock: 1 })).status).toBe(404)
  expect((await ask('GET', '/v1/products/mug')).status).toBe(404)
})

test('only a secret key reads or changes products', async () => {
  const { ask } = await start()
  for (const [method, path, body] of [
    ['PUT', '/v1/products', mug],
    ['PATCH', '/v1/products', mug],
    ['PATCH', '/v1/products/mug', mug],
    ['GET', '/v1/products/mug', undefined],
    ['DELETE', '/v1/products/mug', undefined],
  ] as const)
    expect(await ask(method, path, body, 'public')).toMatchObject({ status: 403, body: { code: 'key.secret_required' } })
})

test('a letter shows name, picture and price as the shop says now, whatever the cart said then', async () => {
  const { ask, letter } = await start()
  await ask('PUT', '/v1/products', mug)
  await ask('POST', '/v1/track', {
    type: 'track',
    userId: 'ann',
    event: 'Product Added',
    properties: { product_id: 'mug', name: 'Old mug', price: 15, currency: 'EUR', email: 'ann@example.test' },
  })
  await ask('PUT', '/v1/products', { ...mug, price: 9.5, stock: 2 })
  const source = await letter()
  for (const words of ['Blue mug', '9.50', '2 left', 'https://fern.example/mug.jpg']) expect(source).toContain(words)
  for (const words of ['Old mug', '15.00', '12.00']) expect(source).not.toContain(words)
})
