/** CSS as far as mail clients' habits with it matter: rules, the at-rules around them, declarations. No browser's parser. */

export type Declaration = { name: string; value: string; important: boolean }

/** `around`: the at-rules that it stands in, the outermost first, such as `@media (max-width:520px)`. */
export type Rule = { selectors: string[]; declarations: Declaration[]; around: string[] }

/** `atRules`: what stands before each at-rule's braces or semicolon. */
export type Sheet = { rules: Rule[]; atRules: string[]; hasComments: boolean }

/** A whole style sheet. What cannot be read is left out; never throws. */
export function readSheet(text: string): Sheet {
  const plain = text.replaceAll(/\/\*[^]*?(?:\*\/|$)|<!--|-->/g, ' ')
  const sheet: Sheet = { rules: [], atRules: [], hasComments: text.includes('/*') }
  for (let at = 0; at < plain.length;) at = readRules(plain, at, [], sheet)
  return sheet
}

/** Rules from `at` to the brace that ends their block; returns where that is left. */
function readRules(text: string, start: number, around: string[], sheet: Sheet): number {
  let at = start
  while (at < text.length) {
    const end = findOutside(text, '{};', at)
    const prelude = text.slice(at, end).trim().replaceAll(/\s+/g, ' ')
    if (text[end] === undefined || text[end] === '}') return end + 1
    at = end + 1
    const isAt = prelude.startsWith('@')
    if (isAt) sheet.atRules.push(prelude)
    if (text[end] === ';') continue
    if (isAt && /^@(media|supports|layer|container|document|-moz-document)\b/i.test(prelude) && around.length < depthMax) {
      at = readRules(text, at, [...around, prelude], sheet)
      continue
    }
    const close = endOfBlock(text, at)
    if (!/^@(-\w+-)?keyframes/i.test(prelude))
      sheet.rules.push({ selectors: isAt ? [] : splitOutside(prelude, ','), declarations: readDeclarations(text.slice(at, close)), around })
    at = close + 1
  }
  return at
}

const depthMax = 8

/** What a style attribute or a rule's braces hold. */
export function readDeclarations(text: string): Declaration[] {
  return splitOutside(text, ';').flatMap((part) => {
    const colon = part.indexOf(':')
    if (colon <= 0) return []
    const name = part.slice(0, colon).trim()
    const value = part.slice(colon + 1).trim()
    const important = /!\s*important$/i.test(value)
    // Names of custom properties keep their case.
    return [{ name: name.startsWith('--') ? name : name.toLowerCase(), value: important ? value.replace(/\s*!\s*important$/i, '') : value, important }]
  })
}

/** Parts between separators that stand outside quotes and parentheses, trimmed, without the empty. */
function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = []
  for (let at = 0; at <= text.length;) {
    const end = findOutside(text, separator, at)
    const part = text.slice(at, end).trim()
    if (part !== '') parts.push(part)
    at = end + 1
  }
  return parts
}

/** Where the first of `characters` stands outside quotes, brackets and parentheses; the text's length when nowhere. */
function findOutside(text: string, characters: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    const character = text[at]!
    if (depth <= 0 && characters.includes(character)) return at
    if (character === '\\') at++
    else if (character === '"' || character === "'") {
      const close = text.indexOf(character, at + 1)
      if (close < 0) return text.length
      at = close
    } else if (character === '(' || character === '[') depth++
    else if (character === ')' || character === ']') depth--
  }
  return text.length
}

function endOfBlock(text: string, from: number): number {
  let depth = 1
  for (let at = from; at < text.length; at++) {
    at = findOutside(text, '{}', at)
    if (text[at] === '{') depth++
    else if (--depth === 0) return at
  }
  return text.length
}
