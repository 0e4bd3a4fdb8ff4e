import { expect, test } from 'vitest'
import { readUpload } from './upload.ts'

test.each([
  ['JSON texts', '["A1","A2"]', ['A1', 'A2']],
  ['JSON objects', '{"codes":[{"code":"A1"},"A2",7]}', [{ code: 'A1' }, 'A2', 7]],
  ['a code a line', 'A1\r\nA2\n\n  A3  \n', ['A1', 'A2', 'A3']],
  ['a byte order mark', '\uFEFFA1\nA2', ['A1', 'A2']],
  ['a named column, wherever it stands', 'Created,Discount code,Used\n2026,A1,0\n2026,A2,0', ['A1', 'A2']],
  ['semicolons and quotes', 'code;note\n"A;1";"say ""hi"""\nA2;', ['A;1', 'A2']],
  ['a column without a name: the first', 'A1\tx\nA2\ty', ['A1', 'A2']],
  ['quoted cells from the first line on', '"A1"\n"A2"', ['A1', 'A2']],
  ['what an export kept from being a formula', "code\n'=A1\n'-A2", ['=A1', '-A2']],
  ['nothing', '', []],
])('a list is read: %s', (_, text, codes) => expect(readUpload(text)).toEqual(codes))

test.each(['{"pool":"x"}', '[1,', '{"codes":"A1"}'])('what begins as JSON and is none is refused, not taken for a code: %s', (text) =>
  expect(readUpload(text)).toEqual({ refused: 'pool.list_invalid' }),
)
