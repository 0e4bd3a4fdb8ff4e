import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Outcome } from '../actors/intake.ts'
import type { Hit } from '../gateway/links.ts'
import { openDatabase } from '../store/database.ts'
import type { Db } from '../store/database.ts'
import { createLetters } from '../store/letters.ts'
import type { Letters } from '../store/letters.ts'
import { createSuppressions, hashAddress } from '../store/suppressions.ts'
import type { Suppressions } from '../store/suppressions.ts'
import { createLinks, letterToken, letterTokens, linksMax, linkToken, openToken, readLinkToken, readToken, unsubscribeToken } from './links.ts'
import { burstMs, scanWindowMs } from './machine-traffic.ts'

const noon = Date.UTC(2026, 10, 23, 12)
const secret = 'Zk3vQ9tLw2Zk3vQ9tLw2Zk3vQ9tLw2Zk3vQ9tLw2abc'
const token = letterToken(secret, '7/cart/1/cart-abandoned')
const hash = (address: string) => hashAddress(secret, address)
const destinations = ['https://shop.example/cart', 'https://shop.example/p/1', 'https://shop.example/']
const chrome = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'

describe('tokens', () => {
  test('a letter’s token is the same for the same key, and no other key or secret gives it', () => {
    expect(token).toMatch(/^[\w-]{22}$/)
    expect(letterToken(secret, '7/cart/1/cart-abandoned')).toBe(token)
    expect(letterToken(secret, '7/cart/2/cart-abandoned')).not.toBe(token)
    expect(letterToken(`${secret}x`, '7/cart/1/cart-abandoned')).not.toBe(token)
  })

  test('what is signed is read again, each for its purpose only', () => {
    const open = openToken(secret, token)
    const unsubscribe = unsubscribeToken(secret, token)
    expect(readToken(secret, 'open', open)).toBe(token)
    expect(readToken(secret, 'unsubscribe', unsubscribe)).toBe(token)
    expect(readToken(secret, 'unsubscribe', open)).toBeNull()
    expect(readToken(secret, 'open', unsubscribe)).toBeNull()
    expect(readLinkToken(secret, open)).toBeNull()
    for (let index = 0; index < linksMax; index++) {
      const link = linkToken(secret, token, index)
      expect(readLinkToken(secret, link)).toEqual({ token, index })
      expect(readToken(secret, 'open', link)).toBeNull()
    }
  })

  test('all of a letter’s tokens come from one hash, alike', () => {
    const { open, unsubscribe, links } = letterTokens(secret, token)
    expect(open).toBe(openToken(secret, token))
    expect(unsubscribe).toBe(unsubscribeToken(secret, token))
    for (let index = 0; index < linksMax; index++) expect(`${token}.${index}${links.slice(8 * index, 8 * index + 8)}`).toBe(linkToken(secret, token, index))
  })

  test('a token changed in any one character is nobody’s', () => {
    const changed = (text: string) => Array.from(text, (char, n) => text.slice(0, n) + (char === 'A' ? 'B' : 'A') + text.slice(n + 1))
    for (const text of changed(linkToken(secret, token, 3))) expect(readLinkToken(secret, text)).toBeNull()
    for (const text of changed(openToken(secret, token))) expect(readToken(secret, 'open', text)).toBeNull()
    for (const text of changed(unsubscribeToken(secret, token))) expect(readToken(secret, 'unsubscribe', text)).toBeNull()
  })

  const link = linkToken(secret, token, 1)
  test.each([
    ['another number', link.replace('.1', '.2')],
    ['a number written otherwise', link.replace('.1', '.01')],
    ['no number', link.replace('.1', '.')],
    ['a number past the last', link.replace('.1', '.99')],
    ['a negative number', link.replace('.1', '.-1')],
    ['something after it', `${link}A`],
    ['a shorter one', link.slice(0, -1)],
    ['none', ''],
    ['the bare token', token],
    ['the old form without a signature', `${token}.1`],
    ['a long one', 'A'.repeat(10_000)],
    ['another secret’s', linkToken('other', token, 1)],
    ['beyond ASCII', `${link.slice(0, -1)}é`],
  ])('a link token with %s is nobody’s', (_what, text) => {
    expect(readLinkToken(secret, text)).toBeNull()
    expect(readToken(secret, 'open', text)).toBeNull()
    expect(readToken(secret, 'unsubscribe', text)).toBeNull()
  })
})

describe('links', () => {
  let directory: string
  let db: Db
  let letters: Letters
  let suppressions: Suppressions
  let outcomes: Outcome[]
  let now: number
  let timers: { at: number; fire: () => void }[]
  let links: ReturnType<typeof createLinks>
  let tell: (outcome: Outcome) => Promise<void>

  const pass = (ms: number) => {
    now += ms
    const due = timers.filter(({ at }) => at <= now)
    timers = timers.filter(({ at }) => at > now)
    for (const { fire } of due) fire()
  }
  const hit = (changes: Partial<Hit> = {}): Hit => ({ at: now, method: 'GET', userAgent: chrome, ...changes })
  const click = (index: number, changes: Partial<Hit> = {}) => links.click(linkToken(secret, token, index), hit(changes))
  const told = () => outcomes.map(({ messageId, machine }) => `${messageId}${machine === true ? ' machine' : ''}`)
  const minute = (at: number) => Math.floor(at / 60_000)

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'beckon-'))
    db = openDatabase(join(directory, 'beckon.db'))
    letters = createLetters(db)
    suppressions = createSuppressions(db)
    outcomes = []
    timers = []
    now = noon + 3_600_000
    tell = async (outcome) => void outcomes.push(outcome)
    links = createLinks({
      secret,
      letters,
      suppressions,
      hash,
      intake: { tell: (outcome) => tell(outcome) },
      clock: {
        now: () => now,
        after(ms, fire) {
          const timer = { at: now + ms, fire }
          timers.push(timer)
          return () => void (timers = timers.filter((other) => other !== timer))
        },
      },
    })
    letters.insert({
      id: 5,
      token,
      customer: 7,
      template: 'cart-abandoned',
      recipient: 'anna@example.com',
      subject: 'Hello',
      messageId: '<m@x>',
      at: noon,
      resend: 0,
      data: '{}',
      links: JSON.stringify(destinations),
      mime: Buffer.from('x'),
    })
    letters.attempting(5, noon)
    letters.settle(5, { state: 'sent', nextAt: null, reply: 'ok', resend: 0 }, noon)
  })
  afterEach(() => {
    db.close()
    rmSync(directory, { recursive: true })
  })

  test('a click is answered at once with the stored destination, and told once its time for a burst is over', () => {
    expect(click(1)).toBe('https://shop.example/p/1')
    pass(burstMs - 1)
    expect(outcomes).toEqual([])
    pass(1)
    expect(outcomes).toEqual([
      {
        type: 'mail.clicked',
        letter: 5,
        customer: 7,
        at: noon + 3_600_000,
        messageId: `click:5:1:${minute(noon + 3_600_000)}`,
        url: 'https://shop.example/p/1',
      },
    ])
  })

  test('a changed link leads nowhere, and nothing is told', () => {
    expect(links.click(`${token}.1`, hit())).toBeNull()
    expect(links.click(linkToken(secret, token, 1).replace('.1', '.0'), hit())).toBeNull()
    expect(links.click(linkToken(secret, token, destinations.length), hit())).toBeNull()
    expect(links.click(linkToken(secret, letterToken(secret, 'other'), 0), hit())).toBeNull()
    expect(links.look(openToken(secret, token))).toBeNull()
    links.open(unsubscribeToken(secret, token), hit())
    pass(60_000)
    expect(outcomes).toEqual([])
  })

  test('an open is told with its minute', () => {
    links.open(openToken(secret, token), hit())
    expect(outcomes).toEqual([{ type: 'mail.opened', letter: 5, customer: 7, at: now, messageId: `open:5:${minute(now)}` }])
  })

  test('a machine’s open and click are told as such, and hide no person’s in the same minute', () => {
    links.open(openToken(secret, token), hit({ userAgent: 'Mozilla/5.0' }))
    links.open(openToken(secret, token), hit())
    click(0, { method: 'HEAD' })
    click(0)
    pass(burstMs)
    const at = minute(noon + 3_600_000)
    expect(told()).toEqual([`open:5:${at}:m machine`, `open:5:${at}`, `click:5:0:${at}:m machine`, `click:5:0:${at}`])
  })

  test('a click within seconds of sending is a scanner’s; the next one is a person’s', () => {
    now = noon + scanWindowMs - 1
    click(0)
    pass(burstMs)
    now = noon + scanWindowMs
    click(0)
    pass(burstMs)
    expect(outcomes.map(({ machine }) => machine)).toEqual([true, undefined])
  })

  test('different links followed at once are a machine’s, the first of them too', () => {
    expect(click(0)).toBe(destinations[0])
    pass(1_000)
    click(1)
    pass(1_000)
    click(2)
    pass(burstMs)
    expect(outcomes.map(({ url, machine }) => [url, machine])).toEqual(destinations.map((url) => [url, true]))
  })

  test('one link followed twice at once, or different ones one after another, are a person’s', () => {
    click(0)
    pass(500)
    click(0)
    pass(burstMs + 1)
    click(1)
    pass(burstMs)
    expect(outcomes.map(({ machine }) => machine)).toEqual([undefined, undefined, undefined])
  })

  test('links of different letters followed at once say nothing of each other', () => {
    const other = letterToken(secret, 'other')
    letters.insert({
      id: 6,
      token: other,
      customer: 7,
      template: 'x',
      recipient: 'anna@example.com',
      subject: 's',
      messageId: '<n@x>',
      at: noon,
      resend: 0,
      data: '{}',
      links: '["https://a.example/"]',
      mime: Buffer.from('x'),
    })
    letters.attempting(6, noon)
    click(1)
    links.click(linkToken(secret, other, 0), hit())
    pass(burstMs)
    expect(outcomes.map(({ letter, machine }) => [letter, machine])).toEqual([
      [5, undefined],
      [6, undefined],
    ])
  })

  test('what still waits is told when the server stops', () => {
    click(0)
    links.flush()
    expect(outcomes).toHaveLength(1)
    expect(timers).toEqual([])
    pass(60_000)
    expect(outcomes).toHaveLength(1)
  })

  test('a click is answered even while nothing can be committed', () => {
    tell = () => Promise.reject(new Error('disk full'))
    expect(click(0)).toBe(destinations[0])
    links.open(openToken(secret, token), hit())
    pass(burstMs)
  })

  test('whoever looks at the unsubscribe page sees a hint of the address, and nothing changes', () => {
    expect(links.look(unsubscribeToken(secret, token))).toEqual({ recipientHint: 'a•••@example.com', preferences: letterTokens(secret, token).preferences })
    expect(suppressions.count()).toBe(0)
    expect(outcomes).toEqual([])
  })

  test('unsubscribing suppresses the address on disk before anything is told, and answers after the commit', async () => {
    const other = openDatabase(join(directory, 'beckon.db'))
    let committed = () => {}
    tell = (outcome) => {
      outcomes.push(outcome)
      expect(createSuppressions(other).has(hash('anna@example.com'))).toBe('unsubscribed')
      return new Promise((done) => (committed = done))
    }
    let answer: boolean | undefined
    const asking = links.unsubscribe(unsubscribeToken(secret, token), hit({ method: 'POST' })).then((done) => (answer = done))
    await Promise.resolve()
    expect(outcomes).toEqual([{ type: 'mail.unsubscribed', letter: 5, customer: 7, at: now, messageId: 'unsubscribe:5' }])
    expect(answer).toBeUndefined()
    committed()
    await asking
    expect(answer).toBe(true)
    other.close()
  })

  test('unsubscribing again gives the same answer and changes nothing', async () => {
    expect(await links.unsubscribe(unsubscribeToken(secret, token), hit())).toBe(true)
    expect(await links.unsubscribe(unsubscribeToken(secret, token), hit())).toBe(true)
    expect(suppressions.count()).toBe(1)
    expect(new Set(told()).size).toBe(1)
  })

  test('nobody is unsubscribed by a token that is not for it', async () => {
    for (const text of [token, openToken(secret, token), linkToken(secret, token, 0), '', unsubscribeToken('other', token)])
      expect(await links.unsubscribe(text, hit())).toBe(false)
    expect(suppressions.count()).toBe(0)
    expect(outcomes).toEqual([])
  })
})
