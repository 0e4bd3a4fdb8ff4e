/**
 * The letters' templates, read and compiled once.
 *
 * A template file is Eta in three parts: front matter (`subject`, `preheader`, `requires`, `language`), HTML, and after
 * `--- text ---` the plain text; without a text part it is derived from the HTML. `layout.eta` wraps every letter at
 * `<%~ it.body %>`; `<%~ include('./partials/button', { … }) %>` puts a partial in, which sees its arguments as `part`
 * and whatever is in scope. Partials are flattened (mail/flatten.ts) and words put in (mail/words.ts) before compiling, so
 * a letter is one run of string concatenation in one language.
 *
 * A template whose own file says words of the lists exists in every language that has a list; any other, and any that
 * names its `language`, in that one alone. The layout's `language` is the main one.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Eta } from 'eta/core'
import { BeckonError } from '../core/errors.ts'
import { derived } from './derived.ts'
import { broken, flatten, requiredBy, sourceOf, type Block, type Folder } from './flatten.ts'
import { escapeHtml, type Pen } from './pen.ts'
import { inlineCss } from './inline.ts'
import { parseSource, type Piece, type Source, type Tag } from './source.ts'
import type { View } from './view.ts'
import { callingOf, readWords, spoken, type Calling, type Tongue, type WordList } from './words.ts'

export type Print = (it: View, pen: Pen) => string

export type Template = {
  name: string
  /** Paths into the data (or, with `it.`, into what it sees) without which there is nothing to say. */
  requires: readonly string[]
  /** The same, taken apart: below the data, or (`isSeen`) below what the template sees. */
  required: readonly { name: string; keys: readonly string[]; isSeen: boolean }[]
  /** The partials in it that may fall back. */
  blocks: readonly Block[]
  /** Whether it speaks of recommended products. */
  recommends: boolean
  /** The main one first. */
  languages: readonly string[]
  /** The template in the first of these locales that it exists in, else in its main language. */
  in(...locales: unknown[]): Spoken
}

/** A template in one language. */
export type Spoken = {
  language: string
  subject: Print
  html: Print
  text: Print
  calling: Calling
  blocks: readonly Block[]
  /** Tag number → where it stands. */
  tags: readonly Tag[]
  /** `template.broken` at tag number `tag`. */
  fault(tag: number, thrown: unknown): BeckonError
}

/** Words that a language lacks, so that it borrows the main one's. */
export type Gap = { language: string; file: string; key: string }

export type Templates = {
  /** Of every file; it changes when any of them does. */
  hash: string
  names(): string[]
  /** Throws `template.missing`. */
  get(name: string): Template
  gaps: readonly Gap[]
}

/**
 * The templates of a folder. Synchronous; call it again to reload.
 * Throws `template.broken` with file, line and the lines around the fault; `template.missing` without the folder or a layout.
 *
 *     const templates = loadTemplates('templates')
 *     render(templates, 'cart-abandoned', data)
 */
export function loadTemplates(dir: string): Templates {
  if (!existsSync(dir)) throw new BeckonError('template.missing', `There is no folder ${dir}.`)
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.eta'))
    .toSorted()
  const hash = createHash('sha256')
  const folder: Folder = { texts: new Map(), sources: new Map() }
  for (const file of files) {
    const text = readFileSync(join(dir, file), 'utf8')
    hash.update(`${file}\0${text}\0`)
    const name = file.slice(0, -'.eta'.length)
    folder.texts.set(name, text)
    folder.sources.set(name, parseSource(file, text))
  }
  const lists = readWords(dir)
  for (const { file, text } of lists.values()) hash.update(`${file}\0${text}\0`)
  const gaps = new Map<string, Set<string>>()
  const names = [...folder.sources.keys()].filter((name) => !name.includes('/') && name !== 'layout')
  const compiled = new Map(names.map((name) => [name, compile(folder, name, lists, gaps)]))
  return {
    hash: hash.digest('hex').slice(0, 32),
    names: () => names,
    get(name) {
      const template = compiled.get(name)
      if (template === undefined) throw new BeckonError('template.missing', `There is no template ${name}.eta; there are ${names.join(', ') || 'none'}.`)
      return template
    },
    gaps: [...gaps].flatMap(([language, keys]) => [...keys].toSorted().map((key) => ({ language, file: lists.get(language)!.file, key }))),
  }
}

function compile(folder: Folder, name: string, lists: ReadonlyMap<string, WordList>, gaps: Map<string, Set<string>>): Template {
  const source = sourceOf(folder, name)
  const layout = sourceOf(folder, 'layout')
  if (source.fallback.html !== null || source.fallback.text !== null)
    throw broken(folder, name, 1, 'A letter has no fallback, only its partials have: move what may be missing into a partial.')
  const pieces = piecesOf(folder, source, layout)
  const own = source.front.get('language')?.value
  const main = own ?? layout.front.get('language')?.value ?? 'en'
  const isTranslated = own === undefined && saysWords(source)
  const languages = [main, ...(isTranslated ? [...lists.values()].map(({ language }) => language).filter((language) => !same(language, main)) : [])]
  const spokenIn = new Map(
    languages.map((language) => {
      const key = language.toLowerCase()
      const missing = gaps.get(key) ?? new Set()
      // The list of the main language speaks for itself: what it lacks has no stand-in.
      const tongue = { list: same(language, main) ? undefined : lists.get(key), main: lists.get(main.toLowerCase()), gaps: missing }
      const made = speak(folder, name, language, pieces, tongue)
      if (missing.size > 0) gaps.set(key, missing)
      return [key, made]
    }),
  )
  const all = [...pieces.html, ...pieces.text].flatMap((piece) => (typeof piece === 'string' ? [] : [piece.code]))
  const requires = [...new Set([layout, source].flatMap(requiredBy))]
  return {
    name,
    requires,
    required: requires.map((path) => {
      const name = path.replace(/^it\./, '')
      return { name, keys: name.split('.'), isSeen: path !== name }
    }),
    blocks: pieces.blocks,
    recommends: all.some((code) => /\bit\??\.recommended\b/.test(code)),
    languages,
    in: chooser(spokenIn, spokenIn.get(main.toLowerCase())!),
  }
}

const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()

const saysWords = ({ front, html, text }: Source): boolean =>
  [...html, ...(text ?? []), ...[...front.values()].flatMap(({ pieces }) => pieces)].some(
    (piece) => typeof piece !== 'string' && piece.code.includes('it.say('),
  )

/** Locales come from events: what was found for one is remembered, until a stranger fills the memory. */
function chooser(spokenIn: ReadonlyMap<string, Spoken>, main: Spoken): Template['in'] {
  const known = new Map<string, Spoken | null>()
  const find = (locale: unknown): Spoken | null => {
    if (typeof locale !== 'string') return null
    let found = known.get(locale)
    if (found === undefined) {
      const tag = locale.replaceAll('_', '-').toLowerCase()
      found = spokenIn.get(tag) ?? spokenIn.get(tag.split('-')[0]!) ?? null
      if (known.size >= localesMax) known.clear()
      if (locale.length <= localeCharsMax) known.set(locale, found)
    }
    return found
  }
  return (...locales) => {
    for (const locale of locales) {
      const found = find(locale)
      if (found !== null) return found
    }
    return main
  }
}

const localesMax = 512
const localeCharsMax = 64

type Pieces = { subject: Piece[]; html: Piece[]; text: Piece[]; blocks: Block[] }

/** The whole letter with its tags still as they were written. */
function piecesOf(folder: Folder, source: Source, layout: Source): Pieces {
  const name = source.file.replace(/\.eta$/, '')
  const blocks: Block[] = []
  const front = source.front.get('subject')?.pieces
  if (front === undefined) throw broken(folder, name, 1, 'The template has no subject: begin it with `---`, `subject: …`, `---`.')
  const slots = { body: source.html, subject: front, preheader: source.front.get('preheader')?.pieces ?? [] }
  const html = inlineCss(flatten(folder, layout, 'html', slots, blocks))
  if ('half' in html) {
    const { file, line } = html.half ?? { file: source.file, line: 1 }
    throw broken(folder, file.replace(/\.eta$/, ''), line, 'A branch or loop holds half an element: open and close elements inside the same one.')
  }
  const text = source.text ? flatten(folder, source, 'text', {}, blocks) : derived(flatten(folder, source, 'html', {}, blocks))
  if (text === null) throw broken(folder, name, 1, 'No text part can be derived from this HTML: add one after a line `--- text ---`.')
  const wholeText = layout.text ? flatten(folder, layout, 'text', { ...slots, body: text }, blocks) : text
  return { subject: flatten(folder, { ...source, text: front }, 'text', {}, blocks), html, text: wholeText, blocks }
}

function speak(folder: Folder, name: string, language: string, { subject, html, text, blocks }: Pieces, tongue: Tongue): Spoken {
  const tags: Tag[] = []
  const fault = (tag: number, thrown: unknown): BeckonError => {
    const { file, line } = tags[tag] ?? { file: `${name}.eta`, line: 1 }
    return broken(folder, file.replace(/\.eta$/, ''), line, thrown instanceof Error ? thrown.message : String(thrown), thrown)
  }
  const said = (pieces: Piece[], escape: (words: string) => string) => withWords(folder, pieces, tongue, escape)
  const parts = [said(subject, (words) => words), said(html, toEntities), said(text, (words) => words)] as const
  try {
    const [subject, html, text] = parts.map((pieces) => toPrint(pieces, tags)) as [Print, Print, Print]
    return { language, subject, html, text, calling: callingOf(tongue), blocks, tags, fault }
  } catch (error) {
    throw broken(folder, name, 1, `Together with its layout and partials it does not compile: ${(error as Error).message}.`, error)
  }
}

/** What a tag was written as, for faults, and what runs in its place. */
type Said = Tag & { runs: string }

function withWords(folder: Folder, pieces: readonly Piece[], tongue: Tongue, escape: (words: string) => string): (string | Said)[] {
  const result: (string | Said)[] = []
  const add = (words: string): void => {
    const last = result.at(-1)
    if (typeof last === 'string') result[result.length - 1] = last + words
    else result.push(words)
  }
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      add(piece)
      continue
    }
    const runs = spoken(piece.code, tongue, (what) => broken(folder, piece.file.replace(/\.eta$/, ''), piece.line, what))
    if (typeof runs === 'string') result.push({ ...piece, runs })
    else add(piece.kind === 'print' ? escape(runs.words) : piece.kind === 'raw' ? runs.words : '')
  }
  return result
}

/** Words as the rest of a letter's fixed part: ASCII, so that relays leave it alone. */
const toEntities = (words: string): string => escapeHtml(words).replaceAll(/[^\x00-\x7f]/gu, (letter) => `&#${letter.codePointAt(0)};`)

const writer = new Eta({ autoEscape: true, autoFilter: true, debug: true })

/** Compiles pieces with Eta. Each tag sets `pen.line` to its number first, which is how a fault in a letter finds its place. */
function toPrint(pieces: readonly (string | Said)[], tags: Tag[]): Print {
  const code = writer.compileBody(
    pieces.map((piece) =>
      typeof piece === 'string'
        ? JSON.stringify(piece).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")
        : { t: piece.kind === 'print' ? 'i' : piece.kind === 'raw' ? 'r' : 'e', val: piece.runs, lineNo: tags.push(piece) - 1 },
    ),
  )
  return new Function('it', '__eta', `${code}\nreturn __eta.res`) as Print
}
