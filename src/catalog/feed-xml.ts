/** Items of a Google Merchant feed (RSS or Atom) as they come in: field → text. What lies deeper than an item's own fields is left out. */
import { Parser } from 'htmlparser2'
import { BeckonError } from '../core/errors.ts'
import type { FeedRow } from './feed-words.ts'

const fieldCharsMax = 20_000
const fieldsMax = 500

/** Throws `file.invalid` where the feed ends inside an item. */
export async function* readXml(texts: AsyncIterable<string>): AsyncGenerator<FeedRow> {
  let rows: FeedRow[] = []
  let count = 0
  let fields: Map<string, string> | null = null
  let depth = 0
  let field = ''
  let text = ''
  const parser = new Parser(
    {
      onopentag(tag, attributes) {
        const name = tag.toLowerCase()
        if (fields === null) {
          if (name !== 'item' && name !== 'entry') return
          fields = new Map()
          depth = 0
          return
        }
        if (++depth !== 1) return
        field = name.replace(/^g:/, '')
        // Atom's link has it as an attribute.
        text = field === 'link' ? (attributes['href'] ?? '') : ''
      },
      ontext(more) {
        if (fields !== null && depth === 1 && text.length < fieldCharsMax) text += more
      },
      onclosetag(_, isImplied) {
        if (fields === null) return
        if (depth === 0) {
          if (!isImplied) rows.push({ fields, where: `item ${++count}` })
          else count = -1
          fields = null
        } else if (depth-- === 1 && text.trim() !== '' && !fields.has(field) && fields.size < fieldsMax) fields.set(field, text.trim())
      },
    },
    { xmlMode: true, decodeEntities: true },
  )
  const taken = () => {
    const ready = rows
    rows = []
    return ready
  }
  for await (const more of texts) {
    parser.write(more)
    yield* taken()
  }
  const whole = count
  parser.end()
  yield* taken()
  if (count < whole) throw new BeckonError('file.invalid', `the feed ends in the middle of item ${whole + 1}`)
}
