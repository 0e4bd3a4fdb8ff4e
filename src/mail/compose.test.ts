import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { composeMime, type Letter } from './compose.ts'
import { quotedBytesMax, writeQuoted } from './quoted.ts'

const letter: Letter = {
  from: { name: 'Fern & Fable', address: 'hello@fern.example' },
  to: { address: 'ann@example.com' },
  subject: 'Your lamp is still in your cart',
  html: '<p>Grüße</p>',
  text: 'Grüße\n',
  messageId: 'Zk3vQ9tLw2@fern.example',
  date: Date.UTC(2026, 10, 23, 13, 5, 9),
  unsubscribeUrl: 'https://fern.example/u/Zk3vQ9tLw2',
}

describe('the bytes of a letter', () => {
  test('the same letter gives the same bytes', () => {
    const first = composeMime(letter)
    composeMime({ ...letter, html: 'x'.repeat(500_000) })
    expect(composeMime(letter)).toEqual(first)
  })

  test('text comes before HTML, and both come back as they were', () => {
    const { headers, parts } = parse(composeMime(letter))
    expect(headers.get('content-type')).toMatch(/^multipart\/alternative; boundary="/)
    expect(headers.get('date')).toBe('Mon, 23 Nov 2026 13:05:09 +0000')
    expect(headers.get('message-id')).toBe('<Zk3vQ9tLw2@fern.example>')
    expect(parts).toEqual([
      { type: 'text/plain; charset=utf-8', body: 'Grüße\n' },
      { type: 'text/html; charset=utf-8', body: '<p>Grüße</p>' },
    ])
  })

  test('whatever is written comes back: any script, long lines, dots and From at the start of a line, blanks at its end', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.constantFrom(
        '.',
        '..',
        '.hidden',
        'From here',
        '--',
        '--=_Zk3vQ9tLw2',
        ' ',
        'a \t',
        '=',
        '=3D',
        'é'.repeat(60),
        'x'.repeat(1_200),
        `${'y'.repeat(74)} `,
        `${'y'.repeat(75)} `,
        `${'y'.repeat(73)}= `,
        '🪔'.repeat(40),
      ),
    )
    const body = fc.array(line, { maxLength: 20 }).map((lines) => lines.join('\n'))
    fc.assert(
      fc.property(body, body, (text, html) => {
        const mime = composeMime({ ...letter, text, html })
        const { parts } = parse(mime)
        expect(parts.map((part) => part.body)).toEqual([text, html].map((written) => written.toWellFormed().replaceAll(/\r\n?/g, '\n')))
        expectWireForm(mime)
      }),
      { numRuns: 300 },
    )
  })

  test('quoted-printable never needs more room than it asks for', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const out = new Uint8Array(5_000)
        expect(writeQuoted(bytes, bytes.length, out, 0)).toBeLessThanOrEqual(quotedBytesMax(bytes.length))
      }),
    )
  })

  test('names and subjects in any script are read as they were written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 150 }), fc.string({ unit: 'grapheme', maxLength: 60 }), (subject, name) => {
        const mime = composeMime({ ...letter, subject, from: { name, address: 'hello@fern.example' } })
        const { headers } = parse(mime)
        const plain = (text: string) =>
          text
            .toWellFormed()
            .replaceAll(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ')
            .trim()
        expect(decodeWords(headers.get('subject') ?? '')).toBe(plain(subject))
        expect(headers.get('from')).toMatch(/ ?<?hello@fern\.example>?$/)
        expectWireForm(mime)
      }),
    )
  })

  test('a subject that looks encoded is not decoded into something else', () => {
    const subject = 'see =?utf-8?Q?a?= here'
    const { headers } = parse(composeMime({ ...letter, subject }))
    expect(decodeWords(headers.get('subject') ?? '')).toBe(subject)
  })

  test('a long plain subject is folded at its blanks and unfolds to itself', () => {
    const subject = 'Halden table lamp and two more things that you chose last week are still in your cart, if you want them'
    const mime = composeMime({ ...letter, subject })
    expect(parse(mime).headers.get('subject')).toBe(subject)
    expectWireForm(mime)
  })
})

describe('unsubscribing', () => {
  test('is one click, and by mail too where there is an address for it', () => {
    const { headers } = parse(composeMime({ ...letter, unsubscribeMailto: 'leave+Zk3@fern.example' }))
    expect(headers.get('list-unsubscribe')).toBe('<https://fern.example/u/Zk3vQ9tLw2>, <mailto:leave+Zk3@fern.example>')
    expect(headers.get('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click')
  })
})

describe('no value begins a header of its own', () => {
  const attack = 'x\r\nBcc: everyone@example.com\r\n\r\n<script>'
  const attacks: [string, Partial<Letter>][] = [
    ['subject', { subject: attack }],
    ['sender’s name', { from: { name: attack, address: 'hello@fern.example' } }],
    ['sender’s address', { from: { address: `hello@fern.example${attack}` } }],
    ['recipient’s name', { to: { name: attack, address: 'ann@example.com' } }],
    ['recipient’s address', { to: { address: `ann@example.com${attack}` } }],
    ['reply address', { replyTo: { name: attack, address: `a@b.example${attack}` } }],
    ['message id', { messageId: attack }],
    ['unsubscribe URL', { unsubscribeUrl: `https://fern.example/${attack}` }],
    ['unsubscribe address', { unsubscribeMailto: attack }],
    ['feedback id', { feedbackId: attack }],
    ['extra header', { headers: { 'X-Campaign': attack } }],
    ['extra header’s name', { headers: { [attack]: 'x', 'X:Y': 'x', '': 'x' } }],
  ]

  test.each(attacks)('the %s', (_, change) => {
    const mime = composeMime({ ...letter, ...change })
    const { names, parts } = parse(mime)
    expect(names).not.toContain('bcc')
    expect(names.filter((name) => !known.has(name))).toEqual([])
    expect(parts.map((part) => part.body)).toEqual(['Grüße\n', '<p>Grüße</p>'])
  })

  test('nor does an extra header replace one of ours', () => {
    const { headers, names } = parse(composeMime({ ...letter, headers: { subject: 'Other', 'List-Unsubscribe-Post': 'No', 'X-Campaign': 'spring' } }))
    expect(headers.get('subject')).toBe(letter.subject)
    expect(headers.get('x-campaign')).toBe('spring')
    expect(names.filter((name) => name === 'list-unsubscribe-post')).toHaveLength(1)
  })

  const known = new Set(
    'from to reply-to subject message-id date mime-version list-unsubscribe list-unsubscribe-post feedback-id x-campaign content-type'.split(' '),
  )
})

/** As it travels: CRLF only, ASCII only, short lines. */
function expectWireForm(mime: Uint8Array): void {
  const wire = Buffer.from(mime).toString('latin1')
  expect(wire).not.toMatch(/[^\r]\n|\r[^\n]|[^\x09\x0a\x0d\x20-\x7e]/)
  for (const line of wire.split('\r\n')) {
    expect(line.length).toBeLessThanOrEqual(78)
    expect(line).not.toMatch(/^\.|^From /)
  }
}

/** A reader written apart from the writer: splits, unfolds and decodes. */
function parse(mime: Uint8Array) {
  const wire = Buffer.from(mime).toString('latin1')
  const split = wire.indexOf('\r\n\r\n')
  const fields = wire
    .slice(0, split)
    .replaceAll(/\r\n[ \t]/g, ' ')
    .split('\r\n')
  const names = fields.map((field) => field.slice(0, field.indexOf(':')).toLowerCase())
  const headers = new Map(fields.map((field, i) => [names[i] as string, field.slice(field.indexOf(':') + 1).trim()]))
  const boundary = /boundary="([^"]+)"/.exec(headers.get('content-type') ?? '')?.[1] ?? ''
  const sections = `\r\n${wire.slice(split + 4)}`.split(`\r\n--${boundary}`)
  expect(sections.at(-1)).toBe('--\r\n')
  const parts = sections.slice(1, -1).map((section) => {
    const bodyAt = section.indexOf('\r\n\r\n')
    const type = /Content-Type: ([^\r]+)/.exec(section.slice(0, bodyAt))?.[1]
    return { type, body: unquote(section.slice(bodyAt + 4)) }
  })
  return { names, headers, parts }
}

const unquote = (text: string): string =>
  Buffer.from(
    text.replaceAll('=\r\n', '').replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  )
    .toString('utf8')
    .replaceAll('\r\n', '\n')

const decodeWords = (text: string): string =>
  text.replaceAll(/\?=\s+=\?/g, '?==?').replaceAll(/=\?utf-8\?B\?([^?]*)\?=/g, (_, encoded: string) => Buffer.from(encoded, 'base64').toString('utf8'))
