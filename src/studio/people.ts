/** Who has access, who is invited or sent away, and the log of what they did. */
import type { FastifyInstance } from 'fastify'
import { isObject } from '../core/parse.ts'
import type { Parts } from './access.ts'
import type { AuditRow, Person } from './api.ts'
import { createLink } from './links.ts'
import { thisMachine } from './names.ts'
import { answer, bodyLimit, invalid } from './sign-in.ts'

const auditRows = 50

export function addPeopleRoutes(scope: FastifyInstance, parts: Parts): void {
  const { people, isOpen, sessionOf, audit, write } = parts

  scope.get('/people', (): Person[] => people.list())

  scope.post('/people', { bodyLimit }, (request, reply) => {
    const role = isObject(request.body) ? request.body['role'] : undefined
    if (role !== 'owner' && role !== 'reader') return answer(reply, invalid('role is owner or reader'))
    const inviter = sessionOf(request.raw)
    if (inviter === null) return answer(reply, invalid('nobody signs in while this server is open to its own machine only'))
    audit(request, `made a link for ${role === 'owner' ? 'an owner' : 'a reader'}`)
    return { link: createLink(people, parts, role, inviter.person).link }
  })

  scope.delete<{ Params: { id: string } }>('/people/:id', { bodyLimit }, (request, reply) => {
    const id = Number(request.params.id)
    const person = Number.isSafeInteger(id) ? people.get(id) : undefined
    // Asked first: whoever removes themselves has no session afterwards.
    const by = sessionOf(request.raw)?.name ?? thisMachine
    // Where everybody is an owner the last one may go, which is how a forgotten password is got over.
    const outcome = person === undefined ? 'unknown' : people.remove(id, !isOpen)
    if (person === undefined || outcome === 'unknown') return answer(reply, invalid('there is no such person'))
    if (outcome === 'last owner') return answer(reply, invalid('the last owner stays'))
    write(request, by, 'removed', person.name)
    return {}
  })

  scope.get<{ Querystring: { before?: string } }>('/audit', (request): { rows: AuditRow[]; before: number | null } => {
    const before = Number(request.query.before)
    const rows = people.audits(before > 0 && Number.isSafeInteger(before) ? before : Number.MAX_SAFE_INTEGER, auditRows + 1)
    const shown = rows.slice(0, auditRows)
    return { rows: shown, before: rows.length > auditRows ? shown.at(-1)!.id : null }
  })
}
