/** Rows of an import, as CSV or JSON lines; and records written as either. */
import { readTable } from '../catalog/feed-table.ts'
import { BeckonError } from '../core/errors.ts'
import type { ConsentRecord } from '../studio/api-consent.ts'

const columns = ['email', 'user_id', 'status', 'topics', 'source', 'at'] as const

/** The rows in a text: JSON lines where it begins with a brace, else CSV (or with semicolons or tabs) with a line of names. Throws `file.invalid`. */
export async function readRows(text: string): Promise<unknown[]> {
  const plain = text.replace(/^\uFEFF/, '')
  if (/^\s*\{/.test(plain)) return plain.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [readLine(line, index + 1)]))
  const heading = /^[^\n]*/.exec(plain)![0]
  const separator = [',', ';', '\t'].find((one) => heading.includes(one)) ?? ','
  if (!/e-?mail|user_?id/i.test(heading)) throw new BeckonError('file.invalid', `the first line names no column email or user_id: ${heading.slice(0, 80)}`)
  const rows: unknown[] = []
  for await (const { fields } of readTable(once(plain), separator)) rows.push(Object.fromEntries([...fields].map(([name, cell]) => [name, plainCell(cell)])))
  return rows
}

function readLine(line: string, number: number): unknown {
  try {
    return JSON.parse(line) as unknown
  } catch {
    throw new BeckonError('file.invalid', `line ${number} is no JSON`)
  }
}

async function* once(text: string) {
  yield text
}

/** As a spreadsheet must not take it for a formula; and back. */
const csvCell = (text: string): string => {
  const safe = /^'*[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",;\r\n\t']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
const plainCell = (cell: string): string => (/^'+[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell)

/** `offers=no;orders=yes` */
const topicsText = (topics: Readonly<Record<string, boolean>>): string =>
  Object.entries(topics)
    .map(([name, wants]) => `${name}=${wants ? 'yes' : 'no'}`)
    .join(';')

const instant = (ms: number | null): string => (ms === null ? '' : new Date(ms).toISOString())

export type Format = 'csv' | 'ndjson'

export const headOf = (format: Format): string => (format === 'csv' ? `${columns.join(',')}\n` : '')

/** One record as a line that an import reads again. */
export function lineOf({ userId, email, status, topics, since, source }: ConsentRecord, format: Format): string {
  if (format === 'csv') return `${[email ?? '', userId ?? '', status, topicsText(topics), source ?? '', instant(since)].map(csvCell).join(',')}\n`
  return `${JSON.stringify({ email, user_id: userId, status, topics, source, at: since === null ? null : instant(since) })}\n`
}
