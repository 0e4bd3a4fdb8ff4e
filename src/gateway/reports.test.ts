import { expect, test } from 'vitest'
import { createFake, publicKey, secretKey } from './fake.ts'
import type { ReportName } from './reports.ts'

function open(answer: string | { refused: 'report.invalid'; about: string } = '{"rows":[]}') {
  const asked: [ReportName, object][] = []
  const { app, counters } = createFake({
    reports: {
      ask(name, query) {
        asked.push([name, query])
        return Promise.resolve(answer)
      },
    },
  })
  const get = (url: string, headers: Record<string, string> = { authorization: `Bearer ${secretKey.token}` }) => app.inject({ method: 'GET', url, headers })
  return { asked, get, counters }
}

test('a secret key gets reports as JSON, asked with what the query says and nothing else', async () => {
  const { asked, get } = open()
  const answer = await get('/v1/reports/attribution?by=day&from=2026-03-01&now=5&by2=x&to=')
  expect([answer.statusCode, answer.body, answer.headers['cache-control']]).toEqual([200, '{"rows":[]}', 'no-store'])
  await get('/v1/reports/experiments?by=a&by=b')
  expect(asked).toEqual([
    ['attribution', { by: 'day', from: '2026-03-01' }],
    ['experiments', {}],
  ])
})

test('CSV comes as a file', async () => {
  const { get } = open(JSON.stringify({ csv: 'a,b\r\n1,2\r\n' }))
  const answer = await get('/v1/reports/attribution?format=csv')
  expect([answer.body, answer.headers['content-type'], answer.headers['content-disposition']]).toEqual([
    'a,b\r\n1,2\r\n',
    'text/csv; charset=utf-8',
    'attachment; filename="beckon-attribution.csv"',
  ])
})

test('nobody else gets any: no key, a public one, a secret one in the address or from a browser', async () => {
  const { asked, get } = open()
  const answers = [
    await get('/v1/reports/attribution', {}),
    await get('/v1/reports/attribution', { authorization: `Bearer ${publicKey.token}` }),
    await get(`/v1/reports/attribution?writeKey=${secretKey.token}`, {}),
    await get('/v1/reports/experiments', { authorization: `Bearer ${secretKey.token}`, origin: 'https://shop.example' }),
  ]
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 403, 401, 403])
  expect(asked).toEqual([])
})

test('what cannot be answered is refused by name, and too much of it has to wait', async () => {
  const { get, counters } = open({ refused: 'report.invalid', about: 'by day' })
  expect((await get('/v1/reports/attribution')).json()).toMatchObject({ code: 'report.invalid' })
  expect(counters.total()).toBe(1)
  const statuses = await Promise.all(Array.from({ length: 200 }, async () => (await get('/v1/reports/attribution')).statusCode))
  expect(statuses).toContain(429)
})
