/**
 * A letter in words: template and frozen data in, subject, HTML, text and links out.
 * Pure and synchronous: the same templates and data give the same bytes (R2).
 */
import { escapeHtml, identity, isMissing, Pen, type FellBack } from './pen.ts'
import type { Templates } from './templates.ts'
import { clean } from './text.ts'
import { letterLimits, View, type LetterData } from './view.ts'

export type Rendered = {
  subject: string
  html: string
  text: string
  /** Link number n of the letter leads to `links[n]`. */
  links: string[]
  language: string
  /** The blocks that rendered their fallback. */
  fellBack: FellBack[]
}

/**
 * The letter `name` for `data`, in the customer's language, else the shop's; or the name of what it lacks: a value that the
 * template requires, or that it prints outside all blocks. Throws `template.missing`, and `template.broken` when the
 * template itself throws.
 *
 *     const letter = render(templates, 'browse-reminder', data)
 *     if ('missing' in letter) return skip('nothing-to-say')
 */
export function render(templates: Templates, name: string, data: LetterData): Rendered | { missing: string } {
  const template = templates.get(name)
  const spoken = template.in(data.locale, data.shop?.locale)
  const it = new View(data, spoken)
  const pen = new Pen(spoken)
  try {
    for (const { name, keys, isSeen } of template.required) if (isLacking(isSeen ? it : data, keys)) return { missing: name }
    const subject = clean(spoken.subject(it, pen), letterLimits.subjectCharsMax)
    if (subject === '') return { missing: 'subject' }
    pen.res = ''
    pen.e = escapeHtml
    const html = spoken.html(it, pen)
    pen.res = ''
    pen.e = identity
    const text = spoken.text(it, pen)
    return { subject, html, text: tidy(text), links: it.links, language: spoken.language, fellBack: pen.fellBack }
  } catch (thrown) {
    return { missing: pen.missing(thrown) }
  }
}

const tidy = (text: string): string =>
  `${text
    .replaceAll(/[ \t]+\n/g, '\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()}\n`

function isLacking(root: unknown, keys: readonly string[]): boolean {
  let value = root
  for (const key of keys) {
    if (typeof value !== 'object' || value === null) return true
    value = (value as Record<string, unknown>)[key]
  }
  return isMissing(value)
}
