import { randomBytes } from 'node:crypto'
import fastify from 'fastify'
import { expect, test } from 'vitest'
import { FakeClock } from '../gateway/fake.ts'
import { openStore } from '../store/store.ts'
import { createAccess } from './access.ts'
import type { DoctorReport } from './api-doctor.ts'
import { addDoctorRoutes } from './doctor-routes.ts'
import type { Doctor } from './doctor-routes.ts'
import { fold } from './names.ts'
import { createSessions } from './sessions.ts'

const report: DoctorReport = { domain: 'shop.shop', at: 1, tookMs: 2, state: 'ok', checks: [] }

async function house(doctor: Doctor, role: 'owner' | 'reader' | null) {
  const store = openStore(':memory:')
  const clock = new FakeClock()
  const ids = { random: (bytes: number) => randomBytes(bytes).toString('base64url') }
  const access = createAccess({
    store,
    clock,
    ids,
    publicUrl: 'https://b.shop.shop',
    isOpen: false,
    proxies: 0,
    shop: { name: 'F', url: 'https://shop.shop' },
    isDemo: false,
  })
  let cookie = ''
  if (role !== null) {
    store.people.invite('link', role, null, clock.now() + 1, clock.now())
    const id = store.people.join('link', { name: 'Ann', folded: fold('Ann'), password: 'x', at: clock.now() })
    cookie = createSessions(store.people, clock, ids)
      .begin(id as number)
      .split(';')[0]!
  }
  const app = fastify()
  void app.register(
    async (scope) => {
      access.guard(scope)
      addDoctorRoutes(scope, { doctor })
    },
    { prefix: '/studio/api' },
  )
  const ask = (query: string) => app.inject({ url: `/studio/api/doctor${query}`, headers: { host: 'b.shop.shop', cookie } })
  return { ask, close: async () => (await app.close(), store.close()) }
}

test('only owners ask the doctor: it makes the server ask strangers', async () => {
  for (const [role, status] of [
    ['owner', 200],
    ['reader', 403],
    [null, 401],
  ] as const) {
    let asked = 0
    const { ask, close } = await house(async () => (asked++, report), role)
    const answer = await ask('')
    expect([answer.statusCode, asked]).toEqual([status, status === 200 ? 1 : 0])
    if (status === 200) expect(answer.json()).toEqual(report)
    await close()
  }
})

test('what is asked is handed on as text, once each; a refusal says how long to wait', async () => {
  const seen: object[] = []
  const { ask, close } = await house(async (visit) => {
    seen.push(visit)
    return seen.length < 3 ? report : { refused: 'rate.exceeded', retryAfterMs: 5_000 }
  }, 'owner')
  await ask('?domain=shop.shop&selector=s1&ip=203.0.113.7&other=1')
  await ask('?domain=a.com&domain=b.com&selector=')
  expect(seen).toEqual([{ domain: 'shop.shop', selector: 's1', ip: '203.0.113.7' }, {}])
  const late = await ask('?domain=c.com')
  expect([late.statusCode, late.headers['retry-after']]).toEqual([429, '5'])
  await close()
})
