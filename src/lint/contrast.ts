/** Whether words stand out from what is behind them, in light and, where the letter has dark colours, in dark. */
import { createCascade } from './cascade.ts'
import type { Cascade } from './cascade.ts'
import { black, blend, contrastOf, hexOf, readColour, white } from './colour.ts'
import type { Colour } from './colour.ts'
import { around, attribute, byGravity, counted, gravest, isHidden, quoted, wordsOf } from './reading.ts'
import type { Check, Element, Finding, Node, Reading } from './reading.ts'

type Light = { name: 'light' | 'dark'; cascade: Cascade; paper: Colour; ink: Colour; link: Colour }

/** WCAG 2, level AA: 4.5 to 1; 3 to 1 for large text. */
export function checkContrast(letter: Reading): Check {
  const lights: Light[] = [{ name: 'light', cascade: createCascade(letter, false), paper: white, ink: black, link: [0, 0, 238, 1] }]
  const hasDark = letter.sheets.some(({ atRules }) => atRules.some((rule) => /prefers-color-scheme\s*:\s*dark/i.test(rule)))
  if (hasDark) lights.push({ name: 'dark', cascade: createCascade(letter, true), paper: [18, 18, 18, 1], ink: white, link: [158, 158, 255, 1] })
  const texts = letter.texts.filter((text) => !isHidden(text))
  const items = lights.flatMap((light) => findingsIn(light, texts)).sort(byGravity)
  return { id: 'contrast', title: 'Contrast', result: gravest(items), words: summary(items.filter(({ result }) => result !== 'note').length, hasDark), items }
}

function summary(faults: number, hasDark: boolean): string {
  const where = hasDark ? 'in light and in dark' : 'in light; it has no dark colours of its own'
  if (faults === 0) return `All words can be read well, ${where}.`
  return `${counted(faults, 'text')} ${faults === 1 ? 'is' : 'are'} hard to read for many people and in bright sun: make the words darker or what is behind them lighter, or the other way round.`
}

function findingsIn(light: Light, texts: readonly (Node & { data: string })[]): Finding[] {
  const found = new Map<string, { words: string; ratio: number; needed: number; times: number; ink: Colour; paper: Colour }>()
  for (const text of texts) {
    const paper = paperOf(text, light)
    if (paper === null) continue
    const ink = blend(inkOf(text, light), paper)
    const ratio = contrastOf(ink, paper)
    const needed = isLarge(text, light.cascade) ? 3 : 4.5
    if (ratio >= needed) continue
    const key = `${hexOf(ink)} ${hexOf(paper)} ${needed}`
    const before = found.get(key)
    if (before === undefined) found.set(key, { words: wordsOf(text.data), ratio, needed, times: 1, ink, paper })
    else before.times++
  }
  return [...found.values()].map(({ words, ratio, needed, times, ink, paper }) => ({
    words: `${quoted(words)}${times > 1 ? ` and ${counted(times - 1, 'more', 'more')} like it` : ''}: ${(Math.floor(ratio * 100) / 100).toString()} to 1 in ${light.name}; it needs ${needed} to 1.`,
    detail: `${hexOf(ink)} on ${hexOf(paper)}${needed === 3 ? ', large' : ''}`,
    // A lone letter stands there as a picture does.
    result: words.length <= 2 ? 'note' : ratio < needed / 1.5 ? 'bad' : 'warn',
  }))
}

function inkOf(text: Node, { cascade, ink, link }: Light): Colour {
  for (const element of around(text)) {
    const own = cascade.valueOf(element, 'color') ?? (element.name === 'font' ? attribute(element, 'color') : undefined)
    const colour = own === undefined || own === 'inherit' ? null : readColour(own)
    if (colour !== null) return colour
    if (element.name === 'a' && attribute(element, 'href') !== undefined && own !== 'inherit') return link
  }
  return ink
}

/** null: a picture or gradient is behind, of which nothing is known. */
function paperOf(text: Node, { cascade, paper }: Light): Colour | null {
  const layers: Colour[] = []
  for (const element of around(text)) {
    const value = cascade.valueOf(element, 'background-color') ?? attribute(element, 'bgcolor')
    const image = cascade.valueOf(element, 'background-image') ?? attribute(element, 'background')
    if (image !== undefined && image !== 'none') return null
    if (value === undefined) continue
    const colour = backgroundOf(value)
    if (colour === null) return null
    layers.push(colour)
    if (colour[3] >= 1) break
  }
  return layers.reduceRight<Colour>((under, over) => blend(over, under), paper)
}

function backgroundOf(value: string): Colour | null {
  if (/url\(|gradient\(/i.test(value)) return null
  if (/^(none|inherit|initial|unset)$/i.test(value)) return [0, 0, 0, 0]
  for (const part of value.match(/[\w-]+\([^)]*\)|\S+/g) ?? []) {
    const colour = readColour(part)
    if (colour !== null) return colour
  }
  return null
}

const largePx = 24
const largeBoldPx = 18.66

function isLarge(text: Node, cascade: Cascade): boolean {
  const px = sizeOf([...around(text)], cascade)
  return px >= largePx || (px >= largeBoldPx && isBold(text, cascade))
}

const headings: Record<string, number> = { h1: 32, h2: 24, h3: 18.72 }

function sizeOf(elements: readonly Element[], cascade: Cascade): number {
  for (const [index, element] of elements.entries()) {
    const value = cascade.valueOf(element, 'font-size')
    const [, number, unit] = /^([\d.]+)(px|pt|em|rem|%)$/.exec(value ?? '') ?? []
    if (number !== undefined) {
      const n = Number(number)
      if (unit === 'px') return n
      if (unit === 'pt') return (n * 4) / 3
      if (unit === 'rem') return n * 16
      return (unit === '%' ? n / 100 : n) * sizeOf(elements.slice(index + 1), cascade)
    }
    const heading = headings[element.name]
    if (heading !== undefined) return heading
  }
  return 16
}

function isBold(text: Node, cascade: Cascade): boolean {
  for (const element of around(text)) {
    const weight = cascade.valueOf(element, 'font-weight')
    if (weight !== undefined && weight !== 'inherit') return weight === 'bold' || Number(weight) >= 700
    if (/^(b|strong|th|h[1-6])$/.test(element.name)) return true
  }
  return false
}
