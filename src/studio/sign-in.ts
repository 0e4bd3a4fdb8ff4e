/**
 * Coming and going: who is here, signing in and out, setting up by a link, and one's own password.
 * 1. A name that nobody bears and a wrong password get the same answer after the same work.
 * 2. What was looked up before a slow hash is looked up again after it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isRefusal } from '../core/errors.ts'
import type { Refusal } from '../core/errors.ts'
import { isObject } from '../core/parse.ts'
import { sendRefusal } from '../gateway/answer.ts'
import { toNeighbourhood } from '../gateway/rate.ts'
import type { Parts } from './access.ts'
import type { Me } from './api.ts'
import { fold, nameFault, somebody } from './names.ts'
import { passwordFault } from './passwords.ts'
import { hashOf } from './sessions.ts'

export const bodyLimit = 16_384

export function addSignInRoutes(scope: FastifyInstance, parts: Parts): void {
  const { sessions, sessionOf, toMe, audit } = parts
  const meOf = (request: FastifyRequest) => toMe(sessionOf(request.raw))

  scope.get('/me', { config: { studio: 'anyone' } }, (request) => meOf(request))
  scope.post('/sign-in', { bodyLimit, config: { studio: 'anyone' } }, async (request, reply) => answer(reply, await signIn(parts, request, reply)))
  scope.post('/set-up', { bodyLimit, config: { studio: 'anyone' } }, async (request, reply) => answer(reply, await setUp(parts, request, reply)))
  scope.post('/password', { bodyLimit, config: { studio: 'readers' } }, async (request, reply) => answer(reply, await changePassword(parts, request)))
  scope.post('/sign-out', { bodyLimit, config: { studio: 'readers' } }, (request, reply) => {
    const session = sessionOf(request.raw)
    if (session === null) return meOf(request)
    audit(request, 'signed out')
    sessions.end(session)
    void reply.header('set-cookie', sessions.gone)
    return toMe(null)
  })
}

async function signIn(parts: Parts, request: FastifyRequest, reply: FastifyReply): Promise<Me | Refusal> {
  const { people, clock, write } = parts
  const given = texts(parts, request.body, ['name', 'password'])
  if (isRefusal(given)) return given
  const { name, password } = given
  const person = () => people.secretOf(fold(name))
  const kept = person()
  const keys = keysOf(parts, request, name)
  const right = await prove(parts, keys, password, kept?.password)
  const still = person()
  if (isRefusal(right)) return right
  if (!right || still?.id !== kept?.id || still?.password !== kept?.password || still === undefined) {
    const known = still === undefined ? somebody : (people.get(still.id)?.name ?? somebody)
    if (parts.tries.mayTell([`name ${fold(known)}`, keys[1]], clock.now())) write(request, known, 'failed to sign in', null)
    return { refused: 'studio.sign_in_failed' }
  }
  parts.tries.succeed(keys)
  return enter(parts, request, reply, still.id, 'signed in', null)
}

async function setUp(parts: Parts, request: FastifyRequest, reply: FastifyReply): Promise<Me | Refusal> {
  const { people, clock } = parts
  const given = texts(parts, request.body, ['token', 'name', 'password'])
  if (isRefusal(given)) return given
  const { token, password } = given
  const name = given.name.normalize('NFC').trim()
  const hash = hashOf(token)
  const invitation = people.invitation(hash, clock.now())
  if (invitation === undefined) return { refused: 'studio.link_spent' }
  const fault = faultOf('name', nameFault(name)) ?? faultOf('password', passwordFault(password, name))
  if (fault !== null) return fault
  const kept = await parts.passwords.hash(password)
  if (isRefusal(kept)) return kept
  const joined = people.join(hash, { name, folded: fold(name), password: kept, at: clock.now() })
  if (joined === 'spent') return { refused: 'studio.link_spent' }
  if (joined === 'taken') return invalid('name is taken')
  const { role, inviter } = invitation
  return enter(parts, request, reply, joined, `joined as ${role}`, inviter === null ? 'by the link that the server printed' : `invited by ${inviter}`)
}

async function changePassword(parts: Parts, request: FastifyRequest): Promise<object | Refusal> {
  const { people, clock, sessionOf, passwords, tries, audit } = parts
  const given = texts(parts, request.body, ['old', 'new'])
  if (isRefusal(given)) return given
  const session = sessionOf(request.raw)
  if (session === null) return { refused: 'studio.signed_out' }
  const fault = faultOf('password', passwordFault(given.new, session.name))
  if (fault !== null) return fault
  const old = people.secretOf(fold(session.name))
  const keys = keysOf(parts, request, session.name)
  const right = await prove(parts, keys, given.old, old?.password)
  if (isRefusal(right)) return right
  if (!right || old === undefined) {
    if (tries.mayTell(keys, clock.now())) audit(request, 'failed to change their password')
    return invalid('old is not your password')
  }
  tries.succeed(keys)
  const kept = await passwords.hash(given.new)
  if (isRefusal(kept)) return kept
  if (!people.changePassword(session.person, old.password, kept, session.hash)) return { refused: 'studio.signed_out' }
  audit(request, 'changed their password')
  return {}
}

/** Whether a password is right, unless too many were wrong. Counts as a wrong one until `succeed`. */
async function prove({ tries, passwords, clock }: Parts, keys: Keys, password: string, kept: string | undefined): Promise<boolean | Refusal> {
  const waitMs = tries.begin(keys, clock.now())
  if (waitMs > 0) return { refused: 'studio.sign_in_paused', about: `${Math.ceil(waitMs / 1_000)} s`, retryAfterMs: waitMs }
  const right = await passwords.matches(password, kept)
  if (isRefusal(right)) tries.withdraw(keys)
  return right
}

/** Signs in whoever has shown that they may; the session that their browser had before ends. */
function enter(parts: Parts, request: FastifyRequest, reply: FastifyReply, id: number, did: string, about: string | null): Me | Refusal {
  const { people, sessions, sessionOf, toMe, write } = parts
  const person = people.get(id)
  if (person === undefined) return { refused: 'studio.sign_in_failed' }
  const before = sessionOf(request.raw)
  if (before !== null) sessions.end(before)
  void reply.header('set-cookie', sessions.begin(id))
  write(request, person.name, did, about)
  return toMe(person)
}

type Keys = readonly [name: string, address: string]
const keysOf = ({ addressOf }: Parts, request: FastifyRequest, name: string): Keys => [`name ${fold(name)}`, `from ${toNeighbourhood(addressOf(request))}`]

/** The named texts of a body, each of a length that anything may have here. */
function texts<K extends string>({ isOpen }: Parts, body: unknown, names: readonly K[]): Record<K, string> | Refusal {
  if (isOpen) return invalid('nobody signs in while this server is open to its own machine only')
  const given: Partial<Record<K, string>> = {}
  for (const name of names) {
    const value = isObject(body) ? body[name] : undefined
    if (typeof value !== 'string' || value.length > 1_024) return invalid(`${name} is no text of at most 1,024 characters`)
    given[name] = value
  }
  return given as Record<K, string>
}

export const invalid = (about: string): Refusal => ({ refused: 'studio.input_invalid', about })
const faultOf = (what: string, fault: string | null): Refusal | null => (fault === null ? null : invalid(`${what} ${fault}`))
export const answer = (reply: FastifyReply, value: object | Refusal): object => (isRefusal(value) ? sendRefusal(reply, value) : value)
