/** The log's tail told again after whatever end the last run had: stored lives and seen ids are behind it (R1, R2). */
import { readMessage } from '../core/parse.ts'
import { decideByRecord, kinds, retell } from '../core/retell.ts'
import type { Chapter, MergeBody, Telling } from '../core/retell.ts'
import type { Decisions } from '../store/decisions.ts'
import type { Log, Row } from '../store/log.ts'
import { hashId } from '../store/seen.ts'
import type { Seen } from '../store/seen.ts'
import { toRecorded } from './identity.ts'
import type { Outcome } from './intake.ts'
import type { Hot, Lives } from './lives.ts'

type Tail = {
  log: Log
  seen: Seen
  decisions: Decisions
  lives: Lives
  telling: Omit<Telling, 'decide'>
  rebuild: (head: number) => Chapter
  /** The last row that everything stored has in it. */
  from: number
}

/** In a transaction of its own. Returns the rows told. */
export function tellTail(tail: Tail): number {
  const { seen, lives } = tail
  let told = 0
  const gone = new Set<number>()
  const touched = new Set<Hot>()
  for (const row of rowsOf(tail)) if (row.kind === kinds.merge) gone.add((JSON.parse(row.body) as MergeBody).otherId)
  for (const row of rowsOf(tail)) {
    told++
    if (row.kind <= kinds.server) seen.add(hashId(row.source, readMessage(row.body, row.at).messageId), row.seq)
    else if (row.kind === kinds.outcome) seen.add(hashId(0, (JSON.parse(row.body) as Outcome).messageId), row.seq)
    if (gone.has(row.customer)) continue
    const hot = lives.raw(row.customer)
    if (hot !== null && hot.head >= row.seq) continue
    const one = hot ?? lives.bear(row.customer, row.at)
    const { life, machine } = row.kind === kinds.merge ? tail.rebuild(row.seq) : tellRow(tail, hot, row)
    one.machine = machine
    lives.put(one, life, row.seq)
    touched.add(one)
  }
  // A sandbox's time may have been skipped in these very rows.
  for (const one of touched) lives.measure(one)
  return told
}

function* rowsOf({ log, from }: Tail): Generator<Row> {
  for (let seq = from; ;) {
    const rows = log.after(seq, 10_000)
    if (rows.length === 0) return
    yield* rows
    seq = rows.at(-1)!.seq
  }
}

function tellRow({ decisions, telling }: Tail, before: Chapter | null, row: Row): Chapter {
  const recorded = decisions.of(row.customer).map(toRecorded)
  const decide = decideByRecord(recorded, (life, at, template) => telling.waits(row.machine, life, at, template))
  return retell(before === null ? null : { life: before.life, machine: before.machine }, row, { ...telling, decide })
}
