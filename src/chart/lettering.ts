/**
 * How the chart is lettered: which words stand on which line and how much room they take. The server makes room by it
 * and the page draws by it, so both have the same lines. Pure; it needs nothing of either side.
 */
import type { ChartEdge, ChartNode, ChartTransition, Priority } from '../studio/api.ts'

export type Way = 'wide' | 'tall'

/** `event` semibold, `guard` soft in brackets, `delay` with a clock before it, `letter` with an envelope before it. */
export type Part = { text: string; style: 'event' | 'guard' | 'delay' | 'letter'; priority?: Priority; key: string }
/** Parts from left to right, each at its x from the line's left end. px. */
export type Line = { parts: (Part & { x: number })[]; width: number }

/** Font sizes and heights in px, as chart.css draws them. */
export const sizes = {
  name: 13.5,
  text: 12,
  line: 17,
  nodeHeight: 36,
  pillHeight: 28,
  side: 11,
  mark: 14,
  badge: 46,
  icon: 17,
  groupTop: 38,
  groupSide: 10,
}

/** How long a label's line may be before its guard goes below. */
const lineWidthMax = { wide: 150, tall: 212 }

/** Widths of a plain sans-serif in thousandths of its size; the widest of the faces that `system-ui` stands for are about as wide. */
const narrow = new Map([..."iljtf|!.,:;'’`I"].map((letter) => [letter, 270] as const))
const usual = new Map([...' rsczJvxyk()[]-/·'].map((letter) => [letter, letter === ' ' ? 278 : '()[]-r/·'.includes(letter) ? 333 : 500] as const))
const broad = new Map([...'mwMWOQGCDHNURAVXYKBPESZT@%—'].map((letter) => [letter, 'mwMW@%—'.includes(letter) ? 860 : 700] as const))
const weights = { plain: 1.04, bold: 1.1 }

/** How wide `text` is at a size in px, rounded up. */
function widthOf(text: string, size: number, weight: keyof typeof weights = 'plain'): number {
  let thousandths = 0
  for (const letter of text) thousandths += narrow.get(letter) ?? usual.get(letter) ?? broad.get(letter) ?? (letter > 'ɏ' ? 1_000 : 556)
  return Math.ceil((thousandths / 1_000) * size * weights[weight])
}

const gap = 6
const iconOf = { event: 0, guard: 0, delay: sizes.icon, letter: sizes.icon }

const partWidth = ({ text, style }: Part) => iconOf[style] + widthOf(text, sizes.text, style === 'guard' ? 'plain' : 'bold')

function lineOf(parts: readonly Part[]): Line {
  let x = 0
  const placed = parts.map((part) => {
    const at = x
    x += partWidth(part) + gap
    return { ...part, x: at }
  })
  return { parts: placed, width: Math.max(0, x - gap) }
}

/** The lines of one transition: its event, its guard, and the letter that it asks for. */
function linesOf(transition: ChartTransition, widthMax: number): Line[] {
  const { key, words, guard, delay, letter } = transition
  const event: Part = { key, text: words, style: delay ? 'delay' : 'event' }
  const lines: Line[] = []
  const guarded = guard === null ? [] : wrapped(`[${guard}]`, widthMax).map((text): Part => ({ key, text, style: 'guard' }))
  const together = lineOf([event, ...guarded])
  if (guarded.length === 1 && together.width <= widthMax) lines.push(together)
  else
    lines.push(
      ...wrapped(words, widthMax - iconOf[event.style]).map((text, i) => lineOf([{ ...event, text, style: i === 0 ? event.style : 'event' }])),
      ...guarded.map((part) => lineOf([part])),
    )
  if (letter) lines.push(lineOf([{ key, text: `${letter.priority} priority`, style: 'letter', priority: letter.priority }]))
  return lines
}

/** `text` broken at spaces so that no line is wider than `widthMax` px, unless a single word is. */
function wrapped(text: string, widthMax: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`
    if (lines.length > 0 && widthOf(longer, sizes.text) <= widthMax) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}

/** An edge's label; centred on its line. `width` and `height` include its own margin. */
export function labelOf(edge: ChartEdge, way: Way): { lines: Line[]; width: number; height: number } {
  const lines = edge.transitions.flatMap((transition) => linesOf(transition, lineWidthMax[way]))
  return { lines, width: Math.max(...lines.map(({ width }) => width)) + 8, height: lines.length * sizes.line + 4 }
}

export type Face = {
  width: number
  height: number
  /** Where its name begins, from the left. */
  nameX: number
  /** What it does without leaving, below its name. */
  inside: Line[]
}

const insideOf = (node: ChartNode, way: Way) => node.inside.flatMap((transition) => linesOf(transition, lineWidthMax[way] + 30))

/** The face of a node without others inside, or of a group's head. px. */
export function faceOf(node: ChartNode, way: Way): Face {
  const isPill = node.kind === 'passing' || node.kind === 'anywhere'
  const nameX = sizes.side + (node.initial ? sizes.mark : 0)
  const inside = insideOf(node, way)
  const name = nameX + widthOf(node.label, isPill ? sizes.text : sizes.name, 'bold') + (isPill ? sizes.side : sizes.badge + sizes.side)
  const letter = node.letter ? sizes.side * 2 + sizes.icon + widthOf(node.letter.template, sizes.text, 'bold') : 0
  const width = Math.max(name, letter, ...inside.map((line) => line.width + sizes.side * 2 + sizes.mark))
  const below = (node.letter ? sizes.line + 2 : 0) + (inside.length > 0 ? inside.length * sizes.line + 8 : 0)
  return { width: Math.max(width, isPill ? 0 : 84), height: (isPill ? sizes.pillHeight : sizes.nodeHeight) + below, nameX, inside }
}
