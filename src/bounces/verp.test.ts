import fc from 'fast-check'
import { expect, test } from 'vitest'
import { letterToken } from '../mail/links.ts'
import { createVerp } from './verp.ts'

const verp = createVerp('a secret', 'bounces.fern.example')
const tokens = fc.string().map((key) => letterToken('secret', key))

test('every letter has an address of its own that any relay takes, and that leads back to it whatever case relays make of it', () => {
  fc.assert(
    fc.property(tokens, fc.func(fc.boolean()), (token, isUpper) => {
      const address = verp.addressFor(token)
      const local = address.split('@')[0]!
      expect(local.length).toBeLessThanOrEqual(64)
      expect(local).toMatch(/^b\+[a-z2-7]+\.[a-z2-7]+$/)
      const folded = Array.from(address, (char, index) => (isUpper(index) ? char.toUpperCase() : char)).join('')
      expect(verp.read(folded)).toEqual({ token })
    }),
  )
})

test('an address that was changed anywhere is nobody’s', () => {
  const address = verp.addressFor(letterToken('secret', 'one'))
  for (let at = 2; at < address.indexOf('@'); at++) {
    const other = address[at] === 'a' ? 'b' : 'a'
    expect(verp.read(address.slice(0, at) + other + address.slice(at + 1))).toBeNull()
  }
})

test('neither another secret nor another domain opens it, and no other word does', () => {
  const token = letterToken('secret', 'one')
  expect(createVerp('another', 'bounces.fern.example').read(verp.addressFor(token))).toBeNull()
  expect(createVerp('a secret', 'bounces.other.example').read(verp.addressFor(token))).toBeNull()
  for (const address of ['', 'postmaster@bounces.fern.example', 'b+.@bounces.fern.example', `b+${token}@bounces.fern.example`, 'f+a@bounces.fern.example'])
    expect(verp.read(address)).toBeNull()
})

test('feedback loops have one address for all letters', () => {
  expect(verp.read(verp.feedback.toUpperCase())).toBe('feedback')
  expect(verp.feedback.split('@')[0]!.length).toBeLessThanOrEqual(64)
})
