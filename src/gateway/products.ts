/**
 * The shop's products over HTTP, for secret keys alone: what is taken is durable when the answer goes out, and in the next
 * letter. A batch is taken product by product: each that is refused is named with its reason.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { codes, isRefusal, type Refusal } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { isObject } from '../core/parse.ts'
import { sendRefusal } from './answer.ts'
import { parseBody } from './bodies.ts'
import { toAddress, toNeighbourhood } from './rate.ts'
import { findSecret, refused, type SecretRoutes } from './secret.ts'

/** Where products are kept. */
export interface Shelf {
  /** What became of each, in their order, once those taken are durable. */
  put(products: readonly unknown[]): Promise<(Refusal | null)[]>
  /** The same for some fields of products there are. */
  change(products: readonly unknown[]): Promise<(Refusal | null)[]>
  /** As it is told to the shop; undefined when there is none. */
  get(id: string): Readonly<Record<string, unknown>> | undefined
  /** False when there was none. */
  remove(id: string): Promise<boolean>
}

/** Adds the product routes to the scope of the event routes, whose body parser and origins they share. */
export function addProductRoutes(scope: FastifyInstance, routes: SecretRoutes, shelf: Shelf): void {
  scope.put('/v1/products', (request, reply) => take(routes, request, reply, (products) => shelf.put(products)))
  scope.patch('/v1/products', (request, reply) => take(routes, request, reply, (products) => shelf.change(products)))
  scope.patch<{ Params: { id: string } }>('/v1/products/:id', (request, reply) =>
    take(routes, request, reply, ([product, ...others]) => {
      const { id } = request.params
      const given = isObject(product) && others.length === 0 ? (product['id'] ?? product['product_id'] ?? product['sku'] ?? id) : null
      if (given !== id) return Promise.resolve([{ refused: 'product.invalid', about: `${id.slice(0, 80)}: id` }])
      return shelf.change([{ ...(product as object), id }])
    }),
  )

  scope.get<{ Params: { id: string } }>('/v1/products/:id', async (request, reply) => {
    const key = findSecret(routes, request, reply)
    if (key === null) return reply
    const product = shelf.get(request.params.id)
    return product === undefined ? refused(routes, reply, unknown(request.params.id), key) : reply.header('cache-control', 'no-store').send(product)
  })

  scope.delete<{ Params: { id: string } }>('/v1/products/:id', async (request, reply) => {
    const key = findSecret(routes, request, reply)
    if (key === null) return reply
    const isRemoved = await shelf.remove(request.params.id)
    return isRemoved ? reply.send({ success: true }) : refused(routes, reply, unknown(request.params.id), key)
  })
}

type Work = (products: readonly unknown[]) => Promise<(Refusal | null)[]>

/** One product or a batch, done by `work`: what became of each. */
async function take(routes: SecretRoutes, request: FastifyRequest, reply: FastifyReply, work: Work): Promise<FastifyReply> {
  const key = findSecret(routes, request, reply)
  if (key === null) return reply
  const refuse = (refusal: Refusal) => refused(routes, reply, refusal, key)
  const parsed = await parseBody(request.body)
  if (isRefusal(parsed)) return refuse(parsed)
  const { json } = parsed
  const isBatch = Array.isArray(json) || (isObject(json) && Array.isArray(json['products']))
  const products = (Array.isArray(json) ? json : isBatch ? (json as Record<string, unknown>)['products'] : [json]) as unknown[]
  if (products.length > limits.batchEventsMax) return refuse({ refused: 'batch.too_many' })
  const now = routes.clock.now()
  const wait = routes.rates.bucket(key.id, toNeighbourhood(toAddress(request.raw, routes.proxies)), now).take(products.length, now)
  if (wait > 0) return refuse({ refused: 'rate.exceeded', retryAfterMs: wait })

  const refusals = await work(products)
  for (const refusal of refusals) if (refusal !== null) routes.counters.refuse(refusal, key.id)
  if (!isBatch && refusals[0]) return sendRefusal(reply, refusals[0])
  const rejected = refusals.flatMap((refusal, index) =>
    refusal === null ? [] : [{ index, code: refusal.refused, about: refusal.about ?? null, hint: codes[refusal.refused][1] }],
  )
  return reply.send({ success: true, taken: refusals.length - rejected.length, ...(rejected.length === 0 ? {} : { rejected }) })
}

const unknown = (id: string): Refusal => ({ refused: 'product.unknown', about: id.slice(0, 128) })
