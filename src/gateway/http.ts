/**
 * The server's HTTP side: builds the app with the event API, letter links, health and metrics, and puts the stream on
 * its upgrades. Routes of others (studio, demo) are added to `app` by main.ts before it listens.
 */
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock, Ids } from '../core/world.ts'
import type { Intake } from '../actors/intake.ts'
import type { Code } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { sendRefusal } from './answer.ts'
import { addCodeRoutes, type CodeCounter } from './codes.ts'
import { addConsentRoutes, type Consents } from './consents.ts'
import { Counters } from './counters.ts'
import { addEventRoutes } from './events.ts'
import { isLoopback, type Keys, type Origins } from './keys.ts'
import type { Links, Preferences } from './links.ts'
import { addPageRoutes, sendPage } from './pages.ts'
import { addPreferenceRoutes } from './preferences.ts'
import { addProductRoutes, type Shelf } from './products.ts'
import { addReportRoutes, type Reports } from './reports.ts'
import { Rates } from './rate.ts'
import { addSettingsRoutes } from './settings.ts'
import { refuseUpgrade, Stream } from './socket.ts'
import type { StreamLimits } from './shared.ts'
import { createTokenReader, type TokenOptions } from './token.ts'
import { addWebhookRoutes, type Webhooks } from './webhooks.ts'

export type GatewayOptions = {
  clock: Clock
  ids: Ids
  keys: Keys
  intake: Intake
  links: Links
  /** Who keeps consents; without it there are no routes for them. */
  consents?: Consents
  /** Who knows what people want to be sent; without it there are no preference pages. */
  preferences?: Preferences
  /** Where the shop's products are kept; without it there are no routes for them. */
  products?: Shelf
  /** Who reads what mail providers tell; without it there are no routes for them. */
  webhooks?: Webhooks
  /** Who answers reports; without it there are no routes for them. */
  reports?: Reports
  /** Where discount codes are kept; without it there are no routes for them. */
  codes?: CodeCounter
  /** Origins of the pages that may send, such as `https://shop.example`. */
  origins: ReadonlySet<string>
  /** What the server binds to; pages on loopback origins may send when it is loopback. */
  host: string
  /** Where the world finds this server, such as `https://beckon.shop.example`. Its own pages may send. */
  publicUrl?: string
  /** Whether events are taken. */
  ready: () => boolean
  /** The metrics of everyone else, in Prometheus' text format. */
  metrics: () => Promise<string>
  counters?: Counters
  token?: TokenOptions
  /** How many proxies of ours stand in front; that many X-Forwarded-For hops are believed. */
  proxies?: number
  /** Events per second and burst, for each key and address. */
  eventsPerSecond?: number
  stream?: Partial<StreamLimits>
  /** Told of every fault that was answered with a 500. */
  onFault?: (error: unknown) => void
}

export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

export type Gateway = {
  app: FastifyInstance
  stream: Stream
  counters: Counters
  /** Path → who answers its WebSocket upgrades; others may add theirs. */
  upgrades: Map<string, Upgrade>
}

/**
 * The gateway, not yet listening. `app.close()` drains the stream first.
 *
 *     const { app } = createGateway({ clock, ids, keys, intake, links, origins, host, ready, metrics })
 *     await app.listen({ host, port })
 */
export function createGateway(options: GatewayOptions): Gateway {
  const { clock, ids, keys, intake, links, publicUrl, proxies = 0 } = options
  const counters = options.counters ?? new Counters(clock)
  const rates = new Rates(options.eventsPerSecond ?? 20_000)
  const own = publicUrl === undefined ? [] : [new URL(publicUrl).origin]
  const origins: Origins = { listed: options.origins, own: new Set(own), loopback: isLoopback(options.host) }
  const messageId = () => ids.random(16)
  const readToken = createTokenReader(options.token, clock)
  const shared = { clock, keys, intake, counters, rates, origins, proxies, messageId }

  const app = fastify({
    // A HEAD must not run what a GET does: it would count as an open.
    exposeHeadRoutes: false,
    // A start that is busy telling a long log again is slow, not stuck.
    pluginTimeout: 0,
    forceCloseConnections: 'idle',
    requestTimeout: 30_000,
    bodyLimit: limits.batchBytesMax,
    routerOptions: { maxParamLength: 1_024 },
    // Paths that cannot be read, or are too long to be any of ours.
    frameworkErrors: (_error, request, reply) => void sendNotFound(request, reply),
    // Clients that offer HTTP/2 (`Upgrade: h2c`) get HTTP/1.1, not a refusal.
    http: { shouldUpgradeCallback: (request: IncomingMessage) => request.headers.upgrade?.toLowerCase() === 'websocket' },
  })
  app.setErrorHandler((error: FastifyError, request, reply) => sendFault(options, counters, error, request, reply))
  app.setNotFoundHandler((request, reply) => sendNotFound(request, reply))

  void app.register(async (scope) => {
    addEventRoutes(scope, shared)
    addSettingsRoutes(scope, shared, publicUrl)
    if (options.products !== undefined) addProductRoutes(scope, shared, options.products)
    if (options.consents !== undefined) addConsentRoutes(scope, shared, options.consents)
    if (options.reports !== undefined) addReportRoutes(scope, shared, options.reports)
    if (options.codes !== undefined) addCodeRoutes(scope, shared, options.codes)
  })
  const { webhooks } = options
  if (webhooks !== undefined) void app.register(async (scope) => addWebhookRoutes(scope, shared, webhooks))
  void app.register(async (scope) => addPageRoutes(scope, { clock, links, counters, proxies }))
  const { preferences } = options
  if (preferences !== undefined) void app.register(async (scope) => addPreferenceRoutes(scope, preferences, { clock, counters, proxies }))
  addHealthRoutes(app, options, counters)

  const stream = new Stream({ ...shared, readToken, limits: options.stream ?? {} })
  const upgrades = new Map<string, Upgrade>([['/v1/stream', (request, socket, head) => stream.upgrade(request, socket, head)]])
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const upgrade = upgrades.get((request.url ?? '').split('?', 1)[0] ?? '')
    if (upgrade === undefined) refuseUpgrade(socket, { refused: 'route.unknown' })
    else upgrade(request, socket, head)
  })
  app.addHook('preClose', () => stream.drain())
  return { app, stream, counters, upgrades }
}

function addHealthRoutes(app: FastifyInstance, { ready, metrics }: GatewayOptions, counters: Counters): void {
  const plain = (reply: FastifyReply, status: number, text: string) =>
    reply.code(status).header('cache-control', 'no-store').type('text/plain; charset=utf-8').send(text)
  app.route({ method: ['GET', 'HEAD'], url: '/livez', handler: (_request, reply) => plain(reply, 200, 'ok\n') })
  app.route({
    method: ['GET', 'HEAD'],
    url: '/readyz',
    handler: (_request, reply) => (ready() ? plain(reply, 200, 'ready\n') : plain(reply, 503, 'not ready\n')),
  })
  app.get('/metrics', async (_request, reply) => plain(reply, 200, `${(await metrics()).trimEnd()}\n${await counters.text()}`.trimStart()))
}

/** Fastify's own refusals by our names; anything else is a fault, and says nothing of itself. */
function sendFault(options: GatewayOptions, counters: Counters, error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = error.statusCode ?? 500
  const refused: Code = status === 413 ? 'batch.too_large' : status >= 500 ? 'internal' : 'event.json_invalid'
  counters.refuse({ refused }, 0)
  if (refused === 'internal') options.onFault?.(error)
  if (isPerson(request)) return sendPage(reply, refused === 'internal' ? 500 : status, 'Something went wrong', '<p>Please try again.</p>')
  return sendRefusal(reply, { refused })
}

function sendNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (isPerson(request)) return sendPage(reply, 404, 'Not found', '<p>There is nothing here.</p>')
  return sendRefusal(reply, { refused: 'route.unknown' })
}

const isPerson = ({ headers, url }: FastifyRequest): boolean => !url.startsWith('/v1/') && String(headers.accept ?? '').includes('text/html')
