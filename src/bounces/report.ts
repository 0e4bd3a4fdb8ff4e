/**
 * Reads what mail servers send back: delivery reports (RFC 3464), feedback reports (RFC 5965), bounces in plain words,
 * and the replies of people's absence, which are no bounces. Never throws: what cannot be read is `unreadable`.
 */
import PostalMime from 'postal-mime'
import type { Email } from 'postal-mime'
import { addressIn, fieldsOf, groupsOf, plain, statusIn } from './fields.ts'
import type { Fields } from './fields.ts'

export type Report =
  /** For good, as far as the sender of the report is concerned. `status`: the most precise one it gave. */
  | { what: 'bounce'; status: string | null; words: string; mta: string | null }
  /** `original`: addresses and Message-IDs by which the letter may be known. */
  | { what: 'complaint'; words: string; mta: string | null; original: string[] }
  /** Not final, or good news. */
  | { what: 'delayed' | 'delivered' }
  | { what: 'auto-reply' | 'ignored' | 'unreadable' }

/** A report stands at the beginning; behind it comes at most the letter itself. Taking apart costs 17 µs a line, however short. */
const readBytesMax = 128 * 1024
const readLinesMax = 2_000

export async function readReport(raw: Uint8Array): Promise<Report> {
  let email: Email
  try {
    email = await PostalMime.parse(beginningOf(raw), { forceRfc822Attachments: true, attachmentEncoding: 'utf8', maxNestingDepth: 16 })
  } catch {
    return { what: 'unreadable' }
  }
  return (
    readFeedback(email) ??
    readStatus(email) ??
    (isAutoReply(email) && !isBounceBy(email) ? { what: 'auto-reply' as const } : null) ??
    readWords(email) ?? { what: 'unreadable' }
  )
}

function beginningOf(raw: Uint8Array): Uint8Array {
  let end = -1
  for (let lines = 0; lines < readLinesMax; lines++) {
    end = raw.indexOf(10, end + 1)
    if (end < 0 || end >= readBytesMax) return raw.subarray(0, readBytesMax)
  }
  return raw.subarray(0, end + 1)
}

const headerOf = (email: Email, name: string): string => email.headers.find(({ key }) => key === name)?.value ?? ''

const partOf = (email: Email, type: RegExp): string | null => {
  const found = email.attachments.find(({ mimeType }) => type.test(mimeType))
  return typeof found?.content === 'string' ? found.content : null
}

/** RFC 5965. Not every feedback is a complaint: some report that a letter was no spam, or how it was authenticated. */
function readFeedback(email: Email): Report | null {
  const part = partOf(email, /^message\/feedback-report$/i)
  if (part === null) return null
  const fields = fieldsOf(part)
  const type = (fields['feedback-type'] ?? 'abuse').trim().toLowerCase()
  if (/^(?:not-spam|auth-failure|dmarc)$/.test(type)) return { what: 'ignored' }
  const letter = fieldsOf(partOf(email, /^(?:message\/rfc822|text\/rfc822-headers)$/i) ?? '')
  const original = [fields['original-mail-from'], letter['return-path'], letter['message-id'], fields['original-envelope-id']].filter(
    (text) => text !== undefined,
  )
  return { what: 'complaint', words: plain(type), mta: nameOf(fields['reporting-mta']) ?? (plain(fields['user-agent'] ?? '').slice(0, 100) || null), original }
}

/** RFC 3464: groups of fields, the first about the report, the others about a recipient each. Our letters have one. */
function readStatus(email: Email): Report | null {
  const part = partOf(email, /^message\/(?:global-)?delivery-status$/i)
  if (part === null) return null
  const groups = groupsOf(part)
  const about = groups.filter((fields) => fields['action'] !== undefined || fields['status'] !== undefined || fields['final-recipient'] !== undefined)
  const isFailed = (fields: Fields) =>
    (fields['action'] ?? '').trim() === '' ? (fields['status'] ?? '').trim().startsWith('5') : /^failed\b/i.test(fields['action']!.trim())
  const failed = about.find(isFailed)
  if (failed === undefined) {
    const action = about.map((fields) => (fields['action'] ?? '').trim().toLowerCase())
    if (action.includes('delayed')) return { what: 'delayed' }
    return action.some((word) => /^(?:delivered|relayed|expanded)/.test(word)) ? { what: 'delivered' } : null
  }
  const diagnostic = (failed['diagnostic-code'] ?? '').replace(/^\s*[\w-]+\s*;/, '')
  const words = plain(diagnostic) || saidIn(email.text ?? '')
  const mta = nameOf(failed['remote-mta']) ?? nameOf(groups.find((fields) => fields['reporting-mta'] !== undefined)?.['reporting-mta'])
  return { what: 'bounce', status: precise(statusIn(failed['status'] ?? ''), statusIn(words)), words, mta }
}

/** Servers that only say "some failure" in the field may say more in words; of another class they speak of something else. */
function precise(status: string | null, said: string | null): string | null {
  if (status === null) return said
  return said !== null && /^[245]\.0\.0$/.test(status) && said[0] === status[0] ? said : status
}

/** `dns; mx.example. (some words)`: the name alone. */
const nameOf = (field: string | undefined): string | null => /^(?:[^;]*;)?\s*([A-Za-z0-9._:[\]-]{1,100}?)\.?(?=[\s,;(]|$)/.exec(field ?? '')?.[1] ?? null

/** Out of office, on holiday, a ticket was opened: somebody is there. */
function isAutoReply(email: Email): boolean {
  const submitted = headerOf(email, 'auto-submitted').toLowerCase()
  if (/^auto-(?:replied|notified)/.test(submitted)) return true
  if (headerOf(email, 'x-autoreply') !== '' || headerOf(email, 'x-autorespond') !== '' || /auto.?reply/i.test(headerOf(email, 'precedence'))) return true
  return /^\s*(?:auto(?:matic|mated)?[ -]?(?:reply|response|antwort)|automatische antwort|out of (?:the )?office|abwesenheit|vacation|r[ée]ponse automatique)/i.test(
    email.subject ?? '',
  )
}

const bounceSubject =
  /undeliver|returned mail|mail delivery (?:failed|failure|system|subsystem)|delivery (?:has )?(?:failed|failure|status notification|notification)|failure notice|nicht zustellbar|unzustellbar|could not be delivered/i

/** Written by a mail server rather than by a person's mailbox. exim marks its bounces as replies (RFC 3834 allows it). */
function isBounceBy(email: Email): boolean {
  if (headerOf(email, 'x-failed-recipients') !== '') return true
  if (!/^(?:mailer-daemon|postmaster|mail-daemon|mailerdaemon)\b/i.test(email.from?.address ?? '')) return false
  return bounceSubject.test(email.subject ?? '') || delayWords.test(email.subject ?? '') || bounceWords.test(email.text ?? '')
}

const delayWords =
  /warning: message .{0,60}delayed|delivery (?:is |has been )?delayed|has not yet been delivered|will (?:be retried|keep trying|continue trying)|no action is required/i
const bounceWords =
  /permanent error|could(?: not|n't) be delivered|wasn't able to deliver|was unable to deliver|did not reach the following|undeliverable|delivery to the following recipients? failed|returned (?:below|to sender)/i
/** Where the letter itself begins, which may say anything. */
const copyBegins =
  /^(?:-{2,} ?(?:this is a copy|below this line|original message|the body of the message|transcript of original)|[ \t]*reporting-mta:|content-type: message)/im

/** Bounces that people were meant to read: older exim, qmail, sendmail and others. */
function readWords(email: Email): Report | null {
  const subject = email.subject ?? ''
  const text = (email.text ?? '').slice(0, 20_000)
  const copy = text.search(copyBegins)
  const said = copy < 0 ? text : text.slice(0, copy)
  if (!isBounceBy(email) && !(bounceSubject.test(subject) && bounceWords.test(said))) return null
  if (delayWords.test(subject) || (delayWords.test(said) && !/permanent error|giving up|gave up/i.test(said))) return { what: 'delayed' }
  const words = saidIn(said)
  const status = statusIn(words) ?? statusIn(said)
  return { what: 'bounce', status, words, mta: nameIn(said) }
}

/** The line in which the other server speaks, with the lines it goes on in; else the first that tells of a failure. */
function saidIn(text: string): string {
  const lines = text.split(/\r?\n/).map((line) => line.trim())
  const reply = lines.findIndex((line) => /(?:^|[\s:(#<])[45]\d\d[ -](?:#?[45]\.\d+\.\d+|\S)/.test(line))
  const failure = lines.findIndex((line) => /unknown|no such|not found|unrouteable|rejected|refused|full|quota|disabled|timed? ?out|expired|retry/i.test(line))
  const from = reply >= 0 ? reply : failure
  if (from < 0) return ''
  const end = lines.findIndex((line, index) => index > from && (line === '' || line.startsWith('--')))
  return plain(lines.slice(from, end < 0 ? from + 4 : Math.min(end, from + 4)).join(' '))
}

/** The host that an exim or qmail names. */
const nameIn = (text: string): string | null => /\bhost ([a-z0-9.-]+\.[a-z0-9-]+)\b/i.exec(text)?.[1]?.slice(0, 100) ?? null

/** Addresses and Message-IDs in what a complaint says of the original. */
export const idsIn = (original: readonly string[]): string[] => original.flatMap((text) => addressIn(text) ?? [])
