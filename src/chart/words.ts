/** Events, delays and guards of a machine in the words of its readers. Used by the chart and by every explanation. Pure. */
import type { AnyStateMachine } from 'xstate'
import type { Node } from '../core/step/descriptors.ts'

/** What whole families of events mean, and those whose own name would mislead. */
const known: Record<string, string> = {
  '': 'at once',
  always: 'at once',
  '*': 'anything at all',
  'site.*': 'anything they do',
  'shop.*': 'anything the shop tells',
  'mail.*': 'any news of a letter',
  'letter.*': 'decided',
  'consent.asked': 'yes to letters, to be confirmed',
  'consent.given': 'yes to letters',
  'consent.withdrawn': 'no to letters',
  'mail.preferences': 'letters chosen',
  'mail.confirmed': 'letters confirmed',
}

const afterPrefix = 'xstate.after.'

/** `site.product_added` → `Product Added`, `mail.opened` → `letter opened`; a delay gets its time from `settings` (ms): `after 30 min`. */
export function eventWords(type: string, settings: Readonly<Record<string, number>> = {}): string {
  const words = known[type]
  if (words !== undefined) return words
  if (type.startsWith(afterPrefix)) return afterWords(type.slice(afterPrefix.length).split('.')[0]!, settings)
  if (type.startsWith('xstate.done.')) return 'once it is done'
  const dot = type.indexOf('.')
  const family = type.slice(0, Math.max(0, dot))
  const rest = type.slice(dot + 1).split(/[._\s]+/)
  if (rest.at(-1) === '*') return `anything of ${(rest.length > 1 ? rest.slice(0, -1) : [family]).map(titled).join(' ')}`
  if (family === 'mail') return `letter ${rest.join(' ')}`
  if (family === 'letter') return `a letter was ${rest.join(' ')}`
  return rest.map(titled).join(' ')
}

/** `name` is a setting, or a number of ms. */
function afterWords(name: string, settings: Readonly<Record<string, number>>): string {
  const ms = settings[name] ?? Number(name)
  return `after ${Number.isFinite(ms) ? delayWords(ms) : `“${apart(name)}”`}`
}

const titled = (word: string) => word.slice(0, 1).toUpperCase() + word.slice(1)

/** `namesProduct` → `names product`; capitals that stand together stay together. */
const apart = (name: string) =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[\s_-]+/)
    .map((word) => (/^[A-Z\d]{2,}$/.test(word) ? word : word.toLowerCase()))
    .join(' ')

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const

/** A duration in ms, to the last unit: `30 min`, `24 h`, `30 d`, `1 h 30 min`. Under two days in hours, as shops speak of them. */
export function delayWords(ms: number): string {
  let rest = Math.max(0, Math.round(ms))
  const parts: string[] = []
  for (const [unit, size] of units) {
    const n = Math.floor(rest / size)
    if (n === 0 || (unit === 'd' && rest < 2 * size)) continue
    parts.push(`${n} ${unit}`)
    rest -= n * size
  }
  return parts.join(' ') || '0 s'
}

/** A guard by the name that `guardName` gives it: `stateIn(#quiet)` → `presence is quiet`; null without one. */
export function guardWords(machine: AnyStateMachine, name: string): string
export function guardWords(machine: AnyStateMachine, name: string | null): string | null
export function guardWords(machine: AnyStateMachine, name: string | null): string | null {
  return name === null ? null : wordsOf(machine, name, false)
}

function wordsOf(machine: AnyStateMachine, name: string, inner: boolean): string {
  const call = /^(and|or|not|stateIn)\(([^]*)\)$/.exec(name)
  if (!call) return plainWords(name)
  const [, operator, inside] = call as unknown as [string, string, string]
  if (operator === 'stateIn') return placeWords(machine, inside, '')
  const parts = argumentsOf(inside)
  if (operator === 'not') return negated(machine, parts[0] ?? '')
  const joined = parts.map((part) => wordsOf(machine, part, true)).join(` ${operator} `)
  return inner && parts.length > 1 ? `(${joined})` : joined
}

function negated(machine: AnyStateMachine, name: string): string {
  const place = /^stateIn\(([^]*)\)$/.exec(name)
  if (place) return placeWords(machine, place[1]!, 'not ')
  return `not ${wordsOf(machine, name, true)}`
}

function plainWords(name: string): string {
  // The kit's own guard of a letter's answer.
  if (name === 'answers') return 'about this letter'
  return name === '(inline)' ? 'a condition' : apart(name)
}

/** Splits `a, or(b, c)` at the commas that stand outside of brackets. */
function argumentsOf(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let from = 0
  for (let i = 0; i < text.length; i++) {
    if ('([{'.includes(text[i]!)) depth++
    else if (')]}'.includes(text[i]!)) depth--
    else if (text[i] === ',' && depth === 0) {
      parts.push(text.slice(from, i).trim())
      from = i + 1
    }
  }
  return [...parts, text.slice(from).trim()].filter((part) => part !== '')
}

/** What `stateIn` was given: an id after `#`, a path, or a state value as JSON. */
function placeWords(machine: AnyStateMachine, place: string, no: string): string {
  const nodes = place.startsWith('{') ? nodesOfValue(machine, place) : [nodeAt(machine, place)]
  const words = nodes.map((node) => node && sentenceOf(node, no))
  return words.length > 0 && words.every((each) => each !== null) ? words.join(no === '' ? ' and ' : ' or ') : `is ${no}in ${place}`
}

function nodeAt(machine: AnyStateMachine, place: string): Node | null {
  try {
    if (place.startsWith('#')) return machine.getStateNodeById(place.slice(1)) as Node
    return place.split('.').reduce<Node | null>((node, key) => (node?.states[key] as Node | undefined) ?? null, machine.root as Node)
  } catch {
    return null
  }
}

function nodesOfValue(machine: AnyStateMachine, json: string): (Node | null)[] {
  const leaves = (value: unknown, path: string[]): string[][] =>
    typeof value === 'string'
      ? [[...path, value]]
      : Object.entries(value as object).flatMap(([key, inner]) => (Object.keys(inner).length === 0 ? [[...path, key]] : leaves(inner, [...path, key])))
  try {
    return leaves(JSON.parse(json), []).map((path) => nodeAt(machine, path.join('.')))
  } catch {
    return []
  }
}

/** `presence is quiet`, `purchase recency is not recent`: the region, then where it stands. */
function sentenceOf(node: Node, no: string): string {
  const chain: Node[] = []
  for (let at: Node | undefined = node; at?.parent; at = at.parent as Node | undefined) chain.unshift(at)
  const region = chain.findLastIndex((each) => each.parent?.type === 'parallel')
  const names = chain.map(({ key }) => apart(key))
  const subject = names.slice(0, region + 1).join(' ')
  const rest = names.slice(region + 1).join(', ') || 'active'
  return `${subject === '' ? '' : `${subject} `}is ${no}${rest}`
}
