import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createArchive, createMachines } from '../actors/machines.ts'
import { loadMachine } from '../actors/load-machine.ts'
import { checkStore } from '../lab/check.ts'
import { machinesDirectory } from '../main.ts'
import { Beckon } from '../sdk/client.ts'
import type { ClientOptions } from '../sdk/client.ts'
import { openStore } from '../store/store.ts'
import type { Store } from '../store/store.ts'
import { killAll, startLive } from './live.ts'
import type { Live } from './live.ts'
import { openSink } from './sink.ts'
import type { LetterList } from '../studio/api.ts'

const settings = 'abandonAfter=300ms,quietFor=100ms,followUpAfter=1s,thankAfter=200ms'
const kills = 20
/** Letters of these may go out once more when nobody knows what became of the first. */
const resends = new Set(['order-thanks'])

const directories: string[] = []
afterEach(async () => {
  await killAll()
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

const newDirectory = () => {
  const directory = mkdtempSync(join(tmpdir(), 'beckon-kill-'))
  directories.push(directory)
  return directory
}

/** A client of the shop's own server: its key goes into a header. */
function connect({ url, secretKey, publicKey }: Live): Beckon {
  class Socket extends WebSocket {
    constructor(address: string, protocol: string) {
      super(address, protocol, { headers: { authorization: `Bearer ${secretKey}` } })
    }
  }
  return new Beckon({ url, writeKey: publicKey, webSocket: Socket as unknown as NonNullable<ClientOptions['webSocket']> })
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const mug = { product_id: 'mug', name: 'Blue mug', price: 12, currency: 'EUR' }

/** Shoppers over one socket at a time, to whichever process runs; the ledger outlives them all. */
function openShoppers() {
  const acked = new Set<string>()
  const unsettled = new Map<string, string>()
  let client: Beckon | null = null
  let count = 0

  function send(text: string) {
    const message = JSON.parse(text) as {
      messageId: string
      event?: string
      userId: string
      properties?: Record<string, unknown>
      traits?: Record<string, unknown>
    }
    const about = { messageId: message.messageId, userId: message.userId }
    const sending =
      message.event === undefined ? client!.identify(message.userId, message.traits, about) : client!.track(message.event, message.properties, about)
    sending.then(
      () => {
        acked.add(message.messageId)
        unsettled.delete(message.messageId)
      },
      () => {},
    )
  }

  function add(message: Record<string, unknown>) {
    const text = JSON.stringify({ messageId: `k${++count}`, ...message })
    unsettled.set(`k${count}`, text)
    if (client !== null) send(text)
  }

  return {
    acked,
    unsettled,
    sent: () => count,
    connect(live: Live) {
      client = connect(live)
      for (const text of unsettled.values()) send(text)
    },
    async disconnect() {
      const gone = client
      client = null
      await gone?.close(0)
    },
    /** A new shopper fills a cart; some also buy. */
    come() {
      const userId = `u${count}`
      add({ userId, traits: { email: `${userId}@shop.test` } })
      add({ userId, event: 'Product Added', properties: mug })
      if (count % 5 === 0) add({ userId, event: 'Order Completed', properties: { order_id: userId, total: 12, products: [mug] } })
    },
  }
}

/** What the file says, held against those outside. */
function judge(store: Store, directory: string, acked: ReadonlySet<string>, taken: readonly { messageId: string }[]) {
  const rows = new Map<string, number>()
  for (const { body } of store.db.prepare<[], { body: string }>('SELECT body FROM log WHERE kind <= 2').iterate()) {
    const { messageId } = JSON.parse(body) as { messageId: string }
    rows.set(messageId, (rows.get(messageId) ?? 0) + 1)
  }
  const arrivals = Map.groupBy(taken, ({ messageId }) => messageId)
  const letters = store.letters.list({ limit: 1_000_000 })
  const ids = new Set(letters.map(({ id }) => id))
  const machine = loadMachine(machinesDirectory, Object.fromEntries(settings.split(',').map((one) => one.split('=') as [string, string])))
  const { version } = createMachines(machine, store.meta, 0, directory)
  return {
    lost: [...acked].filter((id) => !rows.has(id)),
    twice: [...rows].filter(([, n]) => n > 1),
    findings: checkStore(store, createArchive(store.meta, directory, new Map([[version, machine]])), machine, 1_000_000).findings,
    withoutLetter: [...store.decisions.all()].filter(({ decision, id }) => (decision === 'queued') !== ids.has(id)).map(({ key }) => key),
    unfinished: letters.filter(({ state }) => !['sent', 'failed', 'unknown', 'deferred'].includes(state)),
    sentAndNotThere: letters.filter(({ state, messageId }) => state === 'sent' && !arrivals.has(messageId)),
    tooOften: letters.filter(({ template, messageId }) => (arrivals.get(messageId)?.length ?? 0) > (resends.has(template) ? 2 : 1)),
    strangers: [...arrivals.keys()].filter((messageId) => !letters.some((letter) => letter.messageId === messageId)),
    counts: store.letters.counts(),
  }
}

test(`killed ${kills} times under load, the server has every acked event once and no letter was lost or sent twice`, { timeout: 150_000 }, async () => {
  const directory = newDirectory()
  const sink = await openSink(() => Math.random() * 30)
  // All of them have addresses at one domain.
  const environment = { BECKON_SMTP_URL: sink.url, BECKON_RATES: '*=none' }
  const shoppers = openShoppers()
  const coming = setInterval(() => shoppers.come(), 8)
  for (let n = 0; n < kills; n++) {
    const live = await startLive(directory, settings, environment)
    shoppers.connect(live)
    await wait(100 + Math.random() * 1_200)
    await live.kill()
    await shoppers.disconnect()
  }
  clearInterval(coming)

  const last = await startLive(directory, settings, environment)
  shoppers.connect(last)
  const reader = openStore(join(directory, 'beckon.db'), { readonly: true })
  const isCalm = () => shoppers.unsettled.size === 0 && reader.letters.tally().backlog === 0
  for (let n = 0, calm = 0; n < 300 && calm < 20; n++) {
    await wait(100)
    calm = isCalm() ? calm + 1 : 0
  }
  reader.close()
  await shoppers.disconnect()
  expect(await last.stop()).toBe(0)
  await sink.close()

  expect(shoppers.unsettled.size).toBe(0)
  expect(shoppers.acked.size).toBe(shoppers.sent())
  const store = openStore(join(directory, 'beckon.db'))
  const { counts, ...faults } = judge(store, directory, shoppers.acked, sink.letters)
  store.close()
  expect(faults).toEqual({ lost: [], twice: [], findings: [], withoutLetter: [], unfinished: [], sentAndNotThere: [], tooOften: [], strangers: [] })
  // There was something to lose.
  expect(shoppers.acked.size).toBeGreaterThan(1_000)
  expect(counts.sent).toBeGreaterThan(300)
})

test(
  'an event sent by WebSocket, the process killed with SIGKILL a moment after the ack, the server started again: the right letter is in the inbox, once',
  { timeout: 60_000 },
  async () => {
    const directory = newDirectory()
    const first = await startLive(directory, settings)
    const client = connect(first)
    await client.track('Product Added', { ...mug, email: 'ann@shop.test' }, { userId: 'ann' })
    await first.kill()
    await client.close(0)

    const second = await startLive(directory, settings)
    const ask = (path: string) => fetch(`${second.url}/studio/api/letters${path}`)
    const inbox = async () => ((await (await ask('')).json()) as LetterList).letters
    for (let n = 0; n < 100 && (await inbox()).length === 0; n++) await wait(50)
    await wait(500)
    const reminders = (await inbox()).filter(({ template }) => template === 'cart-abandoned')
    expect(reminders).toMatchObject([{ recipient: 'ann@shop.test' }])
    const source = await (await ask(`/${reminders[0]!.id}/source`)).text()
    expect(source).toContain('Blue mug')
    expect(await second.stop()).toBe(0)
  },
)
