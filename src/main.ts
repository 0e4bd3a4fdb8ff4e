/**
 * Where everything is made and joined: the only place that passes in a clock, ids, a store and a post.
 * Nobody imports this but the command line, the bench and whole-server tests.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tellAgain } from './actors/earnings.ts'
import { createEngine } from './actors/engine.ts'
import type { Engine, EngineOptions } from './actors/engine.ts'
import { loadMachine } from './actors/load-machine.ts'
import { createMachines } from './actors/machines.ts'
import type { Machine } from './actors/load-machine.ts'
import type { Machines } from './actors/machines.ts'
import { createDesk } from './codes/desk.ts'
import { createCatalog } from './catalog/catalog.ts'
import { createShelf } from './catalog/shelf.ts'
import type { Shelf } from './catalog/shelf.ts'
import type { Config as PolicyConfig } from './actors/deciding.ts'
import type { Clock, Ids } from './core/world.ts'
import { addressOf } from './mail/address.ts'
import type { Mailbox } from './mail/address.ts'
import { codePrefixOf, createPrepare } from './mail/prepare.ts'
import type { Shop } from './mail/prepare.ts'
import { loadTemplates } from './mail/templates.ts'
import type { Templates } from './mail/templates.ts'
import { lockDirectory } from './store/lock.ts'
import { openStore } from './store/store.ts'
import type { Store } from './store/store.ts'
import { hashAddress } from './store/suppressions.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
export const machinesDirectory = join(root, 'machines')
export const templatesDirectory = join(root, 'templates')
export const builtPages = join(root, '.built/web')
export const sampleEvents = join(root, 'data/sample-events.ndjson')

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, fire) {
    // A delay over 2^31 - 1 would fire at once; waking early only means looking again.
    const timer = setTimeout(fire, Math.min(ms, 2 ** 31 - 1))
    return () => clearTimeout(timer)
  },
}

/** What an https URL answers, as text; rejects on anything but 200, on redirects, and after five seconds. */
export async function fetchText(url: string): Promise<string> {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(5_000) })
  if (response.status !== 200) throw new Error(`${new URL(url).host} answered ${response.status}`)
  const text = await response.text()
  return text.slice(0, 65_536)
}

export const systemIds: Ids = { random: (bytes) => randomBytes(bytes).toString('base64url') }

export const defaultShop: Shop = {
  name: 'Fern & Co',
  url: 'http://127.0.0.1:4650/demo',
  address: '1 Garden Row, Kew, London TW9 3AB',
  cartUrl: 'http://127.0.0.1:4650/demo/cart',
  locale: 'en-GB',
  currency: 'EUR',
  timeZone: 'UTC',
}

export type Setup = {
  store: Store
  machine: Machine
  templates: Templates
  shop: Shop
  publicUrl: string
  from: Mailbox
  policy: PolicyConfig
  now: number
  ids: Ids
  dataDir: string
  /** Whether events teach the catalogue and what goes with what; so unless told otherwise. */
  isLearning?: boolean
  engine?: Partial<EngineOptions>
}

export type Heart = { engine: Engine; shelf: Shelf; machines: Machines; secret: string; hash: (address: string) => string; epoch: string }

/** An engine on a store, recovered to the end of its log. */
export function createHeart(setup: Setup): Heart {
  const { store, ids } = setup
  const secret = store.meta.once('secret', () => ids.random(32))
  const epoch = store.meta.once('epoch', () => ids.random(9))
  const hash = (address: string) => hashAddress(secret, address)
  const machines = createMachines(setup.machine, store.meta, setup.now, join(setup.dataDir, 'machines'))
  const desk = createDesk({ codes: store.codes, secret, prefix: codePrefixOf(setup.shop) })
  const shelf = createShelf(createCatalog({ products: store.products, shopUrl: setup.shop.url }))
  countAgain(store)
  const { onHeard, onJoin } = setup.engine ?? {}
  const engine = createEngine({
    store,
    machines,
    config: setup.policy,
    prepare: createPrepare({
      templates: setup.templates,
      shop: setup.shop,
      publicUrl: setup.publicUrl,
      from: setup.from,
      secret,
      draw: desk.draw,
      shelves: { get: shelf.catalog.get, recommend: shelf.recommend },
    }),
    codes: desk,
    addressOf,
    suppressed: (email) => store.suppressions.has(hash(email)),
    ...setup.engine,
    onHeard(customer, event, trust) {
      if (setup.isLearning ?? true) shelf.heard(customer.id, event, trust)
      onHeard?.(customer, event, trust)
    },
    onJoin(customer, before, after, gone) {
      shelf.joined(customer.id, gone.id)
      onJoin?.(customer, before, after, gone)
    },
  })
  engine.recover()
  return { engine, shelf, machines, secret, hash, epoch }
}

/** The keys in the database; a first start makes one of each kind. */
export function givenKeys(store: Store, ids: Ids, now: number) {
  if (store.meta.keys().length === 0) {
    store.meta.addKey(`pk_${ids.random(18)}`, 'public', now)
    store.meta.addKey(`sk_${ids.random(24)}`, 'secret', now)
  }
  return store.meta.keys()
}

/** A database of before knows its events, but not yet what they earned. */
function countAgain(store: Store) {
  if (store.meta.get('earnings') !== undefined) return
  store.begin()
  tellAgain(store)
  store.meta.set('earnings', 1)
  store.commit()
}

/** An engine for virtual time: consent as given, no holdout, nothing waits for a disk. */
export function createVirtual(settings: Record<string, string>, dataDir: string | undefined, onTurn?: EngineOptions['onTurn']): Heart & { store: Store } {
  if (dataDir !== undefined) mkdirSync(dataDir, { recursive: true })
  const store = dataDir === undefined ? openStore(':memory:', { scratch: true }) : openStore(join(dataDir, 'beckon.db'))
  const heart = createHeart({
    store,
    machine: loadMachine(machinesDirectory, settings),
    templates: loadTemplates(templatesDirectory),
    shop: defaultShop,
    publicUrl: 'http://127.0.0.1:4650',
    from: { name: defaultShop.name, address: 'hello@fern.example' },
    policy: { consentRequired: false, holdout: {} },
    now: 0,
    ids: { random: (bytes) => 'replay'.padEnd(bytes, '-') },
    dataDir: dataDir ?? join(tmpdir(), 'beckon'),
    // A replay is about decisions, and these depend on neither.
    isLearning: false,
    engine: { hotMax: 1_000_000, horizonMs: Infinity, ...(onTurn === undefined ? {} : { onTurn }) },
  })
  return { ...heart, store }
}

export { loadMachine, loadTemplates, lockDirectory, openStore }
