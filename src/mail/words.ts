/**
 * What letters say, apart from how they look: a list of words for each language, `templates/words/de.json`.
 *
 *     { "cart.title": "Ihr Warenkorb wartet", "cart.more": { "one": "und noch ein Artikel", "other": "und {count} weitere" } }
 *
 * A template says `it.say('cart.title')` or `it.say('cart.more', { count: … })`. Keys are written out in templates, so the
 * words are put into the compiled template, once for each language: a letter pays nothing for them.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BeckonError } from '../core/errors.ts'
import { callsOf } from './calls.ts'
import { fault } from './source.ts'

/** One wording, or one for each plural form of `count` that the language has. */
type Wording = string | Readonly<Record<string, string>>

export type WordList = {
  language: string
  /** Below the templates' folder. */
  file: string
  text: string
  wordings: ReadonlyMap<string, Wording>
}

const pluralForms = new Set(['zero', 'one', 'two', 'few', 'many', 'other'])

/** The lists of a templates' folder, by language in lower case; none without a folder `words`. Throws `template.broken` with file and line. */
export function readWords(dir: string): Map<string, WordList> {
  const folder = join(dir, 'words')
  if (!existsSync(folder)) return new Map()
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'))
  return new Map(
    files.toSorted().map((file) => {
      const list = readList(`words/${file}`, file.slice(0, -'.json'.length), readFileSync(join(folder, file), 'utf8'))
      return [list.language.toLowerCase(), list]
    }),
  )
}

function readList(file: string, language: string, text: string): WordList {
  const wordings = new Map<string, Wording>()
  let parsed: unknown
  try {
    Intl.getCanonicalLocales(language)
    parsed = JSON.parse(text)
  } catch (error) {
    const { message } = error as Error
    const at = Number(/position (\d+)/.exec(message)?.[1] ?? 0)
    const what = error instanceof RangeError ? `A list is called by its language, as en.json is; ${language} is none.` : `This is not JSON: ${message}.`
    throw fault(file, text, text.slice(0, at).split('\n').length, what, error)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw fault(file, text, 1, 'A list of words is an object: { "key": "words" }.')
  for (const [key, value] of Object.entries(parsed)) {
    const forms = typeof value === 'object' && value !== null ? Object.entries(value) : []
    const isPlural = forms.length > 0 && forms.every(([form, words]) => pluralForms.has(form) && typeof words === 'string') && 'other' in value
    if (typeof value !== 'string' && !isPlural)
      throw fault(file, text, lineOf(text, key), `${key} is neither words nor plural forms with "other" among them (${[...pluralForms].join(', ')}).`)
    wordings.set(key, value as Wording)
  }
  return { language, file, text, wordings }
}

const lineOf = (text: string, key: string): number => Math.max(1, text.split('\n').findIndex((line) => line.includes(JSON.stringify(key))) + 1)

export type Tongue = { list: WordList | undefined; main: WordList | undefined; gaps: Set<string> }

/**
 * `code` with the words of a language in the place of its `it.say(…)` calls, as JavaScript; the words themselves where they
 * are all of it and hold no placeholder. A key that the language lacks is taken from the main one and put among `gaps`.
 * `blame` makes the error for what the template did wrong.
 */
export function spoken(code: string, tongue: Tongue, blame: (what: string) => BeckonError): string | { words: string } {
  let result = ''
  let end = 0
  for (const call of callsOf(code, 'it.say', blame)) {
    const wording = wordingOf(call.key, tongue, blame)
    const isWhole = code.slice(0, call.from).trim() === '' && code.slice(call.to).trim() === ''
    if (isWhole && typeof wording.words === 'string' && !/\{\w+\}/.test(wording.words)) return { words: wording.words }
    const values = new Map([...call.values].map(([name, value]) => [name, inCode(spoken(value, tongue, blame))]))
    result += code.slice(end, call.from) + toCode(wording, values, call.key, blame)
    end = call.to
  }
  return result + code.slice(end)
}

const inCode = (said: string | { words: string }): string => (typeof said === 'string' ? said : JSON.stringify(said.words))

type Found = { words: Wording; list: WordList }

function wordingOf(key: string, { list, main, gaps }: Tongue, blame: (what: string) => BeckonError): Found {
  const own = list?.wordings.get(key)
  if (own !== undefined) return { words: own, list: list as WordList }
  const words = main?.wordings.get(key)
  if (words === undefined) throw blame(main === undefined ? `There is no list of words to take ${key} from.` : `${main.file} has no words for ${key}.`)
  if (list !== undefined) gaps.add(key)
  return { words, list: main as WordList }
}

function toCode({ words, list }: Found, values: ReadonlyMap<string, string>, key: string, blame: (what: string) => BeckonError): string {
  const valueOf = (name: string): string => {
    const value = values.get(name)
    if (value !== undefined) return value
    if (values.size === 0 || name === 'count') throw blame(`${key} speaks of {${name}} in ${list.file}: give it, as in it.say('${key}', { ${name}: … }).`)
    throw fault(list.file, list.text, lineOf(list.text, key), `${key} speaks of {${name}}, and the template gives it ${[...values.keys()].join(', ')}.`)
  }
  const filled = (text: string): string =>
    `(${text
      .split(/(\{\w+\})/)
      .filter((part) => part !== '')
      .map((part) => {
        if (!/^\{\w+\}$/.test(part)) return JSON.stringify(part)
        const value = valueOf(part.slice(1, -1))
        return `__eta.w((${value}), ${JSON.stringify(value.trim().replace(/^it\./, ''))})`
      })
      .join(' + ')})`
  if (typeof words === 'string') return filled(words)
  const { other, ...rest } = words
  const choices = Object.entries(rest).map(([form, text]) => `$form === '${form}' ? ${filled(text)} : `)
  // A list's own plural rules: words of the main language stand in where another lacks them.
  return `(($form) => ${choices.join('')}${filled(other as string)})(__eta.n((${valueOf('count')}), ${JSON.stringify(list.language)}))`
}

/** What products without a name are called. */
export type Calling = { item(id: string): string; branded(brand: string, id: string): string; some: string }

const plainCalling: Calling = { item: (id) => `Item ${id}`, branded: (brand, id) => `${brand} item ${id}`, some: 'An item' }

/** By the keys `product.item`, `product.branded` and `product.some` of a list; in plain English where it has none. */
export function callingOf({ list, main }: Tongue): Calling {
  const text = (key: string): string | undefined => {
    const words = list?.wordings.get(key) ?? main?.wordings.get(key)
    return typeof words === 'string' ? words : undefined
  }
  const [item, branded, some] = [text('product.item'), text('product.branded'), text('product.some')]
  return {
    item: item === undefined ? plainCalling.item : (id) => item.replaceAll('{id}', () => id),
    branded:
      branded === undefined ? plainCalling.branded : (brand, id) => branded.replaceAll(/\{(id|brand)\}/g, (_, name: string) => (name === 'id' ? id : brand)),
    some: some ?? plainCalling.some,
  }
}

type Plural = { rules: Intl.PluralRules; known: string[] }
const plurals = new Map<string, Plural>()
/** Asking the rules takes longer than all else about a placeholder, and most counts are small. */
const knownMax = 1_000

/** `one`, `other`, …: the form that a language uses for so many. */
export function pluralForm(language: string, count: number): string {
  let plural = plurals.get(language)
  if (plural === undefined) plurals.set(language, (plural = { rules: new Intl.PluralRules(language), known: [] }))
  if (!(count >= 0 && count < knownMax && Number.isInteger(count))) return plural.rules.select(count)
  return (plural.known[count] ??= plural.rules.select(count))
}
