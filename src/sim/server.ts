/** One run of the process: store, engine, batch, drain and links, joined as `main.ts` joins them, on a disk that may fail. */
import { join } from 'node:path'
import { createBatch } from '../actors/batch.ts'
import { createEngine } from '../actors/engine.ts'
import { createMachines } from '../actors/machines.ts'
import type { Machine } from '../actors/load-machine.ts'
import { createCounter } from '../codes/counter.ts'
import { createDesk } from '../codes/desk.ts'
import { addressOf } from '../mail/address.ts'
import type { Mailbox } from '../mail/address.ts'
import { createDrain } from '../mail/drain.ts'
import { createLinks } from '../mail/links.ts'
import { createPace } from '../mail/pace.ts'
import { createPreferences } from '../mail/preferences.ts'
import { createPrepare } from '../mail/prepare.ts'
import type { Rates } from '../mail/rates.ts'
import { createTally } from '../mail/tally.ts'
import type { Templates } from '../mail/templates.ts'
import type { Rules } from '../policy/policy.ts'
import { openStore } from '../store/store.ts'
import type { Store } from '../store/store.ts'
import { hashAddress } from '../store/suppressions.ts'
import type { Bug } from './bugs.ts'
import { guarded } from './disk.ts'
import type { Guard } from './disk.ts'
import { withBombs } from './machines.ts'
import type { Relay } from './post.ts'
import type { Tape } from './tape.ts'
import { createIds } from './world.ts'
import type { World } from './world.ts'

/** What letters are about, as readers may choose. */
export const topics = ['reminders', 'offers', 'orders']

export const from: Mailbox = { name: 'Fern & Co', address: 'hello@shop.test' }
const publicUrl = 'http://127.0.0.1:4650'
const shop = {
  name: 'Fern & Co',
  url: `${publicUrl}/demo`,
  address: '1 Garden Row, London',
  cartUrl: `${publicUrl}/demo/cart`,
  locale: 'en-GB',
  currency: 'EUR',
  timeZone: 'UTC',
}

export type ServerHabits = {
  hotMax: number
  replayEventsMax: number
  replayAgeMaxMs: number
  horizonMs: number
  width: number
  rates: Rates
  policy: Pick<Rules, 'consentRequired' | 'holdout'>
}

export type Server = ReturnType<typeof startServer>

type Options = {
  world: World
  path: string
  directory: string
  guard: Guard
  tape: Tape
  relay: Relay
  machine: Machine
  templates: Templates
  habits: ServerHabits
  bug: Bug
  onFatal: (error: unknown) => void
  /** Looks at the file as it was found, before anything runs on it. */
  onOpen: (store: Store) => void
}

/** Opens and recovers; throws what the disk throws. */
export function startServer(options: Options) {
  const { world, path, directory, guard, tape, relay, machine, templates, habits, bug, onFatal } = options
  const clock = world.clock()
  const soon = world.soon()
  const store = guarded(guard, () => openStore(path))
  try {
    options.onOpen(store)
    const ids = createIds(world.random.fork('ids'))
    const secret = store.meta.once('secret', () => ids.random(32))
    const epoch = store.meta.once('epoch', () => ids.random(9))
    const hash = (address: string) => hashAddress(secret, address)
    bug.store?.(store)
    tape.listen(store)
    const kept = createMachines(machine, store.meta, clock.now(), join(directory, 'machines'))
    const machines = bug.machines?.(kept) ?? kept
    const desk = createDesk({ codes: store.codes, secret, prefix: 'FERN' })
    const engine = createEngine({
      store,
      machines,
      config: habits.policy,
      prepare: withBombs(createPrepare({ templates, shop, publicUrl, from, secret, draw: desk.draw })),
      codes: desk,
      onHeard: (_, event, trust) => codes.heard(event, trust),
      addressOf,
      suppressed: (email) => store.suppressions.has(hash(email)),
      onTurn: (customer, before, after, kind, body) => tape.turned(customer.id, before, after, kind, body),
      hotMax: habits.hotMax,
      horizonMs: habits.horizonMs,
      replayEventsMax: habits.replayEventsMax,
      replayAgeMaxMs: habits.replayAgeMaxMs,
    })
    const { fireDue } = engine
    engine.fireDue = (now, most) => tape.sweeping(() => fireDue(now, most))
    bug.engine?.(engine, store)
    const recovered = engine.recover()
    const made = createBatch({ engine, store, clock, epoch, onLetters: () => drain.wake(), onFatal, soon })
    const batch = bug.batch?.(made) ?? made
    const { letters, suppressions, db } = store
    const post = relay.post(clock, habits.width)
    const pace = createPace({
      letters,
      lanes: store.lanes,
      deliveries: store.deliveries,
      rates: habits.rates,
      warmUp: null,
      firstDay: (today) => today,
      width: () => post.width,
      now: clock.now(),
    })
    const plain = { db, clock, letters, suppressions, hash, post, pace, tally: createTally(store.deliveries), intake: batch, onFatal, soon }
    const drain = createDrain(bug.drain?.(plain) ?? plain)
    const links = createLinks({ secret, letters, suppressions, intake: batch, clock, hash })
    const codes = createCounter({
      codes: store.codes,
      secret,
      prefix: 'FERN',
      order: batch.order,
      now: () => clock.now(),
      leadOf: () => 0,
      identify: () => null,
    })
    const preferences = createPreferences({
      secret,
      letters,
      suppressions,
      intake: batch,
      hash,
      profileOf: (customer) => engine.lives.raw(customer)?.life.profile,
      topics: Object.fromEntries(topics.map((name) => [name, {}])),
    })
    batch.start()
    drain.start()
    return {
      store,
      engine,
      machines: kept,
      batch,
      drain,
      links,
      codes,
      preferences,
      secret,
      recovered,
      /** Nothing is due within a minute, so that an end falls between two things. */
      isQuiet: () => Math.min(engine.lives.agenda.next(), letters.nextAt() ?? Infinity) > clock.now() + 60_000,
      /** SIGTERM: finishes what is under way, writes everything behind. */
      async stop() {
        await drain.stop()
        links.flush()
        batch.stop()
      },
    }
  } catch (error) {
    close(store)
    throw error
  }
}

/** Lets go of a database whatever state it is in. */
export function close(store: Store) {
  try {
    store.db.close()
  } catch {
    // A statement may have been cut off in the middle; the file is copied already, and this one is thrown away.
  }
}
