/** The worker of store/checkpoints.ts. */
import Database from 'better-sqlite3'
import { parentPort, workerData } from 'node:worker_threads'
import type { Checkpointed } from './checkpoints.ts'

const { path, everyMs, walPagesMax, restPagesMax } = workerData as { path: string; everyMs: number; walPagesMax: number; restPagesMax: number }
const db = new Database(path)
db.pragma('wal_autocheckpoint = 0')
db.pragma('synchronous = FULL')

/** A log that has grown too long is chased: each round leaves only what came in during the round before. */
const roundsMax = 8

setInterval(() => {
  let done = checkpoint()
  for (let round = 1; round < roundsMax && done.log > walPagesMax && done.log - done.moved > restPagesMax; round++) done = checkpoint()
  parentPort?.postMessage(done)
}, everyMs)

function checkpoint(): Checkpointed {
  const [row] = db.pragma('wal_checkpoint(PASSIVE)') as { log: number; checkpointed: number }[]
  return { log: row?.log ?? 0, moved: row?.checkpointed ?? 0 }
}
