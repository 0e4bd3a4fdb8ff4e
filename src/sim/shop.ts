/** A whole engine on a real database with time moved by hand, for tests: events in, decisions out. */
import { join } from 'node:path'
import { createEngine } from '../actors/engine.ts'
import type { EngineOptions } from '../actors/engine.ts'
import type { Outcome } from '../actors/intake.ts'
import { loadMachine } from '../actors/load-machine.ts'
import { createMachines } from '../actors/machines.ts'
import type { Machine } from '../actors/load-machine.ts'
import { createDesk } from '../codes/desk.ts'
import { isRefusal } from '../core/errors.ts'
import type { Refusal } from '../core/errors.ts'
import type { Trust } from '../core/event.ts'
import { lifeToText } from '../core/life.ts'
import { parseMessage } from '../core/parse.ts'
import { checkStore } from '../lab/check.ts'
import { addressOf } from '../mail/address.ts'
import { createPrepare } from '../mail/prepare.ts'
import { loadTemplates } from '../mail/templates.ts'
import { defaultShop, machinesDirectory, templatesDirectory } from '../main.ts'
import type { DecisionRow } from '../store/decisions.ts'
import { openStore } from '../store/store.ts'
import { hashAddress } from '../store/suppressions.ts'

const templates = loadTemplates(templatesDirectory)
const standard = new Map<string, Machine>()

export type ShopOptions = {
  /** A directory for the database; none: in memory. */
  dir?: string
  settings?: Record<string, string>
  machine?: Machine
  consentRequired?: boolean
  holdout?: Record<string, number>
  salt?: string
  replayEventsMax?: number
  hotMax?: number
  /** Who hears of turns; asked for at each. */
  listeners?: () => Required<Pick<EngineOptions, 'onTurn' | 'onBirth' | 'onJoin'>>
}

export type Shop = ReturnType<typeof openShop>

export function openShop(options: ShopOptions = {}) {
  const settings = options.settings ?? {}
  const key = JSON.stringify(settings)
  const machine = options.machine ?? standard.get(key) ?? loadMachine(machinesDirectory, settings)
  if (options.machine === undefined) standard.set(key, machine)
  const store = openStore(options.dir === undefined ? ':memory:' : join(options.dir, 'beckon.db'))
  const secret = 'secret'
  const machines = createMachines(machine, store.meta, 0, join(options.dir ?? '/nowhere', 'machines'))
  const desk = createDesk({ codes: store.codes, secret, prefix: 'FERN' })
  const engine = createEngine({
    store,
    machines,
    config: {
      consentRequired: options.consentRequired ?? false,
      holdout: options.holdout ?? {},
      ...(options.salt === undefined ? {} : { salt: options.salt }),
    },
    prepare: createPrepare({ templates, shop: defaultShop, publicUrl: 'http://127.0.0.1:4650', from: { address: 'hello@shop.test' }, secret, draw: desk.draw }),
    codes: desk,
    addressOf,
    suppressed: (email) => store.suppressions.has(hashAddress(secret, email)),
    ...(options.listeners === undefined ? {} : heardBy(options.listeners)),
    ...(options.hotMax === undefined ? {} : { hotMax: options.hotMax }),
    ...(options.replayEventsMax === undefined ? {} : { replayEventsMax: options.replayEventsMax }),
  })
  const recovered = engine.recover()
  let sent = store.log.lastSeq()

  const transact = <T>(work: () => T): T => {
    store.begin()
    const result = work()
    store.commit()
    return result
  }

  return {
    store,
    engine,
    machines,
    recovered,

    /** One Segment message, taken and committed at `now` (its own time unless told). */
    send(body: Record<string, unknown>, at: number, how: { trust?: Trust; source?: number; now?: number } = {}): Refusal | null {
      const now = how.now ?? at
      const message = parseMessage({ timestamp: new Date(at).toISOString(), messageId: `m${++sent}`, ...body }, { now: Infinity, ids: () => `m${sent}` })
      if (isRefusal(message)) return message
      return transact(() => {
        engine.fireDue(now, Infinity)
        return engine.take({ message, source: how.source ?? 1, trust: how.trust ?? 'server', receivedAt: now })
      })
    },
    /** What a customer did. */
    track(userId: string, event: string, at: number, properties: Record<string, unknown> = {}) {
      return this.send({ type: 'track', userId, event, properties: { email: `${userId}@example.test`, ...properties } }, at)
    },
    /** Lets time pass until `now`: all timers due by then fire. */
    pass(now: number): number {
      return transact(() => engine.fireDue(now, Infinity))
    },
    /** What became of the newest letter of a template. */
    outcome(type: Outcome['type'], letter: number, at: number, machine = false, more: Partial<Outcome> = {}) {
      const customer = store.letters.get(letter)!.customer
      transact(() => engine.hearOutcome({ type, letter, customer, at, messageId: `${type}:${letter}:${at}`, ...(machine ? { machine } : {}), ...more }, at))
    },
    decisions: (): DecisionRow[] => [...store.decisions.all()],
    /** `template decision[ reason]` of each decision, in order. */
    words(): string[] {
      return this.decisions().map(({ template, decision, reason }) => [template, decision, ...(reason === null ? [] : [reason])].join(' '))
    },
    /** Who an id (`u:ann`, `a:…`, `e:…`) leads to. */
    find: (key: string) => engine.identity.find(key[0] as 'u' | 'a' | 'e', key.slice(2)),
    /** The life behind an id, as JSON. */
    life(key: string): string {
      const hot = this.find(key)
      return hot === null ? 'nobody' : lifeToText(machines.current.stepper, hot.life)
    },
    states(key: string) {
      return this.find(key)?.life.snapshot.states.value
    },
    /** Writes everything behind and holds every stored life against its log. */
    check: () => {
      transact(() => engine.behind.finish())
      return checkStore(store, machines.of, machines.current)
    },
    finish: () => transact(() => engine.behind.finish()),
    /** As after kill -9: what was not committed is gone, what was not written behind is to be told again. */
    close: () => store.close(),
  }
}

const heardBy = (listeners: NonNullable<ShopOptions['listeners']>): ReturnType<typeof listeners> => ({
  onTurn: (...turn) => listeners().onTurn(...turn),
  onBirth: (...birth) => listeners().onBirth(...birth),
  onJoin: (...join) => listeners().onJoin(...join),
})
