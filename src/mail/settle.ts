/** What a receipt makes of a letter, and what its customer is told of it. Pure (R4). */
import type { Outcome } from '../actors/intake.ts'
import { limits } from '../core/limits.ts'
import type { Receipt } from '../core/world.ts'
import { toTell } from '../store/letters.ts'
import type { DueLetter, Settled } from '../store/letters.ts'
import { retryMs } from './backoff.ts'
import type { Advice } from './refusal.ts'

export type Settlement = { settled: Settled; tells: Outcome['type'] | null }

/** `letter` as it was before this attempt; `advice`: what an answer for now asks of us. */
export function settle(letter: Pick<DueLetter, 'id' | 'attempts' | 'resend'>, receipt: Receipt, now: number, advice: Advice | null = null): Settlement {
  const { settled, tells } = outcome(letter, receipt, now, advice)
  return { settled: receipt.via === undefined ? settled : { ...settled, post: receipt.via }, tells }
}

function outcome(
  { id, resend, attempts: before }: Pick<DueLetter, 'id' | 'attempts' | 'resend'>,
  receipt: Receipt,
  now: number,
  advice: Advice | null,
): Settlement {
  const { reply } = receipt
  const attempts = before + 1
  const retryAt = now + retryMs(id, attempts, advice)
  switch (receipt.state) {
    case 'sent':
      return { settled: { state: 'sent', nextAt: toTell, reply, resend }, tells: 'mail.sent' }
    case 'failed':
      return { settled: { state: 'failed', nextAt: toTell, reply, resend }, tells: receipt.hard ? 'mail.bounced' : 'mail.failed' }
    case 'deferred':
      if (attempts < limits.letterAttemptsMax) return { settled: { state: 'deferred', nextAt: retryAt, reply, resend }, tells: null }
      return { settled: { state: 'failed', nextAt: toTell, reply: `given up after ${attempts} attempts: ${reply}`, resend }, tells: 'mail.failed' }
    case 'unknown':
      if (resend === 1) return { settled: { state: 'queued', nextAt: retryAt, reply, resend: 0 }, tells: null }
      return { settled: { state: 'unknown', nextAt: null, reply, resend }, tells: null }
  }
}
