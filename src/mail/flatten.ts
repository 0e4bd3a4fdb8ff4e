/**
 * A template as one run of pieces: slots filled, partials put in, blocks made to fall back.
 *
 * A partial that names in its front matter what it `requires`, or that brings a fallback, is a block. What it requires is
 * looked for first; when some of it is missing, or when anything inside prints what is absent, all that the block has
 * written is taken back, its links too, and its fallback stands there instead: nothing, where it has none.
 */
import { fault, type Piece, type Source, type Tag } from './source.ts'
import { BeckonError } from '../core/errors.ts'

export type Folder = { texts: Map<string, string>; sources: Map<string, Source> }

export type Block = {
  /** The partial's name, `picture`. */
  name: string
  requires: string[]
  hasFallback: boolean
}

export type Part = 'html' | 'text'
export type Slots = { body?: Piece[]; subject?: Piece[]; preheader?: Piece[] }

export function sourceOf(folder: Folder, name: string, from?: Tag): Source {
  const source = folder.sources.get(name)
  if (source !== undefined) return source
  if (from) throw broken(folder, from.file.replace(/\.eta$/, ''), from.line, `There is no ${name}.eta to include.`)
  throw new BeckonError('template.missing', `There is no template ${name}.eta.`)
}

/** `template.broken` at a line of a template of the folder, called without `.eta`. */
export const broken = (folder: Folder, name: string, line: number, what: string, cause?: unknown): BeckonError =>
  fault(`${name}.eta`, folder.texts.get(name) ?? '', line, what, cause)

/** The paths that a file's front matter requires. */
export const requiredBy = (source: Source): string[] => (source.front.get('requires')?.value ?? '').split(/[,\s]+/).filter(Boolean)

/** `blocks` gathers those that are met; a tag's code calls a block by its number there. */
export function flatten(folder: Folder, source: Source, part: Part, slots: Slots, blocks: Block[], depth = 0): Piece[] {
  const result: Piece[] = []
  for (const piece of (part === 'html' ? source.html : source.text) ?? []) {
    if (typeof piece === 'string' || piece.kind === 'run') {
      result.push(piece)
      continue
    }
    const slot = /^it\.(body|subject|preheader)\s*$/.exec(piece.code)?.[1] as keyof Slots | undefined
    if (slot !== undefined && slots[slot] !== undefined) {
      result.push(...flatten(folder, { ...source, [part]: slots[slot] }, part, {}, blocks, depth + 1))
      continue
    }
    const [, path, given] = /^include\(\s*['"](?:\.{1,2}\/)*([\w/-]+?)(?:\.eta)?['"]\s*(?:,([^]*))?\)\s*$/.exec(piece.code) ?? []
    if (path === undefined) {
      result.push(piece)
      continue
    }
    const partial = folder.sources.get(path) ?? sourceOf(folder, path.includes('/') ? path : `partials/${path}`, piece)
    if (depth > includesMax) throw broken(folder, source.file.replace(/\.eta$/, ''), piece.line, 'Partials include one another without end.')
    const inside = (content: Piece[] | null) => trimmed(flatten(folder, { ...partial, [part]: content }, part, {}, blocks, depth + 1))
    const args = given === undefined ? '{}' : `(${given})`
    result.push(...(isBlock(partial) ? fallingBack(folder, partial, part, piece, args, inside, blocks) : putIn(piece, args, inside(partial[part]))))
  }
  return result
}

const includesMax = 16

/** Whether a partial is one that may fall back. */
const isBlock = ({ front, fallback }: Source): boolean => front.has('requires') || fallback.html !== null || fallback.text !== null

const run = (piece: Tag, code: string): Tag => ({ ...piece, kind: 'run', code })

/** The arguments are read before `part` gets its new meaning: they may speak of the `part` around. */
const putIn = (piece: Tag, args: string, content: Piece[]): Piece[] => [
  run(piece, `{ const $given = ${args}; { const part = $given;`),
  ...content,
  run(piece, '} }'),
]

function fallingBack(
  folder: Folder,
  partial: Source,
  part: Part,
  piece: Tag,
  args: string,
  inside: (content: Piece[] | null) => Piece[],
  blocks: Block[],
): Piece[] {
  const name = partial.file.replace(/^partials\//, '').replace(/\.eta$/, '')
  const requires = requiredBy(partial)
  let number = blocks.findIndex((block) => block.name === name)
  if (number < 0) number = blocks.push({ name, requires, hasFallback: partial.fallback.html !== null || partial.fallback.text !== null }) - 1
  const checks = requires
    .map(
      (path) =>
        ` || (__eta.${/^(?:it|part)\b/.test(path) ? 'lacks' : 'misses'}(${valueAt(folder, partial, path)}) && __eta.fell(${number}, ${JSON.stringify(path.replace(/^it\./, ''))}))`,
    )
    .join('')
  const fallback = partial.fallback[part]
  return [
    run(
      piece,
      `{ let $given, $fell = false; const $mark = __eta.res, $links = it.links.length; try { $given = ${args} } catch ($thrown) { $fell = __eta.fell(${number}, $thrown) } { const part = $given; $fell = $fell${checks}; if (!$fell) try {`,
    ),
    ...inside(partial[part]),
    run(piece, `} catch ($thrown) { $fell = __eta.fell(${number}, $thrown); __eta.res = $mark; it.links.length = $links }`),
    ...(fallback === null ? [] : [run(piece, 'if ($fell) {'), ...inside(fallback), run(piece, '}')]),
    run(piece, '} }'),
  ]
}

/** What stands at a required path: of the arguments (`part.item`), of what templates see (`it.product`), else of the letter's data. */
function valueAt(folder: Folder, partial: Source, path: string): string {
  if (!/^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*$/.test(path))
    throw broken(folder, partial.file.replace(/\.eta$/, ''), 1, `It requires ${path}, which is no path such as part.item.image.`)
  const [root, ...rest] = path.split('.')
  return root === 'part' || root === 'it' ? [root, ...rest].join('?.') : ['it.data', root, ...rest].join('?.')
}

function trimmed(pieces: Piece[]): Piece[] {
  const last = pieces.at(-1)
  return typeof last === 'string' ? [...pieces.slice(0, -1), last.trimEnd()] : pieces
}
