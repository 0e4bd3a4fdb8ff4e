/** A template file as its author wrote it: front matter, the HTML part, the text part and their fallbacks, each in pieces. */
import vm from 'node:vm'
import { Eta } from 'eta/core'
import { BeckonError } from '../core/errors.ts'

/** A piece of a template that is code: `=` printed, `~` printed raw, or run. */
export type Tag = { kind: 'print' | 'raw' | 'run'; code: string; file: string; line: number }
export type Piece = string | Tag

export type Source = {
  file: string
  /** Front matter: key → its value in pieces. */
  front: Map<string, { value: string; pieces: Piece[] }>
  html: Piece[]
  /** Null where the file has no text part. */
  text: Piece[] | null
  /** What a partial shows instead, when what it is about is missing. */
  fallback: { html: Piece[] | null; text: Piece[] | null }
}

/**
 * Takes a template file apart. Throws `template.broken` with file, line and the lines around the fault.
 *
 *     ---
 *     subject: Your <%= it.product.title %> is still here
 *     requires: product
 *     ---
 *     <p>…</p>
 *     --- text ---
 *     Hi, …
 *
 * A partial may go on with `--- fallback ---` and `--- fallback text ---`.
 */
export function parseSource(file: string, text: string): Source {
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  const source: Source = { file, front: new Map(), html: [], text: null, fallback: { html: null, text: null } }
  let start = 0
  if (lines[0]?.trim() === '---') {
    const end = lines.indexOf('---', 1)
    if (end < 0) throw fault(file, text, 1, 'The front matter has no closing ---.')
    for (let i = 1; i < end; i++) readFront(source, text, lines[i] as string, i + 1)
    start = end + 1
  }
  const seen = new Set<string>()
  for (let name = 'html', from = start; ;) {
    const divider = lines.findIndex((line, i) => i >= from && dividers.test(line))
    const end = divider < 0 ? lines.length : divider
    if (seen.has(name)) throw fault(file, text, from, `There are two parts called ${name}.`)
    seen.add(name)
    place(source, name, pieces(file, text, lines.slice(from, end).join('\n'), from + 1))
    if (divider < 0) break
    name = dividers.exec(lines[divider] as string)![1]!.replaceAll(/ +/g, ' ')
    from = divider + 1
  }
  return source
}

const dividers = /^--- *(text|fallback|fallback +text) *---$/

function place(source: Source, name: string, content: Piece[]): void {
  if (name === 'html') source.html = content
  else if (name === 'text') source.text = wholeLines(content)
  else if (name === 'fallback') source.fallback.html = content
  else source.fallback.text = wholeLines(content)
}

const frontKeys = new Set(['subject', 'preheader', 'requires', 'language'])

function readFront(source: Source, text: string, line: string, at: number): void {
  if (line.trim() === '' || line.startsWith('#')) return
  const [, key, value] = /^([a-z]+):\s*(.*?)\s*$/.exec(line) ?? []
  if (key === undefined || value === undefined) throw fault(source.file, text, at, 'A line of front matter reads `key: value`.')
  if (!frontKeys.has(key)) throw fault(source.file, text, at, `Front matter knows ${[...frontKeys].join(', ')}; not ${key}.`)
  source.front.set(key, { value, pieces: pieces(source.file, text, value, at) })
}

const eta = new Eta({ debug: true, autoTrim: false })
const kinds: Record<string, Tag['kind']> = { i: 'print', r: 'raw', e: 'run' }

type EtaPiece = string | { t: string; val: string; lineNo: number }

function pieces(file: string, text: string, section: string, firstLine: number): Piece[] {
  let parsed: EtaPiece[]
  try {
    parsed = eta.parse(section) as EtaPiece[]
  } catch (error) {
    const message = (error as Error).message
    const line = Number(/ at line (\d+)/.exec(message)?.[1] ?? 1)
    throw fault(file, text, firstLine + line - 1, `${sentence(message.split(' at line')[0] as string)}`)
  }
  const result = parsed.map((piece): Piece => {
    // Eta gives static text escaped for the inside of a quoted string.
    if (typeof piece === 'string') return piece.replaceAll(/\\([\\'n])/g, (_, letter: string) => (letter === 'n' ? '\n' : letter))
    return { kind: kinds[piece.t] ?? 'run', code: piece.val, file, line: firstLine + piece.lineNo - 1 }
  })
  checkSyntax(file, text, result)
  return result
}

/** Compiles the tags alone, each on a line of its own, so that a syntax error can be told where it stands. */
function checkSyntax(file: string, text: string, all: readonly Piece[]): void {
  const program: string[] = ['(function (it, part, include) {']
  const origin: number[] = [0]
  let last = 1
  for (const piece of all) {
    if (typeof piece === 'string') continue
    const code = piece.kind === 'run' ? piece.code : `void (${piece.code}\n);`
    for (const [i, line] of code.split('\n').entries()) {
      program.push(line)
      origin.push(Math.min(piece.line + i, piece.line + piece.code.split('\n').length - 1))
    }
    last = piece.line
  }
  program.push('})')
  origin.push(last)
  try {
    new vm.Script(program.join('\n'), { filename: 'template' })
  } catch (error) {
    const line = Number(/^template:(\d+)/.exec((error as Error).stack ?? '')?.[1] ?? 1)
    throw fault(file, text, origin[line - 1] || last, sentence((error as Error).message))
  }
}

/** In a text part, a line that holds nothing but code that prints nothing is no line of the letter. */
export function wholeLines(all: readonly Piece[]): Piece[] {
  const result: Piece[] = []
  let line: Piece[] = []
  const end = (): void => {
    const tags = line.filter((piece) => typeof piece !== 'string')
    const silent = tags.length > 0 && line.every((piece) => (typeof piece === 'string' ? piece.trim() === '' : piece.kind === 'run'))
    result.push(...(silent ? tags : line))
    line = []
  }
  for (const piece of all) {
    if (typeof piece !== 'string') line.push(piece)
    else {
      for (const part of piece.split(/(?<=\n)/)) {
        line.push(part)
        if (part.endsWith('\n')) end()
      }
    }
  }
  end()
  return result
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/[.\s]+$/, '')}.`

/** `template.broken` at a line of a file, with the lines around it. */
export function fault(file: string, text: string, line: number, what: string, cause?: unknown): BeckonError {
  const lines = text.split(/\r?\n/)
  const first = Math.max(1, line - 2)
  const around = lines.slice(first - 1, line + 2).map((content, i) => `${first + i === line ? ' >> ' : '    '}${first + i} | ${content}`)
  return new BeckonError('template.broken', `${file}:${line}: ${what}\n\n${around.join('\n')}`, cause === undefined ? undefined : { cause })
}
