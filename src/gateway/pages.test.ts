import { afterEach, expect, test } from 'vitest'
import { createFake, type Fake } from './fake.ts'

let fake: Fake
afterEach(() => fake.app.close())

type Row = { what: string; method: 'GET' | 'HEAD' | 'POST'; url: string; status: number; told?: string[]; headers?: object; has?: string }
const rows: Row[] = [
  {
    what: 'a picture fetched is an open',
    method: 'GET',
    url: '/o/good',
    status: 200,
    told: ['open good GET'],
    headers: { 'content-type': 'image/gif', 'cache-control': 'no-store' },
  },
  { what: 'a HEAD of the picture is none', method: 'HEAD', url: '/o/good', status: 200 },
  {
    what: 'a click leads to its destination',
    method: 'GET',
    url: '/c/good',
    status: 302,
    told: ['click good GET'],
    headers: { location: 'https://shop.example/tea?a=1&b=%C3%BC', 'cache-control': 'no-store' },
  },
  { what: 'a HEAD of a click is told as one', method: 'HEAD', url: '/c/good', status: 302, told: ['click good HEAD'] },
  { what: 'a tampered click leads nowhere', method: 'GET', url: '/c/goof', status: 404, told: ['click goof GET'] },
  { what: 'a destination that is no web page leads nowhere', method: 'GET', url: '/c/bad', status: 404, told: ['click bad GET'] },
  { what: 'GET of an unsubscribe link changes nothing', method: 'GET', url: '/u/good', status: 200, has: 'a…@&lt;example&gt;.com' },
  { what: 'nor does HEAD', method: 'HEAD', url: '/u/good', status: 200 },
  { what: 'a tampered unsubscribe link shows nothing', method: 'GET', url: '/u/goof', status: 404 },
  { what: 'POST of a tampered one', method: 'POST', url: '/u/goof', status: 404, told: ['unsubscribe goof POST'] },
  { what: 'a very long token', method: 'GET', url: `/u/${'x'.repeat(2_000)}`, status: 404 },
  { what: 'a path that cannot be read', method: 'GET', url: '/u/%', status: 404 },
]
test.each(rows)('$what', async ({ method, url, status, told = [], headers = {}, has }) => {
  fake = createFake()
  const response = await fake.app.inject({ method, url })
  expect(response.statusCode).toBe(status)
  expect(fake.links.told).toEqual(told)
  expect(response.headers).toMatchObject(headers)
  if (has !== undefined) expect(response.body).toContain(has)
  if (status === 404) expect(response.headers['location']).toBeUndefined()
})

const posts: [what: string, type: string | undefined, body: string | undefined][] = [
  ['one click (RFC 8058)', 'application/x-www-form-urlencoded', 'List-Unsubscribe=One-Click'],
  ['one click as multipart', 'multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'],
  ['the page’s form', 'application/x-www-form-urlencoded', ''],
  ['nothing at all', undefined, undefined],
  ['a mangled type', 'x', 'y'],
]
test.each(posts)('unsubscribing by %s works, twice, and sets no cookie', async (_what, type, payload) => {
  fake = createFake()
  for (let times = 0; times < 2; times++) {
    const response = await fake.app.inject({
      method: 'POST',
      url: '/u/good',
      headers: type === undefined ? {} : { 'content-type': type },
      ...(payload === undefined ? {} : { payload }),
    })
    expect([response.statusCode, response.headers['set-cookie'], response.body.includes('Done')]).toEqual([200, undefined, true])
  }
  expect(fake.links.told).toEqual(['unsubscribe good POST', 'unsubscribe good POST'])
})

test('pages run no scripts, load nothing, and tell nobody where the reader was', async () => {
  fake = createFake()
  const { headers, body } = await fake.app.inject({ url: '/u/good' })
  expect(headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
    'cache-control': 'no-store',
  })
  expect(headers['content-security-policy']).toMatch(
    /^default-src 'none'; style-src 'sha256-[\w+/=]+'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
  )
  expect(body).not.toContain('<script')
})
