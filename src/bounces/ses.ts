/**
 * Amazon SES, which speaks through SNS topics.
 * 1. A message counts when its signature fits a certificate that was fetched over https from SNS itself; no other address
 *    is ever fetched from.
 * 2. Only listed topics are heard, and only theirs is a subscription confirmed.
 * SNS stamps a message when it is published and tells it again for hours, so a day of age is no fault of its own.
 */
import { X509Certificate, verify } from 'node:crypto'
import type { Refusal } from '../core/errors.ts'
import { inner, list, objectOf, text, timeOf, toTold } from './provider.ts'
import type { Json, Reader, Told } from './provider.ts'

export type SesOptions = {
  /** ARNs. */
  topics: ReadonlySet<string>
  /** What an https URL answers, as text; rejects on anything but 200. */
  fetchText: (url: string) => Promise<string>
}

/** SNS tells a message again for up to a day. */
const ageMaxMs = 86_400_000
const aheadMaxMs = 300_000
const certificatesMax = 16

export function createSes({ topics, fetchText }: SesOptions): Reader {
  const certificates = new Map<string, X509Certificate>()

  async function certificateAt(url: string, now: number): Promise<X509Certificate | null> {
    if (!isOfSns(url, /^\/SimpleNotificationService-[A-Za-z0-9]+\.pem$/)) return null
    let found = certificates.get(url)
    if (found === undefined) {
      found = new X509Certificate(await fetchText(url))
      if (certificates.size >= certificatesMax) certificates.clear()
      certificates.set(url, found)
    }
    return Date.parse(found.validFrom) <= now && now <= Date.parse(found.validTo) ? found : null
  }

  async function refusalOf(message: Json, now: number): Promise<Refusal | null> {
    if (!topics.has(text(message['TopicArn']))) return { refused: 'webhook.topic_unlisted', about: text(message['TopicArn']).slice(0, 200) }
    const hash = message['SignatureVersion'] === '2' ? 'sha256' : message['SignatureVersion'] === '1' ? 'sha1' : null
    const signed = canonical(message)
    const certificate = await certificateAt(text(message['SigningCertURL']), now)
    if (hash === null || signed === null || certificate === null) return { refused: 'webhook.unsigned' }
    if (!verify(hash, Buffer.from(signed), certificate.publicKey, Buffer.from(text(message['Signature']), 'base64'))) return { refused: 'webhook.unsigned' }
    const at = Date.parse(text(message['Timestamp']))
    return at <= now + aheadMaxMs && at >= now - ageMaxMs ? null : { refused: 'webhook.late' }
  }

  return async (hook, now) => {
    const message = objectOf(hook.body)
    if (message === null) return { refused: 'webhook.invalid' }
    const refusal = await refusalOf(message, now)
    if (refusal !== null) return refusal
    const id = text(message['MessageId'])
    if (message['Type'] === 'SubscriptionConfirmation') {
      const url = text(message['SubscribeURL'])
      if (!isOfSns(url, /^\/$/)) return { refused: 'webhook.unsigned' }
      await fetchText(url)
      return { id, events: [] }
    }
    if (message['Type'] !== 'Notification') return { id, events: [] }
    const said = objectOf(Buffer.from(text(message['Message'])))
    // SES greets a new topic in plain words.
    return { id, events: said === null ? [] : toEvents(said, now) }
  }
}

/** Whether a URL is one of SNS' own. */
function isOfSns(url: string, path: RegExp): boolean {
  const parsed = URL.parse(url)
  if (parsed === null || parsed.protocol !== 'https:' || parsed.port !== '' || parsed.username !== '' || parsed.password !== '') return false
  return /^sns\.[a-z]{2}(?:-[a-z]+)+-\d\.amazonaws\.com(?:\.cn)?$/.test(parsed.hostname) && path.test(parsed.pathname)
}

/** What SNS signs: some of the fields, in order, each as its name and its value on lines of their own. Null: of an unknown type. */
function canonical(message: Json): string | null {
  const type = text(message['Type'])
  const names =
    type === 'Notification'
      ? ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
      : type === 'SubscriptionConfirmation' || type === 'UnsubscribeConfirmation'
        ? ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']
        : null
  return names?.flatMap((name) => (message[name] === undefined || message[name] === null ? [] : [`${name}\n${text(message[name])}\n`])).join('') ?? null
}

function toEvents(said: Json, now: number): Told[] {
  const mail = inner(said['mail'])
  const ids = [
    text(mail['source']),
    text(inner(mail['commonHeaders'])['messageId']),
    ...list(mail['headers'])
      .map(inner)
      .filter(isMessageId)
      .map((header) => text(header['value'])),
  ]
  const bounce = inner(said['bounce'])
  const complaint = inner(said['complaint'])
  const to = list(mail['destination']).map((recipient) => ({ emailAddress: recipient }))
  const each = (among: unknown, event: (about: Json) => Told) => list(among).map(inner).map(event)
  switch (said['notificationType'] ?? said['eventType']) {
    case 'Bounce':
      return each(bounce['bouncedRecipients'], (about) => bounced(bounce, about, ids, now))
    case 'Complaint': {
      const type = complaint['complaintFeedbackType']
      const what = type === 'not-spam' || type === 'auth-failure' ? 'ignored' : 'complaint'
      const words = text(type) || text(complaint['complaintSubType'])
      return each(complaint['complainedRecipients'], (about) =>
        toTold(what, { words, ids, recipient: text(about['emailAddress']), at: timeOf(complaint['timestamp'], now) }),
      )
    }
    case 'Delivery':
      return each(to, (about) => toTold('delivered', { ids, recipient: text(about['emailAddress']), at: now }))
    case 'DeliveryDelay':
      return each(to, (about) => toTold('delayed', { ids, recipient: text(about['emailAddress']), at: now }))
    default:
      return [toTold('ignored', { at: now })]
  }
}

const isMessageId = ({ name }: Json): boolean => text(name).toLowerCase() === 'message-id'

function bounced(bounce: Json, about: Json, ids: string[], now: number): Told {
  const isPermanent = bounce['bounceType'] === 'Permanent'
  const status = text(about['status'])
  const words = text(about['diagnosticCode']).replace(/^\s*smtp\s*;/i, '') || [bounce['bounceType'], bounce['bounceSubType']].map(text).join(' ')
  // A transient one without a status is mostly somebody's reply that they are away.
  const isReply = !isPermanent && bounce['bounceSubType'] === 'General' && status === '' && about['diagnosticCode'] === undefined
  return toTold(isReply ? 'ignored' : 'bounce', {
    isPermanent,
    status,
    words,
    mta: text(bounce['reportingMTA']).replace(/^[^;]*;\s*/, ''),
    ids,
    recipient: text(about['emailAddress']),
    at: timeOf(bounce['timestamp'], now),
  })
}
