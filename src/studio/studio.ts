/**
 * The studio's server side: pages, questions, the live feed, and the few things that people may do. What is costly to
 * answer is asked of a reader in a thread of its own; what changes anything goes through the batch.
 */
import type { Batch } from '../actors/batch.ts'
import type { Engine, EngineOptions } from '../actors/engine.ts'
import type { Machines } from '../actors/machines.ts'
import type { CodeCounter } from '../codes/counter.ts'
import { poolsOf, suppliesOf } from '../codes/supply.ts'
import type { Desk } from '../consent/desk.ts'
import { createDaily } from '../checkup/daily.ts'
import type { Clock, Ids } from '../core/world.ts'
import type { Gateway } from '../gateway/http.ts'
import type { PostOffice } from '../mail/post-office.ts'
import type { Advice, Wish } from '../lab/recommending.ts'
import type { Reports } from '../gateway/reports.ts'
import type { Store } from '../store/store.ts'
import { createAccess } from './access.ts'
import type { BounceSetup } from './api-bounces.ts'
import type { Refused } from './api.ts'
import { addBounceRoutes } from './bounce-routes.ts'
import { addCodeRoutes } from './code-routes.ts'
import { createChartCache } from './chart-cache.ts'
import { addCheckupRoutes } from './checkup-routes.ts'
import { createCensus } from './census.ts'
import { addDeliveryRoutes } from './delivery-routes.ts'
import { addConsentRoutes } from './consent-routes.ts'
import { addDemoRoutes } from './demo.ts'
import { addDoctorRoutes } from './doctor-routes.ts'
import type { Doctor } from './doctor-routes.ts'
import { createFeed } from './feed.ts'
import { createHealth } from './health.ts'
import { createInspector } from './inspector.ts'
import { createLive } from './live.ts'
import { addPages } from './pages.ts'
import { addProductRoutes } from './product-routes.ts'
import { createReader } from './reader.ts'
import type { Reader, ReaderOptions } from './reader.ts'
import { addResultsRoutes, reportsOf } from './results-routes.ts'
import { addLetterActions, addLiveRoutes, addQuestions, answerBusy, toRefused } from './routes.ts'
import { addTemplateRoutes } from './template-routes.ts'
import { addSandboxRoutes, createSandboxes } from './sandbox.ts'

export type StudioOptions = {
  gateway: Gateway
  store: Store
  engine: Engine
  batch: Batch
  machines: Machines
  codes: CodeCounter
  clock: Clock
  ids: Ids
  publicUrl: string
  proxies: number
  /** Nobody signs in: the server is its own machine's alone. */
  isOpen: boolean
  /** Where the built pages lie. */
  webDir: string
  shop: { name: string; url: string; currency: string; cartUrl: string }
  /** A public key, for the demo shop's pages. */
  writeKey: string
  /** Where lists of consents are taken in. */
  desk: Desk
  /** Letters may be due. */
  onLetters: () => void
  office: PostOffice
  reader: ReaderOptions
  /** What goes with what, from memory. */
  recommend: (...wish: Wish) => Advice
  goesWith: (id: string, at: number) => Advice
  /** How bounces come back, and what was heard of them. */
  bounces: () => BounceSetup
  /** Says whether a domain is ready to send. */
  doctor: Doctor
  /** Told of what went wrong in a corner of the studio: looking on never ends the server, nor anybody's turn. */
  onFault: (error: unknown) => void
}

/** What the engine tells while it works; made before the studio, which comes to it. */
export type Listeners = Required<Pick<EngineOptions, 'onTurn' | 'onBirth' | 'onJoin'>>

export type Studio = {
  /** What is asked of the log without holding up a turn. */
  reader: Reader
  listeners: Listeners
  isOpen: boolean
  /** The one-time link by which the first owner comes in; null when nobody needs to sign in, or somebody can. */
  setUpLink: string | null
  /** Answers the API as well as the page. */
  reports: Reports
  close(): Promise<void>
}

/** Adds the studio to a gateway that does not listen yet. */
export function addStudio(options: StudioOptions): Studio {
  const { gateway, store, engine, batch, machines, ids, publicUrl, isOpen, proxies, shop, onFault } = options
  const clock = forgiving(options.clock, onFault)
  const { app, counters, upgrades } = gateway
  const machine = machines.current
  const isDemo = isOpen
  const access = createAccess({ store, clock, ids, publicUrl, isOpen, isDemo, proxies, shop: { name: shop.name, url: shop.url } })
  const { recommend } = options
  const reader = createReader({ ...options.reader, clock, recommend })
  const daily = createDaily({
    clock,
    timeZone: options.reader.shop.timeZone,
    checkups: store.checkups,
    examine: (now) => reader.ask('checkup', { now }),
    order: batch.order,
    refused: counters.refused,
    onFault,
  })
  daily.start()
  const { health, stop: stopHealth } = createHealth({
    clock,
    engine,
    batch,
    letters: store.letters,
    quarantine: store.quarantine,
    refusals: () => counters.total(),
    sockets: () => counters.socketsOpen,
    memoryBytes: () => process.memoryUsage.rss(),
    machine: machine.hash,
    supplies: () => suppliesOf(store.codes, poolsOf(machine.letters), clock.now()),
  })
  const reports = reportsOf(reader, clock)
  let refusedUntil = counters.total()
  const newRefusals = (): Refused[] => {
    const fresh = counters.total() - refusedUntil
    refusedUntil = counters.total()
    return fresh === 0 ? [] : counters.recent().slice(0, Math.min(fresh, 20)).map(toRefused).toReversed()
  }
  const census = createCensus({ customers: store.customers, lives: engine.lives, machines })
  const feed = createFeed({ clock, machine, census, health, refusals: newRefusals })
  const inspector = createInspector({ stepper: machine.stepper, clock })
  const live = createLive({ feed, inspector, clock, mayWatch: (request) => access.mayWatch(request) !== null, onFault })
  upgrades.set('/studio/live', live.live)
  upgrades.set('/studio/inspect', live.inspect)

  const sandboxes = createSandboxes({
    intake: batch,
    identify: (key) => engine.identity.find(key[0] as 'u' | 'a', key.slice(2))?.id ?? null,
    keysOf: (customer) => store.customers.keysOf(customer),
    skip: (customer, ms) => batch.order((now) => engine.skip(customer, ms, now)),
    letters: store.letters,
    clock,
    ids,
  })

  const chart = createChartCache({ meta: store.meta, reader, hash: machine.hash })

  addPages(app, { directory: options.webDir, isDemo })
  void app.register(
    async (scope) => {
      access.guard(scope)
      answerBusy(scope)
      access.addRoutes(scope)
      addQuestions(scope, { reader, clock, lives: engine.lives, chart })
      addTemplateRoutes(scope, { reader, clock, lives: engine.lives })
      addLetterActions(scope, { store, rules: machine.letters, lives: engine.lives, clock, audit: access.audit, onLetters: options.onLetters })
      addLiveRoutes(scope, { store, batch, engine, counters, health, audit: access.audit })
      addConsentRoutes(scope, { reader, clock, desk: options.desk, audit: access.audit, mayChange: ({ raw }) => access.mayWatch(raw) === 'owner' })
      addBounceRoutes(scope, { reader, clock, setup: options.bounces })
      addDeliveryRoutes(scope, { office: options.office, reader, clock, audit: access.audit, onLetters: options.onLetters })
      addCodeRoutes(scope, { reader, counter: options.codes, clock, audit: access.audit })
      addSandboxRoutes(scope, { sandboxes, audit: access.audit })
      addProductRoutes(scope, { reader, clock, goesWith: options.goesWith })
      addCheckupRoutes(scope, { reader, daily, onFault, audit: access.audit })
      addDoctorRoutes(scope, { doctor: options.doctor })
      addResultsRoutes(scope, reports)
    },
    { prefix: '/studio/api' },
  )
  if (isDemo)
    void app.register(
      async (scope) => {
        access.guard(scope)
        addDemoRoutes(scope, { sandboxes, letters: store.letters, codes: options.codes, ids, shop, publicUrl, writeKey: options.writeKey })
      },
      { prefix: '/demo/api' },
    )

  return {
    reader,
    listeners: {
      onTurn(hot, before, after, kind, body, type) {
        try {
          feed.turned(hot, before, after, kind, body, type)
          inspector.turned(hot, before, after, type)
        } catch (error) {
          onFault(error)
        }
      },
      onBirth: feed.born,
      onJoin: feed.joined,
    },
    isOpen,
    setUpLink: access.setUpLink(),
    reports,
    async close() {
      live.close()
      feed.close()
      stopHealth()
      await daily.close()
      await reader.close()
    },
  }
}

/** A clock whose wakings end nothing but themselves. */
const forgiving = (clock: Clock, onFault: (error: unknown) => void): Clock => ({
  now: () => clock.now(),
  after: (ms, fire) =>
    clock.after(ms, () => {
      try {
        fire()
      } catch (error) {
        onFault(error)
      }
    }),
})
