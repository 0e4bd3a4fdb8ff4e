/**
 * What the links in a letter are made of and lead to.
 * 1. A token says which letter and for what, and is signed: one for the picture opens nothing else, and a changed one is
 *    nobody's. Destinations stand in the letter's row; no address ever comes from a URL.
 * 2. Whoever unsubscribes is suppressed, on disk, before anything else is told (R7).
 * 3. Opens and clicks are answered at once; what they meant is told afterwards, a machine's marked as such.
 */
import { createHmac, hash as digest, timingSafeEqual } from 'node:crypto'
import type { Intake, Outcome } from '../actors/intake.ts'
import type { Clock } from '../core/world.ts'
import type { Hit, Links } from '../gateway/links.ts'
import type { Letters, StoredLetter } from '../store/letters.ts'
import type { Suppressions } from '../store/suppressions.ts'
import { burstMs, isMachine } from './machine-traffic.ts'

export type LinksOptions = {
  secret: string
  letters: Letters
  suppressions: Suppressions
  intake: Pick<Intake, 'tell'>
  clock: Clock
  hash: (address: string) => string
}

/** A click that waits to see whether it is one of a burst. */
type Click = { letter: StoredLetter; index: number; url: string; hit: Hit; machine: boolean; cancel: () => void }

/** Clicks that may wait at once; more are told at once, each judged alone. */
const waitingMax = 10_000

/** `flush` tells what still waits; call it before the intake stops. */
export function createLinks(options: LinksOptions): Links & { flush(): void } {
  const { secret, letters, suppressions, intake, clock, hash } = options
  const waiting = new Map<number, Click[]>()
  let waitingCount = 0

  function tell(type: 'mail.opened' | 'mail.clicked', letter: StoredLetter, what: string, hit: Hit, machine: boolean, url?: string) {
    const minute = Math.floor(hit.at / 60_000)
    const outcome: Outcome = {
      type,
      letter: letter.id,
      customer: letter.customer,
      at: hit.at,
      // A scanner's click must not hide a person's in the same minute.
      messageId: `${what}:${minute}${machine ? ':m' : ''}`,
      ...(machine ? { machine } : {}),
      ...(url === undefined ? {} : { url }),
    }
    // When the commit fails the batch itself stops the server; nobody waits for this one.
    intake.tell(outcome).catch(() => {})
  }

  function hold(letter: StoredLetter, index: number, url: string, hit: Hit) {
    const near = waiting.get(letter.id) ?? []
    const others = near.filter((click) => click.index !== index)
    const machine = isMachine({ kind: 'click', ...hit }, { sentAt: sentAt(letter), otherLinksAt: others.map((click) => click.hit.at) })
    for (const click of others) if (Math.abs(click.hit.at - hit.at) <= burstMs) click.machine = true
    if (waitingCount >= waitingMax) return tell('mail.clicked', letter, `click:${letter.id}:${index}`, hit, machine, url)
    const click: Click = { letter, index, url, hit, machine, cancel: clock.after(burstMs, () => release(click)) }
    waiting.set(letter.id, [...near, click])
    waitingCount++
  }

  function release(click: Click) {
    const { letter, index, hit, machine, url } = click
    const rest = (waiting.get(letter.id) ?? []).filter((other) => other !== click)
    if (rest.length > 0) waiting.set(letter.id, rest)
    else waiting.delete(letter.id)
    waitingCount--
    tell('mail.clicked', letter, `click:${letter.id}:${index}`, hit, machine, url)
  }

  return {
    open(token, hit) {
      const letter = letterOf(letters, readToken(secret, 'open', token))
      if (letter === null) return
      const machine = isMachine({ kind: 'open', ...hit }, { sentAt: sentAt(letter), otherLinksAt: [] })
      tell('mail.opened', letter, `open:${letter.id}`, hit, machine)
    },
    click(token, hit) {
      const read = readLinkToken(secret, token)
      const letter = letterOf(letters, read?.token ?? null)
      if (read === null || letter === null) return null
      const url = letters.links(letter.id)[read.index]
      if (url === undefined) return null
      hold(letter, read.index, url, hit)
      return url
    },
    look(token) {
      const letter = letterOf(letters, readToken(secret, 'unsubscribe', token))
      return letter === null ? null : { recipientHint: hintOf(letter.recipient), preferences: preferenceTokens(secret, letter.token).preferences }
    },
    async unsubscribe(token, hit) {
      const letter = letterOf(letters, readToken(secret, 'unsubscribe', token))
      if (letter === null) return false
      suppressions.add(hash(letter.recipient), 'unsubscribed', hit.at)
      await intake.tell({ type: 'mail.unsubscribed', letter: letter.id, customer: letter.customer, at: hit.at, messageId: `unsubscribe:${letter.id}` })
      return true
    },
    flush() {
      for (const click of [...waiting.values()].flat()) {
        click.cancel()
        release(click)
      }
    },
  }
}

export const letterOf = (letters: Letters, token: string | null): StoredLetter | null => (token === null ? null : (letters.byToken(token) ?? null))

/** As far as is known: a letter under way may arrive before its state says so. */
const sentAt = ({ attempts, changed }: StoredLetter): number | null => (attempts > 0 ? changed : null)

/** Enough for its owner to know it by. */
export const hintOf = (address: string): string => {
  const at = address.lastIndexOf('@')
  return `${address.slice(0, 1)}•••${address.slice(at)}`
}

const tokenChars = 22
const markChars = 12
const linkMarkChars = 8
/** Links of a letter that can be counted. */
export const linksMax = 48
/** The preference page's token and its form's mark stand behind the links' marks, in as many characters as these have. */
const pageLinks = 3
const pageMarksAt = 2 * markChars + linksMax * linkMarkChars

/** What a letter is called in its links: 132 bits, the same for the same dedupe key. Pure. */
export const letterToken = (secret: string, key: string): string =>
  createHmac('sha256', secret).update(`letter/${key}`).digest('base64url').slice(0, tokenChars)

/**
 * All signatures of one letter, by one hash: `open`, `unsubscribe` and `preferences` are whole tokens; link number n is
 * `token + '.' + n + links.slice(8 * n, 8 * n + 8)`.
 * Pure. SHAKE256 with the secret in front is a sound MAC (a sponge cannot be extended), and each purpose and each link
 * has bits of its own in its output.
 *
 *     const { open, unsubscribe, links } = letterTokens(secret, token)
 */
export function letterTokens(secret: string, token: string): { open: string; unsubscribe: string; preferences: string; links: string } {
  const marks = marksOf(secret, token, linksMax + pageLinks)
  return {
    open: token + marks.slice(0, markChars),
    unsubscribe: token + marks.slice(markChars, 2 * markChars),
    preferences: token + marks.slice(pageMarksAt, pageMarksAt + markChars),
    links: marks.slice(2 * markChars, pageMarksAt),
  }
}

/** The token of its preference page, and the mark that only the page's own form knows. Pure. */
export function preferenceTokens(secret: string, token: string): { preferences: string; mark: string } {
  const marks = marksOf(secret, token, linksMax + pageLinks).slice(pageMarksAt)
  return { preferences: token + marks.slice(0, markChars), mark: marks.slice(markChars) }
}

/** The token of the letter's open picture. Pure. */
export const openToken = (secret: string, token: string): string => token + marksOf(secret, token, 0).slice(0, markChars)

/** The token of its unsubscribe link. Pure. */
export const unsubscribeToken = (secret: string, token: string): string => token + marksOf(secret, token, 0).slice(markChars)

/** The token of its link number `index`. Pure. */
export const linkToken = (secret: string, token: string, index: number): string => `${token}.${index}${marksOf(secret, token, index + 1).slice(-linkMarkChars)}`

/** The letter's token, or null when this was not signed for that purpose. Constant time in the signature. */
export function readToken(secret: string, purpose: 'open' | 'unsubscribe' | 'preferences', text: string): string | null {
  if (text.length !== tokenChars + markChars) return null
  const token = text.slice(0, tokenChars)
  return isSame(tokenFor(purpose, secret, token), text) ? token : null
}

function tokenFor(purpose: 'open' | 'unsubscribe' | 'preferences', secret: string, token: string): string {
  if (purpose === 'preferences') return preferenceTokens(secret, token).preferences
  return purpose === 'open' ? openToken(secret, token) : unsubscribeToken(secret, token)
}

/** The letter's token and the link's number, or null when this was not signed. */
export function readLinkToken(secret: string, text: string): { token: string; index: number } | null {
  const number = text.slice(tokenChars + 1, -linkMarkChars)
  if (!/^(0|[1-9]\d?)$/.test(number)) return null
  const token = text.slice(0, tokenChars)
  const index = Number(number)
  return index < linksMax && isSame(linkToken(secret, token, index), text) ? { token, index } : null
}

/** Two marks of 12 characters, then one of 8 for each of `links` links; a longer answer begins with the shorter one. */
const marksOf = (secret: string, token: string, links: number): string =>
  digest('shake256', `beckon/links/${secret}/${token}`, { outputEncoding: 'base64url', outputLength: ((2 * markChars + links * linkMarkChars) * 6) / 8 })

/** Constant time in the text. */
export function isSame(ours: string, theirs: string): boolean {
  const a = Buffer.from(ours)
  const b = Buffer.from(theirs)
  return a.length === b.length && timingSafeEqual(a, b)
}
