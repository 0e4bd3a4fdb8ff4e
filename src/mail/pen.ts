/**
 * What a compiled template writes with, one for each letter.
 * Eta's own names: `res` grows, `line` is the number of the tag at work, `f` and `e` pass every printed value. The rest is
 * for blocks and words: `lacks` and `fell` (mail/flatten.ts), `w` and `n` (mail/words.ts).
 */
import { BeckonError } from '../core/errors.ts'
import { clean, urlCharsMax } from './text.ts'
import { pluralForm } from './words.ts'
import type { Spoken } from './templates.ts'

/** A block that rendered its fallback, and what it lacked. */
export type FellBack = { block: string; lacks: string }

/** Thrown when a template prints what is not there; one object, since it carries nothing. */
const absent = Symbol('absent')

export class Pen {
  res = ''
  line = 0
  e: (text: string) => string = identity
  readonly fellBack: FellBack[] = []
  readonly #spoken: Spoken
  /** What a placeholder wanted, where it is more than the tag's code says. */
  #wanted = ''

  constructor(spoken: Spoken) {
    this.#spoken = spoken
  }

  f(value: unknown): string {
    if (typeof value === 'string') return value
    if (typeof value === 'number' && Number.isFinite(value)) return String(value)
    throw absent
  }

  /** A value among words. */
  w(value: unknown, name: string): string {
    if (typeof value === 'string' && value !== '') return value
    if (typeof value === 'number' && Number.isFinite(value)) return String(value)
    this.#wanted = name
    throw absent
  }

  /** The plural form for so many. */
  n(count: unknown, language: string): string {
    if (typeof count !== 'number' || !Number.isFinite(count)) throw absent
    return pluralForm(language, count)
  }

  /** Of what the view has made printable already. */
  lacks(value: unknown): boolean {
    return typeof value === 'string' ? value === '' : isMissing(value)
  }

  /** Of data as it came. */
  misses(value: unknown): boolean {
    return isMissing(value)
  }

  /** Block number `block` falls back: for want of a required path, or for what was thrown, if that was an absence at all. */
  fell(block: number, thrown: unknown): true {
    const lacks = typeof thrown === 'string' ? thrown : this.missing(thrown)
    const { name } = this.#spoken.blocks[block]!
    // The HTML and the text fall alike.
    if (!this.fellBack.some((fallen) => fallen.block === name && fallen.lacks === lacks)) this.fellBack.push({ block: name, lacks })
    return true
  }

  /** The name of what was absent. Reading a field of something absent is an absence like any other; whatever else a template throws is its fault. */
  missing(thrown: unknown): string {
    // Of a block inside: it has its place already.
    if (thrown instanceof BeckonError) throw thrown
    if (thrown !== absent && !(thrown instanceof TypeError && /undefined|null|not iterable/.test(thrown.message))) throw this.#spoken.fault(this.line, thrown)
    const name = this.#wanted || this.#spoken.tags[this.line]?.code.trim().replace(/^it\./, '') || 'something'
    this.#wanted = ''
    return name
  }
}

export const identity = (text: string): string => text

const special = /[&<>"']/
const entity: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
export const escapeHtml = (text: string): string => (special.test(text) ? text.replaceAll(/[&<>"']/g, (letter) => entity[letter] as string) : text)

/** Nothing that a letter could speak of: no value, an empty list, words that nobody sees. */
export function isMissing(value: unknown): boolean {
  if (typeof value === 'string') return clean(value, urlCharsMax) === ''
  if (typeof value === 'number') return !Number.isFinite(value)
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}
