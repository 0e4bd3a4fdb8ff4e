import { describe, expect, test } from 'vitest'
import { classify, classifyAs, isWornOut, meanings } from './classify.ts'

describe('what a refusal means', () => {
  test.each([
    ['5.1.1', '550 5.1.1 The email account that you tried to reach does not exist.', 'hard', 'no-mailbox'],
    ['5.1.1', '', 'hard', 'no-mailbox'],
    ['5.1.0', '550 5.1.0 Address rejected', 'hard', 'no-mailbox'],
    ['5.1.2', 'Host unknown', 'hard', 'no-domain'],
    ['5.1.3', '501 5.1.3 Bad address syntax', 'hard', 'no-mailbox'],
    ['5.1.6', 'mailbox has moved', 'hard', 'moved'],
    ['5.1.10', '550 5.1.10 RESOLVER.ADR.RecipientNotFound', 'hard', 'no-mailbox'],
    ['5.1.10', '556 5.1.10 The domain has a null MX', 'hard', 'no-domain'],
    ['5.2.1', '550 5.2.1 The account that you tried to reach is disabled', 'hard', 'disabled'],
    ['5.4.1', '550 5.4.1 Recipient address rejected: Access denied. AS(201806281)', 'hard', 'no-mailbox'],
    ['5.4.4', 'Host or domain name not found. Name service error for name=gone.example type=AAAA: Host not found', 'hard', 'no-domain'],
    ['5.0.0', 'Unrouteable address', 'hard', 'no-mailbox'],
    ['5.5.0', '550 5.5.0 Requested action not taken: mailbox unavailable', 'hard', 'no-mailbox'],
    [null, '550 User unknown in virtual mailbox table', 'hard', 'no-mailbox'],
    [null, '554 delivery error: dd This user doesn’t have a mail.example account'.replace('’', "'"), 'hard', 'no-mailbox'],
    [null, '554 30 Sorry, your message cannot be delivered. This mailbox is disabled', 'hard', 'disabled'],

    ['5.2.2', '552 5.2.2 The mailbox is over quota', 'soft', 'full'],
    [null, '552 mailbox full', 'soft', 'full'],
    ['5.2.3', 'Message too large', 'soft', 'too-large'],
    ['5.7.1', '550 5.7.1 Message rejected due to content', 'soft', 'policy'],
    ['5.7.26', 'This mail is unauthenticated', 'soft', 'policy'],
    ['5.7.1', '550 5.7.1 User unknown to us, or so we say', 'soft', 'policy'],
    ['5.1.1', '550 5.1.1 Blocked, see spamhaus for why', 'soft', 'policy'],
    ['5.1.8', 'Sender address rejected: Domain not found', 'soft', 'policy'],
    ['5.0.0', '550 SC-001 Messages from 192.0.2.1 were not sent: part of their network is on our block list', 'soft', 'policy'],
    ['4.4.7', 'delivery time expired', 'soft', 'unreachable'],
    ['4.2.2', 'mailbox full', 'soft', 'full'],
    ['4.1.1', 'user unknown (try later)', 'soft', 'unreachable'],
    ['5.0.0', 'something else', 'soft', 'unclear'],
    [null, '', 'soft', 'unclear'],
  ])('%s %s is %s: %s', (status, words, kind, reason) => {
    expect(classify(status, words)).toEqual({ kind, reason })
    expect(meanings[classify(status, words).reason]).not.toBe('')
  })

  test('a provider that calls a block permanent does not cost the customer their letters', () => {
    expect(classifyAs(true, '5.7.1', 'blocked')).toEqual({ kind: 'soft', reason: 'policy' })
    expect(classifyAs(true, null, '')).toEqual({ kind: 'hard', reason: 'no-mailbox' })
    expect(classifyAs(false, '5.1.1', 'no such user')).toEqual({ kind: 'soft', reason: 'unclear' })
  })
})

describe('soft bounces that go on and on', () => {
  const day = 86_400_000
  const now = 100 * day
  /** Days before now, the newest first. */
  const soft = (...days: number[]) => days.map((ago) => ({ at: now - ago * day, state: 'sent', isSoft: true }))
  const arrived = (ago: number) => ({ at: now - ago * day, state: 'sent', isSoft: false })

  test('five in a row over two weeks wear an address out, and not a day or a letter less', () => {
    expect(isWornOut(soft(0, 3, 6, 10, 14), now)).toBe(true)
    expect(isWornOut(soft(0, 3, 6, 10, 13), now)).toBe(false)
    expect(isWornOut(soft(0, 6, 10, 14), now)).toBe(false)
    expect(isWornOut(soft(0, 1, 2, 3, 4, 5, 6), now)).toBe(false)
  })

  test('a letter that arrived in between ends the run; one that may still come back does not', () => {
    expect(isWornOut([...soft(0, 3, 6), arrived(8), ...soft(10, 14)], now)).toBe(false)
    expect(isWornOut([arrived(1), ...soft(2, 3, 6, 10, 14)], now)).toBe(true)
  })

  test('a letter that never left says nothing', () => {
    expect(isWornOut([...soft(0, 3, 6), { at: now - 8 * day, state: 'failed', isSoft: false }, ...soft(10, 14)], now)).toBe(true)
  })
})
