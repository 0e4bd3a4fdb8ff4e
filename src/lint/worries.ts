/** Of a letter's checks, what its template can be blamed for: not where a shop lies, nor what relays add. */
import { lintLetter } from './lint.ts'
import type { Finding } from './reading.ts'

/** What may go wrong in Gmail, Apple Mail or Outlook, with pictures, colours or size; empty when nothing. Pure. */
export function worriesOf({ subject, html, text }: { subject: string; html: string; text: string }): Finding[] {
  const checks = lintLetter({ subject, html, text, headers: [], sizeBytes: Buffer.byteLength(html) + Buffer.byteLength(text), destinations: {} })
  return checks
    .filter(({ id }) => blamed.has(id))
    .flatMap(({ id, items }) => items.filter(({ result, words }) => (result === 'warn' || result === 'bad') && (id !== 'clients' || major.test(words))))
}

const blamed = new Set(['clients', 'alt', 'contrast', 'size'])
/** Of other clients' lacks the inbox tells; "only in" says that all but those named lack it. */
const major = /Gmail|Apple Mail|Outlook|only in|in none/
