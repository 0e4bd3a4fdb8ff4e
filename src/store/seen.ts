/**
 * Which message ids came before (R1: one id, one row), by hash. New ones stay in memory until they are written behind the
 * log, in order, so that each page is touched once; a restart reads them back from the log's tail.
 * Hashes may collide, so what is found is only a candidate: the caller compares with the row itself. A bit for the top of
 * each stored hash spares most looks into the database; after a start the bits are read back little by little.
 */
import type { Db } from './database.ts'
import { IdTable } from './id-table.ts'

/** Of a hash's 53 bits, those that find its mark: 2 MB of marks, mostly clear up to some ten million ids. */
const topBits = 24

export type Seen = ReturnType<typeof createSeen>

export function createSeen(db: Db) {
  const find = db.prepare<[number], number>('SELECT seq FROM seen WHERE hash = ?').pluck()
  const insert = db.prepare('INSERT OR IGNORE INTO seen (hash, seq) VALUES (?, ?)')
  let recent = new IdTable()
  let leaving = new IdTable()
  /** The next place of `leaving` to be written. */
  let place = 0
  let written = 0
  const stored = db.prepare<[number, number], number>('SELECT hash FROM seen WHERE hash > ? ORDER BY hash LIMIT ?').pluck()
  const bits = new Uint8Array(2 ** (topBits - 3))
  /** The bits up to this hash are read back; Infinity once all are. */
  let warmTo = 0

  const mark = (hash: number) => {
    const top = Math.floor(hash / 2 ** (53 - topBits)) & (2 ** topBits - 1)
    bits[top >> 3]! |= 1 << (top & 7)
  }
  const isMarked = (hash: number): boolean => {
    const top = Math.floor(hash / 2 ** (53 - topBits)) & (2 ** topBits - 1)
    return (bits[top >> 3]! & (1 << (top & 7))) !== 0
  }
  const mayBeStored = (hash: number): boolean => hash > warmTo || isMarked(hash)

  return {
    /** The rows that may hold the id with this hash; undefined when there is surely none. */
    candidates(hash: number): number[] | undefined {
      if (recent.has(hash) || leaving.has(hash)) return [...recent.get(hash), ...leaving.get(hash), ...find.all(hash)]
      return mayBeStored(hash) && find.get(hash) !== undefined ? find.all(hash) : undefined
    },
    add: (hash: number, seq: number) => recent.add(hash, seq),
    size: () => recent.size + leaving.size - written,
    /** Begins to write behind all that is known now. */
    beginLeaving() {
      const emptied = leaving
      leaving = recent
      recent = emptied
      place = 0
      written = 0
    },
    /** Writes up to `most` of them, in the transaction that is open; true when none is left. */
    leave(most: number): boolean {
      for (let n = 0; n < most && place < leaving.capacity; place++) {
        const hash = leaving.hashAt(place)
        if (hash === 0) continue
        insert.run(hash, leaving.seqAt(place))
        mark(hash)
        written++
        n++
      }
      return written === leaving.size
    },
    /** Reads some more of the bits back. */
    warm(most: number) {
      if (warmTo === Infinity) return
      const hashes = stored.all(warmTo, most)
      for (const hash of hashes) mark(hash)
      warmTo = hashes.length < most ? Infinity : hashes.at(-1)!
    },
    /** Once the last of them is written. */
    left() {
      leaving.clear()
      written = 0
    },
  }
}

/** A 53-bit hash of one source's message id, never 0 (cyrb53's mixing, two 32-bit lanes). */
export function hashId(source: number, messageId: string): number {
  let a = 0xdeadbeef ^ source
  let b = 0x41c6ce57 ^ source
  for (let i = 0; i < messageId.length; i++) {
    const code = messageId.charCodeAt(i)
    a = Math.imul(a ^ code, 2654435761)
    b = Math.imul(b ^ code, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return 4294967296 * (2097151 & b) + (a >>> 0) + 1
}
