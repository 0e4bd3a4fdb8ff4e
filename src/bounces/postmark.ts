/**
 * Postmark's webhooks. Postmark signs nothing: what it is known by is a secret that is written into its settings, as the
 * password of the URL (HTTP Basic) or as a header of its own. It must come over https, and nothing tells a replay from
 * the real thing but its number.
 */
import type { Hook } from '../gateway/webhooks.ts'
import { headerOf, isSameText, objectOf, text, timeOf, toTold } from './provider.ts'
import type { Json, Reader, Told } from './provider.ts'

export function createPostmark(secret: string): Reader {
  return (hook, now) => {
    if (!isSameText(secretOf(hook), secret)) return { refused: 'webhook.unsigned' }
    const json = objectOf(hook.body)
    if (json === null) return { refused: 'webhook.invalid' }
    const type = text(json['RecordType'])
    const id = [type, json['ID'] ?? json['MessageID'], json['Recipient'] ?? json['Email'], json['ChangedAt'] ?? ''].map(text).join('/')
    return { id, events: [toEvent(type, json, now)] }
  }
}

/** The password of Basic credentials, whoever is named as their user; else our own header. */
function secretOf(hook: Hook): string {
  const basic = /^basic\s+([A-Za-z0-9+/=]+)$/i.exec(headerOf(hook, 'authorization'))?.[1]
  if (basic === undefined) return headerOf(hook, 'x-beckon-webhook-key')
  const pair = Buffer.from(basic, 'base64').toString()
  return pair.slice(pair.indexOf(':') + 1)
}

const permanent = new Set(['HardBounce', 'BadEmailAddress', 'ManuallyDeactivated'])
const noBounces = new Set([
  'AutoResponder',
  'ChallengeVerification',
  'OpenRelayTest',
  'Subscribe',
  'AddressChange',
  'InboundError',
  'SMTPApiError',
  'Unconfirmed',
])

function toEvent(type: string, json: Json, now: number): Told {
  const said = {
    recipient: text(json['Recipient']) || text(json['Email']),
    words: text(json['Details']) || text(json['Description']),
    at: timeOf(json['BouncedAt'] ?? json['DeliveredAt'] ?? json['ChangedAt'], now),
  }
  switch (type) {
    case 'Bounce':
      return bounced(text(json['Type']), said)
    case 'SpamComplaint':
      return toTold('complaint', said)
    case 'Delivery':
      return toTold('delivered', said)
    case 'SubscriptionChange':
      // Its other reasons come as events of their own.
      return toTold(json['SuppressSending'] === true && json['SuppressionReason'] === 'ManualSuppression' ? 'unsubscribe' : 'ignored', said)
    default:
      return toTold('ignored', said)
  }
}

function bounced(type: string, said: Parameters<typeof toTold>[1]): Told {
  if (type === 'SpamComplaint') return toTold('complaint', said)
  if (type === 'Unsubscribe') return toTold('unsubscribe', said)
  if (type === 'Transient') return toTold('delayed', said)
  return noBounces.has(type) ? toTold('ignored', said) : toTold('bounce', { ...said, isPermanent: permanent.has(type) })
}
