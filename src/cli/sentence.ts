import { BeckonError } from '../core/errors.ts'

/** One sentence, its code, and what to do. */
export function sentenceOf(error: unknown): string {
  if (error instanceof BeckonError) return `beckon: ${error.message.replace(/\.$/, '')}. ${error.hint} [${error.code}]`
  return `beckon: ${error instanceof Error ? error.message : String(error)} [unexpected; BECKON_DEBUG=1 shows where]`
}
