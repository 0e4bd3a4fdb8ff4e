/** What letters earned and what experiments tell, for the studio's page: asked of the reader, as the API asks it. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../core/world.ts'
import { sendRefusal } from '../gateway/answer.ts'
import { queryOf, sendReport } from '../gateway/reports.ts'
import type { Reports } from '../gateway/reports.ts'
import type { Reader } from './reader.ts'

/** The reader's answers as the gateway and the studio send them on. */
export const reportsOf = (reader: Reader, clock: Clock): Reports => ({
  ask: (name, input) => reader.askText(name === 'attribution' ? 'results' : 'experiments', { ...input, now: clock.now() }),
})

export function addResultsRoutes(scope: FastifyInstance, reports: Reports): void {
  const route = (path: string, name: 'attribution' | 'experiments') =>
    scope.get(path, async (request: FastifyRequest, reply: FastifyReply) => {
      const told = await reports.ask(name, queryOf(request.query))
      return typeof told === 'string' ? sendReport(reply, name, told) : sendRefusal(reply, told)
    })
  route('/results', 'attribution')
  route('/experiments', 'experiments')
}
