/**
 * Moves the write-ahead log into the database in a worker, so that commits do not wait for it: checkpoints cause most of
 * the tail of the ack latency. The worker never blocks a commit (PASSIVE); once it has nearly caught up, the little that
 * is left is moved here, between two batches, so that the log can begin again from its start.
 */
import { Worker } from 'node:worker_threads'
import type { Db } from './database.ts'

const everyMs = 250
const walPagesMax = 65_536
/** What may be left for a commit to wait for. */
const restPagesMax = 300

/** What the worker tells after each checkpoint: pages in the log, and how many of them are in the database now. */
export type Checkpointed = { log: number; moved: number }

/** Starts it; the returned function stops it. Only for databases on disk. */
export function startCheckpoints(db: Db, path: string): () => Promise<void> {
  db.pragma('wal_autocheckpoint = 0')
  const worker = new Worker(new URL('./checkpoint-worker.ts', import.meta.url), { workerData: { path, everyMs, walPagesMax, restPagesMax } })
  worker.unref()
  worker.on('message', ({ log, moved }: Checkpointed) => {
    if (db.open && log > walPagesMax && log - moved < restPagesMax) db.pragma('wal_checkpoint(PASSIVE)')
  })
  // Without the worker SQLite's own checkpoints do, more slowly.
  worker.on('error', () => db.open && db.pragma('wal_autocheckpoint = 1000'))
  return async () => {
    await worker.terminate()
    if (db.open) db.pragma('wal_autocheckpoint = 1000')
  }
}
