import { expect, test } from 'vitest'
import { adviceOf, meaningOf, waitOf } from './refusal.ts'
import type { Advice } from './refusal.ts'

const minute = 60_000
type Row = [reply: string, isStranger: boolean, kind: Advice['kind'], waitMs: number | null]

const rows: Row[] = [
  ['450 4.2.0 <anna@example.com>: Recipient address rejected: Greylisted, see http://postgrey.example', false, 'greylisted', null],
  ['451 4.7.1 Greylisting in action, please come back later', false, 'greylisted', null],
  ['450 4.7.1 You are greylisted for 300 seconds', false, 'greylisted', 5 * minute],
  ['451 4.7.1 Grey-listed, try again in 00:05:00', false, 'greylisted', 5 * minute],
  ['450 4.7.1 Service unavailable', true, 'greylisted', null],
  ['451 4.3.0 try later', true, 'greylisted', null],
  ['451 4.3.0 try later', false, 'later', null],
  ['452 4.3.1 Insufficient system storage', true, 'later', null],
  ['421 4.7.0 Too many connections from your host', false, 'slow', null],
  ['421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your IP', false, 'slow', null],
  ['421 RP-001 The mail server IP connecting has exceeded the rate limit allowed', false, 'slow', null],
  ['421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume', false, 'slow', null],
  ['452 4.5.3 Too many messages, retry after 2 minutes', false, 'slow', 2 * minute],
  ['450 4.7.1 Rate limit exceeded, try again in 1 hour', true, 'slow', 60 * minute],
  ['451 4.7.650 The mail server has been temporarily rate limited', false, 'slow', null],
  // Of one mailbox, and none of its domain's business.
  ['450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages', true, 'later', null],
  ['452 4.2.2 The mailbox is over quota', true, 'later', null],
  ['421 4.3.2 closing for maintenance', false, 'later', null],
  // No answer to a letter at all.
  ['connect ECONNREFUSED 127.0.0.1:25', true, 'transport', null],
  ['the server took too long', false, 'transport', null],
]

test.each(rows)('“%s” (a stranger: %s) asks us to treat it as %s', (reply, isStranger, kind, waitMs) => {
  expect(adviceOf({ state: 'deferred', reply }, isStranger)).toEqual({ kind, waitMs })
})

test('what the relay says of itself is never the domain’s fault, whatever its words', () => {
  expect(adviceOf({ state: 'deferred', reply: '421 too many connections', of: 'transport' }, true).kind).toBe('transport')
})

test.each([
  ['try again in 5 minutes', 5 * minute],
  ['wait 90 seconds', 90_000],
  ['Retry-After: 120', 120_000],
  ['retry in 2h', 120 * minute],
  ['please wait 1 s', 10_000],
  ['come back in 99999 hours', 360 * minute],
  ['in 00:10:00', 10 * minute],
  ['try again later', null],
  ['see http://example.com/in 5', null],
  ['error in 5 messages', null],
])('“%s” names a wait of %s ms', (reply, ms) => {
  expect(waitOf(`450 ${reply}`)).toBe(ms)
})

test.each([
  ['550 5.1.1 No such user here', /no such mailbox/],
  ['550 5.7.515 Access denied, sending domain does not meet', /SPF, DKIM and DMARC/],
  ['given up after 12 attempts: 450 4.2.0 Greylisted', /Greylisting/],
  ['535 5.7.8 Authentication credentials invalid', /login/],
  ['550 5.7.1 Service unavailable, client host blocked using Spamhaus', /blocklist/],
  ['connect ECONNREFUSED 127.0.0.1:25', /Nobody answered/],
  ['250 2.0.0 Ok: queued', /Taken/],
  ['552 5.3.4 Message size exceeds fixed limit', /larger/],
  ['421 4.7.0 Too many messages', /more slowly/],
  ['xyzzy', /does not know/],
])('“%s” is told in plain words', (reply, words) => {
  expect(meaningOf(reply)).toMatch(words)
})
