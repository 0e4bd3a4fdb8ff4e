import { expect, test } from 'vitest'
import { isLost, toReceipt } from './receipt.ts'
import type { Stage } from './receipt.ts'

type Row = [response: string, command: string, stage: Stage, expected: 'deferred' | 'failed' | 'hard' | 'unknown']

const rows: Row[] = [
  ['550 5.1.1 no such user', 'RCPT TO', 'envelope', 'hard'],
  ['550-5.1.1 The email account that you tried to reach does not exist.\n550 5.1.1 Try again', 'RCPT TO', 'envelope', 'hard'],
  ['550 No such user here', 'RCPT TO', 'envelope', 'hard'],
  ['551 user not local', 'RCPT TO', 'envelope', 'hard'],
  ['553 5.1.3 bad address syntax', 'RCPT TO', 'envelope', 'hard'],
  ['501 5.1.3 bad address syntax', 'RCPT TO', 'envelope', 'hard'],
  ['556 5.1.10 domain takes no mail', 'RCPT TO', 'envelope', 'hard'],
  ['550 5.1.1 no such user', 'DATA', 'body', 'hard'],
  ['554 5.1.1 no such user', 'DATA', 'body', 'hard'],
  ['550 5.7.1 relaying denied', 'RCPT TO', 'envelope', 'failed'],
  ['550 5.7.515 access denied', 'RCPT TO', 'envelope', 'failed'],
  ['550 5.1.8 sender’s domain not found', 'RCPT TO', 'envelope', 'failed'],
  ['550 5.1.7 bad sender', 'RCPT TO', 'envelope', 'failed'],
  ['550 looks like spam', 'DATA', 'body', 'failed'],
  ['552 5.2.2 mailbox full', 'RCPT TO', 'envelope', 'failed'],
  ['552 mailbox full', 'RCPT TO', 'envelope', 'failed'],
  ['554 5.7.1 spam', 'DATA', 'body', 'failed'],
  ['554 transaction failed', 'DATA', 'envelope', 'failed'],
  ['421 closing', 'MAIL FROM', 'envelope', 'deferred'],
  ['450 4.2.0 greylisted', 'RCPT TO', 'envelope', 'deferred'],
  ['451 try later', 'DATA', 'body', 'deferred'],
  ['452 4.2.2 over quota', 'RCPT TO', 'envelope', 'deferred'],
  // What is wrong with our session or login is no letter's fault.
  ['530 5.7.0 authentication required', 'MAIL FROM', 'envelope', 'deferred'],
  ['535 5.7.8 bad credentials', 'AUTH PLAIN', 'session', 'deferred'],
  ['554 no service here', 'CONN', 'session', 'deferred'],
  ['503 bad sequence', 'MAIL FROM', 'envelope', 'deferred'],
  ['550 5.1.1 sender unknown', 'MAIL FROM', 'envelope', 'deferred'],
  ['550 sender refused', 'MAIL FROM', 'envelope', 'deferred'],
  ['554 5.7.1 not from you', 'MAIL FROM', 'envelope', 'deferred'],
  // But a letter’s size is its own.
  ['552 5.3.4 too large', 'MAIL FROM', 'envelope', 'failed'],
  // What is no answer leaves open what it leaves open.
  ['hello there', 'DATA', 'body', 'unknown'],
  ['hello there', 'RCPT TO', 'envelope', 'deferred'],
  ['999 what', 'DATA', 'body', 'unknown'],
  ['354 go on', 'DATA', 'body', 'unknown'],
]

test.each(rows)('“%s” to %s means %4$s', (response, command, stage, expected) => {
  const responseCode = Number(/^\d+/.exec(response)?.[0]) || undefined
  const receipt = toReceipt(
    { message: `x: ${response}`, code: command === 'DATA' && stage === 'body' ? 'EMESSAGE' : 'EENVELOPE', command, response, responseCode },
    stage,
  )
  expect('hard' in receipt && receipt.hard ? 'hard' : receipt.state).toBe(expected)
  expect(receipt.reply).toBe(response)
})

test.each([
  ['554 no service here', 'CONN', 'session', true],
  ['535 bad credentials', 'AUTH PLAIN', 'session', true],
  ['530 authentication required', 'MAIL FROM', 'envelope', true],
  ['550 sender refused', 'MAIL FROM', 'envelope', true],
  ['hello there', 'RCPT TO', 'envelope', true],
  ['450 greylisted', 'RCPT TO', 'envelope', false],
  ['421 too many', 'MAIL FROM', 'envelope', false],
  ['451 later', 'DATA', 'body', false],
] as const)('“%s” to %s says of the relay itself: %4$s', (response, command, stage, isTransport) => {
  const receipt = toReceipt({ message: response, code: 'EENVELOPE', command, response, responseCode: Number(/^\d+/.exec(response)?.[0]) || undefined }, stage)
  expect('of' in receipt ? receipt.of : undefined).toBe(isTransport ? 'transport' : undefined)
})

test('a connection lost says nothing: for now before the first byte, unknown after it', () => {
  const lost = { message: 'Connection closed unexpectedly', code: 'ECONNECTION', command: 'CONN' }
  expect(isLost(lost)).toBe(true)
  expect((['session', 'envelope', 'body'] as const).map((stage) => toReceipt(lost, stage).state)).toEqual(['deferred', 'deferred', 'unknown'])
})

test('a half answer that a lost connection cut off is no answer once the letter had begun', () => {
  expect(toReceipt({ message: 'Connection closed', code: 'ECONNECTION', response: '550 5.1.1 no su', responseCode: 550 }, 'body').state).toBe('unknown')
})

test('a letter larger than the server takes is refused without asking it', () => {
  expect(toReceipt({ message: 'Message size larger than allowed 1000', code: 'EMESSAGE', command: 'MAIL FROM' }, 'envelope')).toMatchObject({
    state: 'failed',
    hard: false,
  })
})
