/**
 * A letter as the studio shows it in a sandboxed frame.
 * 1. Looking is no open and no click: the open picture is taken out, and counted links lead straight to where they end.
 * 2. Nothing but web, mail and phone addresses stays a link, and links open in a tab of their own.
 * 3. The light is chosen by whoever looks, not by their computer.
 * 4. All else stays as it was written, byte for byte.
 */
import { Parser } from 'htmlparser2'
import { innerWords, readLetter, attribute } from './reading.ts'

/** `token`: what the letter is called in its links; `links`: where counted link number n leads. */
export type Counted = { token: string; links: readonly string[] }

export type LetterLink = { text: string; url: string; kind: 'click' | 'unsubscribe' | 'other' }

type Edit = { from: number; to: number; text: string }

/** The HTML for the frame. Pure; never throws. */
export function toShown(html: string, counted: Counted, isDark: boolean): string {
  const edits: Edit[] = []
  let headEnd: number | null = null
  let inStyle = false
  const parser = new Parser({
    onopentag(name, attribs) {
      const from = parser.startIndex
      const to = parser.endIndex + 1
      inStyle = name === 'style'
      if (name === 'img' && isOpenPicture(attribs['src'] ?? '', counted)) edits.push({ from, to, text: '' })
      else if (name === 'a' || name === 'area') edits.push({ from, to, text: linkTag(name, attribs, counted) })
      else if (attribs['media'] !== undefined) edits.push({ from, to, text: inLight(html.slice(from, to), isDark) })
    },
    ontext(text) {
      if (inStyle) edits.push({ from: parser.startIndex, to: parser.startIndex + text.length, text: inLight(text, isDark) })
    },
    onclosetag(name, isImplied) {
      if (name === 'style') inStyle = false
      if (name === 'head' && !isImplied) headEnd ??= parser.startIndex
    },
  })
  parser.end(html)
  const at = headEnd ?? html.length
  edits.push({ from: at, to: at, text: `<style>:root{color-scheme:${isDark ? 'dark' : 'light'} !important}</style>` })
  return applied(html, edits)
}

function applied(html: string, edits: Edit[]): string {
  let result = ''
  let end = 0
  for (const { from, to, text } of edits.toSorted((a, b) => a.from - b.from)) {
    result += html.slice(end, from) + text
    end = to
  }
  return result + html.slice(end)
}

/** Media queries for the chosen light hold always, those for the other never. */
const inLight = (text: string, isDark: boolean): string =>
  text.replaceAll(/\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)/gi, (_, light: string) =>
    (light.toLowerCase() === 'dark') === isDark ? '(min-width:0)' : '(min-width:99999px)',
  )

const escaped = (value: string): string => value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')

function linkTag(name: string, attribs: Record<string, string>, counted: Counted): string {
  const { href, target: _, rel: __, ping: ___, ...rest } = attribs
  const url = href === undefined ? null : destinationOf(href, counted)
  const safe = url === null || !isSafe(url) ? {} : url.startsWith('#') ? { href: url } : { href: url, target: '_blank', rel: 'noopener noreferrer' }
  const written = Object.entries({ ...rest, ...safe }).map(([attribute, value]) => ` ${attribute}="${escaped(value)}"`)
  return `<${name}${written.join('')}>`
}

/** Whether a browser may follow it. */
const isSafe = (url: string): boolean => /^(?:https?:\/\/|mailto:|tel:|#)/i.test(url)

const isOpenPicture = (src: string, { token }: Counted): boolean => src.includes(`/o/${token}`)

/** Where a link of the letter leads in the end. */
function destinationOf(href: string, { token, links }: Counted): string {
  const [, after] = href.split(`/c/${token}.`)
  // The number, then eight characters of signature.
  const index = after === undefined ? undefined : /^(\d{1,2})[\w-]{8}$/.exec(after)?.[1]
  return (index === undefined ? undefined : links[Number(index)]) ?? href
}

/** The links of a letter in order, each address and wording once. */
export function linksOf(html: string, counted: Counted): LetterLink[] {
  const { elements } = readLetter({ subject: '', html, text: '', headers: [], sizeBytes: 0, destinations: {} })
  const found = new Map<string, LetterLink>()
  for (const element of elements) {
    const href = element.name === 'a' || element.name === 'area' ? attribute(element, 'href') : undefined
    if (href === undefined) continue
    const text = innerWords(element)
    const url = destinationOf(href, counted)
    const kind = url !== href || href.includes(`/c/${counted.token}.`) ? 'click' : href.includes(`/u/${counted.token}`) ? 'unsubscribe' : 'other'
    found.set(`${url} ${text}`, { text, url, kind })
  }
  return [...found.values()]
}

/** Every counted link's address with where it leads. */
export function destinationsOf(html: string, counted: Counted): Record<string, string> {
  const { elements } = readLetter({ subject: '', html, text: '', headers: [], sizeBytes: 0, destinations: {} })
  const hrefs = elements.flatMap((element) => attribute(element, 'href') ?? [])
  return Object.fromEntries(hrefs.flatMap((href) => (destinationOf(href, counted) === href ? [] : [[href, destinationOf(href, counted)]])))
}
