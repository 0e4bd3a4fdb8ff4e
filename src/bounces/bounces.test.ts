import { mkdtempSync } from 'node:fs'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import { SMTPServer } from 'smtp-server'
import { afterEach, expect, test, vi } from 'vitest'
import { createArchive } from '../actors/machines.ts'
import { readConfig } from '../cli/config.ts'
import { differs } from '../lab/check.ts'
import { startServer } from '../serve.ts'
import type { Server } from '../serve.ts'
import type { CustomerPage, LetterList, LetterPage } from '../studio/api.ts'
import type { BounceReport, BounceSetup } from '../studio/api-bounces.ts'
import { openStore } from '../store/store.ts'
import * as mail from './fixtures.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const close of closing.splice(0).reverse()) await close()
})

async function until<T>(look: () => Promise<T | undefined | false>, what: string): Promise<T> {
  for (let n = 0; n < 200; n++) {
    const seen = await look()
    if (seen !== undefined && seen !== false) return seen
    await new Promise((go) => setTimeout(go, 25))
  }
  throw new Error(`waited in vain for ${what}`)
}

/** A relay that takes everything; the senders it was told. */
async function relay(): Promise<{ port: number; senders: string[] }> {
  const senders: string[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onMailFrom({ address }, _session, done) {
      senders.push(address)
      done()
    },
    onData(stream, _session, done) {
      stream.on('end', () => done())
      stream.resume()
    },
  })
  server.on('error', () => {})
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  closing.push(() => new Promise<void>((done) => server.close(() => done())))
  return { port: (server.server.address() as AddressInfo).port, senders }
}

async function start(dataDir: string, relayPort: number, env: Record<string, string>): Promise<Server> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  const config = readConfig({ port: 0, host: '127.0.0.1', data: dataDir, settings: 'quietFor=20ms,abandonAfter=60ms,followUpAfter=10m' })
  const server = await startServer({ ...config, log: 'silent', smtp: { host: '127.0.0.1', port: relayPort, secure: false } }, (error) => {
    throw error
  })
  closing.push(() => server.stop())
  return server
}

const get = async <T>(server: Server, path: string) => (await (await fetch(`${server.url}/studio/api/${path}`)).json()) as T

const put = (server: Server, userId: string) =>
  fetch(`${server.url}/v1/track`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${server.keys.find(({ kind }) => kind === 'secret')!.token}:`)}` },
    body: JSON.stringify({
      type: 'track',
      userId,
      event: 'Product Added',
      properties: { product_id: 'mug', name: 'Mug', price: 12, email: `${userId}@shop.test` },
    }),
  })

async function bounce(port: number, to: string): Promise<void> {
  const connection = new SMTPConnection({ host: '127.0.0.1', port, name: 'relay.example' })
  await new Promise<void>((resolve) => connection.connect(() => resolve()))
  await new Promise<void>((resolve, reject) => connection.send({ from: '', to }, mail.gmail, (error) => (error ? reject(error) : resolve())))
  connection.close()
}

test('a letter leaves under a sender of its own, its bounce comes back, and the studio and the next start know of it', { timeout: 20_000 }, async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'beckon-'))
  const { port, senders } = await relay()
  const server = await start(dataDir, port, { BECKON_BOUNCE_DOMAIN: 'Bounces.Fern.Example', BECKON_BOUNCE_PORT: '0' })
  await put(server, 'anna')
  await put(server, 'berta')
  await until(async () => senders.length === 2, 'two letters')
  expect(new Set(senders).size).toBe(2)
  for (const sender of senders) expect(sender).toMatch(/^b\+[a-z2-7]+\.[a-z2-7]+@bounces\.fern\.example$/)

  const setup = await get<BounceSetup>(server, 'bounces/setup')
  await bounce(setup.smtp!.port, senders[0]!)
  const { latest, suppressed } = await get<BounceReport>(server, 'bounces')
  expect(suppressed).toEqual([{ reason: 'bounce', n: 1 }])
  expect(latest).toMatchObject([{ kind: 'hard', meaning: 'There is no such mailbox.', status: '5.1.1' }])
  expect(JSON.stringify(latest)).not.toMatch(/anna@|berta@/)
  const { letter, customer } = latest[0]!
  expect((await get<LetterPage>(server, `letters/${letter}`)).cameBack).toHaveLength(1)
  expect(await get<CustomerPage>(server, `customers/${customer}`)).toMatchObject({ suppressed: 'bounce' })
  // The other customer lost nothing.
  const { letters } = await get<LetterList>(server, 'letters')
  const other = letters.find((row) => row.id !== letter)!
  expect(await get<CustomerPage>(server, `customers/${other.customer}`)).toMatchObject({ suppressed: null })

  await server.stop()
  const store = openStore(join(dataDir, 'beckon.db'), { readonly: true })
  expect(differs(store, createArchive(store.meta, join(dataDir, 'archive')), customer)).toBeNull()
  store.close()
  const again = await start(dataDir, port, {})
  expect(await get<CustomerPage>(again, `customers/${customer}`)).toMatchObject({ suppressed: 'bounce' })
  expect((await get<BounceReport>(again, 'bounces')).latest).toHaveLength(1)
})

test('without a domain letters leave as ever, and nothing listens', async () => {
  const { port, senders } = await relay()
  const server = await start(mkdtempSync(join(tmpdir(), 'beckon-')), port, { BECKON_FROM: 'Fern <hello@fern.example>' })
  await put(server, 'anna')
  await until(async () => senders.length === 1, 'a letter')
  expect(senders).toEqual(['hello@fern.example'])
  const setup = await get<BounceSetup>(server, 'bounces/setup')
  expect(setup.smtp).toBeNull()
  expect(setup.sources.every(({ isOn }) => !isOn)).toBe(true)
})

test('the secrets of providers come from the environment, and a wrong one is named', async () => {
  const { port } = await relay()
  vi.stubEnv('BECKON_BOUNCE_DOMAIN', 'not a domain')
  expect(() => readConfig({ port: 0, host: '127.0.0.1', data: '', settings: '' })).toThrow(/BECKON_BOUNCE_DOMAIN/)
  vi.unstubAllEnvs()
  const on = await start(mkdtempSync(join(tmpdir(), 'beckon-')), port, { BECKON_SES_TOPIC: 'arn:a, arn:b', BECKON_WEBHOOK_POSTMARK_KEY: 'long' })
  const { sources } = await get<BounceSetup>(on, 'bounces/setup')
  expect(sources.filter(({ isOn }) => isOn).map(({ name }) => name)).toEqual(['ses', 'postmark'])
  await expect(start(mkdtempSync(join(tmpdir(), 'beckon-')), port, { BECKON_WEBHOOK_SENDGRID_KEY: 'rubbish' })).rejects.toThrow(/BECKON_WEBHOOK_SENDGRID_KEY/)
})
