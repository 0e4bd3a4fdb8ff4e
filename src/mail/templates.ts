/**
 * The letters' templates, read and compiled once.
 *
 * A template file is Eta in three parts: front matter (`subject`, `preheader`, `requires`, `language`), HTML, and after
 * `--- text ---` the plain text; without a text part it is derived from the HTML. `layout.eta` wraps every letter at
 * `<%~ it.body %>`; `<%~ include('./partials/button', { … }) %>` puts a partial in, which sees its arguments as `part`
 * and whatever is in scope. Both are flattened before compiling, so a letter is one run of string concatenation.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Eta } from 'eta/core'
import { convert } from 'html-to-text'
import { BeckonError } from '../core/errors.ts'
import { fromPlaceholders, inlineCss, withPlaceholders } from './inline.ts'
import { fault, parseSource, wholeLines, type Piece, type Source, type Tag } from './source.ts'
import type { View } from './view.ts'

/** Eta's own way of writing: `res` grows, `line` is the number of the tag at work, `f` and `e` pass every printed value. */
export type Pen = { res: string; line: number; f(value: unknown): string; e(text: string): string }
export type Print = (it: View, pen: Pen) => string

export type Template = {
  name: string
  /** Paths into the data without which there is nothing to say. */
  requires: readonly string[]
  language: string
  subject: Print
  html: Print
  text: Print
  /** Whether it speaks of recommended products. */
  recommends: boolean
  /** Tag number → where it stands. */
  tags: readonly Tag[]
  /** `template.broken` at tag number `tag`. */
  fault(tag: number, thrown: unknown): BeckonError
}

export type Templates = {
  /** Of every file; it changes when any of them does. */
  hash: string
  names(): string[]
  /** Throws `template.missing`. */
  get(name: string): Template
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
  const names = [...folder.sources.keys()].filter((name) => !name.includes('/') && name !== 'layout')
  const compiled = new Map(names.map((name) => [name, compile(folder, name)]))
  return {
    hash: hash.digest('hex').slice(0, 32),
    names: () => names,
    get(name) {
      const template = compiled.get(name)
      if (template === undefined) throw new BeckonError('template.missing', `There is no template ${name}.eta; there are ${names.join(', ') || 'none'}.`)
      return template
    },
  }
}

type Folder = { texts: Map<string, string>; sources: Map<string, Source> }

function compile(folder: Folder, name: string): Template {
  const source = sourceOf(folder, name)
  const layout = sourceOf(folder, 'layout')
  const subject = source.front.get('subject')?.pieces
  if (subject === undefined) throw broken(folder, name, 1, 'The template has no subject: begin it with `---`, `subject: …`, `---`.')
  const slots = { body: source.html, subject, preheader: source.front.get('preheader')?.pieces ?? [] }
  const html = inlineCss(flatten(folder, layout, 'html', slots))
  if ('half' in html) {
    const { file, line } = html.half ?? { file: `${name}.eta`, line: 1 }
    throw broken(folder, file.replace(/\.eta$/, ''), line, 'A branch or loop holds half an element: open and close elements inside the same one.')
  }

  const text = source.text ? flatten(folder, source, 'text', {}) : derived(flatten(folder, source, 'html', {}))
  if (text === null) throw broken(folder, name, 1, 'No text part can be derived from this HTML: add one after a line `--- text ---`.')
  const wholeText = layout.text ? flatten(folder, layout, 'text', { ...slots, body: text }) : text

  const tags: Tag[] = []
  const requires = [layout, source].flatMap((one) => (one.front.get('requires')?.value ?? '').split(/[,\s]+/).filter(Boolean))
  const language = source.front.get('language')?.value ?? layout.front.get('language')?.value ?? 'en'
  const at = (tag: number, thrown: unknown): BeckonError => {
    const { file, line } = tags[tag] ?? { file: `${name}.eta`, line: 1 }
    return broken(folder, file.replace(/\.eta$/, ''), line, thrown instanceof Error ? thrown.message : String(thrown), thrown)
  }
  try {
    const prints = { subject: toPrint(subject, tags), html: toPrint(html, tags), text: toPrint(wholeText, tags) }
    return { name, requires, language, ...prints, recommends: tags.some(({ code }) => /\bit\.recommended\b/.test(code)), tags, fault: at }
  } catch (error) {
    throw broken(folder, name, 1, `Together with its layout and partials it does not compile: ${(error as Error).message}.`, error)
  }
}

function sourceOf(folder: Folder, name: string, from?: Tag): Source {
  const source = folder.sources.get(name)
  if (source !== undefined) return source
  if (from) throw broken(folder, from.file.replace(/\.eta$/, ''), from.line, `There is no ${name}.eta to include.`)
  throw new BeckonError('template.missing', `There is no template ${name}.eta.`)
}

const broken = (folder: Folder, name: string, line: number, what: string, cause?: unknown): BeckonError =>
  fault(`${name}.eta`, folder.texts.get(name) ?? '', line, what, cause)

type Part = 'html' | 'text'
type Slots = { body?: Piece[]; subject?: Piece[]; preheader?: Piece[] }

/** The pieces with slots filled and partials put in. A partial becomes a block with its arguments as `part`. */
function flatten(folder: Folder, source: Source, part: Part, slots: Slots, depth = 0): Piece[] {
  const result: Piece[] = []
  for (const piece of (part === 'html' ? source.html : source.text) ?? []) {
    if (typeof piece === 'string' || piece.kind === 'run') {
      result.push(piece)
      continue
    }
    const slot = /^it\.(body|subject|preheader)\s*$/.exec(piece.code)?.[1] as keyof Slots | undefined
    if (slot !== undefined && slots[slot] !== undefined) {
      result.push(...flatten(folder, { ...source, [part]: slots[slot] }, part, {}, depth + 1))
      continue
    }
    const [, path, given] = /^include\(\s*['"](?:\.{1,2}\/)*([\w/-]+?)(?:\.eta)?['"]\s*(?:,([^]*))?\)\s*$/.exec(piece.code) ?? []
    if (path === undefined) {
      result.push(piece)
      continue
    }
    const partial = folder.sources.get(path) ?? sourceOf(folder, path.includes('/') ? path : `partials/${path}`, piece)
    if (depth > includesMax) throw broken(folder, source.file.replace(/\.eta$/, ''), piece.line, 'Partials include one another without end.')
    const run = (code: string): Tag => ({ ...piece, kind: 'run', code })
    result.push(run(`{ const given = ${given === undefined ? '{}' : `(${given})`}; { const part = given;`))
    result.push(...trimmed(flatten(folder, partial, part, {}, depth + 1)))
    result.push(run('} }'))
  }
  return result
}

const includesMax = 16

function trimmed(pieces: Piece[]): Piece[] {
  const last = pieces.at(-1)
  return typeof last === 'string' ? [...pieces.slice(0, -1), last.trimEnd()] : pieces
}

/** The text of an HTML part: what html-to-text makes of it, with the template's tags kept in place. */
function derived(html: readonly Piece[]): Piece[] | null {
  const tags: Tag[] = []
  const marked = withPlaceholders(html, tags).replaceAll(/<!--(tag-\d+-)-->/g, '$1')
  const text = convert(marked, {
    wordwrap: false,
    selectors: [
      { selector: 'img', format: 'skip' },
      { selector: 'a', options: { hideLinkHrefIfSameAsText: true, linkBrackets: ['\n', '\n'] } },
      ...['h1', 'h2', 'h3'].map((selector) => ({ selector, options: { uppercase: false } })),
    ],
  })
  // Tags inside attributes that the text has no use for are gone; those that open or close something may not be.
  const kept = new Set([...text.matchAll(/tag-(\d+)-/g)].map((found) => Number(found[1])))
  const lost = tags.filter((tag, i) => !kept.has(i) && tag.kind === 'run')
  if (lost.length > 0) return null
  const order = [...kept]
  const pieces = fromPlaceholders(
    text.replaceAll(/tag-(\d+)-/g, (_, n: string) => `tag-${order.indexOf(Number(n))}-`),
    order.map((n) => tags[n] as Tag),
  )
  return pieces && wholeLines(pieces)
}

const writer = new Eta({ autoEscape: true, autoFilter: true, debug: true })

/** Compiles pieces with Eta. Each tag sets `pen.line` to its number first, which is how a fault in a letter finds its place. */
function toPrint(pieces: readonly Piece[], tags: Tag[]): Print {
  const code = writer.compileBody(
    pieces.map((piece) =>
      typeof piece === 'string'
        ? JSON.stringify(piece).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")
        : { t: piece.kind === 'print' ? 'i' : piece.kind === 'raw' ? 'r' : 'e', val: piece.code, lineNo: tags.push(piece) - 1 },
    ),
  )
  return new Function('it', '__eta', `${code}\nreturn __eta.res`) as Print
}
