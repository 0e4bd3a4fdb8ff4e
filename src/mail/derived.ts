/** The plain text of a template that brings none of its own. */
import { convert } from 'html-to-text'
import { fromPlaceholders, withPlaceholders } from './inline.ts'
import { wholeLines, type Piece, type Tag } from './source.ts'

/** The text of an HTML part: what html-to-text makes of it, with the template's tags kept in place; null where they would not be. */
export function derived(html: readonly Piece[]): Piece[] | null {
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
