/**
 * Takes due letters to the post and books what became of them. Owns a letter's state from queued to settled.
 * 1. A letter goes queued → attempting → flushing → sent | deferred | failed | unknown; `flushing` is committed before
 *    its first body byte leaves, and what was flushing when a connection or the process ended is never silently sent
 *    again (R4). `resend` letters are, once, with the same bytes.
 * 2. Suppression is asked again in the transaction that commits `flushing` (R7).
 * 3. A letter waits for nobody but its own server: each has a slot of its own, and a dead one is listed with its reason
 *    (R10). A relay that answers nothing at all is asked less and less, by one letter at a time.
 * 4. What was asked for in one tick is one transaction. When that fails nothing may leave any more, and `onFatal` hears
 *    of it (R11).
 * 5. An outcome is told after its commit, and again after a restart until its customer's turn has it.
 */
import type { Intake, Outcome } from '../actors/intake.ts'
import type { Clock, Post, Receipt } from '../core/world.ts'
import { toStoreError } from '../store/database.ts'
import type { Db } from '../store/database.ts'
import type { DueLetter, Letters, Recovered } from '../store/letters.ts'
import type { Suppressions } from '../store/suppressions.ts'
import { createPatience } from './backoff.ts'
import { senderOf } from './sender.ts'
import { settle } from './settle.ts'
import type { Settlement } from './settle.ts'

export type DrainOptions = {
  db: Db
  clock: Clock
  letters: Letters
  suppressions: Suppressions
  hash: (address: string) => string
  post: Post
  intake: Pick<Intake, 'tell'>
  /** A letter's envelope sender, where it bounces to; otherwise its own From. */
  from?: (letter: DueLetter) => string
  onFatal: (error: unknown) => void
  /** Runs `work` after what has arrived: setImmediate. */
  soon?: (work: () => void) => void
  /** How long `stop` lets letters under way finish, ms. */
  stopMs?: number
  /** Hears, once, what a start found under way. */
  onRecovered?: (recovered: Recovered) => void
}

export type DrainStats = { backlog: number; inFlight: number; dead: number; unknown: number }

export type Drain = {
  /** Recovers what the last run left, then takes letters. */
  start(): void
  /** Letters may be due: call it after the commit that queued them. */
  wake(): void
  /** Takes no more, lets those under way finish up to a limit, and closes the post. */
  stop(): Promise<void>
  stats(): DrainStats
}

type Asked = { letter: DueLetter; answer: (may: boolean) => void } | { letter: DueLetter; receipt: Receipt }

/** How long it waits, once the post is closed, for what became of the rest. */
const bookMs = 2_000
/** It looks at least this often, should a clock have jumped. */
const sleepMaxMs = 60_000
/** What is asked for waits this long for company, unless most of the letters under way wait for it already. */
const groupMs = 2
/** That a customer was told is booked with others', within this time. */
const toldMs = 100
const toldMax = 256

export function createDrain(options: DrainOptions): Drain {
  const { db, clock, letters, suppressions, hash, post, intake, onFatal, soon = setImmediate, stopMs = 20_000 } = options
  const patience = createPatience()
  let state: 'new' | 'running' | 'stopping' | 'stopped' | 'failed' = 'new'
  let asked: Asked[] = []
  const told: number[] = []
  /** Taken from the outbox and next to go, so that a free slot waits for no commit. */
  let ready: DueLetter[] = []
  let toldAt = 0
  let inFlight = 0
  let telling = 0
  /** Letters that wait for leave to go. */
  let waiting = 0
  let isScheduled = false
  let isStuck = false
  let cancelSleep = () => {}
  let cancelGroup = () => {}
  let whenIdle = () => {}
  let stopping: Promise<void> | null = null

  const isLive = () => state === 'running' || state === 'stopping'
  const isIdle = () => inFlight === 0 && telling === 0 && asked.length === 0 && told.length === 0 && ready.length === 0

  function schedule() {
    if (isScheduled || !isLive()) return
    isScheduled = true
    soon(cycle)
  }

  /** One transaction with all that was asked for since the last, and letters for the slots that are or will be free. */
  function cycle() {
    isScheduled = false
    if (!isLive()) return
    const now = clock.now()
    const work = asked
    asked = []
    waiting = 0
    cancelGroup()
    let after: (() => void)[] = []
    try {
      const wanted = wantedNow(now)
      let taken: DueLetter[] = []
      if (work.length > 0 || wanted > 0 || isToldDue(now) || mustPutBack()) {
        letters.write(() => {
          after = work.map((item) =>
            'receipt' in item ? book(item.letter, settle(item.letter, item.receipt, now), now) : flush(item.letter, item.answer, now),
          )
          if (isToldDue(now)) for (const id of told.splice(0)) letters.told(id)
          if (mustPutBack()) for (const { id } of ready.splice(0)) letters.putBack(id, now)
          if (wanted > 0) taken = letters.due(now, wanted).filter(({ id }) => letters.attempting(id, now))
        })
        ready = ready.concat(taken)
      }
      // A row that says it is due in a state that cannot be is nobody's to send, and no reason to spin.
      isStuck = wanted > 0 && taken.length === 0
    } catch (error) {
      for (const item of work) if ('answer' in item) item.answer(false)
      return fail(error)
    }
    for (const act of after) act()
    launch(now)
    plan(now)
    if (isIdle()) whenIdle()
  }

  /** How many due letters to take. As many ahead as there are slots, and by the half, since neighbours share pages of the database. */
  function wantedNow(now: number): number {
    if (state !== 'running') return 0
    const room = patience.room(post.width, inFlight, now)
    const wanted = room + (patience.isCautious() ? 0 : post.width) - ready.length
    return (room > ready.length || wanted * 2 > post.width) && (letters.nextAt() ?? Infinity) <= now ? Math.max(wanted, 0) : 0
  }

  const mustPutBack = (): boolean => ready.length > 0 && (state !== 'running' || patience.isCautious())

  /** What was told is booked when there is much of it, or after a while. */
  const isToldDue = (now: number): boolean => told.length > 0 && (told.length >= toldMax || now >= toldAt || state === 'stopping')

  function launch(now: number) {
    if (state !== 'running') return
    while (ready.length > 0 && patience.room(post.width, inFlight, now) > 0) void attempt(ready.shift()!)
  }

  /** Sleeps until the next letter is due, or the relay may be asked again; a full house wakes itself. */
  function plan(now: number) {
    cancelSleep()
    if (state !== 'running') return
    let next: number
    try {
      next = patience.room(post.width, inFlight, now) === 0 ? patience.until(inFlight) : isStuck ? Infinity : (letters.nextAt() ?? Infinity)
    } catch (error) {
      return fail(error)
    }
    cancelSleep = clock.after(Math.min(Math.max(next - now, 0), sleepMaxMs), schedule)
  }

  /** Takes one letter to the post. Its slot is its own until the receipt is there. */
  async function attempt(letter: DueLetter) {
    inFlight++
    let isFlushing = false
    const flushing = () => {
      isFlushing = true
      return new Promise<boolean>((answer) => ask({ letter, answer }))
    }
    let receipt: Receipt
    try {
      const mime = letters.mime(letter.id)
      if (mime === undefined) receipt = { state: 'failed', reply: 'erased', hard: false }
      else receipt = await post.send({ from: options.from?.(letter) ?? senderOf(mime), to: letter.recipient }, mime, flushing)
    } catch (error) {
      // The post keeps its promise never to reject; should one break it, its letter is doubtful only once it may have left.
      receipt = { state: isFlushing ? 'unknown' : 'deferred', reply: String((error as Error)?.message ?? error) }
    }
    inFlight--
    const now = clock.now()
    patience.hear(receipt, now)
    ask({ letter, receipt })
    launch(now)
  }

  function ask(item: Asked) {
    if (!isLive()) {
      if ('answer' in item) item.answer(false)
      return
    }
    asked.push(item)
    if ('answer' in item) waiting++
    if (waiting * 3 >= inFlight * 2 || asked.length >= post.width * 2) schedule()
    else if (asked.length === 1) cancelGroup = clock.after(groupMs, schedule)
  }

  /** In the transaction: whether a letter may leave. What it returns is done after the commit. */
  function flush(letter: DueLetter, answer: (may: boolean) => void, now: number): () => void {
    if (suppressions.has(hash(letter.recipient)) === undefined) {
      const may = letters.flushing(letter.id, now)
      return () => answer(may)
    }
    const after = book(letter, settle(letter, { state: 'failed', reply: 'suppressed', hard: false }, now), now)
    return () => {
      answer(false)
      after()
    }
  }

  /** In the transaction: books what became of a letter, unless it was erased or withdrawn meanwhile. */
  function book(letter: DueLetter, { settled, tells }: Settlement, now: number): () => void {
    if (tells === 'mail.bounced') suppressions.add(hash(letter.recipient), 'bounce', now)
    if (!letters.settle(letter.id, settled, now) || tells === null) return nothing
    return () => tell(tells, letter.id, letter.customer, now)
  }

  function tell(type: Outcome['type'], letter: number, customer: number, at: number) {
    telling++
    const messageId = `${type.slice('mail.'.length)}:${letter}`
    intake.tell({ type, letter, customer, at, messageId }).then(
      () => {
        telling--
        if (told.push(letter) === 1) {
          toldAt = clock.now() + toldMs
          clock.after(toldMs, schedule)
        }
        if (state === 'stopping' && telling === 0) schedule()
      },
      (error: unknown) => {
        telling--
        fail(error)
      },
    )
  }

  function fail(error: unknown) {
    if (!isLive()) return
    state = 'failed'
    cancelSleep()
    for (const item of asked) if ('answer' in item) item.answer(false)
    asked = []
    whenIdle()
    onFatal(toStoreError(error, db.name))
  }

  function recover() {
    const now = clock.now()
    const recovered = letters.write(() => letters.recover(now))
    options.onRecovered?.(recovered)
    for (const { id, customer, state, recipient, changed } of letters.untold()) {
      const bounced = state === 'failed' && suppressions.has(hash(recipient)) === 'bounce'
      tell(bounced ? 'mail.bounced' : state === 'sent' ? 'mail.sent' : 'mail.failed', id, customer, changed)
    }
  }

  return {
    start() {
      if (state !== 'new') return
      state = 'running'
      try {
        recover()
      } catch (error) {
        return fail(error)
      }
      schedule()
    },
    wake() {
      if (state === 'running' && patience.room(post.width, inFlight, clock.now()) > 0) schedule()
    },
    stop() {
      stopping ??= state === 'running' ? finish() : post.close()
      return stopping.then(() => {
        if (state !== 'failed') state = 'stopped'
      })
    },
    stats() {
      const { backlog, failed, unknown } = letters.tally()
      return { backlog: backlog + ready.length, inFlight, dead: failed, unknown }
    },
  }

  async function finish() {
    state = 'stopping'
    cancelSleep()
    await untilIdle(stopMs)
    await post.close()
    await untilIdle(bookMs)
  }

  /** When nothing is under way any more, or after `ms`. */
  function untilIdle(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(ms, resolve)
      whenIdle = () => {
        cancel()
        resolve()
      }
      schedule()
    })
  }
}

const nothing = () => {}
