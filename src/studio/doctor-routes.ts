/** Asks the doctor: for owners, since it makes the server ask strangers' DNS. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isRefusal } from '../core/errors.ts'
import type { Refusal } from '../core/errors.ts'
import { sendRefusal } from '../gateway/answer.ts'
import type { DoctorReport } from './api-doctor.ts'

type Asked = FastifyRequest<{ Querystring: Record<string, unknown> }>

/** What `doctor/visits.ts` does. */
export type Doctor = (visit: { domain?: string; selector?: string; ip?: string }) => Promise<DoctorReport | Refusal>

export function addDoctorRoutes(scope: FastifyInstance, { doctor }: { doctor: Doctor }): void {
  scope.get('/doctor', { config: { studio: 'owners' } }, async ({ query }: Asked, reply) => {
    const text = (name: string) => (typeof query[name] === 'string' && query[name] !== '' ? { [name]: query[name].slice(0, 300) } : {})
    const told = await doctor({ ...text('domain'), ...text('selector'), ...text('ip') })
    return isRefusal(told) ? sendRefusal(reply, told) : reply.send(told)
  })
}
