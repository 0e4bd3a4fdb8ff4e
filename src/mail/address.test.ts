import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressOf, mailboxOf, normalAddress } from './address.ts'

describe('one plain address', () => {
  test.each([
    ['ann@example.com', 'ann@example.com'],
    ['  Ann.Lee+shop@Example.COM ', 'Ann.Lee+shop@example.com'],
    ["o'neil_{x}@sub.example.co.uk", "o'neil_{x}@sub.example.co.uk"],
    ['user-541312140@example.test', 'user-541312140@example.test'],
    ['ann@bücher.example', 'ann@xn--bcher-kva.example'],
    ['ann@EXAMPLE.РФ', 'ann@example.xn--p1ai'],
    ['a@x1.museum', 'a@x1.museum'],
  ])('%s is taken', (text, address) => expect(addressOf(text)).toBe(address))

  test.each([
    ['a list', 'a@example.com, b@example.com'],
    ['a list without blanks', 'a@example.com,b@example.com'],
    ['a display name', 'Ann <ann@example.com>'],
    ['a comment', 'ann(work)@example.com'],
    ['a quoted part', '"ann lee"@example.com'],
    ['a line break', 'ann@example.com\r\nBcc: b@example.com'],
    ['a line break at the end', 'ann@example.com\n'],
    ['a tab', 'ann\t@example.com'],
    ['a null character', 'ann\0@example.com'],
    ['two signs', 'ann@b@example.com'],
    ['no sign', 'example.com'],
    ['nothing before it', '@example.com'],
    ['nothing after it', 'ann@'],
    ['a host without a dot', 'ann@localhost'],
    ['a literal host', 'ann@[127.0.0.1]'],
    ['a bare IP address', 'ann@127.0.0.1'],
    ['a dot at the end', 'ann.@example.com'],
    ['two dots', 'ann..lee@example.com'],
    ['a domain that ends in a dot', 'ann@example.com.'],
    ['a hyphen at the edge', 'ann@-example.com'],
    ['a blank inside', 'ann lee@example.com'],
    ['a full-width sign', 'ann＠example.com'],
    ['an international local part', 'änn@example.com'],
    ['an address of another scheme', 'mailto:ann@example.com?bcc=x'],
    ['too long a local part', `${'a'.repeat(65)}@example.com`],
    ['too long a whole', `ann@${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.example`],
    ['nothing', ''],
    ['no text', 7 as unknown as string],
  ])('%s is refused', (_, text) => expect(addressOf(text)).toBeNull())

  test('what is taken is taken again unchanged, and holds nothing that means something in a header', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.emailAddress(),
          fc.string({ unit: 'binary' }),
          fc.string().map((text) => `a${text}@example.com`),
        ),
        (text) => {
          const address = addressOf(text)
          if (address === null) return
          expect(addressOf(address)).toBe(address)
          expect(address).toMatch(/^[\x21-\x7e]+$/)
          expect(address).not.toMatch(/[\s,;:<>()"[\]\\]/)
        },
      ),
    )
  })

  test('one person has one key, however the address was typed', () => {
    expect(normalAddress(' Ann@Example.com ')).toBe('ann@example.com')
    expect(normalAddress('ANN@BÜCHER.example')).toBe(normalAddress('ann@xn--bcher-kva.example'))
    expect(normalAddress(' Broken ')).toBe('broken')
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void expect(normalAddress(normalAddress(text))).toBe(normalAddress(text))))
  })
})

test.each([
  ['hello@fern.example', { address: 'hello@fern.example' }],
  ['Fern & Fable <hello@fern.example>', { name: 'Fern & Fable', address: 'hello@fern.example' }],
  ['"Fern, \\"F\\"" <hello@fern.example>', { name: 'Fern, "F"', address: 'hello@fern.example' }],
  ['<hello@fern.example>', { address: 'hello@fern.example' }],
  ['Fern <a@fern.example>, <b@fern.example>', null],
  ['Fern <hello>', null],
])('a sender may be written as %s', (text, mailbox) => expect(mailboxOf(text)).toEqual(mailbox))
