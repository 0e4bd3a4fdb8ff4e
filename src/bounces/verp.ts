/**
 * The addresses that letters bounce to. Each letter has one of its own, signed, so that what comes back names its letter
 * and nobody can make one up; feedback loops are told one more, the same for all.
 * Relays fold case, so the alphabet is that of base32 in lower case; the part before the @ has 47 characters of 64.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

export type Verp = {
  domain: string
  /** Where the letter with this token bounces to. */
  addressFor(token: string): string
  /** The address to give to feedback loops. */
  feedback: string
  /** What an address is: a letter's, the one for feedback loops, or, null, none of ours. Constant time in the signature. */
  read(address: string): { token: string } | 'feedback' | null
}

/**
 * Pure: the same secret and domain give the same addresses.
 *
 *     const verp = createVerp(secret, 'bounces.shop.example')
 *     verp.addressFor(letter.token)  // b+4kq….7x2…@bounces.shop.example
 */
export function createVerp(secret: string, domain: string): Verp {
  const mark = (what: string): string => toBase32(createHmac('sha256', secret).update(what).digest().subarray(0, 10))
  const addressFor = (token: string) => `b+${toBase32(bytesOf(token))}.${mark(`bounce/${token}`)}@${domain}`
  const feedback = `f+${mark('feedback')}@${domain}`
  return {
    domain,
    addressFor,
    feedback,
    read(address) {
      const text = address.toLowerCase()
      if (isSame(text, feedback)) return 'feedback'
      const written = /^b\+([a-z2-7]{28})\.[a-z2-7]{16}@/.exec(text)?.[1]
      if (written === undefined) return null
      const token = tokenOf(written)
      return token !== null && isSame(text, addressFor(token)) ? { token } : null
    },
  }
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'
/** Of a letter's token in base64url (mail/links.ts): 132 bits. */
const tokenChars = 22

/** A token's 132 bits, and four of nothing. */
const bytesOf = (token: string): Uint8Array => Buffer.from(`${token}A`, 'base64url')

function tokenOf(text: string): string | null {
  const bytes = fromBase32(text)
  // The last byte has four bits of the token; a text that differs only past them is caught by its signature.
  const token = bytes.toString('base64url').slice(0, tokenChars)
  return token.length === tokenChars ? token : null
}

function toBase32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet[(held >> bits) & 31]
    }
  }
  return bits === 0 ? text : text + alphabet[(held << (5 - bits)) & 31]
}

function fromBase32(text: string): Buffer {
  const bytes: number[] = []
  let bits = 0
  let held = 0
  for (const char of text) {
    held = ((held << 5) | alphabet.indexOf(char)) & 0xfff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes.push((held >> bits) & 255)
  }
  return Buffer.from(bytes)
}

function isSame(a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}
