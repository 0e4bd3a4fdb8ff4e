import { expect, test } from 'vitest'
import { goodZone, instruments, shop, testKey, zoneResolver } from './fake.ts'
import { createVisits } from './visits.ts'

function surgery() {
  let time = 1_000_000
  const asked: string[] = []
  const visits = createVisits({
    settings: {
      publicUrl: 'https://beckon.shop.shop',
      from: { address: 'hello@shop.shop' },
      shop: { address: 'here' },
      smtp: shop.relay!,
      dkim: { domain: 'shop.shop', selector: 'beckon', privateKey: testKey.privateKey },
    },
    sampleAddress: 'sample',
    instruments: instruments(goodZone, {
      resolver: zoneResolver(goodZone, (question) => asked.push(question)),
      clock: { now: () => time, after: () => () => {} },
    }),
  })
  return { visits, asked, pass: (ms: number) => (time += ms) }
}

test('an answer holds for a minute, also for two who ask at once', async () => {
  const { visits, asked, pass } = surgery()
  const [one, other] = await Promise.all([visits({}), visits({})])
  expect(one).toMatchObject({ domain: 'shop.shop', state: 'ok' })
  expect(other).toBe(one)
  const before = asked.length
  pass(59_999)
  expect(await visits({})).toBe(one)
  expect(asked.length).toBe(before)
  pass(1)
  expect(await visits({})).not.toBe(one)
  expect(asked.length).toBeGreaterThan(before)
})

test('nobody makes it ask for the whole internet', async () => {
  const { visits, pass } = surgery()
  for (let i = 0; i < 8; i++) expect(await visits({ domain: `shop${i}.com` })).toHaveProperty('checks')
  pass(10_000)
  expect(await visits({ domain: 'shop8.com' })).toEqual({ refused: 'rate.exceeded', retryAfterMs: 50_000 })
  expect(await visits({ domain: 'shop0.com' })).toHaveProperty('checks')
  pass(50_000)
  expect(await visits({ domain: 'shop8.com' })).toHaveProperty('checks')
})

test('what is no domain, address or selector is refused before anything is asked', async () => {
  const { visits, asked } = surgery()
  for (const visit of [
    { domain: 'a b' },
    { domain: '127.0.0.1' },
    { domain: 'localhost' },
    { domain: 'x'.repeat(300) },
    { ip: 'mail.shop' },
    { selector: 'a b' },
    { selector: '../x' },
  ])
    expect(await visits(visit)).toMatchObject({ refused: 'studio.input_invalid' })
  expect(asked).toEqual([])
  expect(await visits({ domain: ' Hello@Shop.SHOP ' })).toMatchObject({ domain: 'shop.shop' })
})
