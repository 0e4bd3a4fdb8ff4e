/**
 * Sandbox customers: people made up to try journeys on. Their ids begin with `sandbox-`, their addresses are at a domain
 * that no mail ever reaches, and time can be skipped for them.
 * 1. Nothing here speaks for anybody else: whatever a route names is looked up and refused unless it is a sandbox.
 * 2. An answer goes out only after the commit of what it tells (R1).
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Intake, Sender } from '../actors/intake.ts'
import { isRefusal } from '../core/errors.ts'
import type { Refusal } from '../core/errors.ts'
import { isObject, parseMessage } from '../core/parse.ts'
import type { Clock, Ids } from '../core/world.ts'
import { sendRefusal } from '../gateway/answer.ts'
import { isSandboxAddress, sandboxDomain, sandboxPrefix } from '../profile/sandbox.ts'
import type { Letters } from '../store/letters.ts'
import type { Sandbox, Skipped } from './api.ts'

const skipLimits = { msMin: 1_000, msMax: 400 * 86_400_000 } as const

export type SandboxOptions = {
  intake: Intake
  /** The customer behind `u:…` or `a:…`; null: nobody. */
  identify: (key: string) => number | null
  /** All ids of a customer, `u:…`, `a:…`, `e:…`. */
  keysOf: (customer: number) => string[]
  /** Lets `ms` pass for one customer; `at`: their own clock afterwards. Refuses `sandbox.only` for anybody else. */
  skip: (customer: number, ms: number) => Promise<Refusal | { at: number }>
  letters: Letters
  clock: Clock
  ids: Ids
}

export type Sandboxes = ReturnType<typeof createSandboxes>

/** What can be done with sandbox customers, for the studio's bench and for the demo shop. Refusals are values. */
export function createSandboxes({ intake, identify, keysOf, skip, letters, clock, ids }: SandboxOptions) {
  /** Offers one Segment message with the server's trust and waits for its commit. */
  function send(body: Record<string, unknown>): Promise<Refusal | null> {
    const now = clock.now()
    const message = parseMessage(body, { now, ids: () => ids.random(16) })
    if (isRefusal(message)) return Promise.resolve(message)
    return new Promise((resolve) => {
      let answer: Refusal | null = null
      const sender: Sender = {
        settle: (_, refusal) => {
          answer = refusal
        },
        flush: () => resolve(answer),
      }
      const refusal = intake.offer({ message, source: 0, trust: 'server', receivedAt: now, sender, tag: 0 })
      if (refusal !== null) resolve(refusal)
    })
  }

  function isSandbox(customer: number): boolean {
    const keys = keysOf(customer)
    const users = keys.filter((key) => key.startsWith('u:'))
    const ours = keys.filter((key) => key.startsWith(sandboxPrefix, 2))
    if (keys.some((key) => key.startsWith('e:') && !isSandboxAddress(key))) return false
    return users.length > 0 ? users.every((key) => ours.includes(key)) : ours.some((key) => key.startsWith('a:'))
  }

  /** The id that events of a sandbox customer are sent under; a refusal for anybody else. */
  function speakerOf(customer: number): Refusal | { userId: string } | { anonymousId: string } {
    if (!Number.isSafeInteger(customer)) return { refused: 'studio.input_invalid', about: 'customer' }
    const keys = keysOf(customer)
    if (keys.length === 0) return { refused: 'customer.unknown', about: String(customer) }
    if (!isSandbox(customer)) return { refused: 'sandbox.only', about: String(customer) }
    const user = keys.find((key) => key.startsWith('u:'))
    return user === undefined ? { anonymousId: keys.find((key) => key.startsWith(`a:${sandboxPrefix}`))!.slice(2) } : { userId: user.slice(2) }
  }

  /** A name in lower case and six letters or digits, at a domain without mail. */
  function newIdentity(firstName: string) {
    const mark = ids.random(16).replaceAll(/[-_]/g, '').toLowerCase().slice(0, 6).padEnd(6, '0')
    const local =
      firstName
        .normalize('NFKD')
        .toLowerCase()
        .replaceAll(/[^a-z0-9]+/g, '')
        .slice(0, 30) || 'visitor'
    return { userId: sandboxPrefix + mark, email: `${local}-${mark}@${sandboxDomain}` }
  }

  return {
    isSandbox,
    speakerOf,
    send,
    identify,
    /** Somebody new, whom the server vouches for; `anonymousId`: what they did so far was under this id. */
    async make(firstName: string, anonymousId?: string): Promise<Refusal | Sandbox> {
      const { userId, email } = newIdentity(firstName)
      const refusal = await send({
        type: 'identify',
        userId,
        ...(anonymousId === undefined ? {} : { anonymousId }),
        traits: { first_name: firstName, email, consent: 'subscribed' },
      })
      if (refusal !== null) return refusal
      return { customer: identify(`u:${userId}`)!, userId, email, at: clock.now() }
    },
    someName: (): string => firstNames[ids.random(4).charCodeAt(0) % firstNames.length]!,
    /** Lets time pass and tells which letters came up. */
    async skip(customer: number, ms: unknown): Promise<Refusal | Skipped> {
      const speaker = speakerOf(customer)
      if (isRefusal(speaker)) return speaker
      if (typeof ms !== 'number' || !(ms >= skipLimits.msMin && ms <= skipLimits.msMax)) return { refused: 'studio.input_invalid', about: 'ms' }
      const last = letters.of(customer).at(-1)?.id ?? 0
      const skipped = await skip(customer, Math.round(ms))
      if (isRefusal(skipped)) return skipped
      const came = letters.of(customer).filter(({ id }) => id > last)
      return { at: skipped.at, letters: came.map(({ id, template, subject }) => ({ id, template, subject })) }
    },
  }
}

export const isSandboxId = (id: unknown): id is string => typeof id === 'string' && id.length <= 64 && id.startsWith(sandboxPrefix)

const firstNames = [
  'Ada',
  'Bela',
  'Clara',
  'Daniel',
  'Elif',
  'Femi',
  'Greta',
  'Hugo',
  'Ines',
  'Jonas',
  'Kira',
  'Luca',
  'Maya',
  'Noor',
  'Oskar',
  'Pia',
  'Ravi',
  'Sofia',
  'Tomas',
  'Yuki',
]

export type SandboxRoutes = {
  sandboxes: Sandboxes
  /** Notes who changed what. */
  audit: (request: FastifyRequest, did: string, about: string) => void
}

type Numbered = { Params: { id: string }; Body: unknown }

/** Adds the routes of the bench to a scope under `/studio/api`; who may call them is for the scope's own hooks to say. */
export function addSandboxRoutes(scope: FastifyInstance, { sandboxes, audit }: SandboxRoutes): void {
  scope.post('/sandbox', async (request, reply) => {
    const made = await sandboxes.make(sandboxes.someName())
    if (!isRefusal(made)) audit(request, 'made a sandbox customer', made.userId)
    return answer(reply, made)
  })

  scope.post<Numbered>('/sandbox/:id/events', async (request, reply) => {
    const speaker = sandboxes.speakerOf(Number(request.params.id))
    if (isRefusal(speaker)) return sendRefusal(reply, speaker)
    const { body } = request
    if (!isObject(body)) return sendRefusal(reply, { refused: 'event.json_invalid' })
    // The server would vouch for it, and somebody real would be written to.
    const email = isObject(body['properties']) ? body['properties']['email'] : undefined
    if (email !== undefined && !(typeof email === 'string' && isSandboxAddress(email)))
      return sendRefusal(reply, { refused: 'studio.input_invalid', about: `properties.email is no address at ${sandboxDomain}` })
    const refusal = await sandboxes.send({ type: 'track', event: body['event'], properties: body['properties'], ...speaker })
    if (refusal !== null) return sendRefusal(reply, refusal)
    audit(request, `sent ${String(body['event'])}`, `customer ${request.params.id}`)
    return { ok: true }
  })

  scope.post<Numbered>('/sandbox/:id/skip', async (request, reply) => {
    const ms = isObject(request.body) ? request.body['ms'] : undefined
    const skipped = await sandboxes.skip(Number(request.params.id), ms)
    if (!isRefusal(skipped)) audit(request, `skipped ${Math.round(Number(ms) / 1_000)} s`, `customer ${request.params.id}`)
    return answer(reply, skipped)
  })
}

const answer = (reply: FastifyReply, value: Refusal | object): FastifyReply => (isRefusal(value) ? sendRefusal(reply, value) : reply.send(value))
