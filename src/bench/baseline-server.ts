/**
 * Two servers to compare with, which speak as much of beckon.v1 as the load needs.
 *
 * `bare`: reads JSON from WebSocket frames and acks, once a round of the event loop. Nothing is kept: the limit of ws.
 *
 * `naive`: what XState's and SQLite's own pages suggest. For each event, in one transaction with synchronous=FULL: the
 * customer's snapshot is read, an actor made of it, sent the event, asked for its snapshot and stopped; then a log row
 * (its unique message id is the dedupe), the snapshot and the customer's next timer are written. Then the ack.
 * It has the same machine as we have, but no identity, no policy and no letters. The actor gets a clock that only notes
 * delays, since a `setTimeout` for each would go with the actor anyway.
 */
import Database from 'better-sqlite3'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { createActor } from 'xstate'
import type { Snapshot } from 'xstate'
import { loadMachine } from '../actors/load-machine.ts'
import { toMachineEvent } from '../core/event.ts'
import type { Message } from '../core/event.ts'
import { machinesDirectory } from '../main.ts'
import { configOf } from './child.ts'

type Body = Message & { seq: number; type: string }

const config = configOf<{ kind: 'bare' | 'naive'; directory: string }>()
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false, handleProtocols: () => 'beckon.v1', skipUTF8Validation: true })
const take = config.kind === 'bare' ? bare : naive(join(config.directory, 'naive.db'))

server.on('connection', (ws) => {
  let isGreeted = false
  ws.on('message', (data) => {
    const body = JSON.parse(String(data)) as Body
    if (isGreeted) return take(ws, body)
    isGreeted = true
    ws.send('{"type":"welcome"}')
  })
})
await once(server, 'listening')
process.stdout.write(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)

function bare(ws: WebSocket, { seq }: Body) {
  const waiting = ws as WebSocket & { seq?: number | undefined }
  if (waiting.seq === undefined)
    setImmediate(() => {
      ws.send(`{"type":"ack","seq":${waiting.seq}}`)
      waiting.seq = undefined
    })
  waiting.seq = seq
}

function naive(path: string) {
  const db = new Database(path)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.exec(`
    CREATE TABLE log (id INTEGER PRIMARY KEY, message_id TEXT UNIQUE, customer TEXT NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL);
    CREATE TABLE snapshot (customer TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE timer (customer TEXT PRIMARY KEY, due INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX timer_due ON timer (due);
  `)
  const insert = db.prepare('INSERT OR IGNORE INTO log (message_id, customer, at, body) VALUES (?,?,?,?)')
  const load = db.prepare<[string], { value: string }>('SELECT value FROM snapshot WHERE customer = ?')
  const save = db.prepare('INSERT INTO snapshot (customer, value) VALUES (?,?) ON CONFLICT (customer) DO UPDATE SET value = excluded.value')
  const arm = db.prepare('INSERT INTO timer (customer, due) VALUES (?,?) ON CONFLICT (customer) DO UPDATE SET due = excluded.due')
  const { machine } = loadMachine(machinesDirectory).stepper
  let delay = Infinity
  const clock = {
    setTimeout: (_: unknown, ms: number) => {
      delay = Math.min(delay, ms)
    },
    clearTimeout: () => {},
  }
  const transact = db.transaction((body: Body, text: string) => {
    const now = Date.now()
    const customer = body.userId!
    if (insert.run(body.messageId, customer, now, text).changes === 0) return
    const kept = load.get(customer)?.value
    delay = Infinity
    const actor = createActor(machine, { clock, ...(kept === undefined ? {} : { snapshot: JSON.parse(kept) as Snapshot<unknown> }) })
    actor.start()
    const event = toMachineEvent(body, now)
    if (event !== null) actor.send(event)
    const snapshot = JSON.stringify(actor.getPersistedSnapshot())
    actor.stop()
    save.run(customer, snapshot)
    if (delay !== Infinity) arm.run(customer, now + delay)
  })
  return (ws: WebSocket, body: Body) => {
    transact.immediate(body, JSON.stringify(body))
    ws.send(`{"type":"ack","seq":${body.seq}}`)
  }
}
