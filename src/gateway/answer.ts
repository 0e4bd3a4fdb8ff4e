/** Refusals as HTTP answers, the same shape everywhere. */
import type { FastifyReply } from 'fastify'
import { codes, type Refusal } from '../core/errors.ts'

/** The body of a refusal: its code, one sentence, and what to do. */
function toRefusalBody(refusal: Refusal): { success: false; code: string; message: string; hint: string } {
  const about = refusal.about === undefined || refusal.about === '' ? '' : `: ${refusal.about}`
  return { success: false, code: refusal.refused, message: `Refused, ${refusal.refused}${about}.`, hint: codes[refusal.refused][1] }
}

/** Answers with the refusal's status, and Retry-After where trying again may help; `more` goes into the body. */
export function sendRefusal(reply: FastifyReply, refusal: Refusal, more: Record<string, unknown> = {}): FastifyReply {
  const status = codes[refusal.refused][0]
  if (status === 429 || status === 503) void reply.header('retry-after', String(Math.max(1, Math.ceil((refusal.retryAfterMs ?? 1_000) / 1_000))))
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify({ ...toRefusalBody(refusal), ...more }))
}
