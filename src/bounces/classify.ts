/**
 * What a refusal means: whether the address itself is bad, and why. Pure. A table of rules, the first that fits; where
 * none does, the address is given the benefit of the doubt.
 */

/** `hard`: the address is bad, nothing sent there will ever arrive. `soft`: this letter did not arrive. */
export type Verdict = { kind: 'hard' | 'soft'; reason: Reason }

/** Why a letter came back, and what that means, for people. */
export const meanings = {
  'no-mailbox': 'There is no such mailbox.',
  'no-domain': 'The domain takes no mail, or does not exist.',
  disabled: 'The mailbox is closed or switched off.',
  moved: 'The mailbox has moved and left no address.',
  full: 'The mailbox is full.',
  policy: 'The receiver refused the letter by its rules: look at authentication, reputation and content, not at the address.',
  'too-large': 'The letter is larger than the receiver takes.',
  unreachable: 'The receiver could not be reached for so long that the relay gave up.',
  unclear: 'The receiver did not say why.',
  spam: 'The customer called the letter spam.',
} as const

export type Reason = keyof typeof meanings

export const isReason = (text: string): text is Reason => Object.hasOwn(meanings, text)

type Rule = Verdict & { status?: RegExp; words?: RegExp }

const host = String.raw`(?:host|domain)(?: or domain)?(?: name)?`

/** In this order. `status` is an enhanced code of class 5; a rule with both asks for both. */
const rules: readonly Rule[] = [
  // Exchange Online says so of unknown recipients, in words that sound like policy.
  { status: /^5\.4\.1$/, words: /recipient address rejected/, kind: 'hard', reason: 'no-mailbox' },
  { words: /spamhaus|\bspam\b|block ?list|black ?list|deny ?list|reputation|\bdmarc\b|unsolicited|\bvirus\b|malware|phish/, kind: 'soft', reason: 'policy' },
  { status: /^5\.7\./, kind: 'soft', reason: 'policy' },
  { status: /^5\.2\.2$/, kind: 'soft', reason: 'full' },
  { status: /^5\.(?:2\.3|3\.4)$/, kind: 'soft', reason: 'too-large' },
  { words: /mailbox (?:is )?full|(?:over|exceed\w*|out of)\b.{0,30}\b(?:quota|storage|space|size limit)|quota\b.{0,20}exceeded/, kind: 'soft', reason: 'full' },
  { status: /^5\.1\.2$/, kind: 'hard', reason: 'no-domain' },
  // Of RFC 7505, for domains that take no mail; Exchange says the same of its mailboxes.
  { status: /^5\.1\.10$/, words: /null ?mx|no mail|domain/, kind: 'hard', reason: 'no-domain' },
  { status: /^5\.1\.10$/, kind: 'hard', reason: 'no-mailbox' },
  { status: /^5\.1\.6$/, kind: 'hard', reason: 'moved' },
  { status: /^5\.1\.[0134]$/, kind: 'hard', reason: 'no-mailbox' },
  { status: /^5\.2\.1$/, kind: 'hard', reason: 'disabled' },
  // About the sender's own address.
  { status: /^5\.1\.[78]$/, kind: 'soft', reason: 'policy' },
  {
    words: new RegExp(`${host}\\b.{0,80}(?:not found|(?:does ?n[o']t|not) exist)|no such domain|nxdomain|unknown domain|null mx`),
    kind: 'hard',
    reason: 'no-domain',
  },
  {
    words:
      /(?:account|mailbox|user|address|recipient)\b.{0,60}\b(?:disabled|suspended|inactive|deactivated|closed|discontinued|no longer)|no longer (?:valid|available|in use|active)/,
    kind: 'hard',
    reason: 'disabled',
  },
  {
    words:
      /\buser (?:is )?unknown|unknown (?:user|recipient|address|local[- ]part|mailbox)|(?:no such|no) (?:user|mailbox|recipient|address|person|local user|account)\b|(?:user|mailbox|recipient|account|address)\b.{0,60}(?:not found|(?:does ?n[o']t|not) exist|unavailable|\binvalid)|invalid (?:mailbox|recipient|user|address)|does ?n[o']t have an? \S+ account|recipient (?:address )?rejected: (?:user|unknown|undeliverable)|unrouteable address|not a (?:valid|known) (?:user|mailbox|recipient|address)/,
    kind: 'hard',
    reason: 'no-mailbox',
  },
  { words: /message (?:size )?(?:is )?too (?:large|big)|size (?:limit )?exceed/, kind: 'soft', reason: 'too-large' },
  {
    words: /timed? ?out|timeout|connection (?:refused|lost|reset)|unreachable|no route|expired|too many hops|giving up|retry (?:time|limit)/,
    kind: 'soft',
    reason: 'unreachable',
  },
  { words: /policy|blocked|refused by|access denied|not (?:allowed|permitted|authori[sz]ed)|relay/, kind: 'soft', reason: 'policy' },
]

/**
 * What a final refusal means. A status of class 4, given up on after many tries, is never the address' fault.
 *
 *     classify('5.1.1', '550 5.1.1 No such user')  // { kind: 'hard', reason: 'no-mailbox' }
 */
export function classify(status: string | null, words: string): Verdict {
  const text = words.toLowerCase()
  const isGivenUp = status !== null && !status.startsWith('5.')
  const found = rules.find(
    (rule) => (rule.status === undefined || (status !== null && rule.status.test(status))) && (rule.words === undefined || rule.words.test(text)),
  )
  if (isGivenUp) return { kind: 'soft', reason: found?.kind === 'soft' ? found.reason : 'unreachable' }
  return found === undefined ? { kind: 'soft', reason: 'unclear' } : { kind: found.kind, reason: found.reason }
}

/** What a provider's own verdict means, held against the words it came with: who calls a block permanent means its own letter. */
export function classifyAs(isPermanent: boolean, status: string | null, words: string): Verdict {
  const verdict = classify(status, words)
  if (!isPermanent) return { kind: 'soft', reason: verdict.kind === 'soft' ? verdict.reason : 'unclear' }
  return verdict.reason === 'unclear' ? { kind: 'hard', reason: 'no-mailbox' } : verdict
}

/** A letter to an address, the newest first; `isSoft`: it came back softly. */
type Attempt = { at: number; state: string; isSoft: boolean | 0 | 1 }

/** So many letters in a row, over so long, and none arrived: nobody is there. */
export const softRun = { letters: 5, days: 14 } as const
const dayMs = 86_400_000
/** Relays try for five days before they send a letter back. */
const cameBackMs = 5 * dayMs

/** Whether soft bounces have gone on for so long that the address counts as bad. Pure. */
export function isWornOut(attempts: readonly Attempt[], now: number): boolean {
  let count = 0
  for (const { at, state, isSoft } of attempts) {
    if (isSoft) {
      count++
      if (count >= softRun.letters && now - at >= softRun.days * dayMs) return true
    } else if (state === 'sent' && now - at >= cameBackMs) return false
  }
  return false
}
