/** All judges together: over a file as it was found after a crash, over a start, and over the end. */
import type { Machine } from '../actors/load-machine.ts'
import type { Templates } from '../mail/templates.ts'
import type { Store } from '../store/store.ts'
import type { Clients } from './clients.ts'
import { judgeJourneys } from './journeys.ts'
import { judgeDeliveries, judgeLetters, markLost } from './deliveries.ts'
import { judgeFile, judgeLedger, judgeLife, judgeOutcomes, judgePeople, judgePolicy, judgeQuarantine, judgeStored, judgeTimers } from './judges.ts'
import { judgesMachine } from './machines.ts'
import type { Blame, People } from './people.ts'
import type { Relay } from './post.ts'
import type { Readers } from './readers.ts'
import { from } from './server.ts'
import type { Server, ServerHabits } from './server.ts'
import type { Tape } from './tape.ts'
import type { Till } from './till.ts'

export type Violation = { invariant: string; what: string }

export type Result = {
  seed: number
  /** Of everything that happened, in order. */
  hash: string
  trace: string[]
  violations: Violation[]
  /** `judged`: customers whose decisions are the oracle's; `asked`: decisions that the policy was asked again for. */
  figures: { rows: number; restarts: number; decisions: number; letters: number; judged: number; asked: number; quarantined: number; merges: number }
}

/** What those outside know. */
export type Witnesses = {
  blame: Blame
  clients: Clients
  people: People
  relay: Relay
  readers: Readers
  till: Till
  tape: Tape
  /** Message-ID to the bytes it was queued with. */
  queued: ReadonlyMap<string, string>
  /** When each decision was made, ms from the start, on the clock that never jumps. */
  made: ReadonlyMap<number, number>
  /** Customers whose stored life had a bit flipped, and what it reads like since. */
  spoiled: ReadonlyMap<number, string>
}

function machinesOf(store: Store): (version: number) => Machine {
  const known = new Map<number, Machine>()
  return (version) => {
    let machine = known.get(version)
    if (machine === undefined) known.set(version, (machine = judgesMachine(store.meta.machineFiles(version)!.hash)))
    return machine
  }
}

/** The file, before anything runs on it. */
export function judgeFound(store: Store, { blame, tape, relay, clients, spoiled, till }: Witnesses) {
  judgeFile(store, blame)
  tape.resolve(store.log.lastSeq())
  markLost(store, relay.trips)
  judgeLedger(store, clients.entries, false, blame)
  till.judge(store)
  judgeStored(store, machinesOf(store), spoiled, blame)
}

/** What a start has in memory. */
export function judgeStart({ store, engine }: Server, { blame }: Witnesses) {
  const of = machinesOf(store)
  for (const one of engine.lives.hot()) judgeLife(store, of, one, blame)
}

/** After faults have stopped and everything had its time; returns how many customers and decisions had a judge of their own. */
export function judgeEnd(
  { store, machines }: Server,
  witnesses: Witnesses,
  policy: ServerHabits['policy'],
  templates: Templates,
  now: number,
): { judged: number; policy: number } {
  const { blame, clients, people, readers, relay, queued, made, spoiled, till } = witnesses
  const of = machinesOf(store)
  judgeFile(store, blame)
  judgeLedger(store, clients.entries, true, blame)
  judgeStored(store, of, spoiled, blame)
  judgeOutcomes(store, readers.told, blame)
  till.judge(store)
  judgeQuarantine(store, blame)
  judgeTimers(store, of, machines.version, people, now, blame)
  judgePeople(store, people, blame)
  judgeDeliveries(store, relay.trips, queued, now, blame)
  judgeLetters(store, templates, from, blame)
  const asked = judgePolicy(store, of, policy, blame)
  // The oracle knows no rule that a customer must have said yes.
  if (policy.consentRequired) return { judged: 0, policy: asked }
  const { customers } = judgeJourneys(store, { of, running: machines.version, holdout: policy.holdout, now, suppressed: readers.suppressed, made }, blame)
  return { judged: customers, policy: asked }
}
