/**
 * The batch: gathers whatever arrived in the last few milliseconds, has the engine take it, and commits once.
 * 1. An ack goes out only after the commit that holds its event (R1).
 * 2. No `await` between the first turn and the commit.
 * 3. When the commit fails nothing is acked, nothing goes on, and `onFatal` hears one clear sentence (R11).
 */
import type { Refusal } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import type { Clock } from '../core/world.ts'
import { toStoreError } from '../store/database.ts'
import type { Store } from '../store/store.ts'
import type { Engine } from './engine.ts'
import type { Intake, Offer, Outcome, Sender } from './intake.ts'

type Options = {
  engine: Engine
  store: Store
  clock: Clock
  epoch: string
  /** Letters were queued. */
  onLetters: () => void
  onFatal: (error: unknown) => void
  /** Runs `work` soon, after what has arrived: setImmediate. */
  soon: (work: () => void) => void
}

/** Something a person asked for, done in the batch's transaction. */
type Order = { work: (now: number) => unknown; done: (result: never) => void; failed: (error: unknown) => void }

type Told = { outcome: Outcome; done: () => void; failed: (error: unknown) => void }

/** How long it sleeps when nothing arrives, ms: in the middle of writing behind, before it, and with nothing to write. */
const leavingMs = 2
const idleMs = 250
const sleepMaxMs = 60_000
/** Longer waits for an ack count as this long. */
const waitMaxMs = 2_000

export type Batch = Intake & {
  start(): void
  /** Takes what is queued, writes everything behind, and takes nothing more. */
  stop(): void
  /** What waits for a turn. */
  backlog(): number
  /** Does `work` in the next batch's transaction; the promise settles after its commit. */
  order<T>(work: (now: number) => T): Promise<T>
  /** How long what was acked had waited: [ms, how many], ms up to `waitMaxMs`, since the last call. */
  waits(): [ms: number, times: number][]
  /** Runs one batch now; for tests and virtual time. */
  run(): void
}

export function createBatch(options: Options): Batch {
  const { engine, store, clock, epoch, onLetters, onFatal, soon } = options
  let offers: Offer[] = []
  let outcomes: Told[] = []
  let orders: Order[] = []
  const waited = new Uint32Array(waitMaxMs + 1)
  let state: 'idle' | 'running' | 'stopped' | 'failed' = 'idle'
  let scheduled = false
  let cancelWake = () => {}
  let wakeAt = Infinity

  function schedule() {
    if (scheduled || state !== 'running') return
    scheduled = true
    soon(run)
  }

  function run() {
    scheduled = false
    if (state !== 'running') return
    const taken = offers.length <= limits.turnEventsMax ? offers : offers.slice(0, limits.turnEventsMax)
    offers = taken === offers ? [] : offers.slice(limits.turnEventsMax)
    const told = outcomes
    outcomes = []
    const asked = orders
    orders = []
    let answers: (Refusal | null)[]
    let results: never[]
    const before = engine.counts.queued
    try {
      store.begin()
      answers = turns(taken, told)
      results = asked.map(({ work }) => work(clock.now()) as never)
      store.commit()
    } catch (error) {
      fail(error, [...told, ...asked])
      return
    }
    settle(taken, answers)
    for (const { done } of told) done()
    asked.forEach(({ done }, index) => done(results[index]!))
    if (engine.counts.queued > before) onLetters()
    plan()
  }

  function turns(taken: readonly Offer[], told: readonly Told[]): (Refusal | null)[] {
    const now = clock.now()
    const before = store.log.lastSeq()
    engine.fireDue(now, limits.turnTimersMax)
    const answers = taken.map((offer) => engine.take(offer))
    for (const { outcome } of told) engine.hearOutcome(outcome, now)
    engine.behind.step(now, store.log.lastSeq() - before)
    return answers
  }

  function settle(taken: readonly Offer[], answers: readonly (Refusal | null)[]) {
    const senders = new Set<Sender>()
    const now = clock.now()
    for (let i = 0; i < taken.length; i++) {
      const { sender, tag, receivedAt } = taken[i]!
      waited[Math.min(Math.max(0, now - receivedAt), waitMaxMs)]!++
      sender.settle(tag, answers[i]!)
      senders.add(sender)
    }
    for (const sender of senders) sender.flush()
  }

  /** Goes on at once if there is more to do; otherwise when the next timer is due. */
  function plan() {
    if (offers.length > 0 || outcomes.length > 0 || orders.length > 0 || engine.lives.agenda.next() <= clock.now()) return schedule()
    const now = clock.now()
    const look = engine.behind.isLeaving() ? leavingMs : engine.behind.isIdle() ? sleepMaxMs : idleMs
    const next = Math.min(engine.lives.agenda.next(), now + look)
    if (next >= wakeAt && wakeAt > now) return
    cancelWake()
    wakeAt = next
    cancelWake = clock.after(Math.max(0, next - now), () => {
      wakeAt = Infinity
      schedule()
    })
  }

  function fail(error: unknown, told: readonly { failed: (error: unknown) => void }[]) {
    state = 'failed'
    cancelWake()
    store.rollback()
    const named = toStoreError(error, store.path)
    for (const { failed } of told) failed(named)
    onFatal(named)
  }

  return {
    epoch,
    offer(offer: Offer): Refusal | null {
      if (state !== 'running') return { refused: 'stopping', retryAfterMs: 1_000 }
      if (offers.length >= limits.queueEventsMax) return { refused: 'overload', retryAfterMs: 250 }
      offers.push(offer)
      schedule()
      return null
    },
    tell: (outcome: Outcome) =>
      new Promise<void>((done, failed) => {
        outcomes.push({ outcome, done, failed })
        schedule()
      }),
    start() {
      state = 'running'
      schedule()
    },
    stop() {
      while (state === 'running' && (offers.length > 0 || outcomes.length > 0 || orders.length > 0)) run()
      if (state !== 'running') return
      try {
        store.begin()
        engine.behind.finish()
        store.commit()
        state = 'stopped'
        cancelWake()
      } catch (error) {
        fail(error, [])
      }
    },
    order: <T>(work: (now: number) => T) =>
      new Promise<T>((done, failed) => {
        orders.push({ work, done: done as (result: never) => void, failed })
        schedule()
      }),
    waits() {
      const seen: [number, number][] = []
      waited.forEach((times, ms) => times > 0 && seen.push([ms, times]))
      waited.fill(0)
      return seen
    },
    backlog: () => offers.length + outcomes.length,
    run,
  }
}
