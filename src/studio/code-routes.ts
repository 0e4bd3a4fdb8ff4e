/** The studio's routes about discount codes; pools are filled by owners, and the audit log says who did. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { CodeCounter } from '../codes/counter.ts'
import { readUpload } from '../codes/upload.ts'
import { codes as errors, isRefusal } from '../core/errors.ts'
import type { Refusal } from '../core/errors.ts'
import { isObject } from '../core/parse.ts'
import type { Clock } from '../core/world.ts'
import { sendRefusal } from '../gateway/answer.ts'
import type { PoolUploaded } from './api-codes.ts'
import type { Reader } from './reader.ts'

type Options = { reader: Reader; counter: CodeCounter; clock: Clock; audit: (request: FastifyRequest, did: string, about: string) => void }

const uploadBytesMax = 8 * 1_048_576
const codeCharsMax = 200
const rejectedShownMax = 50

/** Adds them to a scope under `/studio/api`; who may call them is for the scope's own hooks to say. */
export function addCodeRoutes(scope: FastifyInstance, { reader, counter, clock, audit }: Options): void {
  const answer = async (reply: FastifyReply, value: Promise<string | Refusal>) => {
    const told = await value
    return typeof told === 'string' ? reply.type('application/json; charset=utf-8').send(told) : sendRefusal(reply, told)
  }
  scope.get('/codes', (_request, reply) => answer(reply, reader.askText('codes', { now: clock.now() })))
  scope.get<{ Querystring: { code?: string } }>('/codes/look', (request, reply) => {
    const { code } = request.query
    if (typeof code !== 'string' || code.trim() === '' || code.length > codeCharsMax)
      return sendRefusal(reply, { refused: 'studio.input_invalid', about: 'code' })
    return answer(reply, reader.askText('code', { text: code, now: clock.now() }))
  })
  scope.post<{ Params: { pool: string }; Body: unknown }>('/codes/pools/:pool', { bodyLimit: uploadBytesMax }, async (request, reply) => {
    const { text } = isObject(request.body) ? request.body : {}
    if (typeof text !== 'string') return sendRefusal(reply, { refused: 'studio.input_invalid', about: 'text' })
    const list = readUpload(text)
    if (isRefusal(list)) return sendRefusal(reply, list)
    const done = await counter.upload(request.params.pool, list)
    if (isRefusal(done)) return sendRefusal(reply, done)
    audit(request, `added ${done.added} discount codes`, `pool ${done.pool}`)
    const rejected = done.rejected
      .slice(0, rejectedShownMax)
      .map(({ index, code, refused: { refused, about } }) => ({ index, code, about: about ?? errors[refused][1] }))
    return reply.send({ ...done, rejected, rejectedTotal: done.rejected.length } satisfies PoolUploaded)
  })
}
