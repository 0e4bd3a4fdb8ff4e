/** What an SMTP server's answer, or its silence, means for a letter. Pure. */
import type { Receipt } from '../core/world.ts'

/** What nodemailer says of a command that failed. */
export type SmtpFailure = {
  message: string
  code?: string | undefined
  command?: string | undefined
  response?: string | undefined
  responseCode?: number | undefined
}

/**
 * How far the letter had come: `session` before it was spoken of, `envelope` before its first byte left, `body` after.
 */
export type Stage = 'session' | 'envelope' | 'body'

/** The receipt for a failure. Only an answer to the letter itself can refuse it, and only silence after its first byte leaves it open (R4). */
export function toReceipt(failure: SmtpFailure, stage: Stage): Receipt {
  const reply = replyOf(failure)
  if (stage === 'session') return { state: 'deferred', reply, of: 'transport' }
  if (isTooLarge(failure)) return { state: 'failed', reply, hard: false }
  const answer = answerOf(failure)
  if (answer === null) return stage === 'body' ? { state: 'unknown', reply } : { state: 'deferred', reply, of: 'transport' }
  if (sessionCodes.has(answer) || isOfSender(answer, failure)) return { state: 'deferred', reply, of: 'transport' }
  if (answer < 500) return { state: 'deferred', reply }
  return { state: 'failed', reply, hard: isHard(answer, failure) }
}

/** Nothing was said about the letter: the connection ended, or is about to. */
export const isLost = (failure: SmtpFailure): boolean => answerOf(failure) === null || failure.responseCode === 421

/** The server's answer to a command about the letter, 400 to 599, or null where there is none. */
function answerOf({ code, responseCode }: SmtpFailure): number | null {
  if (responseCode === undefined || responseCode < 400 || responseCode > 599) return null
  return code === 'EENVELOPE' || code === 'EMESSAGE' || responseCode === 421 ? responseCode : null
}

/** Says something of our session or login, nothing of the letter: bad sequence, authentication needed or refused. */
const sessionCodes = new Set([503, 530, 534, 535, 538])

/** Our own sender is refused, which no letter can help; but that a letter is too large is said there too. */
const isOfSender = (answer: number, { command }: SmtpFailure): boolean => command === 'MAIL FROM' && answer >= 500 && answer !== 552

/** Whether the recipient's address itself is bad. 5.1.7 and 5.1.8 are about the sender's. */
function isHard(answer: number, { command, response = '' }: SmtpFailure): boolean {
  if (command === 'MAIL FROM') return false
  const enhanced = /^\d{3}[ -](5\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1]
  if (enhanced !== undefined) return /^5\.1\.(?:[0-46]|10)$/.test(enhanced)
  return command === 'RCPT TO' && (answer === 550 || answer === 551 || answer === 553)
}

/** nodemailer looks at the size that the server announced before it says a word. */
const isTooLarge = ({ code, responseCode, message }: SmtpFailure): boolean =>
  code === 'EMESSAGE' && responseCode === undefined && message.startsWith('Message size larger')

const replyOf = ({ response, message }: SmtpFailure): string => (response === undefined || response === '' ? message : response)
