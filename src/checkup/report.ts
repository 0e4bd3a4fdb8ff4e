/** What one checkup found, as it is kept: counts, and examples by number alone, so that erasure need not look here (R9). */
import type { FindingId } from './findings.ts'

/** `words`: plain facts without names or addresses. */
export type Example = { customers?: number[]; letter?: number; product?: string; aside?: number; words?: string }
export type Found = { id: FindingId; count: number; examples: Example[] }
export type Looked = { customers: number; compared: number; letters: number; rows: number; products: number }
export type Report = { looked: Looked; found: Found[] }

const examplesMax = 20

/** Collects what is found: all of it counted, the first few kept as examples. */
export class Tally {
  readonly #found = new Map<FindingId, Found>()

  add(id: FindingId, example: Example | null, count = 1): void {
    let one = this.#found.get(id)
    if (one === undefined) this.#found.set(id, (one = { id, count: 0, examples: [] }))
    one.count += count
    if (example !== null && one.examples.length < examplesMax) one.examples.push(example)
  }

  found(): Found[] {
    return [...this.#found.values()]
  }
}
