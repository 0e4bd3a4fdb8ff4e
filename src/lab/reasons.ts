/** The policy's answers in a marketer's words, with the numbers they were given by. */
import type { Numbers, Question } from '../policy/policy.ts'
import type { DecisionRow } from '../store/decisions.ts'
import { delayWords } from '../chart/words.ts'
import { counted, duration } from './wording.ts'

type Seen = Record<string, unknown>

const span = (ms: unknown): string => delayWords(Number(ms))

/** Why a letter was queued or skipped. */
export function decisionWords({ decision, reason, numbers }: Pick<DecisionRow, 'decision' | 'reason' | 'numbers'>): string {
  const seen = JSON.parse(numbers) as Seen
  return decision === 'queued' ? queuedWords(seen) : skippedWords(reason ?? '', seen)
}

function queuedWords({ queued, allowed, priority, capWindowMs }: Seen): string {
  return `${counted(queued, 'letter')} in the last ${span(capWindowMs ?? 86_400_000)}, fewer than the ${allowed} that ${priority} priority allows`
}

/** Each reason with its numbers, and what would have done instead. */
export function skippedWords(reason: string, n: Seen): string {
  switch (reason) {
    case 'no-address':
      return 'no e-mail address was known; one from identify, an order or a checkout would have done'
    case 'erased':
      return 'this customer asked to be erased'
    case 'unsubscribed':
      if (n['by'] === 'topic') return `they had chosen to have no letters about ${n['topic']}`
      return n['by'] === 'customer' ? 'they had unsubscribed' : `the address is never written to: ${suppressedWords(n['by'])}`
    case 'no-consent':
      if (n['consent'] === 'pending') return 'they had asked for letters and not confirmed it yet'
      if (n['consent'] === 'settled') return 'they were not among those who have yet to confirm, and this letter asks nobody else'
      return n['address'] === 'claimed'
        ? 'the address was only typed in a browser; a signed token or a secret key would vouch for it'
        : 'they had not said yes to letters'
    case 'dormant':
      return 'they have shown no sign of life for two months; an open, a click or an order wakes them'
    case 'recent-purchase':
      return `an order ${duration(n['ageMs'])} before; not within ${span(n['notAfterOrderMs'])} of one`
    case 'holdout':
      return n['of'] === '*' ? 'they are in the holdout group of all letters' : 'they are in the holdout group of this journey'
    case 'window':
      return `the same letter was queued ${duration(n['ageMs'])} before; not again within ${span(n['windowMs'])}`
    case 'cap':
      if (n['own'] === true) return `${ownWords(n)}; its own cap is ${n['allowed']}`
      return n['address'] === 'claimed'
        ? `this address was only typed in a browser, and under another visitor it had its letter of the last ${span(n['capWindowMs'])}`
        : `${counted(n['queued'], 'letter')} in the last ${span(n['capWindowMs'])}; ${n['priority']} priority needs fewer than ${n['allowed']}`
    case 'nothing-to-say':
      return n['missing'] === 'template' ? 'there is no rule for this letter in the settings' : `the letter lacks ${n['missing']}`
    case 'merged':
      return 'it came up only in hindsight, when two lives turned out to be one person’s'
    default:
      return reason
  }
}

/** `2 letters cart-abandoned in the last 7 d`. */
const ownWords = ({ queued, template, capWindowMs }: Seen): string =>
  `${queued} ${queued === 1 ? 'letter' : 'letters'} ${template} in the last ${span(capWindowMs)}`

/** What put an address among those that are never written to. */
function suppressedWords(by: unknown): string {
  switch (by) {
    case 'bounce':
      return 'a letter to it came back'
    case 'complaint':
      return 'a letter to it was reported as spam'
    case 'unsubscribed':
      return 'whoever reads it unsubscribed'
    default:
      return `it is suppressed (${by})`
  }
}

/** What a question asks, in words. */
const asked: Record<Question['name'], string> = {
  address: 'Is there an address?',
  erased: 'Did they ask to be erased?',
  unsubscribed: 'Have they unsubscribed?',
  suppressed: 'Is the address one that is never written to?',
  topic: 'Do they want letters about this?',
  pending: 'Have they yet to confirm that they want letters?',
  asking: 'Is this a letter that asks for consent, to somebody who need not be asked?',
  consent: 'Have they said yes, where that is required?',
  vouched: 'Does anyone vouch for the address?',
  dormant: 'Are they dormant?',
  'recent-purchase': 'Is an order too recent?',
  holdout: 'Are they held out?',
  window: 'Did the same letter go lately?',
  'own-cap': 'Has this letter gone as often as its own cap allows?',
  cap: 'Have they had enough letters?',
  claimed: 'Has the typed address had its letter under another visitor?',
  content: 'Does the letter have what it needs?',
}

export const questionWords = (name: string): string => asked[name] ?? name

/** What a question that did not object saw. */
export function passedWords(name: string, n: Numbers | null): string {
  switch (name) {
    case 'address':
      return 'there is one'
    case 'erased':
    case 'unsubscribed':
    case 'suppressed':
    case 'dormant':
    case 'claimed':
      return 'no'
    case 'asking':
      return 'no'
    case 'pending':
      return n?.['consent'] === 'pending' ? 'yes, and this letter asks them to' : 'no'
    case 'topic':
      return n?.['topic'] === undefined ? 'it is about no topic that can be chosen' : `they said nothing against ${n['topic']}`
    case 'consent':
      return 'yes, or nobody has to'
    case 'vouched':
      return n?.['address'] === 'claimed' ? 'no, but this letter may go to a typed address' : 'yes'
    case 'recent-purchase':
      if (n === null) return 'no'
      if (n['notAfterOrderMs'] === undefined)
        return n['ageMs'] === undefined ? 'no order' : `an order ${duration(n['ageMs'])} before, which this letter does not mind`
      return n['ageMs'] === undefined ? 'no order' : `the last order was ${duration(n['ageMs'])} before, longer than ${span(n['notAfterOrderMs'])}`
    case 'holdout':
      return n !== null && Number(n['share']) > 0 ? `not among the ${Math.round(Number(n['share']) * 100)} %` : 'nobody is'
    case 'window':
      if (n === null) return 'no'
      return n['ageMs'] === undefined
        ? `none in the last ${span(n['windowMs'])}`
        : `the last was ${duration(n['ageMs'])} before, longer than ${span(n['windowMs'])}`
    case 'own-cap':
      return n?.['own'] === true ? `${ownWords(n)}, fewer than its own cap of ${n['allowed']}` : 'this letter has no cap of its own'
    case 'cap':
      return n === null ? 'no' : queuedWords(n)
    case 'content':
      return 'yes'
    default:
      return 'no objection'
  }
}

/** When a cap would have let one more through: how long after the decision enough of the counted letters are too old. */
export type Frees = { inMs: number } | null

/** What would have had to be different for a letter that was skipped. */
export function differentWords(reason: string, n: Seen, frees: Frees): string {
  const later = (ms: number) => `it would have gone ${duration(Math.max(ms, 1_000))} later, had nothing else happened`
  switch (reason) {
    case 'no-address':
      return 'An e-mail address, from an identify, an order or a checkout before this moment.'
    case 'erased':
      return 'Nothing: whoever asked to be erased is not written to.'
    case 'unsubscribed':
      if (n['by'] === 'topic') return `A yes to ${n['topic']} after their no: on their preference page, or from the shop’s own server.`
      return n['by'] === 'customer'
        ? 'A yes after their no: on their preference page, or an identify with consent "subscribed" from the shop’s own server.'
        : `Another address: this one is never written to, since ${suppressedWords(n['by'])}.`
    case 'no-consent':
      if (n['consent'] === 'pending') return 'The button pressed that the letter confirm-subscription leads to; or a yes from the shop’s own server.'
      if (n['consent'] === 'settled') return 'A yes to letters, said in a browser, that is still to be confirmed.'
      return n['address'] === 'claimed'
        ? 'The address vouched for: by an identify from the shop’s own server, or a signed token. This letter does not go to addresses that were only typed.'
        : 'A yes to letters before this moment: this shop writes only to those who said so.'
    case 'dormant':
      return 'A sign of life first: an open, a click or an order ends being dormant.'
    case 'recent-purchase':
      return `No order in the ${span(n['notAfterOrderMs'])} before. There was one ${duration(n['ageMs'])} before: ${later(Number(n['notAfterOrderMs']) - Number(n['ageMs']))}.`
    case 'holdout':
      return `A customer outside the holdout: ${Math.round(Number(n['share']) * 100)} % of customers get no letters${n['of'] === '*' ? '' : ' of this journey'}, always the same ones.`
    case 'window':
      return `None of the same letter in the ${span(n['windowMs'])} before. One was queued ${duration(n['ageMs'])} before: ${later(Number(n['windowMs']) - Number(n['ageMs']))}.`
    case 'cap':
      if (n['address'] === 'claimed') return 'The address vouched for, or nobody else having used it within the last day.'
      if (n['own'] === true)
        return `Fewer than ${n['allowed']} of this letter in the ${span(n['capWindowMs'])} before${frees === null ? '.' : `: ${later(frees.inMs)}.`}`
      return `Fewer than ${counted(n['allowed'], 'letter')} in the ${span(n['capWindowMs'])} before; there ${n['queued'] === 1 ? 'was 1' : `were ${n['queued']}`}${frees === null ? '.' : `: ${later(frees.inMs)}.`}`
    case 'nothing-to-say':
      return n['missing'] === 'template'
        ? 'A rule for this letter in machines/settings.ts.'
        : `Something to say: the letter needs ${n['missing']}, and it was not known.`
    case 'merged':
      return 'Both lives known as one from the start: then it would have been decided at this moment.'
    default:
      return `No objection of the kind "${reason}".`
  }
}
