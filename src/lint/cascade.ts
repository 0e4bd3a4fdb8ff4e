/** Which of a letter's styles wins on an element, in light or dark, as far as plain selectors say. */
import type { Declaration, Rule } from './css.ts'
import { attribute, styleOf } from './reading.ts'
import type { Element, Reading } from './reading.ts'

type Compound = { tag: string | null; ids: string[]; classes: string[]; attributes: [name: string, value: string | null][]; isRoot: boolean }
type Selector = { compounds: Compound[]; direct: boolean[]; weight: number }
type Placed = { selector: Selector; declarations: Declaration[]; order: number }

export type Cascade = {
  /** The winning value of a property on an element itself; undefined when nothing sets it. */
  valueOf(element: Element, property: string): string | undefined
}

/** A wide screen in the given light. Rules for other screens, and selectors that say more than plain ones, are left out. */
export function createCascade(letter: Reading, isDark: boolean): Cascade {
  const placed: Placed[] = []
  let order = 0
  for (const { rules } of letter.sheets)
    for (const rule of rules) {
      order++
      if (!isInForce(rule, isDark)) continue
      for (const text of rule.selectors) {
        const selector = readSelector(text)
        if (selector !== null) placed.push({ selector, declarations: rule.declarations, order })
      }
    }
  placed.sort((a, b) => a.selector.weight - b.selector.weight || a.order - b.order)
  const known = new Map<Element, Map<string, string>>()

  function stylesOf(element: Element): Map<string, string> {
    const before = known.get(element)
    if (before !== undefined) return before
    const plain: Declaration[] = []
    const important: Declaration[] = []
    const add = (declarations: readonly Declaration[]) => {
      for (const declaration of declarations) (declaration.important ? important : plain).push(declaration)
    }
    for (const { selector, declarations } of placed) if (matches(selector, element)) add(declarations)
    const own = styleOf(element)
    plain.push(...own.filter((declaration) => !declaration.important))
    important.push(...own.filter((declaration) => declaration.important))
    const styles = new Map<string, string>()
    for (const { name, value } of [...plain, ...important]) {
      // The shorthand sets the colour too.
      if (name === 'background') styles.set('background-color', value)
      styles.set(name, value)
    }
    known.set(element, styles)
    return styles
  }

  return { valueOf: (element, property) => stylesOf(element).get(property) }
}

const widthPx = 700

function isInForce({ around }: Rule, isDark: boolean): boolean {
  return around.every((rule) => {
    const media = /^@media\b(.*)/i.exec(rule)?.[1]
    if (media === undefined) return false
    return media.split(',').some((query) => {
      if (/\bnot\b|\bprint\b/i.test(query)) return false
      return [...query.matchAll(/\(\s*([\w-]+)\s*:?\s*([^)]*)\)/g)].every(([, name, value]) => {
        if (name === 'prefers-color-scheme') return (value!.trim() === 'dark') === isDark
        const px = Number.parseFloat(value!)
        return name === 'max-width' ? px >= widthPx : name === 'min-width' && px <= widthPx
      })
    })
  })
}

function readSelector(text: string): Selector | null {
  const compounds: Compound[] = []
  const direct: boolean[] = []
  let weight = 0
  for (const part of text.replaceAll(/\s*>\s*/g, ' >').split(/\s+/)) {
    const plain = part.replace(/^>/, '')
    if (!/^(?:[\w-]+|\*|:root)?(?:[.#][\w-]+|\[[\w-]+(?:=["']?[^\]"']*["']?)?\])*$/.test(plain) || plain === '') return null
    const found = (pattern: RegExp) => [...plain.matchAll(pattern)].map((match) => match[1]!)
    const tag = /^(?:[\w-]+)/.exec(plain)?.[0].toLowerCase() ?? null
    const ids = found(/#([\w-]+)/g)
    const classes = found(/\.([\w-]+)/g)
    const attributes = [...plain.matchAll(/\[([\w-]+)(?:=["']?([^\]"']*)["']?)?\]/g)].map((match): [string, string | null] => [match[1]!, match[2] ?? null])
    const isRoot = plain.startsWith(':root')
    compounds.push({ tag, ids, classes, attributes, isRoot })
    direct.push(part.startsWith('>'))
    weight += ids.length * 10_000 + (classes.length + attributes.length + (isRoot ? 1 : 0)) * 100 + (tag === null ? 0 : 1)
  }
  return { compounds, direct, weight }
}

function matches({ compounds, direct }: Selector, element: Element): boolean {
  if (!fits(compounds.at(-1)!, element)) return false
  const from = (index: number, below: Element): boolean => {
    if (index < 0) return true
    for (let parent = parentOf(below); parent !== null; parent = parentOf(parent)) {
      if (fits(compounds[index]!, parent) && from(index - 1, parent)) return true
      if (direct[index + 1]) return false
    }
    return false
  }
  return from(compounds.length - 2, element)
}

const parentOf = (element: Element): Element | null => (element.parent !== null && 'attribs' in element.parent ? element.parent : null)

function fits({ tag, ids, classes, attributes, isRoot }: Compound, element: Element): boolean {
  if (tag !== null && tag !== element.name) return false
  if (isRoot && element.name !== 'html') return false
  if (ids.some((id) => attribute(element, 'id') !== id)) return false
  const own = (attribute(element, 'class') ?? '').split(/\s+/)
  if (classes.some((name) => !own.includes(name))) return false
  return attributes.every(([name, value]) => (value === null ? attribute(element, name) !== undefined : attribute(element, name) === value))
}
