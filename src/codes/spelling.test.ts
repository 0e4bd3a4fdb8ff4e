import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fold, isPoolCode, makeBody, prefixOf, readSpelling, shownCode } from './spelling.ts'

const secret = 'a secret'
const codeOf = (key: string) => shownCode(makeBody(secret, key), 'FERN')
const read = (text: string) => readSpelling(secret, 'FERN', text)
const keys = fc.string({ minLength: 1 })

test('a code is short enough to read aloud, and always the same for the same letter', () => {
  expect(codeOf('7/cart/1/cart-discount')).toMatch(/^FERN-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/)
  expect(codeOf('7/cart/1/cart-discount')).toBe(codeOf('7/cart/1/cart-discount'))
  expect(new Set(Array.from({ length: 20_000 }, (_, n) => codeOf(`${n}`))).size).toBe(20_000)
  expect(makeBody('another secret', 'k')).not.toBe(makeBody(secret, 'k'))
})

test('it is ours however it is typed: small letters, spaces, no dashes, O for 0, I or l for 1, with or without what stands before', () => {
  fc.assert(
    fc.property(keys, fc.integer({ min: 0, max: 255 }), (key, habits) => {
      let typed = codeOf(key).slice(habits & 64 ? 5 : 0)
      if (habits & 1) typed = typed.toLowerCase()
      if (habits & 2) typed = typed.replaceAll('-', ' ')
      if (habits & 4) typed = typed.replaceAll('-', '')
      if (habits & 8) typed = typed.replaceAll('0', 'o')
      if (habits & 16) typed = typed.replaceAll('1', habits & 32 ? 'l' : 'I')
      if (habits & 128) typed = `  ${typed} `
      return read(typed).is === 'made' && read(typed).body === makeBody(secret, key)
    }),
  )
})

test('one wrong character, and two swapped, are always noticed as a slip', () => {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
  fc.assert(
    fc.property(keys, fc.nat(11), fc.nat(11), fc.integer({ min: 1, max: 31 }), (key, at, other, by) => {
      const body = [...makeBody(secret, key)]
      const wrong = body.with(at, alphabet[(alphabet.indexOf(body[at]!) + by) % 32]!)
      const swapped = body.with(at, body[other]!).with(other, body[at]!)
      const isSame = swapped.join('') === body.join('')
      return read(shownCode(wrong.join(''), 'FERN')).is === 'mistyped' && (isSame || read(shownCode(swapped.join(''), 'FERN')).is === 'mistyped')
    }),
  )
  expect(read(codeOf('k').slice(0, -1)).is).toBe('mistyped')
  expect(read(`${codeOf('k')}7`).is).toBe('mistyped')
})

test('nobody without the secret can make a code that looks like ours: of those that pass the check, one in 32 has our seal', () => {
  const forged = Array.from({ length: 3_200 }, (_, n) => shownCode(makeBody('a forger’s secret', `${n}`), 'FERN'))
  const found = forged.map((code) => read(code).is)
  expect(found).not.toContain('mistyped')
  const sealed = found.filter((is) => is === 'made').length
  expect(sealed).toBeGreaterThan(50)
  expect(sealed).toBeLessThan(160)
})

test('what reads like no code of ours may be of a pool', () => {
  expect(read('SUMMER-2026').is).toBe('other')
  expect(read('').is).toBe('other')
  expect(fold(' summer-20 26')).toBe('SUMMER2026')
  for (const good of ['A', 'WELCOME_10%', '=1+1', 'x'.repeat(40), 'two words']) expect([good, isPoolCode(good)]).toEqual([good, true])
  for (const bad of ['', ' ', '--', 'x'.repeat(41), 'ÄÖ', 'a\nb', ' a', 'a\u0000']) expect([bad, isPoolCode(bad)]).toEqual([bad, false])
})

test('a code begins with the shop’s first word, or with nothing', () => {
  expect(['Fern & Co', 'Møbel', 'Éclair', '花屋', '  ', 'Extraordinary Goods'].map(prefixOf)).toEqual(['FERN', 'M', 'ECLAIR', '', '', 'EXTRAORD'])
  expect(shownCode(makeBody(secret, 'k'), '')).toMatch(/^.{4}-.{4}-.{4}$/)
})
