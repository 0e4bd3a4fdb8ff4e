/**
 * Reads a finished letter as mail clients and filters would, and says in a marketer's words what they will make of it.
 * Pure and synchronous; HTML that no browser could make sense of is read as far as it goes, and never throws.
 */
import { checkClients } from './clients.ts'
import { checkContrast } from './contrast.ts'
import { checkLinks } from './destinations.ts'
import { checkFilters } from './filters.ts'
import { checkLeaving } from './leaving.ts'
import { checkPictures } from './pictures.ts'
import { readLetter } from './reading.ts'
import type { Check, FinishedLetter } from './reading.ts'
import { checkSize } from './size.ts'

/**
 * All checks of a letter, in the order they are best read.
 *
 *     const checks = lintLetter({ subject, html, text, headers, sizeBytes, destinations })
 *     const worries = checks.filter(({ result }) => result === 'bad')
 */
export function lintLetter(letter: FinishedLetter): Check[] {
  const reading = readLetter(letter)
  return [checkClients, checkPictures, checkContrast, checkLeaving, checkLinks, checkSize, checkFilters].map((check) => check(reading))
}
