import { expect, test } from 'vitest'
import { limits } from '../core/limits.ts'
import type { Receipt } from '../core/world.ts'
import { toTell } from '../store/letters.ts'
import type { DueLetter } from '../store/letters.ts'
import { settle } from './settle.ts'

const now = Date.UTC(2026, 10, 23, 12)
const last = limits.letterAttemptsMax - 1
type Row = [what: string, letter: Partial<DueLetter>, receipt: Receipt, state: string, next: 'later' | 'never' | 'told', tells: string | null]

const rows: Row[] = [
  ['sent', {}, { state: 'sent', reply: 'ok' }, 'sent', 'told', 'mail.sent'],
  ['refused', {}, { state: 'failed', reply: 'no', hard: false }, 'failed', 'told', 'mail.failed'],
  ['bounced', {}, { state: 'failed', reply: 'no', hard: true }, 'failed', 'told', 'mail.bounced'],
  ['refused for now', {}, { state: 'deferred', reply: 'later' }, 'deferred', 'later', null],
  ['refused for now, the last time but one', { attempts: last - 1 }, { state: 'deferred', reply: 'later' }, 'deferred', 'later', null],
  ['refused for now, the last time', { attempts: last }, { state: 'deferred', reply: 'later' }, 'failed', 'told', 'mail.failed'],
  ['lost', {}, { state: 'unknown', reply: 'lost' }, 'unknown', 'never', null],
  ['lost, and may be resent', { resend: 1 }, { state: 'unknown', reply: 'lost' }, 'queued', 'later', null],
  ['lost at the last attempt, and may be resent', { resend: 1, attempts: last }, { state: 'unknown', reply: 'lost' }, 'queued', 'later', null],
]

test.each(rows)('a letter %s', (_what, letter, receipt, state, next, tells) => {
  const result = settle({ id: 1, attempts: 0, resend: 0, ...letter }, receipt, now)
  const { nextAt, resend } = result.settled
  expect([result.settled.state, nextAt === toTell ? 'told' : nextAt === null ? 'never' : 'later', result.tells]).toEqual([state, next, tells])
  expect(result.settled.reply).toContain(receipt.reply)
  expect(resend).toBe(receipt.state === 'unknown' ? 0 : (letter.resend ?? 0))
})
