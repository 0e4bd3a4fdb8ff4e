/** One server a database: lives are cached in memory, so two writers would undo each other. The lock goes with the process. */
import Database from 'better-sqlite3'
import { join } from 'node:path'
import { BeckonError } from '../core/errors.ts'

/** Holds the directory until called. Throws `store.busy` when another process does. */
export function lockDirectory(directory: string): () => void {
  const lock = new Database(join(directory, 'beckon.lock'), { timeout: 0 })
  try {
    lock.pragma('journal_mode = DELETE')
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    throw new BeckonError('store.busy', `another Beckon runs on ${directory}`, { cause: error })
  }
  return () => lock.close()
}
