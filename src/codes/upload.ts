/** A list of codes as shops have it: JSON, a CSV with a column of codes, or one code a line. Pure. */
import type { Refusal } from '../core/errors.ts'
import { isObject } from '../core/parse.ts'

const heads = /^(?:discount |coupon |voucher )?codes?$|^coupon$|^voucher$|^name$/i

/**
 * The codes in a text, as they stand there; whether each may be one is for the counter to say.
 *
 *     readUpload('["A1", "A2"]')            // JSON: texts, or objects with `code`; also { "codes": […] }
 *     readUpload('Code,Used\nA1,no\n')      // the column named code, or the first one
 *     readUpload('A1\nA2\n')
 */
export function readUpload(text: string): unknown[] | Refusal {
  const plain = text.replace(/^\uFEFF/, '').trim()
  if (plain.startsWith('[') || plain.startsWith('{') || plain.startsWith('"')) {
    const list = readJson(plain)
    if (list !== null) return list
    if (!plain.startsWith('"')) return { refused: 'pool.list_invalid' }
  }
  return readLines(plain)
}

function readJson(text: string): unknown[] | null {
  try {
    const json: unknown = JSON.parse(text)
    const list = isObject(json) && Array.isArray(json['codes']) ? json['codes'] : json
    return Array.isArray(list) ? list : null
  } catch {
    return null
  }
}

function readLines(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/)
  const separator = separatorOf(lines[0] ?? '')
  const first = cellsOf(lines[0] ?? '', separator)
  const named = first.findIndex((cell) => heads.test(cell))
  const column = Math.max(0, named)
  return lines
    .slice(named < 0 ? 0 : 1)
    .map((line) => cellsOf(line, separator)[column] ?? '')
    .filter((code) => code !== '')
}

/** What the first line is divided by; nothing where it is one code. */
const separatorOf = (line: string): string | null => ['\t', ';', ','].find((mark) => line.includes(mark)) ?? null

function cellsOf(line: string, separator: string | null): string[] {
  const cells: string[] = []
  let cell = ''
  let isQuoted = false
  for (let at = 0; at < line.length; at++) {
    const letter = line[at]!
    if (letter === '"' && isQuoted && line[at + 1] === '"') cell += line[++at]
    else if (letter === '"' && (isQuoted || cell.trim() === '')) isQuoted = !isQuoted
    else if (letter === separator && !isQuoted) {
      cells.push(cell.trim())
      cell = ''
    } else cell += letter
  }
  // A spreadsheet that was kept from reading a cell as a formula has a quote before it.
  return [...cells, cell.trim()].map((one) => one.replace(/^'(?=[=+\-@])/, ''))
}
