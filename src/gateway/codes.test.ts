import { expect, test } from 'vitest'
import { readUpload } from '../codes/upload.ts'
import type { CodeCounter } from './codes.ts'
import { createFake, noon } from './fake.ts'

const good = 'FERN-1111-2222-3333'
const server = { authorization: 'Bearer sk_test' }

/** A gateway with one good code, one used one, and pools that remember what was put into them. */
function open() {
  const told: string[] = []
  const used = { refused: 'code.used' as const, about: 'by order A-1', more: { orderId: 'A-1' } }
  const counter: CodeCounter = {
    read: readUpload,
    look: (code) =>
      code === good ? { valid: true, reason: null, percent: 10 } : code === 'USED' ? { valid: false, reason: used } : { refused: 'code.unknown', about: code },
    redeem: async (asked) => {
      told.push(`redeem ${JSON.stringify(asked)}`)
      return asked.code === good ? { code: good, percent: 10, again: false } : asked.code === 'USED' ? used : { refused: 'code.mistyped' }
    },
    release: async (code, orderId) => (told.push(`release ${code} ${orderId}`), { code }),
    upload: async (pool, codes) => {
      told.push(`upload ${pool} ${JSON.stringify(codes)}`)
      return { pool, added: codes.length, rejected: [{ index: 0, code: 'x', refused: { refused: 'code.taken', about: 'in the pool old' } }] }
    },
    reclaim: async (pool) => (pool === 'spring' ? { pool, freed: 2 } : { refused: 'pool.unknown', about: pool }),
    pool: (pool) => (pool === 'spring' ? { pool, free: 7 } : { refused: 'pool.unknown', about: pool }),
  }
  const fake = createFake({ codes: counter })
  const call = async (method: 'GET' | 'POST' | 'PUT', url: string, payload?: object | string, headers: Record<string, string> = server) => {
    const response = await fake.app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
    return { status: response.statusCode, json: response.json() as Record<string, unknown>, retryAfter: response.headers['retry-after'] }
  }
  return { fake, told, call }
}

test('a code is looked at, redeemed and released by the shop’s server', async () => {
  const { call, told } = open()
  expect(await call('GET', `/v1/codes/${good}`)).toMatchObject({ status: 200, json: { ok: true, valid: true, percent: 10, reason: null } })
  expect(await call('GET', '/v1/codes/USED')).toMatchObject({ status: 200, json: { valid: false, reason: 'code.used', orderId: 'A-1' } })
  expect(await call('GET', '/v1/codes/NEVER%20SEEN')).toMatchObject({ status: 404, json: { ok: false, code: 'code.unknown' } })
  expect(told).toEqual([])
  const body = { code: good, orderId: 1001, userId: 'ann', at: '2026-06-01T11:00:00Z', more: 'is ignored' }
  expect(await call('POST', '/v1/codes/redeem', body)).toMatchObject({ status: 200, json: { ok: true, percent: 10, again: false } })
  expect(await call('POST', '/v1/codes/redeem', { code: 'USED', orderId: 'B' })).toMatchObject({
    status: 409,
    json: { ok: false, code: 'code.used', orderId: 'A-1', message: 'Refused, code.used: by order A-1.' },
  })
  expect(await call('POST', '/v1/codes/release', { code: good, orderId: 'A-1' })).toMatchObject({ status: 200, json: { ok: true } })
  expect(told).toEqual([
    `redeem ${JSON.stringify({ code: good, orderId: '1001', who: { userId: 'ann' }, at: noon - 3_600_000 })}`,
    'redeem {"code":"USED","orderId":"B"}',
    `release ${good} A-1`,
  ])
})

test('only a secret key may, and not from a browser; what is no question is refused before anything is asked', async () => {
  const { call, told } = open()
  const body = { code: good, orderId: 'A' }
  const all: ['GET' | 'POST' | 'PUT', string, object?][] = [
    ['GET', `/v1/codes/${good}`],
    ['POST', '/v1/codes/redeem', body],
    ['POST', '/v1/codes/release', body],
    ['PUT', '/v1/codes/pools/spring', ['A']],
    ['GET', '/v1/codes/pools/spring'],
    ['POST', '/v1/codes/pools/spring/reclaim', {}],
  ]
  for (const [method, url, payload] of all) {
    expect(await call(method, url, payload, {})).toMatchObject({ status: 401 })
    expect(await call(method, url, payload, { authorization: 'Bearer pk_test' })).toMatchObject({ status: 403, json: { code: 'key.secret_required' } })
    expect(await call(method, url, payload, { ...server, origin: 'https://shop.example' })).toMatchObject({ status: 403 })
  }
  for (const wrong of [
    {},
    [],
    { code: good },
    { orderId: 'A' },
    { code: '', orderId: 'A' },
    { code: ['x'], orderId: 'A' },
    { ...body, orderId: 'x'.repeat(256) },
    { ...body, at: 'soon' },
  ])
    expect(await call('POST', '/v1/codes/redeem', wrong)).toMatchObject({ status: 400, json: { code: 'code.input_invalid' } })
  expect(await call('POST', '/v1/codes/redeem', 'not json')).toMatchObject({ status: 400 })
  expect(told).toEqual([])
})

test('who guesses has to wait, good codes included; other visitors of the same shop have not', async () => {
  const { call, fake } = open()
  const redeem = (code: string, shopper?: string) =>
    call('POST', '/v1/codes/redeem', { code, orderId: 'A' }, { ...server, ...(shopper === undefined ? {} : { 'x-shopper-address': shopper }) })
  for (let n = 0; n < 30; n++) expect((await redeem(`guess-${n}`, '203.0.113.7')).status).toBe(400)
  expect(await redeem(good, '203.0.113.7')).toMatchObject({ status: 429, json: { code: 'code.guesses' }, retryAfter: '60' })
  expect((await redeem(good, '203.0.113.8')).status).toBe(200)
  expect((await redeem(good)).status).toBe(200)
  fake.clock.time = noon + 60_000
  expect((await redeem(good, '203.0.113.7')).status).toBe(200)
  for (let n = 0; n < 40; n++) expect((await redeem('USED', '203.0.113.9')).status).toBe(409)
  expect((await redeem(good, '203.0.113.9')).status).toBe(200)
})

test('a pool is filled from JSON, CSV or plain lines, and what was not taken is named', async () => {
  const { call, told } = open()
  expect(await call('PUT', '/v1/codes/pools/spring', ['A', 'B'])).toMatchObject({
    status: 200,
    json: {
      success: true,
      pool: 'spring',
      added: 2,
      rejected: [{ index: 0, code: 'x', reason: 'code.taken', about: 'in the pool old', hint: expect.any(String) }],
    },
  })
  await call('PUT', '/v1/codes/pools/spring%20sale', 'Code,Note\nA,1\nB,2\n', { ...server, 'content-type': 'text/csv' })
  await call('PUT', '/v1/codes/pools/spring', 'A\nB\nC')
  expect(told).toEqual(['upload spring ["A","B"]', 'upload spring sale ["A","B"]', 'upload spring ["A","B","C"]'])
  expect(await call('PUT', '/v1/codes/pools/spring', '{"none":1}')).toMatchObject({ status: 400, json: { code: 'pool.list_invalid' } })
  expect(await call('GET', '/v1/codes/pools/spring')).toMatchObject({ status: 200, json: { free: 7 } })
  expect(await call('GET', '/v1/codes/pools/autumn')).toMatchObject({ status: 404, json: { code: 'pool.unknown' } })
  expect(await call('POST', '/v1/codes/pools/spring/reclaim', {})).toMatchObject({ status: 200, json: { freed: 2 } })
})
