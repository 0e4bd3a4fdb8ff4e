/**
 * Consents over HTTP, for secret keys alone: rows taken in (JSON, JSON lines or CSV), and how one person stands with how
 * that came about. What is taken is durable when the answer goes out; a row that is refused is named with its reason.
 */
import type { FastifyInstance } from 'fastify'
import { codes, isRefusal, type Refusal } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { isObject } from '../core/parse.ts'
import { sendRefusal } from './answer.ts'
import { parseBody } from './bodies.ts'
import { findSecret, refused, type SecretRoutes } from './secret.ts'
import { toAddress, toNeighbourhood } from './rate.ts'

/** Who keeps consents. */
export interface Consents {
  /** What became of each row, in their order, once those taken are durable. `source`: the key it came by. */
  take(rows: readonly unknown[], source: number): Promise<(Refusal | null)[]>
  /** The rows of a CSV or of JSON lines; a refusal when it is neither. */
  read(text: string): Promise<unknown[] | Refusal>
  /** How they stand and why, as JSON text. */
  find(who: { userId: string } | { email: string }): Promise<string | Refusal>
}

/** Adds the consent routes to the scope of the event routes, whose body parser and origins they share. */
export function addConsentRoutes(scope: FastifyInstance, routes: SecretRoutes, consents: Consents): void {
  scope.post('/v1/consent', async (request, reply) => {
    const key = findSecret(routes, request, reply)
    if (key === null) return reply
    const refuse = (refusal: Refusal) => refused(routes, reply, refusal, key)
    const rows = await rowsIn(request.body, consents)
    if (isRefusal(rows)) return refuse(rows)
    if (rows.length > limits.batchEventsMax) return refuse({ refused: 'batch.too_many' })
    const now = routes.clock.now()
    const wait = routes.rates.bucket(key.id, toNeighbourhood(toAddress(request.raw, routes.proxies)), now).take(rows.length, now)
    if (wait > 0) return refuse({ refused: 'rate.exceeded', retryAfterMs: wait })

    const refusals = await consents.take(rows, key.id)
    for (const refusal of refusals) if (refusal !== null) routes.counters.refuse(refusal, key.id)
    // Rows that were taken are taken once: the whole may be sent again.
    const temporary = refusals.find((refusal) => refusal !== null && codes[refusal.refused][0] === 503)
    if (temporary) return sendRefusal(reply, temporary)
    const rejected = refusals.flatMap((refusal, index) =>
      refusal === null ? [] : [{ index, code: refusal.refused, about: refusal.about ?? null, hint: codes[refusal.refused][1] }],
    )
    return reply.send({ success: true, taken: refusals.length - rejected.length, ...(rejected.length === 0 ? {} : { rejected }) })
  })

  scope.get<{ Params: { userId?: string }; Querystring: { email?: unknown } }>('/v1/consent/:userId?', async (request, reply) => {
    const key = findSecret(routes, request, reply)
    if (key === null) return reply
    const { email } = request.query
    const { userId } = request.params
    const who = userId !== undefined && userId !== '' ? { userId } : typeof email === 'string' && email !== '' ? { email } : null
    if (who === null) return refused(routes, reply, { refused: 'consent.invalid', about: 'email or user_id' }, key)
    const found = await consents.find(who)
    if (typeof found !== 'string') return refused(routes, reply, found, key)
    return reply.header('cache-control', 'no-store').type('application/json; charset=utf-8').send(found)
  })
}

async function rowsIn(body: unknown, consents: Consents): Promise<unknown[] | Refusal> {
  const parsed = await parseBody(body)
  if (!isRefusal(parsed)) {
    const { json } = parsed
    if (Array.isArray(json)) return json
    return isObject(json) && Array.isArray(json['consents']) ? json['consents'] : [json]
  }
  return parsed.refused === 'event.json_invalid' && Buffer.isBuffer(body) ? consents.read(body.toString()) : parsed
}
