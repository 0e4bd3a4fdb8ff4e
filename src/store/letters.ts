/**
 * The outbox: every letter, from queued to whatever became of it, and all SQL about it.
 * Written by the engine (`insert`, `repoint`, `erase`), by the drain (what an attempt changes) and by people (`retry`,
 * `release`). Who calls these methods groups them: in the batch's transaction, or in one of its own by `write`.
 * 1. One letter a decision; its bytes, Message-ID and links never change (R3).
 * 2. A change of state says from which state: a letter erased or settled meanwhile stays as it is (R4, R9).
 * 3. A settled letter stands in the due index until its customer was told, so that a crash between loses no outcome.
 * 4. Its content stands apart, so that a change of state writes a small row (measured: 100 µs a change with 12 KB beside it, against 10).
 */
import type { Db } from './database.ts'
import { lazily } from './lazily.ts'

export type LetterState = 'queued' | 'attempting' | 'flushing' | 'sent' | 'deferred' | 'failed' | 'unknown'

export type NewLetter = {
  /** The decision's. */
  id: number
  token: string
  customer: number
  template: string
  /** The template it was written by in place of its own. */
  variant?: string | null
  recipient: string
  subject: string
  messageId: string
  at: number
  /** 1: after an unknown outcome it may be sent once more. */
  resend: 0 | 1
  /** JSON: what it was rendered from. */
  data: string
  /** JSON array of destinations. */
  links: string
  mime: Uint8Array
}

/** A letter without its content. */
export type StoredLetter = Omit<NewLetter, 'data' | 'links' | 'mime'> & {
  state: LetterState
  attempts: number
  nextAt: number | null
  changed: number
  reply: string | null
}

/** What the drain needs to know of a letter. */
export type DueLetter = Pick<StoredLetter, 'id' | 'token' | 'customer' | 'recipient' | 'attempts' | 'resend'>

/** How an attempt ended. `nextAt`: the next attempt; `toTell` when its customer is to be told; null when nothing is left to do. `post`: who it was handed to. */
export type Settled = { state: 'queued' | 'deferred' | 'sent' | 'failed' | 'unknown'; nextAt: number | null; reply: string; resend: 0 | 1; post?: string }

/** A queue, and when the first letter in it is due. */
export type Queue = { queue: number; at: number }

export type Recovered = { requeued: number; unknown: number; resent: number }

export type Letters = ReturnType<typeof createLetters>

/** `next_at` of a settled letter whose customer was not told yet: as many bytes as an instant, and after all of them. */
export const toTell = 2 ** 47 - 1

const columns =
  'id, token, customer, template, recipient, subject, message_id AS messageId, at, resend, ' +
  `state, attempts, nullif(next_at, ${toTell}) AS nextAt, changed, reply`
/** Names the partial index on `state`; SQLite uses it only where its condition stands word for word. */
const indexed = "state IN ('attempting', 'flushing', 'failed', 'unknown')"

export function createLetters(db: Db) {
  // A database of before, opened for reading, has no variants.
  const hasVariants = db.prepare("SELECT 1 FROM pragma_table_info('letter') WHERE name = 'variant'").get() !== undefined
  const head = `${columns}, ${hasVariants ? 'variant' : 'NULL AS variant'}`
  let laneOf = (_recipient: string) => 0
  const insert = lazily(
    db,
    `INSERT INTO letter (id, token, customer, template, recipient, subject, message_id, at, state, attempts, next_at, changed, resend, variant, queue)
     VALUES (?,?,?,?,?,?,?,?,'queued',0,?,?,?,?,?)`,
  )
  const insertContent = db.prepare('INSERT INTO letter_content (id, data, links, mime) VALUES (?,?,?,?)')
  const due = lazily<[number, number, number], DueLetter>(
    db,
    `SELECT id, token, customer, recipient, attempts, resend FROM letter INDEXED BY letter_due
     WHERE queue = ? AND next_at <= ? AND state IN ('queued', 'deferred') ORDER BY next_at, id LIMIT ?`,
  )
  // From one queue to the next: two steps down the index for each, however many letters wait.
  const queues = lazily<[], Queue>(
    db,
    `WITH RECURSIVE seen (queue) AS (
       SELECT min(queue) FROM letter INDEXED BY letter_due WHERE next_at IS NOT NULL
       UNION ALL
       SELECT (SELECT min(queue) FROM letter INDEXED BY letter_due WHERE next_at IS NOT NULL AND queue > seen.queue) FROM seen WHERE seen.queue IS NOT NULL
     )
     SELECT queue, (SELECT min(next_at) FROM letter INDEXED BY letter_due WHERE next_at IS NOT NULL AND letter.queue = seen.queue) AS at
     FROM seen WHERE queue IS NOT NULL`,
  )
  const move = lazily<[number, number]>(db, "UPDATE letter SET queue = ? + queue % 2 WHERE id = ? AND state IN ('queued', 'deferred')")
  const postpone = lazily<[number, number]>(db, "UPDATE letter SET next_at = ? WHERE id = ? AND state IN ('queued', 'deferred')")
  const postOf = lazily<[number], { post: string | null }>(db, 'SELECT post FROM letter WHERE id = ?')
  const waiting = lazily<[], { queue: number; n: number }>(
    db,
    `SELECT queue, count(*) AS n FROM letter INDEXED BY letter_due WHERE next_at < ${toTell} GROUP BY queue`,
  )
  const soonest = lazily<[number], StoredLetter>(db, `SELECT ${head} FROM letter INDEXED BY letter_due WHERE next_at < ${toTell} ORDER BY next_at LIMIT ?`)
  const mime = db.prepare<[number], { mime: Uint8Array }>('SELECT mime FROM letter_content WHERE id = ?')
  const frozen = db.prepare<[number], { data: string; links: string; mime: Uint8Array }>('SELECT data, links, mime FROM letter_content WHERE id = ?')
  const links = db.prepare<[number], { links: string }>('SELECT links FROM letter_content WHERE id = ?')

  const attempting = db.prepare(
    `UPDATE letter SET state = 'attempting', attempts = attempts + 1, next_at = NULL, changed = ?
     WHERE id = ? AND state IN ('queued', 'deferred')`,
  )
  const putBack = db.prepare(`UPDATE letter SET state = 'queued', attempts = attempts - 1, next_at = ?, changed = ? WHERE id = ? AND state = 'attempting'`)
  const flushing = lazily<unknown[]>(db, `UPDATE letter SET state = 'flushing', changed = ?, post = coalesce(?, post) WHERE id = ? AND state = 'attempting'`)
  const settle = lazily<unknown[]>(
    db,
    "UPDATE letter SET state = ?, next_at = ?, changed = ?, reply = ?, resend = ?, post = coalesce(?, post) WHERE id = ? AND state IN ('attempting', 'flushing')",
  )
  const told = db.prepare(`UPDATE letter SET next_at = NULL WHERE id = ? AND next_at = ${toTell}`)
  const untold = db.prepare<[], StoredLetter>(`SELECT ${head} FROM letter INDEXED BY letter_due WHERE next_at = ${toTell} ORDER BY id`)

  const requeueAttempting = db.prepare(
    `UPDATE letter SET state = 'queued', attempts = max(attempts - 1, 0), next_at = ?, changed = ?
     WHERE ${indexed} AND state = 'attempting'`,
  )
  const resendFlushing = db.prepare(
    `UPDATE letter SET state = 'queued', resend = 0, next_at = ?, changed = ?, reply = ? WHERE ${indexed} AND state = 'flushing' AND resend = 1`,
  )
  const holdFlushing = db.prepare(`UPDATE letter SET state = 'unknown', changed = ?, reply = ? WHERE ${indexed} AND state = 'flushing'`)
  const withdraw = db.prepare(
    `UPDATE letter SET state = 'failed', next_at = NULL, changed = ?, reply = 'withdrawn: the customer wants no letters'
     WHERE customer = ? AND state IN ('queued', 'deferred', 'attempting')`,
  )
  const withdrawOf = db.prepare(
    `UPDATE letter SET state = 'failed', next_at = NULL, changed = ?, reply = 'withdrawn: the customer wants no letters of this kind'
     WHERE customer = ? AND template = ? AND state IN ('queued', 'deferred', 'attempting')`,
  )
  const hasten = db.prepare(`UPDATE letter INDEXED BY letter_due SET next_at = ? WHERE next_at > ? AND next_at < ${toTell}`)
  const again = db.prepare(`UPDATE letter SET state = 'queued', attempts = 0, next_at = ?, changed = ? WHERE id = ? AND state = ?`)

  const get = db.prepare<[number], StoredLetter>(`SELECT ${head} FROM letter WHERE id = ?`)
  const byToken = db.prepare<[string], StoredLetter>(`SELECT ${head} FROM letter WHERE token = ?`)
  const of = db.prepare<[number], StoredLetter>(`SELECT ${head} FROM letter WHERE customer = ? ORDER BY id`)
  const all = db.prepare<[number, number], StoredLetter>(`SELECT ${head} FROM letter WHERE id < ? ORDER BY id DESC LIMIT ?`)
  const inState = db.prepare<[string, number, number], StoredLetter>(`SELECT ${head} FROM letter WHERE state = ? AND id < ? ORDER BY id DESC LIMIT ?`)
  const inIndexed = db.prepare<[string, number, number], StoredLetter>(
    `SELECT ${head} FROM letter WHERE ${indexed} AND state = ? AND id < ? ORDER BY id DESC LIMIT ?`,
  )
  const ofTemplate = db.prepare<[string, number, number], StoredLetter>(`SELECT ${head} FROM letter WHERE template = ? AND id < ? ORDER BY id DESC LIMIT ?`)
  const ofTemplateInState = db.prepare<[string, string, number, number], StoredLetter>(
    `SELECT ${head} FROM letter WHERE template = ? AND state = ? AND id < ? ORDER BY id DESC LIMIT ?`,
  )
  const countDue = db.prepare<[], { n: number }>(`SELECT count(*) AS n FROM letter INDEXED BY letter_due WHERE next_at < ${toTell}`)
  const countIndexed = db.prepare<[], { state: LetterState; n: number }>(`SELECT state, count(*) AS n FROM letter WHERE ${indexed} GROUP BY state`)
  const countDeferred = db.prepare<[], { n: number }>(`SELECT count(*) AS n FROM letter INDEXED BY letter_due WHERE next_at < ${toTell} AND state = 'deferred'`)
  const countAll = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM letter')
  const writtenTo = db.prepare<[string, number, number]>('SELECT 1 FROM letter WHERE recipient = ? AND at > ? AND customer <> ? LIMIT 1')
  const lastTo = db.prepare<[string], { customer: number }>('SELECT customer FROM letter WHERE recipient = ? ORDER BY at DESC LIMIT 1')
  const lastSent = db.prepare<[string, number], StoredLetter>(
    `SELECT ${head} FROM letter WHERE recipient = ? AND at <= ? AND state IN ('flushing', 'sent', 'unknown') ORDER BY at DESC LIMIT 1`,
  )
  const repoint = db.prepare('UPDATE letter SET customer = ? WHERE customer = ?')
  const eraseContent = db.prepare('DELETE FROM letter_content WHERE id IN (SELECT id FROM letter WHERE customer = ?)')
  const erase = db.prepare('DELETE FROM letter WHERE customer = ?')

  const contents = db.prepare<[number, number], { id: number; at: number; data: string }>(
    'SELECT letter.id, letter.at, data FROM letter JOIN letter_content USING (id) WHERE letter.id < ? ORDER BY letter.id DESC LIMIT ?',
  )
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const rollback = db.prepare('ROLLBACK')

  return {
    /** Does `work` in one transaction: all of it is on disk afterwards, or, when it or the commit throws, none. */
    write<T>(work: () => T): T {
      begin.run()
      try {
        const result = work()
        commit.run()
        return result
      } catch (error) {
        if (db.inTransaction) rollback.run()
        throw error
      }
    },
    /** Queues one in the transaction that holds its decision; it is due at once, unless told when. */
    insert(letter: NewLetter, dueAt = letter.at) {
      const { id, token, customer, template, recipient, subject, messageId, at, resend, data } = letter
      const queue = laneOf(recipient) * 2 + (resend === 1 ? 0 : 1)
      insert().run(id, token, customer, template, recipient, subject, messageId, at, dueAt, dueAt, resend, letter.variant ?? null, queue)
      insertContent.run(id, data, letter.links, letter.mime)
    },
    /** Letters queued from now on wait in the lane that `lane` names for their recipient. */
    route: (lane: (recipient: string) => number) => void (laneOf = lane),
    /** What of a queue may be attempted by `now`, the longest due first. */
    due: (queue: number, now: number, limit: number): DueLetter[] => due().all(queue, now, limit),
    /** All queues in which an attempt is still to be made, and when the first is due. */
    queues: (): Queue[] =>
      queues()
        .all()
        .filter(({ at }) => at < toTell),
    /** When the next attempt is due; null when none is. */
    nextAt(): number | null {
      const at = Math.min(...this.queues().map((queue) => queue.at))
      return at === Infinity ? null : at
    },
    /** Has it wait in another lane. */
    move: (id: number, lane: number) => void move().run(lane * 2, id),
    /** Has it wait until `at`; it counts as no attempt. */
    postpone: (id: number, at: number) => void postpone().run(at, id),
    /** How many wait in each queue. */
    waiting: () => waiting().all(),
    /** The next to be attempted, as far as time alone decides. */
    soonest: (limit: number): StoredLetter[] => soonest().all(limit),
    /** The post it left by, or tried to; null where none is known. */
    postOf: (id: number): string | null => postOf().get(id)?.post ?? null,
    /** The frozen bytes; undefined when the letter was erased. */
    mime: (id: number): Uint8Array | undefined => mime.get(id)?.mime,
    frozen: (id: number) => frozen.get(id),
    /** Where its links lead, by their number. */
    links: (id: number): string[] => JSON.parse(links.get(id)?.links ?? '[]') as string[],

    attempting: (id: number, now: number): boolean => attempting.run(now, id).changes === 1,
    /** Undoes `attempting`: it was not attempted after all. */
    putBack: (id: number, now: number): boolean => putBack.run(now, now, id).changes === 1,
    flushing: (id: number, now: number, post?: string): boolean => flushing().run(now, post ?? null, id).changes === 1,
    settle: (id: number, { state, nextAt, reply, resend, post }: Settled, now: number): boolean =>
      settle().run(state, nextAt, now, plain(reply), resend, post ?? null, id).changes === 1,
    /** Its customer has heard what became of it. */
    told: (id: number) => void told.run(id),
    /** Settled letters whose customers may not have heard of it. */
    untold: (): StoredLetter[] => untold.all(),
    /** After whatever end the last run had: what had not left is queued again; what may have left is held, or sent once more if it may be. */
    recover(now: number): Recovered {
      // No wait is that long: the clock was wrong when it was set.
      hasten.run(now, now + dayMs)
      const reply = 'the server stopped while it was under way'
      return {
        requeued: requeueAttempting.run(now, now).changes,
        resent: resendFlushing.run(now, now, reply).changes,
        unknown: holdFlushing.run(now, reply).changes,
      }
    },
    /** Whatever has not begun to leave stays, for a customer who wants no letters any more (R7). */
    withdraw: (customer: number, now: number) => void withdraw.run(now, customer),
    /** The same for letters of one template. */
    withdrawOf: (customer: number, template: string, now: number) => void withdrawOf.run(now, customer, template),
    /** Queues a dead letter again. False: it is not dead. */
    retry: (id: number, now: number): boolean => again.run(now, now, id, 'failed').changes === 1,
    /** Sends a held letter once more, with the same Message-ID, on somebody's word. False: it is not held. */
    release: (id: number, now: number): boolean => again.run(now, now, id, 'unknown').changes === 1,

    get: (id: number): StoredLetter | undefined => get.get(id),
    byToken: (token: string): StoredLetter | undefined => byToken.get(token),
    /** All of one customer, the oldest first. */
    of: (customer: number): StoredLetter[] => of.all(customer),
    /** The newest first, from before the id `before`; a template or state that is rare is looked for among all. */
    list({
      state,
      template,
      before = Number.MAX_SAFE_INTEGER,
      limit,
    }: {
      state?: LetterState
      template?: string
      before?: number
      limit: number
    }): StoredLetter[] {
      if (template !== undefined) return state === undefined ? ofTemplate.all(template, before, limit) : ofTemplateInState.all(template, state, before, limit)
      if (state === undefined) return all.all(before, limit)
      return (indexed.includes(`'${state}'`) ? inIndexed : inState).all(state, before, limit)
    },
    /** What letters were rendered from, the newest first, from before the id `before`. */
    contents: (before: number, limit: number) => contents.all(before, limit),
    /** Those that an attempt is still to be made for, dead and held: cheap enough to ask every few seconds. */
    tally() {
      const counted = { backlog: countDue.get()!.n, failed: 0, unknown: 0, attempting: 0, flushing: 0 }
      for (const { state, n } of countIndexed.all()) counted[state as 'failed'] = n
      return counted
    },
    /** How many are in each state. */
    counts(): Record<LetterState, number> {
      const { backlog, ...counted } = this.tally()
      const deferred = countDeferred.get()!.n
      const rest = countAll.get()!.n - backlog - counted.failed - counted.unknown - counted.attempting - counted.flushing
      return { ...counted, queued: backlog - deferred, deferred, sent: rest }
    },
    /** Whether another customer than this one was written to under the same address after `since`. */
    wasWrittenBy: (recipient: string, customer: number, since: number): boolean => writtenTo.get(recipient.toLowerCase(), since, customer) !== undefined,
    /** Whose the last letter to this address was. */
    customerOf: (recipient: string): number | undefined => lastTo.get(recipient.toLowerCase())?.customer,
    /** The last letter that left for this address and was decided by `at`. */
    lastSentTo: (recipient: string, at: number): StoredLetter | undefined => lastSent.get(recipient.toLowerCase(), at),
    /** All letters of a life that went into another. */
    repoint: (from: number, to: number) => void repoint.run(to, from),
    /** Deletes all of one customer (R9); what is under way finds nothing to settle. */
    erase(customer: number): number {
      eraseContent.run(customer)
      return erase.run(customer).changes
    },
  }
}

const dayMs = 86_400_000

const replyCharsMax = 200

/** A reply as one short line. */
const plain = (reply: string): string =>
  reply
    .slice(0, replyCharsMax)
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .trim() || 'an answer without words'
