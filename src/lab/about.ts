/** An event in one short line: its name, and what it was about. Whatever clients send is text here, and is cut. */
import { eventWords } from '../chart/words.ts'
import { toMachineEvent } from '../core/event.ts'
import type { MachineEvent, Properties } from '../core/event.ts'
import { inert, kinds } from '../core/retell.ts'
import { readMessage } from '../core/parse.ts'
import { lineOf, linesOf } from '../kit/lines.ts'
import type { Line } from '../kit/lines.ts'
import type { Row } from '../store/log.ts'
import { counted, cut, duration } from './wording.ts'

/** As much of a log row as its words need. */
export type Said = Pick<Row, 'at' | 'kind' | 'body'>

const aboutCharsMax = 120
const nameCharsMax = 80
const bodyCharsMax = 4_000

/** The event of a log row as a machine hears it, null where none does. Reads what `core/retell.ts` reads. */
export function eventOf(row: Said): MachineEvent | null {
  if (row.kind === kinds.outcome) return { type: (JSON.parse(row.body) as { type: string }).type, at: row.at }
  return row.kind > kinds.server ? null : toMachineEvent(readMessage(row.body, row.at), row.at)
}

/** `Product Added`, `Letter opened`, `Two lives joined`. */
export function rowName(row: Said): string {
  if (row.kind === kinds.merge) return 'Two lives joined'
  if (row.kind === kinds.timer) return row.body
  const { type, event, ms } = JSON.parse(row.body) as { type: string; event?: unknown; ms?: number }
  if (row.kind === kinds.outcome) return type === 'sandbox.skipped' ? `Skipped ${duration(ms)}` : capital(eventWords(type))
  return typeof event === 'string' ? cut(event, nameCharsMax) : capital(type)
}

const capital = (words: string): string => `${words[0]!.toUpperCase()}${words.slice(1)}`

/** What the row was about; null when there is nothing to say. */
export function rowAbout(row: Said): string | null {
  if (row.kind === kinds.outcome) {
    const { url } = JSON.parse(row.body) as { url?: unknown }
    return typeof url === 'string' ? cut(url, aboutCharsMax) : null
  }
  if (row.kind > kinds.server) return null
  const { type, properties, traits } = readMessage(row.body, row.at)
  return type === 'identify' ? traitsAbout(traits ?? {}) : propertiesAbout(properties ?? {})
}

/** `Boston fern · 24.50 EUR`, `3 products · 71.00 EUR`, `/plants`; null when there is nothing to say. */
function propertiesAbout(properties: Properties): string | null {
  const currency = textOf(properties['currency'])?.slice(0, 3)
  const total = money(properties['total'] ?? properties['revenue'], currency)
  const lines = linesOf(properties)
  if (lines !== null && lines.length > 0) return joined(lines.length === 1 ? lineName(lines[0]!) : counted(lines.length, 'product'), total)
  const line = lineOf(properties)
  if (line !== null) return joined(lineName(line), line.quantity > 1 ? `${line.quantity} ×` : null, money(line.price, line.currency))
  const order = textOf(properties['order_id'])
  if (order !== undefined) return joined(`order ${order}`, total)
  return joined(
    textOf(properties['path']) ?? textOf(properties['title']) ?? textOf(properties['query']) ?? textOf(properties['url']) ?? textOf(properties['name']),
  )
}

function traitsAbout(traits: Properties): string | null {
  return joined(textOf(traits['email']), textOf(traits['consent']))
}

const lineName = ({ name, id }: Line): string => cut(name ?? id, nameCharsMax)

function joined(...parts: (string | null | undefined)[]): string | null {
  const said = parts.filter((part) => part !== null && part !== undefined && part !== '')
  return said.length === 0 ? null : cut(said.join(' · '), aboutCharsMax)
}

function money(value: unknown, currency: string | undefined): string | null {
  const amount = typeof value === 'string' ? Number(value) : value
  return typeof amount === 'number' && Number.isFinite(amount) ? `${amount.toFixed(2)}${currency === undefined ? '' : ` ${currency}`}` : null
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? cut(value, aboutCharsMax) : typeof value === 'number' ? String(value) : undefined

/** What the client, or the post, said: its JSON, cut. Null for rows of our own. */
export function rowBody(row: Said): string | null {
  if (row.kind === kinds.timer || row.kind === kinds.merge) return null
  return row.body.slice(0, bodyCharsMax).toWellFormed()
}

/** Why no machine heard a row, in words. */
export function unheardWords(why: number): string {
  if (why === inert.old) return 'too old'
  if (why === inert.quarantined) return 'quarantined'
  return why === inert.machine ? 'not human' : 'nothing a journey listens to'
}
