/** Finds calls with a written-out key in a template's code: `it.say('cart.more', { count: it.lineCount - 6 })`. */
import type { BeckonError } from '../core/errors.ts'

export type Call = {
  from: number
  to: number
  key: string
  /** Name → the code that gives its value. */
  values: Map<string, string>
}

/** Calls of `name` in order. `blame` makes the error for one that is written another way. */
export function callsOf(code: string, name: string, blame: (what: string) => BeckonError): Call[] {
  const calls: Call[] = []
  const shape = `${name}('key') or ${name}('key', { name: value })`
  for (let from = code.indexOf(`${name}(`); from >= 0; from = code.indexOf(`${name}(`, calls.at(-1)!.to)) {
    const open = from + name.length
    const close = closing(code, open)
    const [key, given, ...more] = close < 0 ? [] : split(code.slice(open + 1, close))
    const [, , word] = /^\s*(['"])([\w.-]+)\1\s*$/.exec(key ?? '') ?? []
    const object = given?.trim()
    if (word === undefined || more.some((rest) => rest.trim() !== '') || (object !== undefined && !/^\{[^]*\}$/.test(object)))
      throw blame(`Words are said with their key written out: ${shape}.`)
    const values = new Map(
      split((object ?? '{}').slice(1, -1)).flatMap((pair): [string, string][] => valueIn(pair, () => blame(`Write the values of ${word} as in ${shape}.`))),
    )
    calls.push({ from, to: close + 1, key: word, values })
  }
  return calls
}

function valueIn(pair: string, blame: () => BeckonError): [string, string][] {
  if (pair.trim() === '') return []
  const [, name, value] = /^\s*(\w+)\s*(?::([^]+))?$/.exec(pair) ?? []
  if (name === undefined) throw blame()
  return [[name, (value ?? name).trim()]]
}

/** The parts between the commas that stand outside all brackets and strings. */
function split(text: string): string[] {
  const parts: string[] = []
  let start = 0
  for (let i = 0; i < text.length; i++) {
    const skipped = pastQuoted(text, i)
    if (skipped > i) i = skipped - 1
    else if ('([{'.includes(text[i]!)) i = Math.max(i, closing(text, i))
    else if (text[i] === ',') {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  return [...parts, text.slice(start)]
}

/** Where the bracket at `open` is closed; -1 when nowhere. */
function closing(text: string, open: number): number {
  let depth = 0
  for (let i = open; i < text.length; i++) {
    const skipped = pastQuoted(text, i)
    if (skipped > i) i = skipped - 1
    else if ('([{'.includes(text[i]!)) depth++
    else if (')]}'.includes(text[i]!) && --depth === 0) return i
  }
  return -1
}

/** The index after the string that begins at `at`; `at` when none does. */
function pastQuoted(text: string, at: number): number {
  const quote = text[at]!
  if (!`'"\``.includes(quote)) return at
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === quote) return i + 1
  }
  return text.length
}
