/**
 * What mail providers tell of letters, over HTTP. The body goes on as its bytes, since they are what is signed; 200 goes
 * out when what it says is durable, so that a provider tells again what was not.
 */
import type { FastifyInstance } from 'fastify'
import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../core/world.ts'
import { isRefusal, type Refusal } from '../core/errors.ts'
import { sendRefusal } from './answer.ts'
import type { Counters } from './counters.ts'
import { toAddress, toNeighbourhood, type Rates } from './rate.ts'

export type Hook = { headers: IncomingHttpHeaders; body: Buffer }

export interface Webhooks {
  /** Takes one call of a provider; resolves to how many events it held once all are durable, or to why it was refused. */
  take(provider: string, hook: Hook): Promise<Refusal | { events: number }>
}

type Routes = { clock: Clock; counters: Counters; rates: Rates; proxies: number }

/** Providers put many events into one call. */
const bodyLimit = 2 * 1_048_576

export function addWebhookRoutes(scope: FastifyInstance, { clock, counters, rates, proxies }: Routes, webhooks: Webhooks): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, body, done) => done(null, body))
  scope.addHook('onRequest', async ({ raw }) => {
    // SNS calls its JSON text; what is none at all would be refused before our parser is asked.
    if (raw.headers['content-type'] !== undefined) raw.headers['content-type'] = 'application/octet-stream'
  })
  scope.post<{ Params: { provider: string } }>('/v1/webhooks/:provider', { bodyLimit }, async (request, reply) => {
    const refuse = (refusal: Refusal) => {
      counters.refuse(refusal, 0)
      return sendRefusal(reply, refusal)
    }
    const now = clock.now()
    const wait = rates.bucket(0, toNeighbourhood(toAddress(request.raw, proxies)), now).take(1, now)
    if (wait > 0) return refuse({ refused: 'rate.exceeded', retryAfterMs: wait })
    if (!Buffer.isBuffer(request.body)) return refuse({ refused: 'webhook.invalid' })
    const taken = await webhooks.take(request.params.provider, { headers: request.headers, body: request.body })
    return isRefusal(taken) ? refuse(taken) : reply.header('cache-control', 'no-store').send({ success: true, ...taken })
  })
}
