import { domainToASCII } from 'node:url'

/** One party of a letter. `address` is an addr-spec that `addressOf` gave. */
export type Mailbox = { name?: string; address: string }

/**
 * The one plain address in `text`, or null.
 * Pure. Exactly one addr-spec: no display name, list, comment, quoted part or control character. The domain comes back
 * in lower case and, where it is international, in its ASCII form; the part before the @ stays as written, since it is
 * the receiving host's to read.
 *
 *     addressOf(' Ann@Example.COM ')  // 'Ann@example.com'
 *     addressOf('a@b.se, c@d.se')     // null
 */
export function addressOf(text: string): string | null {
  if (typeof text !== 'string' || text.length > textCharsMax) return null
  // Only spaces round it are forgiven: a line break inside or at the end is an attempt at something.
  const spec = text.replace(/^ +| +$/g, '')
  const at = spec.lastIndexOf('@')
  if (at < 1 || at > localCharsMax) return null
  const local = spec.slice(0, at)
  if (!localShape.test(local)) return null
  const domain = domainOf(spec.slice(at + 1))
  if (domain === null || local.length + 1 + domain.length > addressCharsMax) return null
  return `${local}@${domain}`
}

/**
 * The key under which an address is known and suppressed: lower case throughout, and trimmed.
 * Pure and idempotent; it takes anything, so that a broken address still has one key.
 */
export function normalAddress(text: string): string {
  return (addressOf(text) ?? text.trim()).toLowerCase()
}

/** The party that `Name <address>` or a bare address names, or null: for settings that people write. */
export function mailboxOf(text: string): Mailbox | null {
  const named = /^\s*(?:"((?:[^"\\]|\\.)*)"|([^"<>,;]*?))\s*<([^<>]*)>\s*$/.exec(text)
  if (!named) {
    const address = addressOf(text)
    return address === null ? null : { address }
  }
  const address = addressOf(named[3] ?? '')
  if (address === null) return null
  const name = (named[1]?.replaceAll(/\\(.)/g, '$1') ?? named[2] ?? '').trim()
  return name === '' ? { address } : { name, address }
}

const addressCharsMax = 254
const localCharsMax = 64
const textCharsMax = 1_000

/** A dot-atom of RFC 5322, ASCII only: most relays still refuse anything else before the @. */
const localShape = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const hostShape = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/

function domainOf(text: string): string | null {
  const lower = text.toLowerCase()
  if (hostShape.test(lower)) return lower
  // Letters, digits, marks, hyphens and dots of any script; whatever else there is, domainToASCII might map away.
  if (!/[^\x00-\x7f]/.test(lower) || !/^[\p{L}\p{N}\p{M}.-]+$/u.test(lower)) return null
  const ascii = domainToASCII(lower)
  return hostShape.test(ascii) ? ascii : null
}
