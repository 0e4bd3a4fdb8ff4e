/** Who may send: write keys, and the origins whose pages may use them. */
import type { Refusal } from '../core/errors.ts'

export type Key = { id: number; token: string; kind: 'public' | 'secret' }

export interface Keys {
  find(token: string): Key | undefined
}

/** What a request says about its key, and where it says it. */
export type Credentials = {
  authorization?: string | undefined
  /** From a body or a query: no place for a secret. */
  writeKey?: unknown
  origin?: string | undefined
}

/**
 * The key of a request, or why it may not send. The Authorization header (Bearer, or Basic with the key as user)
 * comes first; a secret key is good nowhere else, and not together with an Origin, which only browsers send.
 *
 *     findKey(keys, { authorization: 'Bearer sk_…' })            // { id, kind: 'secret', … }
 *     findKey(keys, { writeKey: 'sk_…', origin: 'https://a' })   // { refused: 'key.secret_in_browser' }
 */
export function findKey(keys: Keys, { authorization, writeKey, origin }: Credentials): Key | Refusal {
  const header = authorization === undefined ? undefined : toHeaderToken(authorization)
  const token = header ?? (typeof writeKey === 'string' && writeKey !== '' ? writeKey : undefined)
  if (token === undefined) return { refused: 'key.missing' }
  const key = keys.find(token)
  // By its name too, so that the answer does not tell whether such a secret exists.
  if (key?.kind === 'secret' || token.startsWith('sk_')) {
    if (origin !== undefined) return { refused: 'key.secret_in_browser' }
    if (header === undefined) return { refused: 'key.secret_required' }
  }
  return key ?? { refused: 'key.unknown' }
}

function toHeaderToken(authorization: string): string | undefined {
  const [, scheme, value] = /^(basic|bearer) +(\S+)$/i.exec(authorization.trim()) ?? []
  if (scheme === undefined || value === undefined) return undefined
  if (scheme.toLowerCase() === 'bearer') return value
  const user = Buffer.from(value, 'base64').toString().split(':', 1)[0]
  return user === '' ? undefined : user
}

/** Which pages may send. */
export type Origins = {
  /** As listed by the shop, such as `https://shop.example`. */
  listed: ReadonlySet<string>
  /** The server's own. */
  own: ReadonlySet<string>
  /** Bound to loopback: pages of this machine are let in as well. */
  loopback: boolean
}

const local = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/

/** Whether a page of this origin may send. Pure. */
export const isOriginAllowed = (origin: string, { listed, own, loopback }: Origins): boolean =>
  listed.has(origin) || own.has(origin) || (loopback && local.test(origin))

/** Whether a server bound to `host` can only be reached from its own machine. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
