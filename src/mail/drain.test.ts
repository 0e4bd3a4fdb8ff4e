import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Outcome } from '../actors/intake.ts'
import { limits } from '../core/limits.ts'
import type { Clock, Envelope, Post, Receipt } from '../core/world.ts'
import { openDatabase } from '../store/database.ts'
import type { Db } from '../store/database.ts'
import { createLetters } from '../store/letters.ts'
import type { Letters, NewLetter } from '../store/letters.ts'
import { createSuppressions, hashAddress } from '../store/suppressions.ts'
import type { Suppressions } from '../store/suppressions.ts'
import { createDrain } from './drain.ts'
import type { Drain, DrainOptions } from './drain.ts'

const noon = Date.UTC(2026, 10, 23, 12)
const minute = 60_000
const hash = (address: string) => hashAddress('secret', address)

/** Time moved by hand. */
function fakeClock(start: number) {
  let now = start
  let timers: { at: number; fire: () => void }[] = []
  const clock: Clock = {
    now: () => now,
    after(ms, fire) {
      const timer = { at: now + ms, fire }
      timers.push(timer)
      return () => void (timers = timers.filter((other) => other !== timer))
    },
  }
  const settle = async () => {
    for (let n = 0; n < 8; n++) await turn()
  }
  return {
    ...clock,
    settle,
    waiting: () => timers.length,
    async pass(ms: number) {
      const end = now + ms
      await settle()
      for (;;) {
        const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
        if (next === undefined) break
        timers = timers.filter((other) => other !== next)
        now = Math.max(now, next.at)
        next.fire()
        await settle()
      }
      now = end
      await settle()
    },
  }
}

type Answer = (envelope: Envelope, flushing: () => Promise<boolean>) => Promise<Receipt>

/** Answers as it is told to; keeps what left. */
function fakePost(width = 4) {
  const left: { to: string; from: string; mime: string; state: string | undefined }[] = []
  const calls: string[] = []
  const answers = new Map<string, Answer>()
  const take: Answer = async (_envelope, flushing) =>
    (await flushing()) ? { state: 'sent', reply: '250 ok' } : { state: 'failed', reply: 'withdrawn', hard: false }
  let usual = take
  let closed = 0
  const post: Post = {
    name: 'fake',
    width,
    async send(envelope, mime, flushing) {
      calls.push(envelope.to)
      return (answers.get(envelope.to) ?? usual)(envelope, async () => {
        const may = await flushing()
        if (may)
          left.push({
            ...envelope,
            mime: Buffer.from(mime).toString(),
            state: letters.list({ limit: 99 }).find(({ recipient }) => recipient === envelope.to)?.state,
          })
        return may
      })
    },
    close: async () => void closed++,
  }
  return { post, left, calls, answers, always: (answer: Answer) => (usual = answer), take, closed: () => closed }
}

const answering =
  (receipt: Receipt): Answer =>
  async (_envelope, flushing) =>
    (await flushing()) ? receipt : { state: 'failed', reply: 'withdrawn', hard: false }
const before =
  (receipt: Receipt): Answer =>
  async () =>
    receipt
const never: Answer = async (_envelope, flushing) => {
  await flushing()
  return new Promise(() => {})
}

let directory: string
let db: Db
let letters: Letters
let suppressions: Suppressions
let clock: ReturnType<typeof fakeClock>
let mail: ReturnType<typeof fakePost>
let outcomes: Outcome[]
let fatal: unknown[]
let drain: Drain
const watches: Db[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'beckon-'))
  db = openDatabase(join(directory, 'beckon.db'))
  letters = createLetters(db)
  suppressions = createSuppressions(db)
  clock = fakeClock(noon)
  mail = fakePost()
  outcomes = []
  fatal = []
  drain = newDrain()
})
afterEach(() => {
  for (const other of watches.splice(0)) other.close()
  db.close()
  rmSync(directory, { recursive: true })
})

const newDrain = (changes: Partial<DrainOptions> = {}): Drain =>
  createDrain({
    db,
    clock,
    letters,
    suppressions,
    hash,
    post: mail.post,
    intake: { tell: async (outcome) => void outcomes.push(outcome) },
    onFatal: (error) => fatal.push(error),
    ...changes,
  })

function queue(id: number, changes: Partial<NewLetter> = {}) {
  letters.insert({
    id,
    token: `token-${id}`,
    customer: 7,
    template: 'cart-abandoned',
    recipient: `anna-${id}@example.com`,
    subject: 'Hello',
    messageId: `<token-${id}@shop.example>`,
    at: noon,
    resend: 0,
    data: '{}',
    links: '[]',
    mime: Buffer.from(`From: "Fern & Co" <hello@fern.example>\r\nMessage-ID: <token-${id}@shop.example>\r\n\r\nHello`),
    ...changes,
  })
}

const told = () => outcomes.map(({ messageId }) => messageId)
const states = () =>
  letters
    .list({ limit: 99 })
    .map(({ id, state }) => [id, state])
    .reverse()

async function run() {
  drain.start()
  await clock.pass(1_000)
}

describe('a letter', () => {
  test('goes out once, with its frozen bytes and its own sender, and its customer is told after the commit', async () => {
    queue(1)
    const seen: unknown[] = []
    drain = newDrain({ intake: { tell: async (outcome) => void (outcomes.push(outcome), seen.push(letters.get(1)?.state, db.inTransaction)) } })
    await run()
    expect(mail.left).toEqual([
      {
        from: 'hello@fern.example',
        to: 'anna-1@example.com',
        mime: 'From: "Fern & Co" <hello@fern.example>\r\nMessage-ID: <token-1@shop.example>\r\n\r\nHello',
        state: 'flushing',
      },
    ])
    expect(letters.get(1)).toMatchObject({ state: 'sent', attempts: 1, reply: '250 ok', nextAt: null })
    expect(outcomes).toEqual([{ type: 'mail.sent', letter: 1, customer: 7, at: noon, messageId: 'sent:1' }])
    expect(seen).toEqual(['sent', false])
    expect(letters.untold()).toEqual([])
  })

  test('is committed as flushing before its first byte leaves', async () => {
    queue(1)
    const other = openDatabase(join(directory, 'beckon.db'))
    let committed: unknown
    mail.answers.set('anna-1@example.com', async (_envelope, flushing) => {
      await flushing()
      committed = other.prepare('SELECT state FROM letter WHERE id = 1').get()
      return { state: 'sent', reply: '250 ok' }
    })
    await run()
    expect(committed).toEqual({ state: 'flushing' })
    other.close()
  })

  test('does not go before its time, and then without being asked', async () => {
    queue(1, { at: noon + 10 * minute })
    drain.start()
    await clock.pass(10 * minute - 1)
    expect(mail.calls).toEqual([])
    await clock.pass(1)
    expect(states()).toEqual([[1, 'sent']])
  })

  test('queued while the drain sleeps goes as soon as it is woken', async () => {
    await run()
    queue(1)
    await clock.settle()
    expect(mail.calls).toEqual([])
    drain.wake()
    await clock.settle()
    expect(states()).toEqual([[1, 'sent']])
  })

  test('has the envelope sender that was made for it', async () => {
    queue(1)
    drain = newDrain({ from: ({ token }) => `b+${token}@fern.example` })
    await run()
    expect(mail.left[0]?.from).toBe(`b+${letters.get(1)?.token}@fern.example`)
  })

  test('whose customer unsubscribed after it was queued never leaves', async () => {
    queue(1)
    suppressions.add(hash('Anna-1@example.com'), 'unsubscribed', noon)
    await run()
    expect(mail.left).toEqual([])
    expect(letters.get(1)).toMatchObject({ state: 'failed', reply: 'suppressed' })
    expect(told()).toEqual(['failed:1'])
  })

  test('whose customer unsubscribes while the server is being spoken to never leaves', async () => {
    queue(1)
    mail.answers.set('anna-1@example.com', async (envelope, flushing) => {
      suppressions.add(hash('anna-1@example.com'), 'unsubscribed', noon)
      return mail.take(envelope, flushing)
    })
    await run()
    expect(mail.left).toEqual([])
    expect(letters.get(1)).toMatchObject({ state: 'failed', reply: 'suppressed' })
  })

  test('erased while it is under way does not leave, and nothing is told', async () => {
    queue(1)
    mail.answers.set('anna-1@example.com', async (envelope, flushing) => {
      letters.erase(7)
      return mail.take(envelope, flushing)
    })
    await run()
    expect(mail.left).toEqual([])
    expect(told()).toEqual([])
    expect(drain.stats()).toEqual({ backlog: 0, inFlight: 0, dead: 0, unknown: 0 })
  })
})

describe('a refusal', () => {
  test('of the address for good fails the letter, suppresses the address and tells of a bounce', async () => {
    queue(1)
    mail.answers.set('anna-1@example.com', before({ state: 'failed', reply: '550 5.1.1 no such user', hard: true }))
    await run()
    expect(letters.get(1)).toMatchObject({ state: 'failed', reply: '550 5.1.1 no such user' })
    expect(suppressions.has(hash('anna-1@example.com'))).toBe('bounce')
    expect(outcomes).toMatchObject([{ type: 'mail.bounced', messageId: 'bounced:1' }])
  })

  test('of the content for good fails the letter and leaves the address alone', async () => {
    queue(1)
    mail.answers.set('anna-1@example.com', answering({ state: 'failed', reply: '554 5.7.1 spam', hard: false }))
    await run()
    expect(letters.get(1)?.state).toBe('failed')
    expect(suppressions.count()).toBe(0)
    expect(outcomes).toMatchObject([{ type: 'mail.failed', messageId: 'failed:1' }])
  })

  test('for now is tried again in one to five minutes, then ever later, and is not told of', async () => {
    queue(1)
    mail.always(before({ state: 'deferred', reply: '451 4.7.1 greylisted' }))
    await run()
    const waits: number[] = []
    for (let attempt = 1; attempt < 6; attempt++) {
      const { state, nextAt, changed, attempts } = letters.get(1)!
      expect([state, attempts]).toEqual(['deferred', attempt])
      waits.push(nextAt! - changed)
      await clock.pass(nextAt! - clock.now())
    }
    expect(waits[0]).toBeGreaterThanOrEqual(minute)
    expect(waits[0]).toBeLessThanOrEqual(5 * minute)
    expect(waits[4]! / waits[0]!).toBeGreaterThan(4)
    expect(told()).toEqual([])
    mail.always(mail.take)
    await clock.pass(24 * 60 * minute)
    expect(letters.get(1)).toMatchObject({ state: 'sent', attempts: 7 })
    expect(mail.left).toHaveLength(1)
  })

  test('for now, often enough, is dead: told of once, listed with its reason, and can be retried', async () => {
    queue(1)
    mail.always(before({ state: 'deferred', reply: '451 4.3.0 try later' }))
    drain.start()
    await clock.pass(48 * 60 * minute)
    expect(mail.calls).toHaveLength(limits.letterAttemptsMax)
    expect(letters.get(1)).toMatchObject({ state: 'failed', reply: 'given up after 12 attempts: 451 4.3.0 try later' })
    expect(told()).toEqual(['failed:1'])
    expect(drain.stats()).toEqual({ backlog: 0, inFlight: 0, dead: 1, unknown: 0 })
    mail.always(mail.take)
    letters.retry(1, clock.now())
    drain.wake()
    await clock.settle()
    expect(letters.get(1)?.state).toBe('sent')
    expect(told()).toEqual(['failed:1', 'sent:1'])
  })
})

describe('an unknown outcome', () => {
  const lost: Receipt = { state: 'unknown', reply: 'the connection was closed' }

  test('is held: never sent again by itself, only on somebody’s word', async () => {
    queue(1)
    mail.answers.set('anna-1@example.com', answering(lost))
    drain.start()
    await clock.pass(48 * 60 * minute)
    expect(mail.left).toHaveLength(1)
    expect(letters.get(1)).toMatchObject({ state: 'unknown', reply: 'the connection was closed', nextAt: null })
    expect(told()).toEqual([])
    expect(drain.stats().unknown).toBe(1)
    mail.answers.clear()
    letters.release(1, clock.now())
    drain.wake()
    await clock.settle()
    expect(mail.left).toHaveLength(2)
    expect(letters.get(1)?.state).toBe('sent')
  })

  test('of a letter that may be resent sends it once more, with the same bytes, and then holds', async () => {
    queue(1, { resend: 1 })
    mail.answers.set('anna-1@example.com', answering(lost))
    drain.start()
    await clock.pass(48 * 60 * minute)
    expect(mail.left).toHaveLength(2)
    expect(mail.left[0]).toEqual(mail.left[1])
    expect(letters.get(1)?.state).toBe('unknown')
  })
})

describe('a crash', () => {
  /** What is there after kill -9: the database, and nothing else. */
  async function crashAndStart() {
    drain = newDrain({ post: (mail = fakePost()).post })
    await run()
  }

  test('before the letter left sends it after the start, exactly once', async () => {
    queue(1)
    mail.answers.set('anna-1@example.com', () => new Promise(() => {}))
    await run()
    expect(states()).toEqual([[1, 'attempting']])
    await crashAndStart()
    expect(mail.left).toHaveLength(1)
    expect(states()).toEqual([[1, 'sent']])
  })

  test('between the server’s 250 and our commit holds the letter', async () => {
    queue(1)
    mail.answers.set('anna-1@example.com', never)
    await run()
    expect(states()).toEqual([[1, 'flushing']])
    await crashAndStart()
    expect(mail.calls).toEqual([])
    expect(states()).toEqual([[1, 'unknown']])
  })

  test('between the server’s 250 and our commit resends a letter that may be, once over all crashes', async () => {
    queue(1, { resend: 1 })
    mail.answers.set('anna-1@example.com', never)
    await run()
    mail = fakePost()
    mail.answers.set('anna-1@example.com', never)
    drain = newDrain({ post: mail.post })
    await run()
    expect(mail.left).toHaveLength(1)
    await crashAndStart()
    expect(mail.left).toEqual([])
    expect(states()).toEqual([[1, 'unknown']])
  })

  test('between settling and telling tells after the start, under the same id', async () => {
    for (const id of [1, 2, 3]) queue(id)
    mail.answers.set('anna-2@example.com', before({ state: 'failed', reply: '550 5.1.1 no', hard: true }))
    mail.answers.set('anna-3@example.com', before({ state: 'failed', reply: '554 no', hard: false }))
    drain = newDrain({ intake: { tell: () => new Promise(() => {}) } })
    await run()
    expect(letters.untold().map(({ id }) => id)).toEqual([1, 2, 3])
    await crashAndStart()
    expect(told()).toEqual(['sent:1', 'bounced:2', 'failed:3'])
    expect(mail.calls).toEqual([])
    expect(letters.untold()).toEqual([])
  })
})

describe('many letters', () => {
  test('go out at once up to the post’s width, the oldest first, and each frees its place for the next', async () => {
    mail = fakePost(2)
    const open: (() => void)[] = []
    mail.always(async (_envelope, flushing) => {
      await flushing()
      await new Promise<void>((done) => open.push(done))
      return { state: 'sent', reply: '250 ok' }
    })
    drain = newDrain({ post: mail.post })
    for (const id of [1, 2, 3]) queue(id, { at: noon - id })
    await run()
    expect(mail.calls).toEqual(['anna-3@example.com', 'anna-2@example.com'])
    expect(drain.stats()).toEqual({ backlog: 1, inFlight: 2, dead: 0, unknown: 0 })
    open[0]!()
    await clock.settle()
    expect(mail.calls).toHaveLength(3)
  })

  test('go on past one that hangs for ever and one that throws', async () => {
    mail = fakePost(2)
    drain = newDrain({ post: mail.post })
    for (let id = 1; id <= 20; id++) queue(id)
    mail.answers.set('anna-1@example.com', never)
    mail.answers.set('anna-2@example.com', async () => {
      throw new Error('broken post')
    })
    await run()
    for (let n = 0; n < 10; n++) await clock.settle()
    expect(states().filter(([, state]) => state === 'sent')).toHaveLength(18)
    expect(letters.get(1)?.state).toBe('flushing')
    expect(letters.get(2)).toMatchObject({ state: 'deferred', reply: 'broken post' })
  })

  test('a post that breaks its promise after it may have sent leaves the letter unknown', async () => {
    queue(1)
    mail.answers.set('anna-1@example.com', async (_envelope, flushing) => {
      await flushing()
      throw new Error('broken post')
    })
    await run()
    expect(states()).toEqual([[1, 'unknown']])
  })

  test('a row that a flipped bit made due in a state of its own is not sent, holds nobody up and does not spin', async () => {
    queue(1)
    db.exec("UPDATE letter SET state = 'quEued'")
    queue(2)
    let cycles = 0
    drain = newDrain({ soon: (work) => void setImmediate(() => (cycles++, work())) })
    drain.start()
    await clock.pass(5 * minute)
    expect(mail.left.map(({ to }) => to)).toEqual(['anna-2@example.com'])
    expect(cycles).toBeLessThan(20)
  })

  test('share their transactions', async () => {
    mail = fakePost(50)
    for (let id = 1; id <= 50; id++) queue(id)
    const commits = countCommits()
    await run()
    expect(states().every(([, state]) => state === 'sent')).toBe(true)
    expect(commits()).toBeLessThanOrEqual(5)
  })

  test('none at all costs nothing: an hour of sleep writes nothing and holds one timer', async () => {
    const commits = countCommits()
    drain.start()
    await clock.settle()
    const begun = commits()
    await clock.pass(60 * minute)
    expect(commits()).toBe(begun)
    expect(clock.waiting()).toBe(1)
  })

  test('an outage of six hours costs few of them an attempt, and all go out within minutes after it, once each', async () => {
    mail = fakePost(4)
    mail.always(before({ state: 'deferred', reply: 'connect ECONNREFUSED' }))
    drain = newDrain({ post: mail.post })
    for (let id = 1; id <= 1_000; id++) queue(id)
    drain.start()
    await clock.pass(6 * 60 * minute)
    expect(mail.calls.length).toBeLessThan(400)
    expect(letters.counts().failed).toBe(0)
    mail.always(mail.take)
    await clock.pass(2 * minute)
    for (let n = 0; n < 200; n++) await clock.settle()
    expect(letters.counts().queued).toBe(0)
    await clock.pass(6 * 60 * minute)
    expect(letters.counts().sent).toBe(1_000)
    expect(new Set(mail.left.map(({ to }) => to)).size).toBe(1_000)
    expect(mail.left).toHaveLength(1_000)
  }, 30_000)

  /** Counts the drain's transactions, as another connection sees them. */
  function countCommits(): () => number {
    const watch = openDatabase(join(directory, 'beckon.db'))
    watches.push(watch)
    let last = watch.pragma('data_version', { simple: true })
    let n = 0
    const soon = (work: () => void) =>
      void setImmediate(() => {
        work()
        const version = watch.pragma('data_version', { simple: true })
        if (version !== last) n++
        last = version
      })
    drain = newDrain({ post: mail.post, soon })
    return () => n
  }
})

describe('stopping', () => {
  test('takes no more, lets what is under way finish and be told, and closes the post', async () => {
    let open = () => {}
    mail = fakePost(1)
    mail.always(async (_envelope, flushing) => {
      await new Promise<void>((done) => (open = done))
      return mail.take(_envelope, flushing)
    })
    drain = newDrain({ post: mail.post })
    queue(1)
    queue(2)
    await run()
    let stopped = false
    const stopping = drain.stop().then(() => (stopped = true))
    await clock.settle()
    expect(stopped).toBe(false)
    open()
    await clock.settle()
    await stopping
    expect(states()).toEqual([
      [1, 'sent'],
      [2, 'queued'],
    ])
    expect(told()).toEqual(['sent:1'])
    expect(letters.untold()).toEqual([])
    expect(mail.closed()).toBe(1)
    drain.wake()
    await clock.pass(60 * minute)
    expect(mail.calls).toHaveLength(1)
  })

  test('does not wait for ever: what hangs is left for recovery', async () => {
    queue(1)
    mail.answers.set('anna-1@example.com', never)
    await run()
    const stopping = drain.stop()
    await clock.pass(10 * minute)
    await stopping
    expect(states()).toEqual([[1, 'flushing']])
    expect(mail.closed()).toBe(1)
    drain = newDrain()
    await run()
    expect(states()).toEqual([[1, 'unknown']])
  })

  test('twice is the same as once', async () => {
    queue(1)
    mail.answers.set('anna-1@example.com', never)
    await run()
    const both = Promise.all([drain.stop(), drain.stop()])
    await clock.pass(10 * minute)
    await both
    expect(mail.closed()).toBe(1)
  })

  test('leaves what was taken ahead as it was before', async () => {
    mail = fakePost(2)
    mail.always(never)
    drain = newDrain({ post: mail.post })
    for (let id = 1; id <= 9; id++) queue(id)
    await run()
    const stopping = drain.stop()
    await clock.pass(10 * minute)
    await stopping
    expect(mail.calls).toHaveLength(2)
    expect(letters.counts()).toMatchObject({ flushing: 2, queued: 7, attempting: 0 })
    expect(letters.list({ state: 'queued', limit: 9 }).every(({ attempts }) => attempts === 0)).toBe(true)
  })

  test('a drain that never started can be stopped', async () => {
    await drain.stop()
    expect(mail.closed()).toBe(1)
  })
})

describe('a disk that fails', () => {
  test('stops everything: nothing leaves any more, and one named error is reported', async () => {
    queue(1)
    queue(2)
    db.exec("CREATE TRIGGER full BEFORE UPDATE OF state ON letter WHEN new.state = 'flushing' BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    await run()
    expect(mail.calls).toHaveLength(2)
    expect(mail.left).toEqual([])
    expect(fatal).toHaveLength(1)
    expect(fatal[0]).toMatchObject({ name: 'BeckonError', code: 'store.failed' })
    expect(db.inTransaction).toBe(false)
    queue(3)
    drain.wake()
    await clock.pass(60 * minute)
    expect(mail.calls).toHaveLength(2)
    await drain.stop()
  })

  test('under the batch, when an outcome cannot be written, stops the letters too', async () => {
    queue(1)
    drain = newDrain({ intake: { tell: () => Promise.reject(new Error('no space')) } })
    await run()
    expect(fatal).toHaveLength(1)
    queue(2)
    drain.wake()
    await clock.pass(minute)
    expect(mail.left).toHaveLength(1)
  })
})
