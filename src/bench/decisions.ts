/**
 * Decisions about letters, committed as the batch commits them: with full content (a catalogue, recommendations, rendering,
 * MIME) and with the bare engine, whose letters come ready made. In turns, on the same customers, so that they compare.
 */
import { join } from 'node:path'
import type { EngineOptions } from '../actors/engine.ts'
import { isRefusal } from '../core/errors.ts'
import { parseMessage } from '../core/parse.ts'
import type { Delivery } from '../actors/engine.ts'
import { createHeart, defaultShop, loadMachine, loadTemplates, machinesDirectory, openStore, systemIds, templatesDirectory } from '../main.ts'
import { answer, configOf, median } from './child.ts'
import { createRandom } from './traffic.ts'

export type Decisions = { directory: string; customers: number; products: number; rounds: number }

const config = configOf<Decisions>()
const start = Date.UTC(2026, 10, 23)
const atOnce = 512
const quietMs = 3_600_000
const shopUrl = 'https://shop.example/'

/** A server's heart with nobody in it yet. `prepare`: what writes the letters, unless the real one does. */
function createShop(name: string, prepare?: EngineOptions['prepare']) {
  const store = openStore(join(config.directory, `${name}.db`))
  const heart = createHeart({
    store,
    machine: loadMachine(machinesDirectory),
    templates: loadTemplates(templatesDirectory),
    shop: { ...defaultShop, url: shopUrl },
    publicUrl: 'https://mail.shop.example',
    from: { address: 'hello@shop.example' },
    policy: { consentRequired: false, holdout: {} },
    now: start,
    ids: systemIds,
    dataDir: config.directory,
    engine: { horizonMs: Infinity, ...(prepare === undefined ? {} : { prepare }) },
  })
  store.begin()
  heart.shelf.catalog.put(
    Array.from({ length: config.products }, (_, n) => productOf(n)),
    start,
  )
  store.commit()
  return { store, heart }
}

const productOf = (n: number) => ({
  id: `p${n}`,
  name: `Stoneware mug number ${n}`,
  brand: 'Ember',
  category: `kitchen.mugs.${n % 200}`,
  price: 5 + (n % 90),
  currency: 'EUR',
  url: `${shopUrl}products/p${n}`,
  image: `${shopUrl}images/p${n}.jpg`,
  stock: 3 + (n % 40),
})

/** Each customer looks at one product three times, and at four others; every third also puts something into the cart. */
function visit({ store, heart }: ReturnType<typeof createShop>) {
  const random = createRandom(3)
  const product = () => `p${Math.floor(config.products * random() ** 3)}`
  let n = 0
  const take = (body: Record<string, unknown>, at: number) => {
    const text = JSON.stringify({ ...body, messageId: `m${n++}`, timestamp: new Date(at).toISOString() })
    const message = parseMessage(JSON.parse(text), { now: Infinity, ids: () => '' }, text)
    if (isRefusal(message)) throw new Error(message.refused)
    if (n % atOnce === 1) store.begin()
    heart.engine.take({ message, source: 1, trust: 'server', receivedAt: at } satisfies Delivery)
    if (n % atOnce === 0) store.commit()
  }
  for (let customer = 0; customer < config.customers; customer++) {
    const userId = `u${customer}`
    const at = start + customer
    take({ type: 'identify', userId, traits: { email: `shopper-${customer}@shop.example`, first_name: 'Anna' } }, at)
    const wanted = product()
    const viewed = [wanted, product(), product(), wanted, product(), product(), wanted]
    for (const product_id of viewed) take({ type: 'track', userId, event: 'Product Viewed', properties: { product_id } }, at)
    if (customer % 3 === 0) take({ type: 'track', userId, event: 'Product Added', properties: { product_id: wanted, price: 19 } }, at)
  }
  if (n % atOnce !== 0) store.commit()
}

/** Lets an hour pass, and counts the letters that it brings: each customer's one, a second. */
function decide({ store, heart }: ReturnType<typeof createShop>): number {
  const before = heart.engine.counts.queued
  const begun = performance.now()
  for (let fired = 1; fired > 0;) {
    store.begin()
    fired = heart.engine.fireDue(start + quietMs, atOnce)
    store.commit()
  }
  return ((heart.engine.counts.queued - before) * 1_000) / (performance.now() - begun)
}

/** A letter as heavy as a real one, made before anybody asks. */
const mime = new Uint8Array(18_000).fill(97)
const readyMade: EngineOptions['prepare'] = ({ ask, key, customer, life, at }) => ({
  letter: {
    token: key,
    customer,
    template: ask.template,
    recipient: life.profile.email!,
    subject: 'Ready',
    messageId: `<${key}@shop.example>`,
    at,
    resend: 0,
    data: '{}',
    links: '[]',
    mime,
  },
})

const full: number[] = []
const bare: number[] = []
let letters = 0
for (let round = 0; round < config.rounds; round++) {
  for (const [name, rates, prepare] of [['bare', bare, readyMade] as const, ['full', full, undefined] as const]) {
    const shop = createShop(`${name}-${round}`, prepare)
    visit(shop)
    rates.push(decide(shop))
    letters = shop.heart.engine.counts.queued
    shop.store.close()
  }
}
answer({ full: median(full), bare: median(bare), share: median(full.map((rate, round) => rate / bare[round]!)), letters })
