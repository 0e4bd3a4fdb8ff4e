/** What letters earned and what experiments tell, over HTTP for secret keys: JSON, or CSV with `format=csv`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isRefusal, type Refusal } from '../core/errors.ts'
import { sendRefusal } from './answer.ts'
import type { EventRoutes } from './events.ts'
import { findKey } from './keys.ts'
import { toAddress, toNeighbourhood } from './rate.ts'

export type ReportName = 'attribution' | 'experiments'

/** Who answers. The answer is JSON text; that of a report as CSV is `{ "csv": … }`. */
export interface Reports {
  ask(name: ReportName, query: { by?: string; from?: string; to?: string; model?: string; days?: string; format?: string }): Promise<string | Refusal>
}

type Routes = Pick<EventRoutes, 'clock' | 'keys' | 'counters' | 'rates' | 'proxies'>

/** A report takes the reader as long as so many events take the engine. */
const costEvents = 200
const charsMax = 40
const parameters = ['by', 'from', 'to', 'model', 'days', 'format'] as const

export function addReportRoutes(scope: FastifyInstance, { clock, keys, counters, rates, proxies }: Routes, reports: Reports): void {
  const refuse = (reply: FastifyReply, refusal: Refusal, key: number) => {
    counters.refuse(refusal, key)
    return sendRefusal(reply, refusal)
  }
  const route = (name: ReportName) =>
    scope.get(`/v1/reports/${name}`, async (request: FastifyRequest, reply) => {
      const { headers, raw, query } = request
      const key = findKey(keys, { authorization: headers.authorization, origin: headers.origin })
      if (isRefusal(key)) return refuse(reply, key, 0)
      if (key.kind !== 'secret') return refuse(reply, { refused: 'key.secret_required' }, key.id)
      const now = clock.now()
      const wait = rates.bucket(key.id, toNeighbourhood(toAddress(raw, proxies)), now).take(costEvents, now)
      if (wait > 0) return refuse(reply, { refused: 'rate.exceeded', retryAfterMs: wait }, key.id)
      const told = await reports.ask(name, queryOf(query))
      return typeof told === 'string' ? sendReport(reply, name, told) : refuse(reply, told, key.id)
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
