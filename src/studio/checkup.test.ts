import { afterEach, expect, test, vi } from 'vitest'
import { defaultShop } from '../main.ts'
import { openHouse, send } from '../sim/browser.ts'
import type { House } from '../sim/browser.ts'
import type { ProductList, ProductPage, ProductsWith } from './api-catalogue.ts'
import type { CheckupPage } from './api-checkup.ts'
import type { AuditRow, CustomerList, LetterList, LetterPage } from './api.ts'

// A thread that starts on a busy machine may take its time.
vi.setConfig({ testTimeout: 30_000 })

const houses = new Set<House>()
afterEach(async () => {
  for (const house of houses) await house.stop()
  houses.clear()
})

const fern = { ...defaultShop, url: 'https://fern.example', cartUrl: 'https://fern.example/cart' }

async function open(...given: Parameters<typeof openHouse>): Promise<House> {
  const house = await openHouse(...given)
  houses.add(house)
  return house
}

const api = (house: House, path: string, init?: RequestInit) => fetch(`${house.server.url}/studio/api/${path}`, init)
const get = async <T>(house: House, path: string) => (await (await api(house, path)).json()) as T
const post = (house: House, path: string) => api(house, path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
const put = (house: House, products: object[]) =>
  fetch(`${house.server.url}/v1/products`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${house.secretKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(products),
  })

const product = (id: string, more: object = {}) => ({ id, name: `The ${id}`, price: 10, currency: 'EUR', url: `https://fern.example/${id}`, stock: 5, ...more })
const viewed = (userId: string, product_id: string, minutesAgo: number) => ({
  type: 'track',
  userId,
  event: 'Product Viewed',
  timestamp: new Date(Date.now() - minutesAgo * 60_000).toISOString(),
  properties: { product_id },
})

test('an owner has the profiles looked over, and sees what was found, about whom, and what to do', async () => {
  const house = await open({ shop: fern })
  expect(await get<CheckupPage>(house, 'checkup')).toMatchObject({ last: null, running: false })
  await put(house, [product('mug')])
  await send(house, [
    { type: 'identify', userId: 'ann', traits: { email: 'ann@gmial.com' } },
    { type: 'identify', userId: 'anna', traits: { email: 'ann@gmial.com' } },
    { type: 'track', userId: 'ann', event: 'Product Added', properties: { product_id: 'mug', name: 'Mug' } },
  ])
  await fetch(`${house.server.url}/v1/track`, { method: 'POST', headers: { authorization: 'Bearer pk_wrong' }, body: '{}' })
  // Stored lives and sums of what was refused are behind: nothing is found before.
  await expect
    .poll(
      async () => {
        expect((await post(house, 'checkup')).status).toBe(200)
        await expect.poll(async () => (await get<CheckupPage>(house, 'checkup')).running, { timeout: 10_000 }).toBe(false)
        return (await get<CheckupPage>(house, 'checkup')).last?.findings.map(({ id }) => id) ?? []
      },
      { timeout: 20_000, interval: 500 },
    )
    .toEqual(['address_shared', 'product_bare', 'address_mistyped'])
  const { last, next } = await get<CheckupPage>(house, 'checkup')
  expect(last!.findings[0]).toMatchObject({
    severity: 'look',
    count: 1,
    examples: [{ customers: [{ name: 'ann', email: 'ann@gmial.com' }, { name: 'anna' }] }],
  })
  expect(last!.findings[1]!.examples).toMatchObject([{ product: 'mug', words: 'no image · 1 cart' }])
  expect(next).toBeGreaterThan(Date.now())
  expect(await get<{ rows: AuditRow[] } | AuditRow[]>(house, 'audit').then((told) => JSON.stringify(told))).toContain('had the profiles looked over')
})

test('nobody who is not signed in sees it, or has it run', async () => {
  const house = await open({ signIn: true })
  expect([(await post(house, 'checkup')).status, (await api(house, 'checkup')).status, (await api(house, 'products')).status]).toEqual([403, 401, 401])
})

test('products are found as one types, page by page, and the demonstration’s are there without being kept', async () => {
  const demo = await open()
  expect((await get<ProductList>(demo, 'products?query=fern')).products.map(({ id }) => id)).toContain('boston-fern')
  const house = await open({ shop: fern })
  await put(house, [
    ...Array.from({ length: 30 }, (_, n) => product(`mug-${String(n).padStart(2, '0')}`, { brand: n % 2 ? 'Fern' : '100%_Pure' })),
    product('gone'),
  ])
  const first = await get<ProductList>(house, 'products?query=MUG&limit=20')
  expect([first.products.length, first.after, first.counts]).toMatchObject([20, 'mug-19', { shop: 31, learnt: 0, gone: 0 }])
  const rest = await get<ProductList>(house, `products?query=MUG&limit=20&after=${first.after}`)
  expect([rest.products.length, rest.after]).toEqual([10, null])
  // Nothing that is typed is a pattern.
  expect((await get<ProductList>(house, `products?query=${encodeURIComponent('0%_p')}`)).products.length).toBe(15)
  expect((await get<ProductList>(house, `products?query=${encodeURIComponent('m%g')}`)).products).toEqual([])
  expect((await get<ProductList>(house, 'products?source=learnt')).products).toEqual([])
  expect((await api(house, 'products/one?id=nothing')).status).toBe(404)
  expect((await api(house, 'products/with')).status).toBe(200)
})

test('a letter, its preview, and a product’s page say what is recommended and which step of the chain spoke', async () => {
  const house = await open({ shop: fern })
  await put(
    house,
    ['mug', 'cup', 'jug', 'pot'].map((id) => product(id)),
  )
  for (const name of ['bob', 'eve'])
    await send(
      house,
      ['mug', 'cup', 'jug'].map((id, n) => viewed(name, id, 200 - n)),
    )
  await send(house, [
    { type: 'identify', userId: 'ann', traits: { email: 'ann@shop.example' }, timestamp: new Date(Date.now() - 120 * 60_000).toISOString() },
    ...[60, 50, 40].map((ago) => viewed('ann', 'mug', ago)),
  ])
  await expect.poll(async () => (await get<LetterList>(house, 'letters')).letters.length, { timeout: 10_000 }).toBe(1)
  const { letters } = await get<LetterList>(house, 'letters')
  const letter = await get<LetterPage>(house, `letters/${letters[0]!.id}`)
  expect(letter).toMatchObject({
    template: 'browse-reminder',
    recommended: [
      { id: 'cup', name: 'The cup', step: 'viewed' },
      { id: 'jug', step: 'viewed' },
    ],
  })
  const { customers } = await get<CustomerList>(house, 'customers?query=ann')
  const preview = await (await api(house, `customers/${customers[0]!.id}/preview?template=browse-reminder`)).text()
  for (const words of ['The mug', 'The cup', 'The jug']) expect(preview).toContain(words)
  expect((await get<ProductsWith>(house, 'products/with?id=mug')).with.map(({ product, step }) => [product.id, step])).toEqual([
    ['cup', 'viewed'],
    ['jug', 'viewed'],
  ])
  expect(await get<ProductPage>(house, 'products/one?id=jug')).toMatchObject({
    name: 'The jug',
    advertised: { letters: 1, looked: 1, latest: [{ id: letter.id, as: 'recommended' }] },
  })
})
