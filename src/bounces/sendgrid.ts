/** SendGrid's Event Webhook: a batch of events, signed by ECDSA on P-256 over the timestamp and the body. */
import { createPublicKey, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { BeckonError } from '../core/errors.ts'
import { headerOf, inner, jsonOf, lateOf, text, timeOf, toTold } from './provider.ts'
import type { Json, Reader, Told } from './provider.ts'

/** `publicKey`: as SendGrid's settings show it, base64 of its DER. */
export function createSendgrid(publicKey: string): Reader {
  const key = readKey(publicKey)
  return (hook, now) => {
    const timestamp = headerOf(hook, 'x-twilio-email-event-webhook-timestamp')
    const signature = headerOf(hook, 'x-twilio-email-event-webhook-signature')
    const isSigned =
      signature !== '' && verify('sha256', Buffer.concat([Buffer.from(timestamp), hook.body]), { key, dsaEncoding: 'der' }, Buffer.from(signature, 'base64'))
    if (!isSigned) return { refused: 'webhook.unsigned' }
    const late = lateOf(timestamp, now)
    if (late !== null) return late
    const json = jsonOf(hook.body)
    if (!Array.isArray(json)) return { refused: 'webhook.invalid' }
    return { id: signature, events: json.map((event) => toEvent(inner(event), now)) }
  }
}

function readKey(publicKey: string): KeyObject {
  try {
    const der = publicKey.replaceAll(/-----[A-Z ]+-----|\s/g, '')
    return createPublicKey({ key: Buffer.from(der, 'base64'), format: 'der', type: 'spki' })
  } catch {
    throw new BeckonError('usage', 'BECKON_WEBHOOK_SENDGRID_KEY is no public key: copy the verification key from SendGrid’s settings')
  }
}

function toEvent(event: Json, now: number): Told {
  const said = {
    recipient: text(event['email']),
    words: text(event['reason']) || text(event['response']),
    status: text(event['status']),
    ids: [text(event['smtp-id'])],
    at: timeOf(event['timestamp'], now),
  }
  switch (event['event']) {
    case 'bounce':
      // "blocked" is what SendGrid calls a refusal that is not about the address.
      return toTold('bounce', { ...said, isPermanent: event['type'] !== 'blocked' })
    case 'dropped':
      return dropped(said, text(event['reason']).toLowerCase())
    case 'deferred':
      return toTold('delayed', said)
    case 'delivered':
      return toTold('delivered', said)
    case 'spamreport':
      return toTold('complaint', said)
    case 'unsubscribe':
    case 'group_unsubscribe':
      return toTold('unsubscribe', said)
    default:
      return toTold('ignored', said)
  }
}

/** Not sent at all: the provider's own list says why. */
function dropped(said: Parameters<typeof toTold>[1], reason: string): Told {
  if (/bounced|invalid/.test(reason)) return toTold('bounce', { ...said, isPermanent: true })
  if (reason.includes('spam reporting')) return toTold('complaint', said)
  return toTold(reason.includes('unsubscribed') ? 'unsubscribe' : 'bounce', said)
}
