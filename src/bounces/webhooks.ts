/**
 * What mail providers tell of letters, made outcomes of.
 * 1. Nothing a call says is looked at before its signature holds.
 * 2. A call is taken once; it is known as taken only when all it says is durable, so that one cut short may come again.
 * 3. A letter is known by the id it went out with, or else it is the last that left for the address before the event.
 * Providers' opens and clicks are left out: they do not tell people from machines, and our own links do.
 */
import { isRefusal } from '../core/errors.ts'
import type { Clock } from '../core/world.ts'
import type { Webhooks } from '../gateway/webhooks.ts'
import type { Letters, StoredLetter } from '../store/letters.ts'
import { classifyAs } from './classify.ts'
import { addressIn } from './fields.ts'
import type { Ledger } from './ledger.ts'
import { createMailgun } from './mailgun.ts'
import { createPostmark } from './postmark.ts'
import type { Reader, Told } from './provider.ts'
import { createResend } from './resend.ts'
import { createSendgrid } from './sendgrid.ts'
import { createSes } from './ses.ts'
import { tokenOfMessageId } from './tokens.ts'
import type { Verp } from './verp.ts'

export const providers = ['ses', 'sendgrid', 'mailgun', 'postmark', 'resend'] as const
export type Provider = (typeof providers)[number]

/** A provider without its secret is not listened to. */
export type WebhookSecrets = {
  /** ARNs of SNS topics. */
  sesTopics?: readonly string[]
  sendgrid?: string
  mailgun?: string
  postmark?: string
  resend?: string
}

export type WebhooksOptions = {
  secrets: WebhookSecrets
  verp: Verp | null
  letters: Pick<Letters, 'byToken' | 'lastSentTo'>
  ledger: Ledger
  clock: Clock
  fetchText: (url: string) => Promise<string>
}

/** Calls that were taken are remembered for as long as their signatures hold, both ways. */
const rememberMs = 900_000
const rememberMax = 50_000

export function createWebhooks(options: WebhooksOptions): Webhooks & { isOn(provider: Provider): boolean } {
  const { verp, letters, ledger, clock } = options
  const readers = readersOf(options)
  const taken = new Map<string, number>()

  function isTaken(id: string, now: number): boolean {
    for (const [old, until] of taken) {
      if (until > now && taken.size < rememberMax) break
      taken.delete(old)
    }
    return taken.has(id)
  }

  function letterOf({ ids, recipient, at }: Told): StoredLetter | undefined {
    for (const id of ids) {
      const read = verp?.read(addressIn(id) ?? '') ?? null
      const token = read !== null && read !== 'feedback' ? read.token : tokenOfMessageId(id)
      const letter = token === null ? undefined : letters.byToken(token)
      if (letter !== undefined) return letter
    }
    return recipient === null ? undefined : letters.lastSentTo(recipient, at)
  }

  /** Resolves to what it was, once it is durable. */
  async function takeEvent(told: Told, source: string): Promise<string> {
    if (told.what !== 'bounce' && told.what !== 'complaint' && told.what !== 'unsubscribe') return told.what
    const letter = letterOf(told)
    if (letter === undefined) return 'unknown letter'
    if (told.what === 'unsubscribe') {
      await ledger.unsubscribe(letter)
      return told.what
    }
    const { status, words, mta } = told
    const verdict = told.what === 'complaint' ? ({ kind: 'complaint', reason: 'spam' } as const) : classifyAs(told.isPermanent, status, words)
    return (await ledger.book(letter, { ...verdict, status, words, mta, source })) ? told.what : 'repeat'
  }

  return {
    isOn: (provider) => readers.has(provider),
    async take(provider, hook) {
      if (!(providers as readonly string[]).includes(provider)) return { refused: 'webhook.unknown', about: provider.slice(0, 40) }
      const reader = readers.get(provider as Provider)
      if (reader === undefined) return { refused: 'webhook.off', about: provider }
      const now = clock.now()
      const signed = await reader(hook, now)
      if (isRefusal(signed)) return signed
      const id = `${provider}/${signed.id}`
      const source = `webhook:${provider}`
      if (isTaken(id, now)) {
        ledger.hear(source, 'repeat')
        return { events: 0 }
      }
      const heard = await Promise.all(signed.events.map((told) => takeEvent(told, source)))
      for (const [what, all] of Map.groupBy(heard, (one) => one)) ledger.hear(source, what, all.length)
      if (heard.length === 0) ledger.hear(source, 'greeting')
      taken.set(id, now + rememberMs)
      return { events: heard.length }
    },
  }
}

function readersOf({ secrets, fetchText }: WebhooksOptions): Map<Provider, Reader> {
  const { sesTopics = [], sendgrid, mailgun, postmark, resend } = secrets
  const readers = new Map<Provider, Reader>()
  if (sesTopics.length > 0) readers.set('ses', createSes({ topics: new Set(sesTopics), fetchText }))
  if (sendgrid !== undefined) readers.set('sendgrid', createSendgrid(sendgrid))
  if (mailgun !== undefined) readers.set('mailgun', createMailgun(mailgun))
  if (postmark !== undefined) readers.set('postmark', createPostmark(postmark))
  if (resend !== undefined) readers.set('resend', createResend(resend))
  return readers
}
