/** A whole server: gateway, batch, outbox and inbox around one engine. */
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pino } from 'pino'
import { createBatch } from './actors/batch.ts'
import type { Engine } from './actors/engine.ts'
import { loadMachine } from './actors/load-machine.ts'
import type { Config as PolicyConfig } from './actors/deciding.ts'
import { createBounces } from './bounces/bounces.ts'
import type { BouncesConfig } from './bounces/bounces.ts'
import { createCounter } from './catalog/counter.ts'
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
import { createInboxPost } from './mail/inbox.ts'
import { createLinks } from './mail/links.ts'
import { createPreferences } from './mail/preferences.ts'
import type { Shop } from './mail/prepare.ts'
import { sandboxed } from './mail/sandboxed.ts'
import { createSmtpPost } from './mail/smtp.ts'
import { loadTemplates } from './mail/templates.ts'
import { builtPages, createHeart, defaultShop, fetchText, givenKeys, machinesDirectory, systemClock, systemIds, templatesDirectory } from './main.ts'
import { createMetrics } from './report/metrics.ts'
import { startCheckpoints } from './store/checkpoints.ts'
import { lockDirectory } from './store/lock.ts'
import { openStore } from './store/store.ts'
import type { Store } from './store/store.ts'
import { demoCatalogue } from './studio/demo-products.ts'
import { addStudio } from './studio/studio.ts'
import type { Listeners, Studio } from './studio/studio.ts'

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
  smtp?: { host: string; port: number; secure: boolean; user?: string; pass?: string }
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
  const post =
    config.smtp === undefined
      ? createInboxPost()
      : sandboxed(createSmtpPost({ clock, ...config.smtp, ...(config.dkim === undefined ? {} : { dkim: signer(config.dkim) }) }))
  const { letters, suppressions, db } = store
  const bounces = createBounces({
    store,
    secret,
    hash,
    clock,
    fetchText,
    intake: batch,
    config: config.bounces ?? {},
    publicUrl,
    addressOf: (customer) => engine.lives.raw(customer)?.life.profile.email,
    onFault: (error) => logger.error({ err: error }, 'a bounce could not be booked'),
  })
  const { sender } = bounces
  const drain = createDrain({ db, clock, letters, suppressions, hash, post, intake: batch, onFatal: fatal, ...(sender === null ? {} : { from: sender }) })
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
  const desk = createDesk({ intake: batch, order: batch.order, suppressions, clock, hash, addressOf })
  const consents: Consents = { ...desk, find: (who) => findConsent(engine, store, studio.reader, who) }
  const metrics = createMetrics({ engine, batch, drain })
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

/** How somebody stands to letters; asked of the reader, since a long life takes a while to tell. */
function findConsent(engine: Engine, store: Store, reader: Studio['reader'], who: Parameters<Consents['find']>[0]) {
  const email = 'email' in who ? (addressOf(who.email)?.toLowerCase() ?? '') : ''
  const last = email === '' ? undefined : store.letters.customerOf(email)
  const hot =
    'userId' in who ? engine.identity.find('u', who.userId) : (engine.identity.find('e', email) ?? (last === undefined ? null : engine.lives.raw(last)))
  if (hot !== null) return reader.askText('consent', { id: hot.id, head: hot.head })
  return 'userId' in who ? Promise.resolve({ refused: 'customer.unknown' } as const) : reader.askText('consentOfAddress', { email })
}

/** What the demonstration sells, where the server has no other shop. */
export const lentTo = ({ shop, publicUrl }: Pick<ServerConfig, 'shop' | 'publicUrl'>) => demoCatalogue(shop, publicUrl)

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
