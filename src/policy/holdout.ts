/**
 * Whom chance puts into which arm, by stable hashes: the same customer always, whatever happens. Pure.
 * 1. The lots of holdouts and of variants, and of each journey and letter, say nothing about one another.
 * 2. A customer goes by the id of the life: where two lives join, by the older one's from then on.
 */
import type { LetterRule } from '../kit/letter-rule.ts'

/** The holdout from all journeys. */
export const everywhere = '*'

/** What each of these is tried with: arm to share. */
export type Trials = { holdout: Readonly<Record<string, number>>; salt?: string }

/** The holdout that a customer is in, of those that this letter asks about; null when in none. */
export function heldBy(customer: number, rule: LetterRule, { holdout, salt }: Trials): string | null {
  // Whoever is asked to confirm is a customer's own affair.
  if (rule.asksConsent) return null
  for (const about of [everywhere, rule.journey]) if (isHeldOut(customer, about, holdout[about] ?? 0, salt)) return about
  return null
}

export function isHeldOut(customer: number, journey: string, share: number, salt = ''): boolean {
  return share > 0 && fraction(`${salt}${journey}/${customer}`) < share
}

/** The template that this customer gets in the letter's place; null: the letter's own. */
export function variantFor(customer: number, template: string, { variants }: Pick<LetterRule, 'variants'>, salt = ''): string | null {
  if (variants === undefined) return null
  let at = fraction(`variant/${salt}${template}/${customer}`)
  for (const [name, share] of Object.entries(variants)) if ((at -= share) < 0) return name
  return null
}

/** FNV-1a with a final mix, as a number from 0 up to 1. */
function fraction(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}
