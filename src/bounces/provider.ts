/** What the readers of the providers' webhooks share: the shape they give, and how signatures and times are judged. */
import { timingSafeEqual } from 'node:crypto'
import type { Refusal } from '../core/errors.ts'
import { isObject } from '../core/parse.ts'
import type { Hook } from '../gateway/webhooks.ts'
import { plain, statusIn } from './fields.ts'

/** `bounce`: final, and the provider's own verdict; the others are no bounces. */
export type What = 'bounce' | 'complaint' | 'unsubscribe' | 'delayed' | 'delivered' | 'ignored'

/** One event as a provider tells it, made alike. */
export type Told = {
  what: What
  /** The provider calls it for good. */
  isPermanent: boolean
  status: string | null
  words: string
  mta: string | null
  recipient: string | null
  /** Message-IDs and envelope senders by which the letter may be known, the surest first. */
  ids: string[]
  /** When it happened, ms. */
  at: number
}

/** A call whose signature holds. `id`: what tells it from all others. */
export type Signed = { id: string; events: Told[] }

/** Reads a call of one provider: verifies its signature over the raw body, and only then looks at what it says. */
export type Reader = (hook: Hook, now: number) => Promise<Signed | Refusal> | Signed | Refusal

const signedMaxAgeMs = 300_000

/** A refusal for a signature that was made too long ago, or in the future; `text` counts seconds or milliseconds. */
export function lateOf(text: string, now: number): Refusal | null {
  if (!/^\d{9,13}$/.test(text)) return { refused: 'webhook.unsigned' }
  const at = Number(text) * (text.length > 11 ? 1 : 1_000)
  return Math.abs(now - at) <= signedMaxAgeMs ? null : { refused: 'webhook.late' }
}

/** In constant time, but for the lengths. */
export function isSameText(a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}

export type Json = Record<string, unknown>

/** The body as JSON; undefined when it is none. */
export function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown
  } catch {
    return undefined
  }
}

/** The body as one object; null when it is none. */
export function objectOf(body: Buffer): Json | null {
  const json = jsonOf(body)
  return isObject(json) ? json : null
}

export const headerOf = ({ headers }: Hook, name: string): string => {
  const value = headers[name]
  return typeof value === 'string' ? value : ''
}

export const text = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '')
export const inner = (value: unknown): Json => (isObject(value) ? value : {})
export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

/** ISO 8601, or seconds since 1970; `now` where it is neither, or in the future. */
export function timeOf(value: unknown, now: number): number {
  const at = typeof value === 'number' ? value * 1_000 : Date.parse(text(value))
  return Number.isFinite(at) ? Math.min(at, now) : now
}

/** An event with what all have filled in. */
export function toTold(
  what: What,
  {
    recipient,
    ids = [],
    words = '',
    status = '',
    mta = '',
    isPermanent = false,
    at,
  }: Partial<Record<'words' | 'status' | 'mta' | 'recipient', string>> & { ids?: string[]; isPermanent?: boolean; at: number },
): Told {
  const said = plain(words)
  return {
    what,
    isPermanent,
    status: statusIn(status) ?? statusIn(said),
    words: said,
    mta: plain(mta).slice(0, 100) || null,
    recipient:
      recipient === undefined || recipient === ''
        ? null
        : recipient
            .replace(/^.*<([^<>]*)>\s*$/, '$1')
            .trim()
            .toLowerCase(),
    ids: ids.filter((id) => id !== ''),
    at,
  }
}
