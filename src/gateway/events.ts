/**
 * Segment's HTTP API. A 200 goes out only after every event it speaks for is durable (R1).
 * Whole requests are refused for their key, size, JSON, rate, or when the server is behind; single events of a batch
 * for what they say, and then the others are taken.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../core/world.ts'
import type { Intake, Sender } from '../actors/intake.ts'
import { codes, isRefusal, type Refusal } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { sendRefusal } from './answer.ts'
import { isSpreadTooLarge, parseBody, type Parsed } from './bodies.ts'
import type { Counters } from './counters.ts'
import { findKey, isOriginAllowed, type Key, type Keys, type Origins } from './keys.ts'
import { isObject, parseMessage, parseTime } from '../core/parse.ts'
import { fromPosthogBatch } from './posthog.ts'
import { toAddress, toNeighbourhood, type Rates } from './rate.ts'

export type EventRoutes = {
  readonly clock: Clock
  readonly keys: Keys
  readonly intake: Intake
  readonly counters: Counters
  readonly rates: Rates
  readonly origins: Origins
  readonly proxies: number
  readonly messageId: () => string
}

/** One request's events: what each must be, and what its batch adds. */
type Posted = { items: readonly unknown[]; single: boolean; context?: Record<string, unknown> | undefined; sentAt?: number | undefined }

const types = { identify: 'i', track: 't', page: 'p', screen: 's', group: 'g', alias: 'a' } as const
const success = '{"success":true}'

/** Adds the event routes, their CORS answers and their body parser to a scope of the app. */
export function addEventRoutes(scope: FastifyInstance, routes: EventRoutes): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: limits.batchBytesMax }, (_request, body, done) => done(null, body))
  scope.addHook('onRequest', async (request, reply) => {
    // A Content-Type that is none at all would be refused before our parser is asked.
    if (request.raw.headers['content-type'] !== undefined) request.raw.headers['content-type'] = 'application/octet-stream'
    return answerOrigin(routes, request, reply)
  })

  for (const [type, short] of Object.entries(types)) {
    const take = (request: FastifyRequest, reply: FastifyReply) =>
      takeEvents(routes, request, reply, (body) => (body.bytes > limits.eventBytesMax ? { refused: 'event.too_large' } : toSingle(body.json, type)))
    for (const path of [`/v1/${type}`, `/v1/${short}`]) scope.post(path, take)
  }
  const take = (request: FastifyRequest, reply: FastifyReply) => takeEvents(routes, request, reply, ({ json }) => toBatch(json))
  for (const path of ['/v1/batch', '/v1/b', '/batch', '/batch/', '/beacon/v1/batch']) scope.post(path, take)
  for (const path of ['/v1/*', '/batch', '/batch/', '/beacon/v1/batch', '/sourceConfig', '/sourceConfig/']) scope.options(path, answerPreflight)
}

/** Lets a listed page read the answer; refuses any other page before its body is looked at. */
function answerOrigin({ origins, counters }: EventRoutes, request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
  const { origin } = request.headers
  void reply.header('vary', 'Origin').header('x-content-type-options', 'nosniff')
  if (origin === undefined) return undefined
  if (!isOriginAllowed(origin, origins)) {
    const refusal: Refusal = { refused: 'origin.unlisted', about: origin.slice(0, 128) }
    counters.refuse(refusal, 0)
    return sendRefusal(reply, refusal)
  }
  // sendBeacon asks with credentials, though nothing here reads a cookie.
  void reply.header('access-control-allow-origin', origin).header('access-control-allow-credentials', 'true')
  return undefined
}

function answerPreflight(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const asked = String(request.headers['access-control-request-headers'] ?? '')
  if (/^[\w!#$%&'*+.^`|~, -]{1,1024}$/.test(asked)) void reply.header('access-control-allow-headers', asked)
  return reply.code(204).header('access-control-allow-methods', 'GET, POST, OPTIONS').header('access-control-max-age', '600').send()
}

async function takeEvents(routes: EventRoutes, request: FastifyRequest, reply: FastifyReply, read: (body: Parsed) => Posted | Refusal): Promise<FastifyReply> {
  const parsed = await parseBody(request.body)
  const key = findRequestKey(routes.keys, request, parsed)
  const refuse = (refusal: Refusal, by: Key | null): FastifyReply => {
    routes.counters.refuse(refusal, by?.id ?? 0)
    return sendRefusal(reply, refusal)
  }
  if (isRefusal(key)) return refuse(isRefusal(parsed) && key.refused === 'key.missing' ? parsed : key, null)
  if (isRefusal(parsed)) return refuse(parsed, key)
  const posted = read(parsed)
  if (isRefusal(posted)) return refuse(posted, key)

  const now = routes.clock.now()
  const bucket = routes.rates.bucket(key.id, toNeighbourhood(toAddress(request.raw, routes.proxies)), now)
  const wait = bucket.take(posted.items.length, now)
  if (wait > 0) return refuse({ refused: 'rate.exceeded', retryAfterMs: wait }, key)

  const refusals = await offerAll(routes, posted, key, now)
  for (const refusal of refusals) {
    if (refusal === null) routes.counters.accepted++
    else routes.counters.refuse(refusal, key.id)
  }
  return answer(reply, posted, refusals)
}

function findRequestKey(keys: Keys, { headers, query, url }: FastifyRequest, parsed: Parsed | Refusal): Key | Refusal {
  const body = isRefusal(parsed) || !isObject(parsed.json) ? {} : parsed.json
  let writeKey = body['writeKey'] ?? body['api_key']
  if (writeKey === undefined && url.startsWith('/beacon/')) writeKey = (query as Record<string, unknown>)['writeKey']
  return findKey(keys, { authorization: headers.authorization, writeKey, origin: headers.origin })
}

function toSingle(json: unknown, type: string): Posted | Refusal {
  return isObject(json) ? { items: [{ ...json, type }], single: true } : { refused: 'event.json_invalid' }
}

function toBatch(json: unknown): Posted | Refusal {
  const body = fromPosthogBatch(json)
  if (!isObject(body)) return { refused: 'batch.invalid' }
  const { batch, context } = body
  if (!Array.isArray(batch)) return { refused: 'batch.invalid' }
  if (batch.length > limits.batchEventsMax) return { refused: 'batch.too_many' }
  if (context !== undefined && context !== null && !isObject(context)) return { refused: 'event.properties_invalid', about: 'context' }
  if (context && isSpreadTooLarge(context, batch.length)) return { refused: 'batch.too_large', about: 'context' }
  return { items: batch, single: false, context: context ?? undefined, sentAt: body['sentAt'] === undefined ? undefined : parseTime(body['sentAt']) }
}

/** Offers every event and waits for the commit of those that were taken; what became of each, in their order. */
async function offerAll(routes: EventRoutes, { items, context, sentAt }: Posted, key: Key, now: number): Promise<(Refusal | null)[]> {
  const received = { now, ids: routes.messageId, sentAt, context }
  const trust = key.kind === 'secret' ? 'server' : 'browser'
  const waiting = new Waiting()
  for (const item of items) {
    const message = parseMessage(item, received)
    if ('refused' in message) {
      waiting.add(message)
      continue
    }
    const tag = waiting.add(null)
    const refusal = routes.intake.offer({ message, source: key.id, trust, receivedAt: now, sender: waiting, tag })
    if (refusal === null) continue
    waiting.settle(tag, refusal)
    // The server is behind: offering the rest would only be refused as well.
    if (isTemporary(refusal)) break
  }
  await waiting.finish()
  return waiting.refusals
}

/** A request that waits for its events. */
class Waiting implements Sender {
  readonly refusals: (Refusal | null)[] = []
  #left = 0
  #resolve: (() => void) | undefined

  /** Adds an event, already refused or still to be settled; its tag. */
  add(refusal: Refusal | null): number {
    if (refusal === null) this.#left++
    return this.refusals.push(refusal) - 1
  }

  settle(tag: number, refusal: Refusal | null): void {
    this.refusals[tag] = refusal
    this.#left--
  }

  flush(): void {
    if (this.#left === 0) this.#resolve?.()
  }

  /** Resolves when all that was added is settled. */
  finish(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve = resolve
      this.flush()
    })
  }
}

/** About the server, not about the event: the same event may be taken later. */
function isTemporary({ refused }: Refusal): boolean {
  const status = codes[refused][0]
  return status === 429 || status === 503 || refused.startsWith('store.')
}

function answer(reply: FastifyReply, { items, single }: Posted, refusals: (Refusal | null)[]): FastifyReply {
  // Whoever is told to try again sends the whole batch again; what is durable already is known by its messageId.
  const temporary = refusals.find((refusal) => refusal !== null && isTemporary(refusal))
  if (temporary) return sendRefusal(reply, temporary)
  if (single && refusals[0]) return sendRefusal(reply, refusals[0])
  void reply.code(200).type('application/json; charset=utf-8')
  const rejected = refusals.flatMap((refusal, index) => {
    if (refusal === null) return []
    const { messageId } = isObject(items[index]) ? items[index] : {}
    return [{ index, messageId: typeof messageId === 'string' ? messageId.slice(0, 128) : null, code: refusal.refused, hint: codes[refusal.refused][1] }]
  })
  return reply.send(rejected.length === 0 ? success : JSON.stringify({ success: true, rejected }))
}
