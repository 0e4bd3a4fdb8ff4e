/** Resend's webhooks, signed as Standard Webhooks (Svix) are: HMAC-SHA256 over id, timestamp and body; signed anew at each try. */
import { createHmac } from 'node:crypto'
import { BeckonError } from '../core/errors.ts'
import { isObject } from '../core/parse.ts'
import { headerOf, inner, isSameText, lateOf, list, objectOf, text, timeOf, toTold } from './provider.ts'
import type { Json, Reader, Told } from './provider.ts'

/** `secret`: `whsec_` and base64, as Resend shows it. */
export function createResend(secret: string): Reader {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  if (key.length < 16) throw new BeckonError('usage', 'BECKON_WEBHOOK_RESEND_KEY is no signing secret: copy the one that begins with whsec_')
  return (hook, now) => {
    const id = headerOf(hook, 'svix-id') || headerOf(hook, 'webhook-id')
    const timestamp = headerOf(hook, 'svix-timestamp') || headerOf(hook, 'webhook-timestamp')
    const signatures = (headerOf(hook, 'svix-signature') || headerOf(hook, 'webhook-signature')).split(' ')
    const ours = `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(hook.body).digest('base64')}`
    // While a secret is being changed there are two.
    if (id === '' || !signatures.slice(0, 8).some((signature) => isSameText(signature, ours))) return { refused: 'webhook.unsigned' }
    const late = lateOf(timestamp, now)
    if (late !== null) return late
    const json = objectOf(hook.body)
    return json === null ? { refused: 'webhook.invalid' } : { id, events: toEvents(json, now) }
  }
}

function toEvents(json: Json, now: number): Told[] {
  const data = inner(json['data'])
  const bounce = inner(data['bounce'])
  const named = list(data['headers']).find((header) => isObject(header) && text(header['name']).toLowerCase() === 'message-id')
  const said = {
    words: text(bounce['message']) || text(inner(data['failed'])['reason']),
    ids: [text(data['message_id']), text(inner(named)['value'])],
    at: timeOf(json['created_at'], now),
  }
  const to = Array.isArray(data['to']) ? data['to'].map(text) : [text(data['to'])]
  return to.map((recipient) => toEvent(text(json['type']), { ...said, recipient }, text(bounce['type'])))
}

function toEvent(type: string, said: Parameters<typeof toTold>[1], kind: string): Told {
  switch (type) {
    case 'email.bounced':
      return toTold('bounce', { ...said, isPermanent: kind.toLowerCase() !== 'transient' && kind.toLowerCase() !== 'undetermined' })
    case 'email.complained':
      return toTold('complaint', said)
    case 'email.delivery_delayed':
      return toTold('delayed', said)
    case 'email.delivered':
      return toTold('delivered', said)
    default:
      return toTold('ignored', said)
  }
}
