import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { readConfig } from './cli/config.ts'
import { Beckon } from './sdk/client.ts'
import { startServer } from './serve.ts'
import type { Server, ServerConfig } from './serve.ts'
import { openStore } from './store/store.ts'
import type { LetterList } from './studio/api.ts'

const running = new Set<Server>()
afterEach(async () => {
  for (const server of running) await server.stop()
  running.clear()
})

const directory = () => mkdtempSync(join(tmpdir(), 'beckon-'))

async function start(more: Partial<ServerConfig> = {}, dataDir = directory()) {
  const config = readConfig({ port: 0, host: '127.0.0.1', data: dataDir, settings: 'quietFor=20ms,abandonAfter=60ms,followUpAfter=10m' })
  const server = await startServer({ ...config, log: 'silent', ...more }, (error) => {
    throw error
  })
  running.add(server)
  return { server, dataDir, ...keysOf(server) }
}

const keysOf = ({ keys }: Server) => ({ pk: keys.find(({ kind }) => kind === 'public')!.token, sk: keys.find(({ kind }) => kind === 'secret')!.token })

const post = (server: Server, key: string, path: string, body: unknown) =>
  fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${key}:`)}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

const inbox = async (server: Server) => ((await (await fetch(`${server.url}/studio/api/letters`)).json()) as LetterList).letters

async function until<T>(look: () => Promise<T | undefined | false>, what: string): Promise<T> {
  for (let n = 0; n < 200; n++) {
    const seen = await look()
    if (seen !== undefined && seen !== false) return seen
    await new Promise((go) => setTimeout(go, 25))
  }
  throw new Error(`waited in vain for ${what}`)
}

const cart = {
  type: 'track',
  userId: 'ann',
  event: 'Product Added',
  properties: { product_id: 'mug', name: 'Blue mug', price: 12, currency: 'EUR', email: 'ann@example.test' },
}
const letterIn = (server: Server) => until(async () => (await inbox(server))[0], 'a letter')
const sourceOf = async (server: Server, { id }: { id: number }) =>
  (await (await fetch(`${server.url}/studio/api/letters/${id}/source`)).text()).replaceAll('=\r\n', '').replaceAll('=3D', '=')

test('an event over HTTP becomes a letter in the inbox, with links that lead where they should', async () => {
  const { server, sk } = await start()
  expect((await post(server, sk, '/v1/track', cart)).status).toBe(200)
  const source = await sourceOf(server, await letterIn(server))
  const link = /http:\/\/127\.0\.0\.1:\d+\/c\/[\w.-]+/.exec(source)![0]
  const clicked = await fetch(link, { redirect: 'manual' })
  expect([clicked.status, clicked.headers.get('location')]).toEqual([302, `${server.url}/demo/cart`])
  expect((await fetch(`${link}x`, { redirect: 'manual' })).status).toBe(404)
})

test('whoever presses unsubscribe gets no second letter', async () => {
  const { server, sk } = await start({ settings: { quietFor: '20ms', abandonAfter: '60ms', followUpAfter: '2s' } })
  await post(server, sk, '/v1/track', cart)
  const source = await sourceOf(server, await letterIn(server))
  const link = /http:\/\/127\.0\.0\.1:\d+\/u\/[\w.-]+/.exec(source)![0]
  expect((await fetch(link)).status).toBe(200)
  expect((await fetch(link, { method: 'POST', body: 'List-Unsubscribe=One-Click' })).status).toBe(200)
  await until(async () => /beckon_letters_skipped_total 1/.test(await (await fetch(`${server.url}/metrics`)).text()), 'the skip')
  expect(await inbox(server)).toHaveLength(1)
})

test('an event over WebSocket is acked and becomes a letter', async () => {
  const { server, pk } = await start()
  const client = new Beckon({ url: server.url.replace('http', 'ws'), writeKey: pk, anonymousId: 'a', webSocket: WebSocket as never })
  await client.track('Product Added', { product_id: 'mug', name: 'Blue mug', email: 'ann@example.test' })
  await letterIn(server)
  await client.close()
})

test('two whole servers live in one process and know nothing of each other', async () => {
  const [one, two] = [await start(), await start()]
  expect(one.pk).not.toBe(two.pk)
  await post(one.server, one.sk, '/v1/track', cart)
  await letterIn(one.server)
  expect(await inbox(two.server)).toEqual([])
  expect((await post(two.server, one.sk, '/v1/track', cart)).status).toBe(401)
})

test('a second server on the same directory is refused in one sentence', async () => {
  const { dataDir } = await start()
  await expect(start({}, dataDir)).rejects.toMatchObject({ code: 'store.busy', message: expect.stringContaining('another Beckon runs') })
})

test('a taken port is named', async () => {
  const { server } = await start()
  await expect(start({ port: Number(new URL(server.url).port) })).rejects.toMatchObject({ code: 'port.taken' })
})

test('a clean stop leaves nothing to tell again, and the next start goes on', async () => {
  const { server, dataDir, sk } = await start({ settings: { quietFor: '20ms', abandonAfter: '400ms' } })
  await post(server, sk, '/v1/track', cart)
  await server.stop()
  running.delete(server)
  const store = openStore(join(dataDir, 'beckon.db'), { readonly: true })
  expect(store.meta.get('watermark')).toBe(store.log.lastSeq())
  store.close()
  const { server: next } = await start({ settings: { quietFor: '20ms', abandonAfter: '400ms' } }, dataDir)
  await letterIn(next)
})

test('the studio is closed to a page that calls this machine by another name', async () => {
  const { server } = await start()
  const { port } = new URL(server.url)
  const { request } = await import('node:http')
  const status = await new Promise((done) =>
    request({ port, host: '127.0.0.1', path: '/studio/api/letters', headers: { host: 'evil.example' } }, (answer) => done(answer.statusCode)).end(),
  )
  expect(status).toBe(403)
})
