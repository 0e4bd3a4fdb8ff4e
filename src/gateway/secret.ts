/** Routes for the shop's own servers: a secret key, by bearer header alone. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isRefusal, type Refusal } from '../core/errors.ts'
import { sendRefusal } from './answer.ts'
import type { EventRoutes } from './events.ts'
import { findKey, type Key } from './keys.ts'

/** What such routes need. */
export type SecretRoutes = Pick<EventRoutes, 'clock' | 'keys' | 'counters' | 'rates' | 'proxies'>

/** The secret key of a request; null when it was refused. */
export function findSecret(routes: SecretRoutes, { headers }: FastifyRequest, reply: FastifyReply): Key | null {
  const key = findKey(routes.keys, { authorization: headers.authorization, origin: headers.origin })
  if (!isRefusal(key) && key.kind === 'secret') return key
  void refused(routes, reply, isRefusal(key) ? key : { refused: 'key.secret_required' }, isRefusal(key) ? null : key)
  return null
}

/** Counts a refusal and answers with it. */
export function refused({ counters }: Pick<SecretRoutes, 'counters'>, reply: FastifyReply, refusal: Refusal, by: Key | null): FastifyReply {
  counters.refuse(refusal, by?.id ?? 0)
  return sendRefusal(reply, refusal)
}
