/** The machine's drawing as JSON, laid out once for each version of the machine and kept in the database. */
import type { Refusal } from '../core/errors.ts'
import type { Meta } from '../store/meta.ts'
import type { Reader } from './reader.ts'

/** Counts up when the same machine is drawn otherwise. */
const drawing = 1

export function createChartCache({ meta, reader, hash }: { meta: Meta; reader: Reader; hash: string }): () => Promise<string | Refusal> {
  const key = `chart/${drawing}/${hash}`
  let drawn: Promise<string | Refusal> | null = null

  async function draw(): Promise<string | Refusal> {
    const kept = meta.get(key)
    if (kept !== undefined) return String(kept)
    const text = await reader.askText('chart', {})
    if (typeof text === 'string') meta.set(key, text)
    return text
  }

  return () => {
    drawn ??= draw().catch((error: unknown) => {
      drawn = null
      throw error
    })
    return drawn
  }
}
