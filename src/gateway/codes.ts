/**
 * Discount codes over HTTP, for secret keys alone: what is taken, redeemed or released is durable when the answer goes out.
 * Wrong codes are counted by key and address; a shop's backend names its visitor's address in `X-Shopper-Address`, so that
 * one who guesses does not lock out the others.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { codes as errors, isRefusal } from '../core/errors.ts'
import type { Refusal } from '../core/errors.ts'
import { isObject, parseTime } from '../core/parse.ts'
import { sendRefusal } from './answer.ts'
import { parseBody, readText } from './bodies.ts'
import { Guesses } from './guesses.ts'
import type { Key } from './keys.ts'
import { toAddress, toNeighbourhood } from './rate.ts'
import { findSecret, refused, type SecretRoutes } from './secret.ts'

/** A refusal with what the shop may want to show of it. */
export type Reasoned = Refusal & { more?: Record<string, unknown> }
type Answer = object | Reasoned
export type Redeeming = { code: string; orderId: string; who?: { userId?: string; anonymousId?: string; email?: string }; at?: number }

/** Where codes are kept. */
export interface CodeCounter {
  look(code: string): ({ valid: boolean; reason: Reasoned | null } & object) | Refusal
  redeem(redeeming: Redeeming): Promise<Answer>
  release(code: string, orderId: string): Promise<Answer>
  /** `rejected`: by their place in the list. */
  upload(pool: string, codes: readonly unknown[]): Promise<{ rejected: { index: number; code: string; refused: Refusal }[] } | Refusal>
  reclaim(pool: string): Promise<Answer>
  pool(pool: string): Answer
  /** The codes in an uploaded text. */
  read(text: string): unknown[] | Refusal
}

type Named = { Params: { code: string; pool: string } }

const wrongPerMinute = 30
const guesses: ReadonlySet<string> = new Set(['code.unknown', 'code.mistyped'])

/** Adds the code routes to the scope of the event routes, whose body parser and origins they share. */
export function addCodeRoutes(scope: FastifyInstance, routes: SecretRoutes, counter: CodeCounter): void {
  const wrong = new Guesses(wrongPerMinute)

  /** Answers a question about one code, unless too many were wrong. */
  async function answerCode(request: FastifyRequest, reply: FastifyReply, key: Key, ask: () => Promise<Answer> | Answer) {
    const who = `${key.id} ${toNeighbourhood(shopperOf(request, routes.proxies))}`
    const waitMs = wrong.wait(who, routes.clock.now())
    if (waitMs > 0) return refused(routes, reply, { refused: 'code.guesses', retryAfterMs: waitMs }, key)
    const answer = await ask()
    if (!isRefusal(answer)) return reply.header('cache-control', 'no-store').send({ ok: true, ...answer })
    if (guesses.has(answer.refused)) wrong.note(who, routes.clock.now())
    routes.counters.refuse({ refused: answer.refused }, key.id)
    return sendRefusal(reply, answer, { ok: false, ...(answer as Reasoned).more })
  }

  scope.get<Named>('/v1/codes/:code', (request, reply) => {
    const key = findSecret(routes, request, reply)
    return key === null ? reply : answerCode(request, reply, key, () => toLook(counter.look(request.params.code)))
  })

  scope.post('/v1/codes/redeem', async (request, reply) => {
    const key = findSecret(routes, request, reply)
    if (key === null) return reply
    const asked = toRedeeming(await parseBody(request.body))
    return isRefusal(asked) ? refused(routes, reply, asked, key) : answerCode(request, reply, key, () => counter.redeem(asked))
  })

  scope.post('/v1/codes/release', async (request, reply) => {
    const key = findSecret(routes, request, reply)
    if (key === null) return reply
    const asked = toRedeeming(await parseBody(request.body))
    return isRefusal(asked) ? refused(routes, reply, asked, key) : answerCode(request, reply, key, () => counter.release(asked.code, asked.orderId))
  })

  scope.put<Named>('/v1/codes/pools/:pool', async (request, reply) => {
    const key = findSecret(routes, request, reply)
    if (key === null) return reply
    const text = await readText(request.body)
    const list = isRefusal(text) ? text : counter.read(text)
    if (isRefusal(list)) return refused(routes, reply, list, key)
    const done = await counter.upload(request.params.pool, list)
    if (isRefusal(done)) return refused(routes, reply, done, key)
    const rejected = done.rejected.map(({ index, code, refused: { refused: why, about } }) => ({
      index,
      code,
      reason: why,
      about: about ?? null,
      hint: errors[why][1],
    }))
    return reply.send({ success: true, ...done, rejected })
  })

  const answerPool = (request: FastifyRequest<Named>, reply: FastifyReply, ask: (pool: string) => Promise<Answer> | Answer) => {
    const key = findSecret(routes, request, reply)
    if (key === null) return reply
    return Promise.resolve(ask(request.params.pool)).then((answer) => (isRefusal(answer) ? refused(routes, reply, answer, key) : reply.send(answer)))
  }
  scope.get<Named>('/v1/codes/pools/:pool', (request, reply) => answerPool(request, reply, (pool) => counter.pool(pool)))
  scope.post<Named>('/v1/codes/pools/:pool/reclaim', (request, reply) => answerPool(request, reply, (pool) => counter.reclaim(pool)))
}

/** A code that is not good now is an answer, with the reason as a code and in words. */
function toLook(look: ReturnType<CodeCounter['look']>): Answer {
  if (isRefusal(look)) return look
  const { reason, ...told } = look
  return { ...told, reason: reason?.refused ?? null, ...reason?.more }
}

function toRedeeming(parsed: Awaited<ReturnType<typeof parseBody>>): Redeeming | Refusal {
  if (isRefusal(parsed)) return parsed
  const body = isObject(parsed.json) ? parsed.json : {}
  const invalid = (about: string): Refusal => ({ refused: 'code.input_invalid', about })
  const text = (name: string, most: number) => {
    const value = body[name]
    return (typeof value === 'string' && value.trim() !== '' && value.length <= most) || typeof value === 'number' ? String(value).trim() : null
  }
  const code = text('code', 200)
  const orderId = text('orderId', 255)
  if (code === null) return invalid('code')
  if (orderId === null) return invalid('orderId')
  const at = body['at'] === undefined ? undefined : parseTime(body['at'])
  if (at !== undefined && Number.isNaN(at)) return invalid('at')
  const named = (['userId', 'anonymousId', 'email'] as const).flatMap((name) => {
    const value = text(name, 255)
    return value === null ? [] : [[name, value]]
  })
  return { code, orderId, ...(named.length === 0 ? {} : { who: Object.fromEntries(named) as Redeeming['who'] & object }), ...(at === undefined ? {} : { at }) }
}

/** The visitor's address as the shop's backend tells it, else the backend's own. */
function shopperOf({ headers, raw }: FastifyRequest, proxies: number): string {
  const told = headers['x-shopper-address']
  return typeof told === 'string' && told.length <= 64 && told !== '' ? told : toAddress(raw, proxies)
}
