/** What letters earned and what experiments tell, over HTTP for secret keys: JSON, or CSV with `format=csv`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Refusal } from '../core/errors.ts'
import { toAddress, toNeighbourhood } from './rate.ts'
import { findSecret, refused, type SecretRoutes } from './secret.ts'

export type ReportName = 'attribution' | 'experiments'

/** Who answers. The answer is JSON text; that of a report as CSV is `{ "csv": … }`. */
export interface Reports {
  ask(name: ReportName, query: { by?: string; from?: string; to?: string; model?: string; days?: string; format?: string }): Promise<string | Refusal>
}

/** A report takes the reader as long as so many events take the engine. */
const costEvents = 200
const charsMax = 40
const parameters = ['by', 'from', 'to', 'model', 'days', 'format'] as const

export function addReportRoutes(scope: FastifyInstance, routes: SecretRoutes, reports: Reports): void {
  const { clock, rates, proxies } = routes
  const route = (name: ReportName) =>
    scope.get(`/v1/reports/${name}`, async (request: FastifyRequest, reply) => {
      const key = findSecret(routes, request, reply)
      if (key === null) return reply
      const now = clock.now()
      const wait = rates.bucket(key.id, toNeighbourhood(toAddress(request.raw, proxies)), now).take(costEvents, now)
      if (wait > 0) return refused(routes, reply, { refused: 'rate.exceeded', retryAfterMs: wait }, key)
      const told = await reports.ask(name, queryOf(request.query))
      return typeof told === 'string' ? sendReport(reply, name, told) : refused(routes, reply, told, key)
    })
  route('attribution')
  route('experiments')
}

/** The texts of a query that mean something here. */
export function queryOf(query: unknown): Parameters<Reports['ask']>[1] {
  const given = query as Record<string, unknown>
  return Object.fromEntries(
    parameters.flatMap((name) => (typeof given[name] === 'string' && given[name] !== '' ? [[name, given[name].slice(0, charsMax)]] : [])),
  )
}

/** Sends JSON on as it is, and CSV as a file. */
export function sendReport(reply: FastifyReply, name: ReportName, told: string): FastifyReply {
  void reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  if (!told.startsWith('{"csv":')) return reply.type('application/json; charset=utf-8').send(told)
  const { csv } = JSON.parse(told) as { csv: string }
  return reply.type('text/csv; charset=utf-8').header('content-disposition', `attachment; filename="beckon-${name}.csv"`).send(csv)
}
