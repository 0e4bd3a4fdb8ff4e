/**
 * Mailgun's webhooks: one event a call; its signature is an HMAC over a timestamp and a token, and stands in the body.
 * It does not cover the rest of the body: that the token is taken once is what makes it worth something.
 */
import { createHmac } from 'node:crypto'
import { inner, isSameText, lateOf, objectOf, text, timeOf, toTold } from './provider.ts'
import type { Json, Reader, Told } from './provider.ts'

export function createMailgun(signingKey: string): Reader {
  return (hook, now) => {
    const json = objectOf(hook.body)
    if (json === null) return { refused: 'webhook.invalid' }
    const signature = inner(json['signature'])
    const timestamp = text(signature['timestamp'])
    const token = text(signature['token'])
    const ours = createHmac('sha256', signingKey)
      .update(timestamp + token)
      .digest('hex')
    if (token === '' || !isSameText(ours, text(signature['signature']))) return { refused: 'webhook.unsigned' }
    return lateOf(timestamp, now) ?? { id: token, events: [toEvent(inner(json['event-data']), now)] }
  }
}

function toEvent(event: Json, now: number): Told {
  const status = inner(event['delivery-status'])
  const said = {
    recipient: text(event['recipient']),
    words: [status['code'], status['message'] || status['description'] || event['reason']].map(text).filter(Boolean).join(' '),
    status: text(status['enhanced-code']),
    mta: text(status['mx-host']),
    ids: [text(inner(inner(event['message'])['headers'])['message-id'])],
    at: timeOf(event['timestamp'], now),
  }
  switch (event['event']) {
    case 'failed':
      if (event['severity'] !== 'permanent') return toTold('delayed', said)
      if (event['reason'] === 'suppress-complaint') return toTold('complaint', said)
      if (event['reason'] === 'suppress-unsubscribe') return toTold('unsubscribe', said)
      return toTold('bounce', { ...said, isPermanent: event['reason'] !== 'old' })
    case 'delivered':
      return toTold('delivered', said)
    case 'complained':
      return toTold('complaint', said)
    case 'unsubscribed':
      return toTold('unsubscribe', said)
    default:
      return toTold('ignored', said)
  }
}
