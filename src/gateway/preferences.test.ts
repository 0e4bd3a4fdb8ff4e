import { afterEach, expect, test } from 'vitest'
import { createFake } from './fake.ts'
import type { Fake } from './fake.ts'
import type { Choice, Preferences, Wished } from './links.ts'

let fake: Fake
afterEach(() => fake.app.close())

const wished: Wished = {
  recipientHint: 'a•••@<example>.com',
  locale: 'en-GB',
  consent: 'subscribed',
  isBlocked: false,
  topics: [
    { name: 'offers', title: 'Offers & more', words: 'Discounts.', isWanted: true },
    { name: 'orders', title: 'Orders', words: 'Thanks.', isWanted: false },
  ],
  token: 'good',
  mark: 'm4rk',
}

function open(changes: Partial<Wished> = {}) {
  const told: unknown[] = []
  const preferences: Preferences = {
    look: (token) => (token === 'good' ? { ...wished, ...changes } : null),
    choose: async (token, mark, { consent, topics }: Choice) => {
      told.push(['choose', token, consent, [...topics]])
      return token !== 'good' ? 'unknown' : mark === 'm4rk' ? 'kept' : 'unmarked'
    },
    confirm: async (token, mark) => {
      told.push(['confirm', token])
      return token !== 'good' ? 'unknown' : mark === 'm4rk' ? 'kept' : 'unmarked'
    },
  }
  fake = createFake({ preferences })
  const post = (url: string, payload: string, type = 'application/x-www-form-urlencoded') =>
    fake.app.inject({ method: 'POST', url, payload, headers: { 'content-type': type } })
  return { told, post }
}

test.each(['/p/good', '/p/good/confirm'])('GET and HEAD of %s change nothing, set no cookie and run no script', async (url) => {
  const { told } = open()
  for (const method of ['GET', 'HEAD'] as const) {
    const { statusCode, headers, body } = await fake.app.inject({ method, url })
    expect([statusCode, headers['set-cookie'], headers['cache-control'], body.includes('<script')]).toEqual([200, undefined, 'no-store', false])
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/)
  }
  expect(told).toEqual([])
})

test.each(['/p/goof', '/p/goof/confirm'])('a tampered token is nobody’s: %s', async (url) => {
  const { post } = open()
  expect((await fake.app.inject({ url })).statusCode).toBe(404)
  expect((await post(url, 'mark=m4rk')).statusCode).toBe(404)
})

test('the page shows a hint, each topic and what is chosen now, and everything as text', async () => {
  open()
  const { body } = await fake.app.inject({ url: '/p/good' })
  expect(body).toContain('a•••@&lt;example&gt;.com')
  expect(body).toContain('value="subscribed" checked')
  expect(body).toContain('value="offers" checked')
  expect(body).toContain('value="orders"> ')
  expect(body).toContain('Offers &amp; more')
})

test('nothing is ticked beforehand for who was not asked, or has yet to confirm', async () => {
  for (const consent of ['not asked', 'pending'] as const) {
    open({ consent })
    const { body } = await fake.app.inject({ url: '/p/good' })
    expect(body).not.toMatch(/type="radio"[^>]* checked/)
  }
})

test('a choice is handed on as it was made, and the page says that it was kept', async () => {
  const { told, post } = open()
  const answer = await post('/p/good', 'mark=m4rk&letters=unsubscribed&topic=orders&topic=%3Cb%3E')
  expect([answer.statusCode, answer.body.includes('Saved.')]).toEqual([200, true])
  await post('/p/good', 'mark=m4rk&letters=everything')
  expect(told).toEqual([
    ['choose', 'good', 'unsubscribed', ['orders', '<b>']],
    ['choose', 'good', undefined, []],
  ])
})

test.each([
  ['one click (RFC 8058)', 'List-Unsubscribe=One-Click', 'application/x-www-form-urlencoded'],
  ['nothing', '', 'application/x-www-form-urlencoded'],
  ['another type', '{"mark":"m4rk"}', 'application/json'],
  ['multipart', '--b\r\nContent-Disposition: form-data; name="mark"\r\n\r\nm4rk\r\n--b--', 'multipart/form-data; boundary=b'],
])('a blind POST of %s is told to use the page’s button', async (_what, payload, type) => {
  const { post } = open({ consent: 'pending' })
  for (const url of ['/p/good', '/p/good/confirm']) {
    const { statusCode, body } = await post(url, payload, type)
    expect([statusCode, body.includes('Nothing was changed')]).toEqual([400, true])
  }
})

test('the page that confirms has one button while there is something to confirm, and says how it stands otherwise', async () => {
  const { told, post } = open({ consent: 'pending' })
  expect((await fake.app.inject({ url: '/p/good/confirm' })).body).toContain('<button>Yes, send me letters</button>')
  await post('/p/good/confirm', 'mark=m4rk')
  expect(told).toEqual([['confirm', 'good']])
  open({ consent: 'subscribed' })
  expect((await fake.app.inject({ url: '/p/good/confirm' })).body).toContain('You are on the list')
  open({ consent: 'unsubscribed' })
  const { body } = await fake.app.inject({ url: '/p/good/confirm' })
  expect([body.includes('<button'), body.includes('href="/p/good"')]).toEqual([false, true])
})

test('the letter’s language is the page’s', async () => {
  open({ locale: 'de-AT' })
  const { body } = await fake.app.inject({ url: '/p/good' })
  expect(body).toContain('<html lang="de">')
  expect(body).toContain('Gar keine E-Mails')
})

test('the page to unsubscribe leads to the choice', async () => {
  open()
  expect((await fake.app.inject({ url: '/u/good' })).body).toContain('href="/p/chosen"')
  expect((await fake.app.inject({ method: 'POST', url: '/u/good' })).body).toContain('href="/p/chosen"')
})
