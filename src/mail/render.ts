/**
 * A letter in words: template and frozen data in, subject, HTML, text and links out.
 * Pure and synchronous: the same templates and data give the same bytes (R2).
 */
import type { Pen, Template, Templates } from './templates.ts'
import { clean, urlCharsMax } from './text.ts'
import { letterLimits, View, type LetterData } from './view.ts'

export type Rendered = {
  subject: string
  html: string
  text: string
  /** Link number n of the letter leads to `links[n]`. */
  links: string[]
}

/**
 * The letter `name` for `data`, or the name of what it lacks: a value that the template requires, or that it prints
 * without a fallback. Throws `template.missing`, and `template.broken` when the template itself throws.
 *
 *     const letter = render(templates, 'browse-reminder', data)
 *     if ('missing' in letter) return skip('nothing-to-say')
 */
export function render(templates: Templates, name: string, data: LetterData): Rendered | { missing: string } {
  const template = templates.get(name)
  for (const path of template.requires) if (isMissing(data, path)) return { missing: path }
  const it = new View(data, template.language)
  const pen: Pen = { res: '', line: 0, f: printable, e: identity }
  try {
    const subject = clean(template.subject(it, pen), letterLimits.subjectCharsMax)
    if (subject === '') return { missing: 'subject' }
    pen.res = ''
    pen.e = escapeHtml
    const html = template.html(it, pen)
    pen.res = ''
    pen.e = identity
    const text = template.text(it, pen)
    return { subject, html, text: tidy(text), links: it.links }
  } catch (thrown) {
    return missingOrFault(template, pen, thrown)
  }
}

/** Thrown when a template prints what is not there; one object, since it carries nothing. */
const absent = Symbol('absent')

function printable(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  throw absent
}

const identity = (text: string): string => text

const special = /[&<>"']/
const entity: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escapeHtml = (text: string): string => (special.test(text) ? text.replaceAll(/[&<>"']/g, (letter) => entity[letter] as string) : text)

const tidy = (text: string): string =>
  `${text
    .replaceAll(/[ \t]+\n/g, '\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()}\n`

function isMissing(data: unknown, path: string): boolean {
  let value = data
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return true
    value = (value as Record<string, unknown>)[key]
  }
  if (typeof value === 'string') return clean(value, urlCharsMax) === ''
  if (typeof value === 'number') return !Number.isFinite(value)
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}

/** Reading a field of something absent is an absence like any other; whatever else a template throws is its fault. */
function missingOrFault(template: Template, pen: Pen, thrown: unknown): { missing: string } {
  if (thrown !== absent && !(thrown instanceof TypeError && /undefined|null|not iterable/.test(thrown.message))) throw template.fault(pen.line, thrown)
  return { missing: (template.tags[pen.line]?.code ?? template.name).trim().replace(/^it\./, '') }
}
