/**
 * Who may do what in the studio: readers look, owners change. A server that is open to its own machine alone asks nobody
 * who they are; any other asks everybody, and while nobody is there yet has a link for the first owner.
 * 1. Each request is judged by itself: a session that ended, a person removed or a role changed counts from the next one on.
 * 2. Every change says who made it in the audit log; routes that change something call `audit`.
 */
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { Refusal } from '../core/errors.ts'
import type { Clock, Ids } from '../core/world.ts'
import { sendRefusal } from '../gateway/answer.ts'
import { toAddress } from '../gateway/rate.ts'
import type { People } from '../store/people.ts'
import type { Me, Role } from './api.ts'
import { createOriginCheck } from './origins.ts'
import { createPasswords } from './passwords.ts'
import type { Passwords } from './passwords.ts'
import { addPeopleRoutes } from './people.ts'
import { createFirstLink } from './links.ts'
import { somebody, thisMachine } from './names.ts'
import { createSessions } from './sessions.ts'
import type { Session, Sessions } from './sessions.ts'
import { addSignInRoutes, bodyLimit, invalid } from './sign-in.ts'
import { Tries } from './tries.ts'

export type AccessOptions = {
  store: { people: People }
  clock: Clock
  ids: Ids
  /** Where people find this server: `https://beckon.shop.example`. */
  publicUrl: string
  /** Nobody signs in: the server is bound to loopback and was given no public address. */
  isOpen: boolean
  /** How many proxies of ours stand in front. */
  proxies: number
  shop: { name: string; url: string }
  isDemo: boolean
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may use a route of the studio, where it is not readers for GET and owners for all else. */
    studio?: 'anyone' | 'readers' | 'owners'
  }
}

/**
 * The studio's doors.
 *
 *     const access = createAccess({ store, clock, ids, publicUrl, isOpen, proxies, shop, isDemo })
 *     app.register(async (scope) => { access.guard(scope); access.addRoutes(scope) }, { prefix: '/studio/api' })
 */
export function createAccess(options: AccessOptions) {
  const { clock, ids, isOpen, proxies, publicUrl, shop, isDemo } = options
  const { people } = options.store
  const sessions = createSessions(people, clock, ids)
  const refuseForeign = createOriginCheck(options)
  const firstLink = isOpen ? null : createFirstLink(options.store.people, options)

  const sessionOf = (request: IncomingMessage) => (isOpen ? null : sessions.find(request.headers.cookie))
  const roleOf = (request: IncomingMessage): Role | null => (isOpen ? 'owner' : (sessionOf(request)?.role ?? null))
  const addressOf = (request: FastifyRequest) => toAddress(request.raw, proxies)

  function refuse({ raw, method, routeOptions }: FastifyRequest): Refusal | null {
    const foreign = refuseForeign(raw)
    const allowed = routeOptions.config.studio
    if (foreign !== null || allowed === 'anyone') return foreign
    const role = roleOf(raw)
    if (role === null) return { refused: 'studio.signed_out' }
    const forReaders = allowed === 'readers' || (method === 'GET' && allowed !== 'owners')
    return role === 'owner' || forReaders ? null : { refused: 'studio.role_too_low' }
  }

  function who({ raw }: FastifyRequest): { name: string; role: Role } | null {
    if (isOpen) return { name: thisMachine, role: 'owner' }
    const session = sessionOf(raw)
    return session === null ? null : { name: session.name, role: session.role }
  }

  const toMe = (session: { name: string; role: Role } | null): Me => ({
    open: isOpen,
    name: session?.name ?? null,
    role: isOpen ? 'owner' : (session?.role ?? null),
    demo: isDemo,
    shop: { name: shop.name, url: shop.url },
  })
  const write = (request: FastifyRequest, by: string, did: string, about: string | null) =>
    people.audit(clock.now(), by, did, about === null ? null : about.slice(0, 200), addressOf(request).slice(0, 64) || null)
  const audit = (request: FastifyRequest, did: string, about: string | null = null) => write(request, who(request)?.name ?? somebody, did, about)
  const parts = {
    people,
    sessions,
    passwords: createPasswords(ids),
    tries: new Tries(),
    clock,
    ids,
    isOpen,
    publicUrl,
    sessionOf,
    addressOf,
    toMe,
    write,
    audit,
  }

  return {
    /** Lets in to all routes of this scope only who may use them; nobody keeps a copy of an answer. */
    guard(scope: FastifyInstance): void {
      scope.addHook('onRequest', async (request, reply) => {
        void reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff')
        const refusal = refuse(request)
        if (refusal !== null) return sendRefusal(reply, refusal)
        const session = sessionOf(request.raw)
        const renewed = session === null ? null : sessions.renew(session, request.headers.cookie)
        if (renewed !== null) void reply.header('set-cookie', renewed)
      })
    },
    /** Who may have the live feed; null: nobody. Ask again now and then: it ends with the session. */
    mayWatch: (request: IncomingMessage): Role | null => (refuseForeign(request) === null ? roleOf(request) : null),
    /** null: not signed in. */
    who,
    /** Adds a row to the log: `audit(request, 'sent a letter again', 'letter 7')`. */
    audit,
    /** Adds who comes and goes to a scope under `/studio/api`, which `guard` guards. */
    addRoutes(scope: FastifyInstance): void {
      void scope.register(async (inner) => {
        inner.setErrorHandler((error: FastifyError, _request, reply) => {
          if ((error.statusCode ?? 500) >= 500) throw error
          return sendRefusal(reply, invalid(error.statusCode === 413 ? `the body holds more than ${bodyLimit / 1_024} KB` : 'the body is no JSON object'))
        })
        addSignInRoutes(inner, parts)
        addPeopleRoutes(inner, parts)
      })
    },
    /** The link that makes the first owner; null when there is no need for one, or it is older than a day. */
    setUpLink: (): string | null => firstLink?.() ?? null,
  }
}

/** What the routes share. `write` adds to the log in the name of somebody who is not signed in (yet). */
export type Parts = {
  people: People
  sessions: Sessions
  passwords: Passwords
  tries: Tries
  clock: Clock
  ids: Ids
  isOpen: boolean
  publicUrl: string
  sessionOf: (request: IncomingMessage) => Session | null
  addressOf: (request: FastifyRequest) => string
  toMe: (session: { name: string; role: Role } | null) => Me
  write: (request: FastifyRequest, by: string, did: string, about: string | null) => void
  audit: (request: FastifyRequest, did: string, about?: string | null) => void
}
