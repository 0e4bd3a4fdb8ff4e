/** The worker of store/checkpoints.ts. */
import Database from 'better-sqlite3'
import { parentPort, workerData } from 'node:worker_threads'
import type { Checkpointed } from './checkpoints.ts'

const { path, everyMs } = workerData as { path: string; everyMs: number }
const db = new Database(path)
db.pragma('wal_autocheckpoint = 0')
db.pragma('synchronous = FULL')

setInterval(() => {
  const [row] = db.pragma('wal_checkpoint(PASSIVE)') as { log: number; checkpointed: number }[]
  parentPort?.postMessage({ log: row?.log ?? 0, moved: row?.checkpointed ?? 0 } satisfies Checkpointed)
}, everyMs)
