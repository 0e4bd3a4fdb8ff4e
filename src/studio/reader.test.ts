import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { defaultShop } from '../main.ts'
import { openShop } from '../sim/shop.ts'
import { systemClock } from '../main.ts'
import { createReader } from './reader.ts'
import type { Reader } from './reader.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')
// A thread that starts on a busy machine may take its time.
vi.setConfig({ testTimeout: 30_000 })

const open: Reader[] = []
afterEach(async () => {
  for (const reader of open.splice(0)) await reader.close()
})

function studio() {
  const dataDir = mkdtempSync(join(tmpdir(), 'beckon-'))
  const shop = openShop({ dir: dataDir })
  shop.track('ann', 'Product Added', noon, { product_id: 'mug', name: 'Mug' })
  const reader = createReader({
    recommend: () => null,
    clock: systemClock,
    path: join(dataDir, 'beckon.db'),
    dataDir,
    version: shop.machines.version,
    shop: defaultShop,
    publicUrl: 'http://127.0.0.1:4650',
    from: { address: 'hello@shop.test' },
    policy: { consentRequired: false, holdout: {} },
  })
  open.push(reader)
  const about = () => {
    const { id, head } = shop.find('u:ann')!
    return { id, head, now: noon, lead: 0 }
  }
  return { shop, reader, about }
}

test('questions are answered beside the engine, which goes on writing meanwhile, by what is committed', async () => {
  const { shop, reader, about } = studio()
  const [page, track, list] = await Promise.all([
    reader.ask('customer', about()),
    reader.ask('track', about()),
    reader.ask('customers', { query: 'ann', now: noon }),
  ])
  expect(page).toMatchObject({ name: 'ann', turns: 1, states: { cart: 'active' } })
  expect(track).toMatchObject({ count: 1 })
  expect(list).toMatchObject({ customers: [{ name: 'ann' }], total: 1 })
  shop.pass(noon + 3_600_000)
  expect(await reader.ask('customer', about())).toMatchObject({ turns: 3, states: { cart: 'abandoned.reminded' }, decisions: [{ template: 'cart-abandoned' }] })
  expect(await reader.ask('preview', { ...about(), template: 'cart-discount' })).toMatchObject({ html: expect.stringContaining('Mug') })
  // Of what a batch still holds open nothing is seen: the life is told as it was.
  const before = about()
  shop.store.begin()
  shop.engine.fireDue(noon + 40 * 86_400_000, Infinity)
  expect(about().head).toBeGreaterThan(before.head)
  expect(await reader.ask('track', before)).toMatchObject({ count: 3 })
  shop.store.rollback()
})

test('a question that throws is rejected with its message, and the next is answered', async () => {
  const { reader, about } = studio()
  await expect(reader.ask('turns', null as never)).rejects.toThrow(/null/)
  expect(await reader.ask('track', { ...about(), id: 99, head: 99 })).toEqual({ refused: 'customer.unknown' })
})

test('after the reader died what waited is rejected, and the next question starts it anew', async () => {
  const { reader, about } = studio()
  await reader.ask('track', about())
  const broken = createReader({
    recommend: () => null,
    clock: systemClock,
    path: '/nowhere/beckon.db',
    dataDir: '/nowhere',
    version: 1,
    shop: defaultShop,
    publicUrl: '',
    from: { address: '' },
    policy: { consentRequired: false, holdout: {} },
  })
  open.push(broken)
  const asked = [broken.ask('track', about()), broken.ask('track', about())]
  for (const { status } of await Promise.allSettled(asked)) expect(status).toBe('rejected')
  await expect(broken.ask('track', about())).rejects.toThrow()
  expect(await reader.ask('track', about())).toMatchObject({ count: 1 })
})

test('no more wait than a few hundred, and a closed reader answers nobody', async () => {
  const { reader, about } = studio()
  const asked = Array.from({ length: 300 }, () => reader.ask('track', about()))
  const settled = await Promise.allSettled(asked)
  expect(settled.filter(({ status }) => status === 'fulfilled').length).toBe(256)
  expect(settled.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'overload' } })
  await reader.close()
  await expect(reader.ask('track', about())).rejects.toMatchObject({ code: 'stopping' })
})
