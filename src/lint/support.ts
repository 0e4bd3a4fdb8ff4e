/** What mail clients support, from `caniemail.json`, whose head says where it comes from and under which licence. */
import { readFileSync } from 'node:fs'

type Row = [title: string, support: string, remarks?: Record<string, number[]>]

const data = JSON.parse(readFileSync(new URL('./caniemail.json', import.meta.url), 'utf8')) as { clients: string[]; features: Record<string, Row> }

export const clients: readonly string[] = data.clients
/** The one that draws letters with a word processor, and for which letters have parts of their own. */
export const outlookOnWindows = clients.findIndex((name) => name.startsWith('Outlook for Windows'))

export type Support = {
  title: string
  /** Indexes into `clients`. */
  full: number[]
  lacking: number[]
  partly: number[]
  /** What the source says about some of these. */
  remarks: { words: string; clients: number[] }[]
  /** Clients of which it is known. */
  known: number
}

/** How a feature is supported; undefined when nothing is known of it. */
export function supportOf(slug: string): Support | undefined {
  const row = data.features[slug]
  if (row === undefined) return undefined
  const [title, support, remarks = {}] = row
  const having = (letter: string) => [...support].flatMap((one, index) => (one === letter ? [index] : []))
  return {
    title,
    full: having('y'),
    lacking: having('n'),
    partly: having('a'),
    // Which clients know it partly is said anyway.
    remarks: Object.entries(remarks).map(([words, clients]) => ({
      words: words.replace(/^(?:Partial(?: support)?|Partially supported|Buggy)[.:]\s*/, ''),
      clients,
    })),
    known: [...support].filter((one) => one !== 'u').length,
  }
}
