/** The catalogue for the studio: what is stored is asked of the reader, what goes with what of the engine's memory. Nothing is changed here. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Refusal } from '../core/errors.ts'
import type { Clock } from '../core/world.ts'
import { sendRefusal } from '../gateway/answer.ts'
import type { Advice } from '../lab/recommending.ts'
import type { ProductsWith } from './api-catalogue.ts'
import { rowOf } from './product-questions.ts'
import type { Reader } from './reader.ts'

type Asked = FastifyRequest<{ Querystring: Record<string, unknown> }>
type Options = { reader: Reader; clock: Clock; goesWith: (id: string, at: number) => Advice }

const listMax = 200
const charsMax = 255

export function addProductRoutes(scope: FastifyInstance, { reader, clock, goesWith }: Options) {
  const answer = async (reply: FastifyReply, value: Promise<string | Refusal>) => {
    const told = await value
    return typeof told === 'string' ? reply.type('application/json; charset=utf-8').send(told) : sendRefusal(reply, told)
  }
  scope.get('/products', ({ query }: Asked, reply) => {
    const limit = Number(query['limit'])
    const asked = { ...textIn(query, 'query'), ...textIn(query, 'source'), ...textIn(query, 'after') }
    return answer(reply, reader.askText('products', { ...asked, limit: Number.isSafeInteger(limit) ? Math.min(listMax, Math.max(1, limit)) : 100 }))
  })
  scope.get('/products/one', ({ query }: Asked, reply) => answer(reply, reader.askText('product', { id: textIn(query, 'id').id ?? '', now: clock.now() })))
  scope.get('/products/with', ({ query }: Asked, reply) => {
    const advice = goesWith(textIn(query, 'id').id ?? '', clock.now())
    const found = advice?.products.map((product, index) => ({ product: rowOf(product), step: advice.steps[index]! })) ?? []
    return reply.send({ with: found } satisfies ProductsWith)
  })
}

/** A query's text, if there is one: what is given twice is a list, and no text. */
function textIn<K extends string>(query: Record<string, unknown>, name: K): { [P in K]?: string } {
  const text = query[name]
  return (typeof text === 'string' && text !== '' ? { [name]: text.slice(0, charsMax) } : {}) as { [P in K]?: string }
}
