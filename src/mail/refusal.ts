/**
 * What an answer for now asks of us, and what any answer means in plain words. Pure.
 * Servers agree on numbers and say what they mean in words: both are read, the words first.
 */
import type { Receipt } from '../core/world.ts'

/**
 * `greylisted`: they want to see whether we come again; no fault of anybody's. `slow`: their whole domain wants fewer
 * letters. `transport`: no letter would have gone this way. `later`: this letter, for some reason of its own.
 * `waitMs`: how long they asked us to wait.
 */
export type Advice = { kind: 'greylisted' | 'slow' | 'transport' | 'later'; waitMs: number | null }

const waitMinMs = 10_000
const waitMaxMs = 6 * 3_600_000

/** `isStranger`: nothing was ever delivered to the domain, and this is the letter's first attempt. */
export function adviceOf(receipt: Extract<Receipt, { state: 'deferred' }>, isStranger: boolean): Advice {
  const { reply } = receipt
  const waitMs = waitOf(reply)
  const code = Number(/^[45]\d\d(?=[ -])/.exec(reply)?.[0] ?? 0)
  if (receipt.of === 'transport' || code === 0) return { kind: 'transport', waitMs }
  if (/gr[ae]y-?list|postgrey|sqlgrey|milter-greylist/i.test(reply)) return { kind: 'greylisted', waitMs }
  if (isOfMailbox(reply)) return { kind: 'later', waitMs }
  if ((code === 421 || (code >= 450 && code <= 452)) && isTooMuch(reply)) return { kind: 'slow', waitMs }
  if (isStranger && (code === 450 || code === 451)) return { kind: 'greylisted', waitMs }
  return { kind: 'later', waitMs }
}

/** One mailbox is full, or gets too much: nothing about its domain. */
const isOfMailbox = (reply: string): boolean =>
  /\b4\.2\.\d|mailbox (?:is )?full|over ?quota|out of storage|user you are trying to contact|recipient(?:'s)? mailbox/i.test(reply)

const isTooMuch = (reply: string): boolean =>
  /\b4\.7\.(?:0|28|29|30|500|650)\b.*(?:rate|unusual|too|exceed|throttl|limit|suspicious)|too (?:many|much|fast)|rate.?limit|throttl|(?:exceed|reach)\w*.{0,40}(?:rate|limit|quota|connections|messages)|(?:rate|frequency) (?:of|at which)|slow(?:ing)? down|\[?TSS0\d|\bRP-00\d|unusual rate|temporarily (?:deferred|rate)|concurren/i.test(
    reply,
  )

const unitMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000 }

/** How long the words ask us to wait, ms, within reason; null where they name no time. */
export function waitOf(reply: string): number | null {
  const clock = /\b(?:in|for|after|wait|within)\s+(\d{1,2}):(\d\d):(\d\d)\b/i.exec(reply)
  const words = /\b(?:in|for|after|wait|within|again|another|least|about)[\s:=]+(\d{1,5})\s*(s|m|h)(?:ec(?:ond)?s?|in(?:ute)?s?|(?:ou)?rs?)?\b/i.exec(reply)
  const header = /\bretry[- ]?after[\s:=]+(\d{1,6})\b/i.exec(reply)
  const ms = clock
    ? (Number(clock[1]) * 3_600 + Number(clock[2]) * 60 + Number(clock[3])) * 1_000
    : words
      ? Number(words[1]) * unitMs[words[2]!.toLowerCase()]!
      : header
        ? Number(header[1]) * 1_000
        : null
  return ms === null || ms === 0 ? null : Math.min(Math.max(ms, waitMinMs), waitMaxMs)
}

const meanings: readonly [RegExp, string][] = [
  [/kept in the inbox/, 'No relay is set: the letter stays here, and nobody was written to.'],
  [/^2\d\d\b/, 'Taken: the other side is responsible for it now.'],
  [/^(?:withdrawn|suppressed)/, 'The customer wants no letters, or the address is known not to work. It was not sent.'],
  [/server stopped while/, 'Beckon ended while the letter was leaving. It may have arrived: look before you release it.'],
  [/gr[ae]y-?list|postgrey/i, 'Greylisting: they want to see whether we come again. Beckon does, in about five minutes.'],
  [/5\.7\.515|5\.7\.26|5\.7\.27|dmarc|unauthenticated/i, 'They could not tell that the letter is from your domain. Set up SPF, DKIM and DMARC.'],
  [
    /4\.7\.28|too (?:many|much|fast)|rate.?limit|throttl|TSS0\d|unusual rate/i,
    'Too many letters in too short a time. Beckon holds this domain and goes on more slowly.',
  ],
  [
    /^5\d\d[ -]5\.1\.(?:[0-46]|10)\b|no such user|user unknown|does not exist|unknown (?:user|recipient)/i,
    'There is no such mailbox. The address is not written to again.',
  ],
  [/[45]\.2\.2|mailbox (?:is )?full|over ?quota|out of storage/i, 'The mailbox is full.'],
  [/4\.2\.1|user you are trying to contact/i, 'This one mailbox takes no more for now.'],
  [/5\.3\.4|size (?:limit|larger)|too large|^552/i, 'The letter is larger than they take.'],
  [
    /relay(?:ing)? (?:denied|not permitted|access)|not permitted to relay/i,
    'The relay does not send for you: check its user, or the address letters are from.',
  ],
  [/^(?:530|534|535|538)\b|auth|credential|username/i, 'The relay refused the login: check BECKON_SMTP_URL.'],
  [
    /spamhaus|block(?:ed|list)|blacklist|barracuda|spamcop|5\.7\.1\b.*(?:ip|reputation)/i,
    'The sending address stands on a blocklist: its page, named in the answer, says how to leave it.',
  ],
  [/spam|5\.7\.1\b|policy|content/i, 'They took it for spam, or against their rules.'],
  [/certificate|self.signed|tls|ssl/i, 'The encrypted connection failed: check the relay’s certificate.'],
  [
    /ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ETIMEDOUT|ECONNRESET|EAI_AGAIN|connect|timeout|took too long|closed|socket/i,
    'Nobody answered, or the connection broke. Beckon tries again.',
  ],
  [/^421\b/, 'They are busy, or closing. Beckon tries again.'],
  [/^4\d\d\b/, 'Not now. Beckon tries again, ever later.'],
  [/^5\d\d\b/, 'Refused for good.'],
  [/given up/, 'It was tried as often as letters are.'],
]

/** What a reply means, in a sentence. */
export function meaningOf(reply: string): string {
  const bare = reply.replace(/^given up after \d+ attempts: /, '')
  return meanings.find(([pattern]) => pattern.test(bare))?.[1] ?? 'An answer that Beckon does not know.'
}
