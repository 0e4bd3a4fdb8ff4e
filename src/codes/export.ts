/** Codes as a CSV that a spreadsheet opens without running any of it. Pure. */
import type { CodeWithLetter } from '../store/codes.ts'

export type CodeState = 'free' | 'reserved' | 'redeemed' | 'expired'

/** How a code stands at `now`, ms. */
export function stateOf({ letter, redeemedAt, expiresAt }: Pick<CodeWithLetter, 'letter' | 'redeemedAt' | 'expiresAt'>, now: number): CodeState {
  if (redeemedAt !== null) return 'redeemed'
  if (letter === null) return 'free'
  return expiresAt !== null && expiresAt < now ? 'expired' : 'reserved'
}

export const csvHead = 'code,pool,state,percent,letter,template,customer,reserved,sent,expires,redeemed,order\n'

/** One line, with its end. */
export function csvLine(code: CodeWithLetter, now: number): string {
  const { percent, letter, template, customer, reservedAt, leftAt, expiresAt, redeemedAt, orderId } = code
  const cells = [
    code.code,
    code.pool,
    stateOf(code, now),
    percent,
    letter,
    template,
    customer,
    ...[reservedAt, leftAt, expiresAt, redeemedAt].map(instant),
    orderId,
  ]
  return `${cells.map(cell).join(',')}\n`
}

const instant = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

/** What a spreadsheet would take for a formula has a quote before it, which `readUpload` takes away again. */
function cell(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\n\r;]|^'|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
