import { expect, test } from 'vitest'
import { readDeclarations, readSheet } from './css.ts'

test('rules come with their selectors, declarations and the at-rules around them', () => {
  const { rules, atRules } = readSheet('a, p > b{color:red}@media (max-width:520px){ @supports (gap:1px) { .x{gap:1px !important} } .y{margin:0} }')
  expect(rules).toEqual([
    { selectors: ['a', 'p > b'], declarations: [{ name: 'color', value: 'red', important: false }], around: [] },
    { selectors: ['.x'], declarations: [{ name: 'gap', value: '1px', important: true }], around: ['@media (max-width:520px)', '@supports (gap:1px)'] },
    { selectors: ['.y'], declarations: [{ name: 'margin', value: '0', important: false }], around: ['@media (max-width:520px)'] },
  ])
  expect(atRules).toEqual(['@media (max-width:520px)', '@supports (gap:1px)'])
})

test('quotes, parentheses and comments do not end a value', () => {
  expect(readDeclarations(`background: url("a;b.png") no-repeat; font-family:'A;B' ;--Own:{a}`)).toEqual([
    { name: 'background', value: 'url("a;b.png") no-repeat', important: false },
    { name: 'font-family', value: `'A;B'`, important: false },
    { name: '--Own', value: '{a}', important: false },
  ])
  const sheet = readSheet('/* .a{color:red} */ <!-- .b[title="}"]{color:blue} -->')
  expect(sheet).toMatchObject({ hasComments: true, rules: [{ selectors: ['.b[title="}"]'] }] })
})

test('fonts, frames and imports are known as at-rules, and frames are no rules', () => {
  const { atRules, rules } = readSheet("@import url('x.css');@font-face{font-family:X;src:url(x)}@keyframes k{from{top:0}to{top:1px}}p{color:red}")
  expect(atRules).toEqual(["@import url('x.css')", '@font-face', '@keyframes k'])
  expect(rules.map(({ selectors }) => selectors)).toEqual([[], ['p']])
})

test('whatever is broken ends where the text ends', () => {
  for (const text of ['a{', 'a{b:c', '@media {', '}}}', 'a{b:"', 'a:is(', '/*', `${'@media x{'.repeat(100)}a{b:c}`]) expect(() => readSheet(text)).not.toThrow()
})
