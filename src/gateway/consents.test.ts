import { afterEach, expect, test } from 'vitest'
import type { Refusal } from '../core/errors.ts'
import type { Consents } from './consents.ts'
import { createFake } from './fake.ts'
import type { Fake } from './fake.ts'

let fake: Fake
afterEach(() => fake.app.close())

function open() {
  const taken: unknown[][] = []
  const consents: Consents = {
    async take(rows, source) {
      taken.push([source, ...rows])
      return rows.map((row): Refusal | null =>
        row === 'busy' ? { refused: 'overload', retryAfterMs: 2_000 } : row === 'bad' ? { refused: 'consent.invalid', about: 'email' } : null,
      )
    },
    read: async (text) => (text.includes('@') ? text.trim().split('\n') : { refused: 'consent.invalid', about: 'the list' }),
    find: async (who) => ('userId' in who && who.userId === 'ann' ? '{"status":"subscribed"}' : { refused: 'customer.unknown' }),
  }
  fake = createFake({ consents })
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` })
  const post = (payload: string, key = 'sk_test', headers = {}) =>
    fake.app.inject({ method: 'POST', url: '/v1/consent', payload, headers: { ...bearer(key), ...headers } })
  const get = (url: string, key = 'sk_test') => fake.app.inject({ url, headers: bearer(key) })
  return { taken, post, get }
}

test('rows come as JSON, one or many, or as a list of another form, and each that is refused is named', async () => {
  const { taken, post } = open()
  expect((await post('[{"email":"a@x.test"},"bad"]')).json()).toMatchObject({
    success: true,
    taken: 1,
    rejected: [{ index: 1, code: 'consent.invalid', about: 'email' }],
  })
  expect((await post('{"consents":[{"n":1},{"n":2}]}')).json()).toEqual({ success: true, taken: 2 })
  expect((await post('{"email":"a@x.test"}')).json()).toEqual({ success: true, taken: 1 })
  expect((await post('email\na@x.test\n', 'sk_test', { 'content-type': 'text/csv' })).json()).toEqual({ success: true, taken: 2 })
  expect(taken).toEqual([
    [2, { email: 'a@x.test' }, 'bad'],
    [2, { n: 1 }, { n: 2 }],
    [2, { email: 'a@x.test' }],
    [2, 'email', 'a@x.test'],
  ])
})

test('what is no list is refused whole; what came while the server was behind may be sent again', async () => {
  const { post } = open()
  expect((await post('nothing of the kind')).statusCode).toBe(400)
  const busy = await post('["busy"]')
  expect([busy.statusCode, busy.headers['retry-after']]).toEqual([503, '2'])
  expect((await post(JSON.stringify(Array.from({ length: 2_501 }, () => 1)))).statusCode).toBe(413)
})

test.each(['pk_test', 'sk_other', ''])('only a secret key asks or tells: not %s', async (key) => {
  const { taken, post, get } = open()
  for (const { statusCode } of [await post('[]', key), await get('/v1/consent/ann', key)]) expect([401, 403]).toContain(statusCode)
  expect(taken).toEqual([])
})

test('one person’s consent by user id or address; nobody’s is 404, and nobody named 400', async () => {
  const { get } = open()
  const found = await get('/v1/consent/ann')
  expect([found.statusCode, found.json(), found.headers['cache-control']]).toEqual([200, { status: 'subscribed' }, 'no-store'])
  expect((await get('/v1/consent?email=b@x.test')).statusCode).toBe(404)
  expect((await get('/v1/consent')).statusCode).toBe(400)
})
