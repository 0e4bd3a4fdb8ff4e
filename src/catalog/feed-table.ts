/** Rows of a CSV or TSV feed as they come in: field → text, by the names in the first row. Quoted cells may hold line ends. */
import { BeckonError } from '../core/errors.ts'
import type { FeedRow } from './feed-words.ts'

const cellCharsMax = 200_000
const columnsMax = 500

/** Throws `file.invalid` where a quoted cell does not end. */
export async function* readTable(texts: AsyncIterable<string>, separator: string): AsyncGenerator<FeedRow> {
  const cells = createCells(separator)
  let names: string[] | null = null
  function* toRows(lines: readonly Cells[]): Generator<FeedRow> {
    for (const { line, cells: found } of lines) {
      if (found.length === 1 && found[0]!.trim() === '') continue
      if (names === null) {
        names = found.map(nameOf)
        continue
      }
      const fields = new Map<string, string>()
      for (const [index, name] of names.entries()) {
        const text = found[index]?.trim() ?? ''
        if (text !== '' && !fields.has(name)) fields.set(name, text)
      }
      yield { fields, where: `line ${line}` }
    }
  }
  for await (const text of texts) yield* toRows(cells.read(text))
  yield* toRows(cells.end())
}

/** `Variant Price` and `variant_price` are the same, and so are `g:id` and `id`. */
const nameOf = (header: string): string =>
  header
    .trim()
    .toLowerCase()
    .replace(/^g:/, '')
    .replaceAll(/[\s_]+/g, '_')

type Cells = { line: number; cells: string[] }

function createCells(separator: string) {
  let row: string[] = []
  let cell = ''
  let line = 1
  let begun = 1
  /** Inside quotes; and whether the last character was a quote that may end them. */
  let isQuoted = false
  let isEnding = false

  function take(letter: string, rows: Cells[]) {
    if (letter === '\n') line++
    if (isQuoted) {
      if (isEnding) {
        isEnding = false
        if (letter === '"') return void (cell += '"')
        isQuoted = false
      } else if (letter === '"') return void (isEnding = true)
      else return void (cell += letter)
    }
    if (letter === '"' && cell === '') isQuoted = true
    else if (letter === separator) endCell()
    else if (letter === '\n') endRow(rows)
    else cell += letter
  }

  function endCell() {
    row.push(cell)
    cell = ''
    if (row.length > columnsMax) throw new BeckonError('file.invalid', `line ${begun} of the feed has more than ${columnsMax} columns`)
  }

  function endRow(rows: Cells[]) {
    if (cell.endsWith('\r')) cell = cell.slice(0, -1)
    endCell()
    rows.push({ line: begun, cells: row })
    row = []
    begun = line
  }

  return {
    read(text: string): Cells[] {
      const rows: Cells[] = []
      for (const letter of text) take(letter, rows)
      if (cell.length > cellCharsMax) throw new BeckonError('file.invalid', `line ${begun} of the feed has a cell that does not end`)
      return rows
    },
    end(): Cells[] {
      if (isQuoted && !isEnding) throw new BeckonError('file.invalid', `line ${begun} of the feed has a quoted cell that does not end`)
      isQuoted = isEnding = false
      const rows: Cells[] = []
      if (cell !== '' || row.length > 0) endRow(rows)
      return rows
    },
  }
}
