/** What the checkup found, for whoever looks; owners have it run now. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Daily } from '../checkup/daily.ts'
import type { CheckupPage } from './api-checkup.ts'
import type { Reader } from './reader.ts'

type Options = { reader: Reader; daily: Daily; onFault: (error: unknown) => void; audit: (request: FastifyRequest, did: string) => void }

export function addCheckupRoutes(scope: FastifyInstance, { reader, daily, onFault, audit }: Options) {
  scope.get('/checkup', async (_request, reply) => reply.send({ ...(await reader.ask('checkedUp', {})), ...daily.state() } satisfies CheckupPage))
  scope.post('/checkup', (request, reply) => {
    audit(request, 'had the profiles looked over')
    daily.run().catch(onFault)
    return reply.send({ ok: true })
  })
}
