/** A finished letter taken apart once, for all checks: its elements, their styles, its style sheets and its words. */
import { getAttributeValue, isComment, isTag, isText } from 'domutils'
import { parseDocument } from 'htmlparser2'
import { readDeclarations, readSheet } from './css.ts'
import type { Declaration, Sheet } from './css.ts'

export type Verdict = 'good' | 'note' | 'warn' | 'bad'

/** What one check found, in a marketer's words. */
export type Check = { id: string; title: string; result: Verdict; words: string; items: Finding[] }
export type Finding = { words: string; detail?: string; result: Verdict }

export type FinishedLetter = {
  subject: string
  html: string
  text: string
  /** As they stand in the letter; names in any case. */
  headers: readonly (readonly [name: string, value: string])[]
  /** Of the whole message. */
  sizeBytes: number
  /** Where a link of the letter leads in the end; those not named lead where they say. */
  destinations: Readonly<Record<string, string>>
}

type Document = ReturnType<typeof parseDocument>
export type Node = Document['children'][number]
export type Element = Extract<Node, { attribs: unknown }>
type Words = Extract<Node, { type: 'text' }>

export type Reading = FinishedLetter & {
  document: Document
  elements: Element[]
  /** Text nodes that are not blank, in order. */
  texts: Words[]
  sheets: Sheet[]
  /** It has parts of its own for Outlook on Windows, in conditional comments. */
  mindsOutlook: boolean
  hasComments: boolean
}

/** Never throws, whatever the HTML. */
export function readLetter(letter: FinishedLetter): Reading {
  const document = parseDocument(letter.html)
  const reading: Reading = { ...letter, document, elements: [], texts: [], sheets: [], mindsOutlook: false, hasComments: false }
  const open: Node[] = document.children.toReversed()
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (isTag(node)) {
      reading.elements.push(node)
      if (node.name === 'style') reading.sheets.push(readSheet(node.children.map((child) => (isText(child) ? child.data : '')).join('')))
      else for (let index = node.children.length - 1; index >= 0; index--) open.push(node.children[index]!)
    } else if (isText(node)) {
      if (wordsOf(node.data) !== '') reading.texts.push(node)
    } else if (isComment(node)) {
      reading.hasComments = true
      if (/^\[if [^\]]*\bmso\b/i.test(node.data)) reading.mindsOutlook = true
    }
  }
  return reading
}

export const attribute = (element: Element, name: string): string | undefined => getAttributeValue(element, name)

/** The declarations of an element's style attribute. */
export const styleOf = (element: Element): Declaration[] => readDeclarations(attribute(element, 'style') ?? '')

/** Text as a reader sees it: blanks and characters that only hold a place, as one space. */
export const wordsOf = (text: string): string => text.replaceAll(/(?:[\s\u00ad\u2060\p{Cf}]|\u034f)+/gu, ' ').trim()

/** The elements around a node, the nearest first. */
export function* around(node: Node): Generator<Element> {
  for (let parent = node.parent; parent !== null; parent = parent.parent) if (isTag(parent)) yield parent
}

const unseen = new Set(['head', 'title', 'style', 'script', 'template', 'noscript'])

/** Whether a node is never drawn: in the head, or hidden by an attribute or by its own or an outer style attribute. */
export function isHidden(node: Node): boolean {
  for (const element of isTag(node) ? [node, ...around(node)] : around(node)) {
    if (unseen.has(element.name) || attribute(element, 'hidden') !== undefined) return true
    if (styleOf(element).some(({ name, value }) => (name === 'display' && value === 'none') || (name === 'visibility' && value === 'hidden'))) return true
  }
  return false
}

/** The words inside an element, with the alternative texts of its pictures. */
export function innerWords(element: Element): string {
  const parts: string[] = []
  const open: Node[] = [element]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (isText(node)) parts.push(node.data)
    else if (isTag(node)) {
      if (node.name === 'img') parts.push(attribute(node, 'alt') ?? '')
      open.push(...node.children.toReversed())
    }
  }
  return wordsOf(parts.join(' '))
}

const ranks: Verdict[] = ['good', 'note', 'warn', 'bad']

/** The gravest of several; `good` of none. */
export const gravest = (findings: readonly { result: Verdict }[]): Verdict =>
  findings.reduce<Verdict>((worst, { result }) => (ranks.indexOf(result) > ranks.indexOf(worst) ? result : worst), 'good')

/** The gravest first. */
export const byGravity = (a: Finding, b: Finding): number => ranks.indexOf(b.result) - ranks.indexOf(a.result)

export const quoted = (text: string, charsMax = 60): string => `“${text.length > charsMax ? `${text.slice(0, charsMax - 1).trimEnd()}…` : text}”`
export const counted = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`
