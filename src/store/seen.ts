/**
 * Which message ids came before (R1: one id, one row). New ones stay in memory until they are written behind the log, by
 * hash and sorted, so that each page is touched once; a restart reads them back from the log's tail.
 * A hash may collide, so what the database finds is only a candidate: the caller compares with the row itself.
 */
import type { Db } from './database.ts'

export type Seen = ReturnType<typeof createSeen>

/** source → message id → its row. */
type Ids = Map<number, Map<string, number>>

export function createSeen(db: Db) {
  const find = db.prepare<[number], number>('SELECT seq FROM seen WHERE hash = ?').pluck()
  const insert = db.prepare('INSERT OR IGNORE INTO seen (hash, seq) VALUES (?, ?)')
  let recent: Ids = new Map()
  let leaving: Ids | null = null
  let sorted: { hash: number; seq: number }[] = []
  let isStored = db.prepare('SELECT 1 FROM seen LIMIT 1').get() !== undefined

  return {
    /** The rows that may hold this id; undefined when there is surely none. */
    candidates(source: number, messageId: string): number[] | undefined {
      const near = recent.get(source)?.get(messageId) ?? leaving?.get(source)?.get(messageId)
      if (near !== undefined) return [near]
      if (!isStored) return undefined
      const hash = hashId(source, messageId)
      return find.get(hash) === undefined ? undefined : find.all(hash)
    },
    add(source: number, messageId: string, seq: number) {
      let ids = recent.get(source)
      if (ids === undefined) recent.set(source, (ids = new Map()))
      ids.set(messageId, seq)
    },
    size: () => sizeOf(recent) + sorted.length,
    /** Begins to write behind all that is known now. */
    beginLeaving() {
      leaving = recent
      recent = new Map()
      sorted = []
      for (const [source, ids] of leaving) for (const [messageId, seq] of ids) sorted.push({ hash: hashId(source, messageId), seq })
      sorted.sort((a, b) => b.hash - a.hash)
    },
    /** Writes up to `most` of them, in the transaction that is open; true when none is left. */
    leave(most: number): boolean {
      for (let n = 0; n < most; n++) {
        const next = sorted.pop()
        if (next === undefined) return true
        insert.run(next.hash, next.seq)
        isStored = true
      }
      return sorted.length === 0
    },
    /** Once the last of them is written. */
    left() {
      leaving = null
    },
  }
}

const sizeOf = (ids: Ids): number => [...ids.values()].reduce((sum, { size }) => sum + size, 0)

/** A 53-bit hash of one source's message id (cyrb53's mixing, two 32-bit lanes). */
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
  return 4294967296 * (2097151 & b) + (a >>> 0)
}
