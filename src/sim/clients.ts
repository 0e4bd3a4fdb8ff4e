/**
 * The senders' side: what they sent, what they heard, and what they send again after a connection broke. Their ledger is the
 * word that R1 is judged by; it outlives every crash.
 */
import type { Batch } from '../actors/batch.ts'
import type { Sender } from '../actors/intake.ts'
import { isRefusal } from '../core/errors.ts'
import type { Code, Refusal } from '../core/errors.ts'
import type { Message } from '../core/event.ts'
import { parseMessage } from '../core/parse.ts'
import type { Deed } from './shoppers.ts'
import type { World } from './world.ts'

/** One event as its sender knows it. Two with one id and different bodies are two entries. */
export type Entry = {
  deed: Deed
  key: string
  state: 'new' | 'under way' | 'acked' | 'refused' | 'invalid'
  refusal: Code | null
  acks: number
  /** What it was when it was acked. */
  message: Message | null
}

type Pending = { entry: Entry; message: Message }

export type Clients = ReturnType<typeof createClients>

export function createClients(world: World, start: number, hooks: { acked: (entry: Entry) => void; refused: (entry: Entry) => void }) {
  const random = world.random.fork('clients')
  const entries: Entry[] = []
  const byDeed = new Map<Deed, Entry>()
  let batch: Batch | null = null
  let senders: (Sender & { pending: Map<number, Pending> })[] = []
  let tags = 0
  /** What waits for a connection. */
  let offline: Entry[] = []

  /** Three connections; what each hears counts only once the answer is flushed. */
  function newSender() {
    const pending = new Map<number, Pending>()
    let heard: { entry: Entry; message: Message; refusal: Refusal | null }[] = []
    return {
      pending,
      settle(tag: number, refusal: Refusal | null) {
        const one = pending.get(tag)
        if (one === undefined) return
        pending.delete(tag)
        heard.push({ ...one, refusal })
      },
      flush() {
        const now = heard
        heard = []
        for (const one of now) hear(one.entry, one.message, one.refusal)
      },
    }
  }

  function hear(entry: Entry, message: Message, refusal: Refusal | null) {
    if (refusal === null) {
      entry.state = 'acked'
      entry.acks++
      entry.message ??= message
      hooks.acked(entry)
    } else if (refusal.retryAfterMs !== undefined) {
      if (entry.state === 'under way') entry.state = 'new'
      world.later(refusal.retryAfterMs, () => send(entry))
    } else {
      entry.refusal = refusal.refused
      if (entry.state !== 'acked') entry.state = 'refused'
      hooks.refused(entry)
    }
  }

  function send(entry: Entry) {
    if (batch === null) return void offline.push(entry)
    const { deed } = entry
    const now = world.wall()
    const own = start + deed.at + deed.skew
    const sentAt = start + world.elapsed() + deed.skew
    const body = { timestamp: new Date(own).toISOString(), ...(deed.saysSentAt ? { sentAt: new Date(sentAt).toISOString() } : {}), ...deed.body }
    // As it comes over a wire.
    const message = parseMessage(JSON.parse(JSON.stringify(body)), { now, ids: () => 'none' }, JSON.stringify(body))
    if (isRefusal(message)) {
      entry.state = 'invalid'
      entry.refusal = message.refused
      return
    }
    const sender = senders[random.between(0, senders.length - 1)]!
    const tag = ++tags
    if (entry.state !== 'acked') entry.state = 'under way'
    sender.pending.set(tag, { entry, message })
    const refusal = batch.offer({ message, source: deed.source, trust: deed.trust, receivedAt: now, sender, tag })
    if (refusal !== null) {
      sender.settle(tag, refusal)
      sender.flush()
    }
  }

  return {
    entries,
    /** An event, perhaps one that was sent before: then the same again. */
    send(deed: Deed) {
      let entry = byDeed.get(deed)
      if (entry === undefined) {
        entry = { deed, key: `${deed.source}/${String(deed.body['messageId'])}`, state: 'new', refusal: null, acks: 0, message: null }
        byDeed.set(deed, entry)
        entries.push(entry)
      }
      send(entry)
    },
    connect(to: Batch) {
      batch = to
      senders = [newSender(), newSender(), newSender()]
      for (const entry of offline) world.later(random.between(0, 3_000), () => send(entry))
      offline = []
    },
    /** The connection broke: what was not acked is sent again, and some of what was. */
    disconnect() {
      batch = null
      const unanswered = new Set(senders.flatMap(({ pending }) => [...pending.values()].map(({ entry }) => entry)))
      senders = []
      for (const entry of unanswered) {
        if (entry.state === 'under way') entry.state = 'new'
        offline.push(entry)
      }
      if (entries.length > 0 && random.chance(0.5)) {
        const again = random.pick(entries)
        if (again.state === 'acked') offline.push(again)
      }
    },
    isSettled: () => entries.every(({ state }) => state !== 'new' && state !== 'under way'),
  }
}
