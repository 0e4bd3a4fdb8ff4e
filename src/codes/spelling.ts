/**
 * How codes are spelt. Ours read `FERN-7K2Q-9XWM-3HTC`: twelve characters that nobody takes for one another, of which ten
 * are drawn from the letter's key (50 bits), one seals them (only who has the secret can tell it) and one checks the
 * typing: any single wrong character, and any two swapped, are noticed. What stands before the twelve is ornament.
 */
import { createHmac } from 'node:crypto'

const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const drawnChars = 10
const bodyChars = 12
const prefixCharsMax = 8

/** Codes of pools: as many characters as a letter shows, all of them printable ASCII. */
const poolCode = /^[\x21-\x7e](?:[\x20-\x7e]{0,38}[\x21-\x7e])?$/

/** As codes are compared: capitals, without spaces and dashes. The schema's triggers fold alike. */
export const fold = (text: string): string => text.toUpperCase().replaceAll(/[\s-]/g, '')

/** Whether a code may be in a pool. */
export const isPoolCode = (text: string): boolean => poolCode.test(text) && fold(text) !== ''

/** `Fern & Co` → `FERN`; nothing for a name without Latin letters. */
export const prefixOf = (shopName: string): string =>
  (
    shopName
      .normalize('NFKD')
      .replaceAll(/\p{M}/gu, '')
      .toUpperCase()
      .match(/[A-Z0-9]+/)?.[0] ?? ''
  ).slice(0, prefixCharsMax)

/** The body of a letter's own code. Deterministic; `nth` is above 0 only where an earlier one is another letter's already. */
export function makeBody(secret: string, key: string, nth = 0): string {
  const bytes = createHmac('sha256', secret)
    .update(nth === 0 ? `code/${key}` : `code/${key}/${nth}`)
    .digest()
  const drawn = Array.from(bytes.subarray(0, drawnChars), (byte) => letters[byte % 32]).join('')
  const sealed = drawn + sealOf(secret, drawn)
  return sealed + checkOf(sealed)
}

/** A body as a letter shows it. */
export const shownCode = (body: string, prefix: string): string =>
  [...(prefix === '' ? [] : [prefix]), body.slice(0, 4), body.slice(4, 8), body.slice(8)].join('-')

/**
 * What somebody typed. `made`: sealed by us, though perhaps not in this database; `mistyped`: meant to be one of ours, and
 * it cannot be; `other`: of a pool, or nothing we know. Needs no database.
 */
export type Spelt = { is: 'made' | 'mistyped' | 'other'; folded: string; body: string }

export function readSpelling(secret: string, prefix: string, text: string): Spelt {
  const folded = fold(text)
  const body = folded.slice(-bodyChars).replaceAll('O', '0').replaceAll(/[IL]/g, '1').replaceAll('U', 'V')
  const before = folded.slice(0, -bodyChars)
  const isWhole = body.length === bodyChars && before.length <= prefixCharsMax && isSpelt(body)
  if (isWhole && checkOf(body.slice(0, -1)) === body.at(-1)) {
    const isOurs = sealOf(secret, body.slice(0, drawnChars)) === body[drawnChars]
    return { is: isOurs ? 'made' : 'other', folded, body }
  }
  const isMeant = (isWhole && before === prefix) || (prefix !== '' && folded.startsWith(prefix))
  return { is: isMeant ? 'mistyped' : 'other', folded, body }
}

const isSpelt = (body: string): boolean => Array.from(body).every((letter) => letters.includes(letter))

const sealOf = (secret: string, drawn: string): string => letters[createHmac('sha256', secret).update(`code-seal/${drawn}`).digest()[0]! % 32]!

/** A weighted sum in the field of 32 elements, each position weighing something else. */
function checkOf(text: string): string {
  let sum = 0
  for (const letter of text) sum = doubled(sum ^ letters.indexOf(letter))
  return letters[sum]!
}

/** Times x, modulo x⁵ + x² + 1. */
const doubled = (n: number): number => (n & 16 ? ((n << 1) ^ 0b100101) & 31 : n << 1)
