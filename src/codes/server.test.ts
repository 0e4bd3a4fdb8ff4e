import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { readConfig } from '../cli/config.ts'
import { startServer } from '../serve.ts'
import type { Server } from '../serve.ts'
import type { LetterList, LetterPage } from '../studio/api.ts'

let server: Server | null = null
afterEach(async () => {
  await server?.stop()
  server = null
})

async function start(data: string) {
  const config = readConfig({ port: 0, host: '127.0.0.1', data, settings: 'quietFor=20ms,abandonAfter=60ms,followUpAfter=60ms' })
  server = await startServer({ ...config, log: 'silent' }, (error) => {
    throw error
  })
  const { url, keys } = server
  const authorization = `Bearer ${keys.find(({ kind }) => kind === 'secret')!.token}`
  const call = async (method: 'GET' | 'POST', path: string, body?: object) => {
    const answer = await fetch(url + path, { method, headers: { authorization }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    return (await answer.json()) as Record<string, unknown>
  }
  const track = (userId: string, event: string, properties: object) =>
    call('POST', '/v1/track', { userId, event, properties: { email: `${userId}@example.test`, ...properties } })
  /** The discount letter of a customer, once it has left. */
  const letterTo = async (who: string): Promise<LetterPage> => {
    for (let n = 0; n < 200; n++) {
      const { letters } = (await (await fetch(`${url}/studio/api/letters?template=cart-discount`)).json()) as LetterList
      const found = letters.find(({ recipient, state }) => recipient === `${who}@example.test` && state === 'sent')
      if (found !== undefined) return (await (await fetch(`${url}/studio/api/letters/${found.id}`)).json()) as LetterPage
      await new Promise((go) => setTimeout(go, 25))
    }
    throw new Error(`waited in vain for ${who}’s letter`)
  }
  return { call, track, letterTo, metrics: async () => await (await fetch(`${url}/metrics`)).text() }
}

const fern = { product_id: 'boston-fern', name: 'Boston fern', price: 24.5, currency: 'EUR' }

test('a whole server: the code of a letter that left is redeemed over HTTP or by an order, once, and stays so after a restart', async () => {
  const data = mkdtempSync(join(tmpdir(), 'beckon-'))
  const first = await start(data)
  await first.track('ann', 'Product Added', fern)
  await first.track('bob', 'Product Added', fern)
  const ann = (await first.letterTo('ann')).code!.code
  const bob = (await first.letterTo('bob')).code!.code
  expect(await first.call('GET', `/v1/codes/${ann}`)).toMatchObject({ ok: true, valid: true, percent: 10 })
  expect(await first.call('POST', '/v1/codes/redeem', { code: ann, orderId: 'A-1', userId: 'ann' })).toMatchObject({ ok: true, same: true })
  await first.track('bob', 'Order Completed', { order_id: 'B-1', total: 22.05, coupon: bob.toLowerCase(), products: [fern] })
  expect(await first.call('POST', '/v1/codes/redeem', { code: bob, orderId: 'C-1' })).toMatchObject({ ok: false, code: 'code.used', orderId: 'B-1' })
  expect(await first.call('POST', '/v1/codes/redeem', { code: bob, orderId: 'B-1' })).toMatchObject({ ok: true, again: true })
  expect(await first.metrics()).toContain('beckon_codes_redeemed_total 2')
  await server!.stop()
  const second = await start(data)
  expect(await second.call('POST', '/v1/codes/redeem', { code: ann, orderId: 'D-1' })).toMatchObject({ ok: false, code: 'code.used', orderId: 'A-1' })
  expect(await second.call('POST', '/v1/codes/redeem', { code: ann, orderId: 'A-1' })).toMatchObject({ ok: true, again: true })
})
