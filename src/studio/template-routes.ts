/** The templates' routes below /studio/api: all of them questions; nothing is sent or changed. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Lives } from '../actors/lives.ts'
import { isRefusal } from '../core/errors.ts'
import type { Refusal } from '../core/errors.ts'
import type { Clock } from '../core/world.ts'
import { sendRefusal } from '../gateway/answer.ts'
import type { Reader } from './reader.ts'
import { sendFrame } from './routes.ts'
import type { PreviewInput } from './template-questions.ts'

type Asked = FastifyRequest<{ Params: { name: string }; Querystring: Record<string, unknown> }>

/** As many as `beckon check` takes by default. */
const sampleCount = 200
const charsMax = 100

export function addTemplateRoutes(scope: FastifyInstance, { reader, clock, lives }: { reader: Reader; clock: Clock; lives: Lives }) {
  const answer = async (reply: FastifyReply, value: Promise<string | Refusal>) => {
    const told = await value
    return typeof told === 'string' ? reply.type('application/json; charset=utf-8').send(told) : sendRefusal(reply, told)
  }

  function inputOf({ params, query }: Asked): PreviewInput | Refusal {
    const { language, without, customer } = query
    const id = Number(customer)
    const hot = typeof customer !== 'string' ? undefined : Number.isSafeInteger(id) ? lives.raw(id) : null
    if (hot === null || hot?.head === 0) return { refused: 'customer.unknown' }
    return {
      name: params.name,
      ...(typeof language === 'string' && language !== '' ? { language: language.slice(0, charsMax) } : {}),
      without: typeof without === 'string' ? without.slice(0, charsMax).split(',') : [],
      ...(hot === undefined ? {} : { customer: { id, head: hot.head, now: clock.now(), lead: hot.lead } }),
    }
  }

  scope.get('/templates', (_request, reply) => answer(reply, reader.askText('templates', {})))
  scope.get('/templates/sample', (_request, reply) => answer(reply, reader.askText('templateSample', { now: clock.now(), count: sampleCount })))
  scope.get('/templates/:name/preview', (request: Asked, reply) => {
    const input = inputOf(request)
    return isRefusal(input) ? sendRefusal(reply, input) : answer(reply, reader.askText('templatePreview', input))
  })
  scope.get('/templates/:name/html', async (request: Asked, reply) => {
    const input = inputOf(request)
    if (isRefusal(input)) return sendRefusal(reply, input)
    return sendFrame(reply, await reader.ask('templateHtml', { ...input, dark: request.query['dark'] === '1' }))
  })
}
