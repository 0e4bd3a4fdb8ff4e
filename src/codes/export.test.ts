import { expect, test } from 'vitest'
import type { CodeWithLetter } from '../store/codes.ts'
import { csvHead, csvLine, stateOf } from './export.ts'
import { readUpload } from './upload.ts'

const free: CodeWithLetter = {
  id: 1,
  folded: 'A1',
  code: 'A-1',
  pool: 'spring',
  letter: null,
  template: null,
  percent: null,
  addedAt: 0,
  reservedAt: null,
  expiresAt: null,
  leftAt: null,
  redeemedAt: null,
  orderId: null,
  customer: null,
  recipient: null,
  state: null,
  changed: null,
}
const used: CodeWithLetter = {
  ...free,
  letter: 7,
  template: 'cart-discount',
  percent: 10,
  customer: 3,
  reservedAt: 0,
  leftAt: 1_000,
  expiresAt: 5_000,
  redeemedAt: 2_000,
  orderId: '=cmd|x',
}

test('a line says how a code stands, and a cell is never a formula', () => {
  expect(csvLine(free, 0)).toBe('A-1,spring,free,,,,,,,,,\n')
  expect(csvLine(used, 0)).toBe(
    'A-1,spring,redeemed,10,7,cart-discount,3,1970-01-01T00:00:00.000Z,1970-01-01T00:00:01.000Z,1970-01-01T00:00:05.000Z,1970-01-01T00:00:02.000Z,"\'=cmd|x"\n',
  )
  for (const code of ['=1+1', '+1', '-1', '@sum', 'a"b', 'a,b']) expect(csvLine({ ...free, code }, 0)).toMatch(/^(?:"'[=+\-@]|"a)/)
})

test('what was exported can be uploaded elsewhere as it was', () => {
  const codes = ['A-1', '=1+1', '-x', 'a,b', 'say "x"', '@', 'two words']
  expect(readUpload(csvHead + codes.map((code) => csvLine({ ...free, code }, 0)).join(''))).toEqual(codes)
})

test('a code is free, reserved, redeemed or expired, and good at the instant it expires', () => {
  expect(stateOf(free, 0)).toBe('free')
  expect(stateOf(used, 9_000)).toBe('redeemed')
  expect([stateOf({ ...used, redeemedAt: null }, 5_000), stateOf({ ...used, redeemedAt: null }, 5_001)]).toEqual(['reserved', 'expired'])
})
