/** A whole server: gateway, batch, outbox and inbox around one engine. */
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pino } from 'pino'
import { createBatch } from './actors/batch.ts'
import { loadMachine } from './actors/load-machine.ts'
import type { Config as PolicyConfig } from './actors/deciding.ts'
import { createBounces } from './bounces/bounces.ts'
import type { BouncesConfig } from './bounces/bounces.ts'
import { createCounter } from './catalog/counter.ts'
import type { Who } from './codes/counter.ts'
import { createCounter as createCodeCounter } from './codes/counter.ts'
import { poolsOf, suppliesOf } from './codes/supply.ts'
import { readUpload } from './codes/upload.ts'
import { createDesk } from './consent/desk.ts'
import { BeckonError } from './core/errors.ts'
import type { Clock, Ids } from './core/world.ts'
import type { Consents } from './gateway/consents.ts'
import { createInstruments } from './doctor/doctor.ts'
import { createVisits } from './doctor/visits.ts'
import { createGateway } from './gateway/http.ts'
import type { Gateway } from './gateway/http.ts'
import { isLoopback } from './gateway/keys.ts'
import type { TokenOptions } from './gateway/token.ts'
import { addressOf } from './mail/address.ts'
import type { Mailbox } from './mail/address.ts'
import { signer } from './mail/dkim.ts'
import { createDrain } from './mail/drain.ts'
import { createLinks } from './mail/links.ts'
import { createPostOffice } from './mail/post-office.ts'
import { codePrefixOf } from './mail/prepare.ts'
import { createPreferences } from './mail/preferences.ts'
import type { Shop } from './mail/prepare.ts'
import { parseRates } from './mail/rates.ts'
import type { Rates } from './mail/rates.ts'
import { createSmtpPost } from './mail/smtp.ts'
import { loadTemplates } from './mail/templates.ts'
import type { WarmUp } from './mail/warm-up.ts'
import { builtPages, createHeart, defaultShop, fetchText, givenKeys, machinesDirectory, systemClock, systemIds, templatesDirectory } from './main.ts'
import type { Heart } from './main.ts'
import { createMetrics } from './report/metrics.ts'
import { startCheckpoints } from './store/checkpoints.ts'
import { lockDirectory } from './store/lock.ts'
import { openStore } from './store/store.ts'
import { demoCatalogue } from './studio/demo-products.ts'
import { findConsent } from './studio/consent-routes.ts'
import { addStudio } from './studio/studio.ts'
import type { Listeners, Studio } from './studio/studio.ts'

export type Relay = { host: string; port: number; secure: boolean; user?: string; pass?: string }

export type ServerConfig = {
  /** 0: any free one. */
  port: number
  host: string
  dataDir: string
  settings: Record<string, string>
  publicUrl: string
  isPublicUrlGiven: boolean
  shop: Shop
  from: Mailbox
  origins: ReadonlySet<string>
  policy: PolicyConfig
  /** The ways out, in order of preference; none: letters stay in the inbox. */
  relays?: readonly Relay[]
  rates?: Rates
  warmUp?: WarmUp
  dkim?: { domain: string; selector: string; privateKey: string }
  /** Where letters bounce to, and which providers' webhooks are heard. */
  bounces?: BouncesConfig
  token?: TokenOptions
  proxies: number
  /** For each key and address. */
  eventsPerSecond: number
  hotMax: number
  /** How many of the log's last rows a start learns recommendations from again. */
  relearnRows: number
  log: 'silent' | 'error' | 'warn' | 'info' | 'debug'
  /** People sign in to the studio even where only this machine reaches the server. */
  signIn?: boolean
  /** Where the built pages of the studio lie; by default where `npm run build` puts them. */
  webDir?: string
  clock?: Clock
  ids?: Ids
}

export type Server = {
  url: string
  keys: { token: string; kind: 'public' | 'secret' }[]
  post: string
  studio: Pick<Studio, 'isOpen' | 'setUpLink'>
  /** Takes nothing more, finishes what is under way, writes everything behind. */
  stop(): Promise<void>
}

/** A whole server, ready for events. `onFatal` hears of what it cannot go on after; the caller then ends the process. */
export async function startServer(given: ServerConfig, onFatal: (error: unknown) => void): Promise<Server> {
  const config = given.port === 0 ? await withFreePort(given) : given
  const { clock = systemClock, ids = systemIds, host, port, dataDir, shop, publicUrl } = config
  const logger = pino({ level: config.log, base: null }, pino.destination({ dest: 2, sync: true }))
  mkdirSync(dataDir, { recursive: true })
  const unlock = lockDirectory(dataDir)
  const path = join(dataDir, 'beckon.db')
  const store = openStore(path)
  let listeners: Listeners | null = null
  const heart = createHeart({
    store,
    ids,
    shop,
    publicUrl,
    dataDir,
    machine: loadMachine(machinesDirectory, config.settings),
    templates: loadTemplates(templatesDirectory),
    from: config.from,
    policy: config.policy,
    now: clock.now(),
    engine: {
      hotMax: config.hotMax,
      onHeard: (_customer, event, trust) => codes.heard(event, trust),
      onTurn: (customer, before, after, kind, body, type) => listeners?.onTurn(customer, before, after, kind, body, type),
      onBirth: (customer, life) => listeners?.onBirth(customer, life),
      onJoin: (customer, before, after, gone) => listeners?.onJoin(customer, before, after, gone),
    },
  })
  const { engine, shelf, epoch, secret, hash } = heart
  const keys = givenKeys(store, ids, clock.now())
  let stopping = false
  let failed = false
  const fatal = (error: unknown) => {
    if (failed) return
    failed = true
    onFatal(error)
  }

  const batch = createBatch({ engine, store, clock, epoch, onLetters: () => drain.wake(), onFatal: fatal, soon: setImmediate })
  const dkim = config.dkim === undefined ? {} : { dkim: signer(config.dkim) }
  const relays = (config.relays ?? []).map((relay) => createSmtpPost({ clock, ...relay, ...dkim }))
  const office = createPostOffice({ store, clock, relays, rates: config.rates ?? parseRates(''), warmUp: config.warmUp ?? null })
  const { letters, suppressions, db } = store
  const { post, pace, tally } = office
  const bounces = createBounces({
    store,
    secret,
    hash,
    clock,
    fetchText,
    intake: batch,
    count: office.count,
    config: config.bounces ?? {},
    publicUrl,
    addressOf: (customer) => engine.lives.raw(customer)?.life.profile.email,
    onFault: (error) => logger.error({ err: error }, 'a bounce could not be booked'),
  })
  const { sender } = bounces
  const drain = createDrain({
    db,
    clock,
    letters,
    suppressions,
    hash,
    post,
    pace,
    tally,
    intake: batch,
    onFatal: fatal,
    ...(sender === null ? {} : { from: sender }),
  })
  const links = createLinks({ secret, letters, suppressions, intake: batch, clock, hash })
  const preferences = createPreferences({
    secret,
    letters,
    suppressions,
    hash,
    intake: batch,
    profileOf: (customer) => engine.lives.raw(customer)?.life.profile,
    topics: heart.machines.current.topics,
  })
  // Where no shop is named, the demo's products are what there is to speak of.
  shelf.catalog.lend(lentTo(config))
  const counter = createCounter({ catalog: shelf.catalog, order: batch.order, clock })
  const codes = createCodeCounter({
    codes: store.codes,
    secret,
    prefix: codePrefixOf(shop),
    order: batch.order,
    now: clock.now,
    leadOf: (customer) => engine.lives.raw(customer)?.lead ?? 0,
    identify: (who) => identify(engine, who),
  })
  const desk = createDesk({ intake: batch, order: batch.order, suppressions, clock, hash, addressOf })
  const consents: Consents = { ...desk, find: (who) => findConsent({ engine, store, reader: studio.reader }, who) }
  const metrics = createMetrics({
    engine,
    batch,
    drain,
    office,
    supplies: () => suppliesOf(store.codes, poolsOf(heart.machines.current.letters), clock.now()),
    redemptions: codes.redemptions,
  })
  const gateway = createGateway({
    clock,
    ids,
    links,
    preferences,
    host,
    publicUrl,
    keys: { find: (token) => keys.find((key) => key.token === token) },
    intake: batch,
    products: counter,
    consents,
    webhooks: bounces.webhooks,
    // The studio's reader answers it, and the studio comes after its gateway.
    reports: { ask: (name, query) => studio.reports.ask(name, query) },
    codes: { ...codes, read: readUpload },
    origins: config.origins,
    ready: () => !stopping && !failed,
    metrics: () => metrics.metrics(),
    ...(config.token === undefined ? {} : { token: config.token }),
    proxies: config.proxies,
    eventsPerSecond: config.eventsPerSecond,
    onFault: (error) => logger.error({ err: error }, 'a request failed'),
  })
  const studio = addStudio({
    gateway,
    store,
    engine,
    batch,
    machines: heart.machines,
    codes,
    clock,
    ids,
    publicUrl,
    proxies: config.proxies,
    isOpen: !config.signIn && isLoopback(host) && isLoopback(new URL(publicUrl).hostname),
    webDir: config.webDir ?? builtPages,
    shop,
    recommend: shelf.recommend,
    goesWith: shelf.goesWith,
    writeKey: keys.find(({ kind }) => kind === 'public')?.token ?? '',
    desk,
    onLetters: () => drain.wake(),
    bounces: bounces.setup,
    office,
    onFault: (error) => logger.error({ err: error }, 'the studio stumbled'),
    doctor: createVisits({ settings: config, sampleAddress: defaultShop.address, instruments: createInstruments(clock) }),
    reader: { path, dataDir, version: heart.machines.version, shop, publicUrl, from: config.from, policy: config.policy },
  })
  listeners = studio.listeners
  await listen(gateway.app, host, port)
  batch.start()
  await bounces.start()
  counter.open()
  const warming = shelf.warm(store.log, setImmediate, config.relearnRows)
  drain.start()
  const stopCheckpoints = startCheckpoints(db, path)
  logger.debug({ host, port, machine: heart.machines.current.hash }, 'ready')

  return {
    url: publicUrl,
    keys,
    post: post.name,
    studio,
    async stop() {
      stopping = true
      warming.stop()
      counter.close()
      await bounces.stop()
      await studio.close()
      await gateway.app.close()
      links.flush()
      await drain.stop()
      batch.stop()
      await post.close()
      await stopCheckpoints()
      store.close()
      unlock()
    },
  }
}

/** What the demonstration sells, where the server has no other shop. */
export const lentTo = ({ shop, publicUrl }: Pick<ServerConfig, 'shop' | 'publicUrl'>) => demoCatalogue(shop, publicUrl)

/** The customer behind an id of the shop's, or a vouched-for address. */
function identify({ identity }: Heart['engine'], { userId, anonymousId, email }: Who): number | null {
  const found =
    (userId === undefined ? null : identity.find('u', userId)) ??
    (anonymousId === undefined ? null : identity.find('a', anonymousId)) ??
    (email === undefined ? null : identity.find('e', addressOf(email) ?? ''))
  return found?.id ?? null
}

async function withFreePort(config: ServerConfig): Promise<ServerConfig> {
  const probe = createServer().listen(0, config.host)
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  const moved = (url: string) => url.replace(/:0(?=\/|$)/, `:${port}`)
  const { shop } = config
  return { ...config, port, publicUrl: moved(config.publicUrl), shop: { ...shop, url: moved(shop.url), cartUrl: moved(shop.cartUrl) } }
}

async function listen(app: Gateway['app'], host: string, port: number) {
  try {
    await app.listen({ host, port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') throw new BeckonError('port.taken', `port ${port} on ${host} is taken`, { cause: error })
    throw error
  }
}
