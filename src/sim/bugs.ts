/**
 * Planted bugs: each breaks one thing that the product promises, from outside, by wrapping what the simulator passes in or
 * the methods of what it was given. The judges must catch every one (sim.test.ts), or they would miss its like.
 */
import type { Batch } from '../actors/batch.ts'
import type { Engine } from '../actors/engine.ts'
import type { Offer } from '../actors/intake.ts'
import type { Machines } from '../actors/machines.ts'
import type { DrainOptions } from '../mail/drain.ts'
import type { Store } from '../store/store.ts'

export type Bug = {
  store?: (store: Store) => void
  machines?: (machines: Machines) => Machines
  engine?: (engine: Engine, store: Store) => void
  batch?: (batch: Batch) => Batch
  drain?: (options: DrainOptions) => DrainOptions
}

const merge = 5
const setAside = 2

/** Changes what a merge writes down, on its way into the log. */
const rewriting = (change: (body: Record<string, unknown>) => Record<string, unknown>) => (store: Store) => {
  const { append } = store.log
  store.log.append = (customer, prev, at, received, kind, source, machine, why, body) =>
    append(
      customer,
      prev,
      at,
      received,
      kind,
      source,
      machine,
      why,
      kind === merge ? JSON.stringify(change(JSON.parse(body) as Record<string, unknown>)) : body,
    )
}

const letters = (options: DrainOptions, change: Partial<DrainOptions['letters']>): DrainOptions => ({ ...options, letters: { ...options.letters, ...change } })

export const bugs = {
  'an event is acked before its commit': {
    engine(engine) {
      const { take } = engine
      engine.take = (delivery) => {
        const refusal = take(delivery)
        const { sender, tag } = delivery as Offer
        sender.settle(tag, refusal)
        sender.flush()
        return refusal
      }
    },
  },
  'ids are forgotten at a restart': {
    store({ seen, log }) {
      const { candidates } = seen
      const last = log.lastSeq()
      seen.candidates = (hash) => candidates(hash)?.filter((seq) => seq > last)
    },
  },
  'an id that came before is acked whatever it says': {
    engine(engine) {
      const { take } = engine
      engine.take = (delivery) => {
        const refusal = take(delivery)
        return refusal?.refused === 'event.id_reused' ? null : refusal
      }
    },
  },
  'a failed commit is passed over': {
    store(store) {
      const { commit } = store
      store.commit = () => {
        try {
          commit()
        } catch (error) {
          if (!/^SQLITE_(FULL|IOERR)/.test(String((error as { code?: string }).code))) throw error
          store.rollback()
        }
      }
    },
  },
  'an outcome is answered for before its commit': {
    batch: (batch) => ({
      ...batch,
      tell(outcome) {
        batch.tell(outcome).catch(() => {})
        return Promise.resolve()
      },
    }),
  },
  'timers fire a second early': {
    engine(engine) {
      const { fireDue } = engine
      engine.fireDue = (now, most) => fireDue(now + 1_000, most)
    },
  },
  'a timer is lost when a life is loaded': {
    store({ customers }) {
      const { get } = customers
      customers.get = (id) => {
        const stored = get(id)
        if (stored === undefined || !stored.life.startsWith('[')) return stored
        try {
          const life = JSON.parse(stored.life) as unknown[]
          return { ...stored, life: JSON.stringify(life.with(2, (life[2] as unknown[]).slice(0, -1))) }
        } catch {
          return stored
        }
      }
    },
  },
  'the watermark moves though a life was not written': {
    store({ customers }) {
      const { put } = customers
      let puts = 0
      customers.put = (...row) => {
        if (++puts % 7 !== 0) put(...row)
      }
    },
  },
  'a stale snapshot is written under a new head': {
    store({ customers }) {
      const { put } = customers
      const before = new Map<number, string>()
      customers.put = (id, head, machine, due, life) => {
        put(id, head, machine, due, before.get(id) ?? life)
        before.set(id, life)
      }
    },
  },
  'old rows are told by the new machine': {
    machines: (machines) => ({ ...machines, of: () => machines.current }),
  },
  'a window still counts a letter exactly that old': {
    machines(machines) {
      const { current } = machines
      const rules = Object.entries(current.letters).map(([name, rule]) => [name, { ...rule, window: rule.window + 1 }])
      return {
        ...machines,
        current: { ...current, letters: Object.fromEntries(rules) as typeof current.letters, caps: { ...current.caps, window: current.caps.window + 1 } },
      }
    },
  },
  'a merge forgets what either life was sent': {
    engine(engine, { decisions }) {
      const { of } = decisions
      const { take } = engine
      let isTaking = false
      decisions.of = (customer) => (isTaking ? [] : of(customer))
      engine.take = (delivery) => {
        isTaking = true
        try {
          return take(delivery)
        } finally {
          isTaking = false
        }
      }
    },
  },
  'a merge keeps the looser consent': {
    store: rewriting((body) => (body['consent'] === 'unsubscribed' ? { ...body, consent: 'subscribed' } : body)),
    engine({ lives }, { log }) {
      const { put } = lives
      lives.put = (one, life, head) => {
        const isLooser = life.profile.consent === 'unsubscribed' && log.get(head)?.kind === merge
        put(one, isLooser ? { ...life, profile: { ...life.profile, consent: 'subscribed' } } : life, head)
      }
    },
  },
  'a merge loses the younger life': {
    store: rewriting((body) => ({ ...body, other: 0 })),
  },
  'what is set aside is lost': {
    store({ log }) {
      const { append } = log
      log.append = (...row) => (row[7] === setAside ? row[1] : append(...row))
    },
  },
  'an event that cannot be set aside ends the process': {
    store({ quarantine }) {
      quarantine.add = () => {
        throw new Error('there is no list')
      }
    },
  },
  'flushing is not committed before the first byte': {
    drain: (options) => letters(options, { flushing: () => true }),
  },
  'suppression is not asked again before a letter leaves': {
    drain: (options) => ({ ...options, suppressions: { ...options.suppressions, has: () => undefined } }),
  },
  'a held letter is sent again after a crash': {
    drain: (options) =>
      letters(options, {
        recover(now) {
          options.db.prepare("UPDATE letter SET resend = 1 WHERE state = 'flushing'").run()
          return options.letters.recover(now)
        },
      }),
  },
  'a letter leaves with other bytes than were frozen': {
    drain: (options) =>
      letters(options, {
        mime(id) {
          const mime = options.letters.mime(id)
          return mime === undefined ? undefined : Buffer.concat([mime, Buffer.from('\r\n')])
        },
      }),
  },
  'a deferred letter is never tried again': {
    drain: (options) =>
      letters(options, {
        settle: (id, settled, now) => options.letters.settle(id, settled.state === 'deferred' ? { ...settled, nextAt: null } : settled, now),
      }),
  },
  'a letter’s code is not kept': {
    store({ codes }) {
      codes.keep = () => {}
    },
  },
  'a redeemed code is not written down': {
    store({ codes }) {
      codes.redeem = () => true
    },
  },
  'a letter’s own cap is not asked': {
    machines(machines) {
      const { current } = machines
      const rules = Object.entries(current.letters).map(([name, { cap: _, ...rule }]) => [name, rule])
      return { ...machines, current: { ...current, letters: Object.fromEntries(rules) as typeof current.letters } }
    },
  },
  'a topic that was refused stays in the outbox': {
    store({ letters }) {
      letters.withdrawOf = () => {}
    },
  },
} satisfies Record<string, Bug>
