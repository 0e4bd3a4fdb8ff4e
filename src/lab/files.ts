/** Reads files of shop events into messages: Segment NDJSON and three public data sets' CSV (formats in the README). */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { BeckonError, isRefusal } from '../core/errors.ts'
import type { Code } from '../core/errors.ts'
import type { Message, Properties } from '../core/event.ts'
import { parseMessage } from '../core/parse.ts'

export const formats = ['segment', 'rees46', 'taobao', 'online-retail'] as const
export type Format = (typeof formats)[number]

export type FileOfEvents = { messages: Message[]; rows: number; duplicates: number; refused: Map<Code, number> }

/** All messages of one file, in its own order. Throws `file.missing` and `file.invalid` with the line. */
export function readEvents(path: string, format: Format = guess(path)): FileOfEvents {
  const text = readText(path)
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return format === 'segment' ? readSegment(lines, path) : readCsv(lines, format, path)
}

function readText(path: string): string {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw new BeckonError('file.missing', `cannot read ${path}: ${(error as NodeJS.ErrnoException).code}`, { cause: error })
  }
  try {
    return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  } catch (error) {
    throw new BeckonError('file.invalid', `${path} is not whole gzip`, { cause: error })
  }
}

function guess(path: string): Format {
  return formats.find((format) => path.includes(format)) ?? 'segment'
}

function readSegment(lines: readonly string[], path: string): FileOfEvents {
  const file: FileOfEvents = { messages: [], rows: 0, duplicates: 0, refused: new Map() }
  lines.forEach((line, index) => {
    if (line.trim() === '') return
    file.rows++
    let body: unknown
    try {
      body = JSON.parse(line)
    } catch (error) {
      throw new BeckonError('file.invalid', `${path} line ${index + 1} is not JSON`, { cause: error })
    }
    const message = parseMessage(body, { now: Infinity, ids: () => `line-${index + 1}` })
    if (isRefusal(message)) file.refused.set(message.refused, (file.refused.get(message.refused) ?? 0) + 1)
    else file.messages.push(message)
  })
  return file
}

type Table = { hasHeader: boolean; columns: number; read: (rows: string[][]) => Iterable<Draft> }
type Draft = { user: string; event: string; at: number; properties: Properties }

const tables: Record<Exclude<Format, 'segment'>, Table> = {
  rees46: { hasHeader: true, columns: 9, read: rees46 },
  taobao: { hasHeader: false, columns: 5, read: taobao },
  'online-retail': { hasHeader: true, columns: 8, read: onlineRetail },
}

function readCsv(lines: readonly string[], format: Exclude<Format, 'segment'>, path: string): FileOfEvents {
  const { hasHeader, columns, read } = tables[format]
  const seen = new Set<string>()
  const rows: string[][] = []
  for (let index = hasHeader ? 1 : 0; index < lines.length; index++) {
    const line = lines[index]!.replace(/\r$/, '')
    if (seen.has(line)) continue
    seen.add(line)
    const cells = splitCsv(line)
    if (cells.length !== columns) throw new BeckonError('file.invalid', `${path} line ${index + 1} has ${cells.length} columns, ${format} has ${columns}`)
    rows.push(cells)
  }
  const messages: Message[] = []
  for (const draft of read(rows)) messages.push(toMessage(draft, `${format}-${messages.length + 1}`, path))
  const total = lines.length - (hasHeader ? 1 : 0)
  return { messages, rows: total, duplicates: total - rows.length, refused: new Map() }
}

function toMessage({ user, event, at, properties }: Draft, messageId: string, path: string): Message {
  if (!Number.isFinite(at)) throw new BeckonError('file.invalid', `${path}: event ${messageId} has no readable time`)
  const known = { ...properties, email: `user-${user}@example.test` }
  const body = { type: 'track' as const, event, userId: user, messageId, properties: known }
  return { ...body, at, text: JSON.stringify(body) }
}

function* rees46(rows: string[][]): Iterable<Draft> {
  const names: Record<string, string> = { view: 'Product Viewed', cart: 'Product Added', remove_from_cart: 'Product Removed', purchase: 'Order Completed' }
  for (const [time, type, product, , category, brand, price, user] of rows) {
    const name = names[type!]
    if (name === undefined) continue
    const line = {
      product_id: product,
      ...(category ? { category: category.replaceAll('.', ' / ').replaceAll('_', ' ') } : {}),
      ...(brand ? { brand } : {}),
      price: Number(price),
    }
    yield draftOf(user!, name, Date.parse(`${time!.replace(' UTC', '').replace(' ', 'T')}Z`), line)
  }
}

function* taobao(rows: string[][]): Iterable<Draft> {
  const names: Record<string, string> = { pv: 'Product Viewed', fav: 'Product Added to Wishlist', cart: 'Product Added', buy: 'Order Completed' }
  for (const [user, product, category, type, seconds] of rows) {
    const name = names[type!]
    if (name !== undefined) yield draftOf(user!, name, Number(seconds) * 1_000, { product_id: product, category })
  }
}

/** A purchase row is an order of that one product. */
function draftOf(user: string, event: string, at: number, line: Properties): Draft {
  if (event !== 'Order Completed') return { user, event, at, properties: line }
  const total = line['price'] === undefined ? {} : { total: line['price'] }
  return { user, event, at, properties: { ...total, products: [line] } }
}

/** Rows of one invoice are one order, at its first row's time; the data says no zone, so it is read as UTC. */
function* onlineRetail(rows: string[][]): Iterable<Draft> {
  const invoices = new Map<string, string[][]>()
  for (const row of rows) {
    const invoice = invoices.get(row[0]!)
    if (invoice === undefined) invoices.set(row[0]!, [row])
    else invoice.push(row)
  }
  for (const [id, lines] of invoices) {
    const [, , , , time, , user] = lines[0]!
    const products = lines.map(([, code, name, quantity, , price]) => ({ product_id: code, name, quantity: Math.abs(Number(quantity)), price: Number(price) }))
    const total = Math.round(products.reduce((sum, { price, quantity }) => sum + price * quantity, 0) * 100) / 100
    const event = id.startsWith('C') ? 'Order Refunded' : 'Order Completed'
    yield { user: user!, event, at: Date.parse(`${time!.replace(' ', 'T')}Z`), properties: { order_id: id, total, currency: 'GBP', products } }
  }
}

function splitCsv(line: string): string[] {
  if (!line.includes('"')) return line.split(',')
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '')
}
