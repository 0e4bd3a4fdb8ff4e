/** CSS moved into style attributes, once per template, with the template's tags kept where they are. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { initWasm, inline } from '@css-inline/css-inline-wasm'
import type { Piece, Tag } from './source.ts'

// The module is small and local; waiting for it here is what lets templates load synchronously.
const module_or_path = readFileSync(createRequire(import.meta.url).resolve('@css-inline/css-inline-wasm/index_bg.wasm'))
await initWasm({ module_or_path } as unknown as ArrayBuffer).catch((error: unknown) => {
  if (!String(error).includes('Already initialized')) throw error
})

/**
 * A whole HTML document with the rules of its `<style>` elements in style attributes.
 * `<style data-css-inline="ignore">` stays as it is: media queries live there. Class names that no remaining rule
 * mentions are dropped. When a branch or loop holds half an element, which no HTML parser keeps as it was, the answer
 * is the tag that ends it.
 */
export function inlineCss(pieces: readonly Piece[]): Piece[] | { half: Tag | undefined } {
  const tags: Tag[] = []
  const document = pieces.map((piece) => (typeof piece === 'string' ? squeeze(piece) : piece))
  const kept: string[] = []
  const marked = withBodies(withPlaceholders(document, tags)).replaceAll(
    /<style data-css-inline="ignore">([^]*?)<\/style>/g,
    (_, rules: string) => `<!--kept-${kept.push(`<style>${rules}</style>`) - 1}-->`,
  )
  const inlined = inline(marked, { keepStyleTags: false, inlineStyleTags: true, loadRemoteStylesheets: false })
  const whole = inlined.replaceAll(/<!--kept-(\d+)-->/g, (_, n: string) => kept[Number(n)] as string)
  const result = fromPlaceholders(entities(dropClasses(whole)), tags)
  return result === null ? { half: undefined } : (halfElement(result) ?? result)
}

/** The pieces as one HTML text in which tag n is `<!--tag-n--->` where elements may stand, and `tag-n-` inside a tag, comment or raw text. */
export function withPlaceholders(pieces: readonly Piece[], tags: Tag[]): string {
  let html = ''
  for (const piece of pieces) {
    if (typeof piece === 'string') html += piece
    else {
      const token = `tag-${tags.push(piece) - 1}-`
      html += inMarkup(html) ? token : `<!--${token}-->`
    }
  }
  return html
}

/** The way back; null unless every tag is there once and those that run are in their order (attributes may change places). */
export function fromPlaceholders(html: string, tags: readonly Tag[]): Piece[] | null {
  const pieces: Piece[] = []
  const seen = new Set<number>()
  let lastRun = -1
  let end = 0
  for (const found of html.matchAll(/<!--tag-(\d+)--->|tag-(\d+)-(?:="")?/g)) {
    const index = Number(found[1] ?? found[2])
    const tag = tags[index]
    if (tag === undefined || seen.has(index) || (tag.kind === 'run' && index < lastRun)) return null
    seen.add(index)
    if (tag.kind === 'run') lastRun = index
    if (found.index > end) pieces.push(html.slice(end, found.index))
    pieces.push(tag)
    end = found.index + found[0].length
  }
  pieces.push(html.slice(end))
  return seen.size === tags.length ? pieces : null
}

/** A parser puts rows into a tbody of its own making, which would begin inside a loop and end outside it. */
const withBodies = (html: string): string =>
  html.replaceAll(/<!--\[if[^]*?<!\[endif\]-->|<table\b[^>]*>(?!\s*(?:<!--tag-\d+--->\s*)*<(?:tbody|thead|caption|colgroup))/g, (found) =>
    found.startsWith('<!') ? found : `${found}<tbody>`,
  )

/** The first tag whose closing brace stands inside another element than its opening one. */
function halfElement(pieces: readonly Piece[]): { half: Tag } | null {
  const open: number[] = [0]
  const braces: number[] = []
  let elements = 0
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      for (const [, slash, name] of piece.matchAll(/<!--[^]*?-->|<style[^]*?<\/style>|<(\/?)([a-z][\w-]*)[^<>]*(?:>|$)/g)) {
        if (name === undefined || voidElements.has(name)) continue
        if (slash) open.pop()
        else open.push(++elements)
      }
    } else if (piece.kind === 'run') {
      for (const [brace] of piece.code.matchAll(/'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[{}]/g)) {
        if (brace === '{') braces.push(open.at(-1) ?? 0)
        else if (brace === '}' && braces.pop() !== (open.at(-1) ?? 0)) return { half: piece }
      }
    }
  }
  return null
}

const voidElements = new Set(['area', 'base', 'br', 'col', 'hr', 'img', 'input', 'link', 'meta', 'source', 'wbr'])

/** Whether the end of `html` stands inside a tag, a comment or an element that holds no elements. */
function inMarkup(html: string): boolean {
  const comment = html.lastIndexOf('<!--')
  if (comment >= 0 && html.indexOf('-->', comment) < 0) return true
  if (html.lastIndexOf('<') > html.lastIndexOf('>')) return true
  return /<(title|style|textarea)\b[^>]*>(?:(?!<\/\1)[^])*$/i.test(html.slice(-20_000))
}

/** Indentation is for whoever reads the template; one line break is enough for the letter. */
const squeeze = (html: string): string => html.replaceAll(/[ \t]*\n\s*/g, '\n')

/** Letters beyond ASCII as entities, so that a letter's fixed part stays ASCII on its way through relays. */
const entities = (html: string): string =>
  html.replaceAll(/<style[^]*?<\/style>|<!--[^]*?-->|[^\x00-\x7f]/gu, (found) => (found.length <= 2 ? `&#${found.codePointAt(0)};` : found))

function dropClasses(html: string): string {
  const rules = [...html.matchAll(/<style[^>]*>([^]*?)<\/style>/g)].map((found) => found[1]).join('\n')
  const used = new Set([...rules.matchAll(/\.([A-Za-z][\w-]*)/g)].map((found) => found[1]))
  return html
    .replaceAll(/ class="([^"]*)"/g, (_, names: string) => {
      const kept = names.split(/\s+/).filter((name) => used.has(name) || name.startsWith('tag-'))
      return kept.length === 0 ? '' : ` class="${kept.join(' ')}"`
    })
    .replaceAll(/style="([^"]*)"/g, (_, style: string) => `style="${style.replaceAll(/: /g, ':').replaceAll(/; ?/g, ';').replace(/;$/, '')}"`)
}
