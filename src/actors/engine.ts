/**
 * The synchronous heart: events, timers and outcomes become log rows, turns and letters, inside one transaction that the
 * batch opens and commits. Live, replayed and simulated alike; it never awaits and reads no clock.
 * 1. Nothing else writes customer state, log rows, decisions or new letters (R1, R2, R3).
 * 2. A customer's time never runs backwards, and a timer due at or before an event's time fires before it (R5).
 * 3. What throws in a machine is set aside with its reason; the life stays as it was and the next event goes on (R10).
 */
import type { Refusal } from '../core/errors.ts'
import { toMachineEvent } from '../core/event.ts'
import { readMessage, sameBody } from '../core/parse.ts'
import type { MachineEvent, Message, Trust } from '../core/event.ts'
import { limits } from '../core/limits.ts'
import type { Life } from '../core/life.ts'
import { inert, kinds, relive } from '../core/retell.ts'
import { dueTimer, fire, hear as hearing, turn } from '../core/turn.ts'
import type { Outside } from '../policy/policy.ts'
import { consentChange, learnOutcome } from '../profile/consent.ts'
import { learn } from '../profile/profile.ts'
import { isSandbox } from '../profile/sandbox.ts'
import type { Row } from '../store/log.ts'
import type { Store } from '../store/store.ts'
import { hashId } from '../store/seen.ts'
import { createDeciding } from './deciding.ts'
import type { CodeKeeper, Config, Prepare } from './deciding.ts'
import { createEarnings } from './earnings.ts'
import { createIdentity, recordedBy } from './identity.ts'
import type { Outcome } from './intake.ts'
import { createLives } from './lives.ts'
import type { Hot } from './lives.ts'
import type { Machines } from './machines.ts'
import { tellTail } from './recovery.ts'
import { createTelling } from './telling.ts'
import { isWithheld, withoutUser } from './withheld.ts'
import { withdrawUnwanted } from './unwanted.ts'
import { createWriteBehind } from './write-behind.ts'

export type EngineOptions = {
  store: Store
  machines: Machines
  config: Config
  prepare: Prepare
  /** Hears that a turn begins, and which code a letter was queued with. */
  codes: CodeKeeper
  addressOf: (text: string) => string | null
  /** Whether an address is suppressed, and why. */
  suppressed: (email: string) => string | undefined
  hotMax?: number
  /** How far ahead timers are kept in memory, ms. */
  horizonMs?: number
  /** Told of every turn, before its row is in the log; `type` is what the machine heard, null when it heard nothing. */
  onTurn?: (customer: Hot, before: Life, after: Life, kind: number, body: string, type: string | null) => void
  /** Told of every client's event that a machine has taken, after its turn. */
  onHeard?: (customer: Hot, event: MachineEvent, trust: Trust) => void
  /** Told of every customer's first row. */
  onBirth?: (customer: Hot, life: Life) => void
  /** Told of every two lives that became one; `gone` has no rows when it was born for this very event. */
  onJoin?: (customer: Hot, before: Life, after: Life, gone: Hot) => void
  replayEventsMax?: number
  replayAgeMaxMs?: number
}

/** What an event came with. `receivedAt`: the wall clock, or the event's own time on virtual time. */
export type Delivery = { message: Message; source: number; trust: Trust; receivedAt: number }

export type Engine = ReturnType<typeof createEngine>

const trusts: readonly Trust[] = ['browser', 'verified', 'server']
const trustKinds = { browser: kinds.browser, verified: kinds.verified, server: kinds.server } as const

export function createEngine(options: EngineOptions) {
  const { store, machines, addressOf } = options
  const { log, seen, decisions, letters, meta, customers, quarantine } = store
  const { stepper, isDouble } = machines.current
  const telling = createTelling(machines.of, addressOf)
  const lives = createLives({
    customers,
    machines,
    hotMax: options.hotMax ?? 50_000,
    ...(options.horizonMs === undefined ? {} : { horizonMs: options.horizonMs }),
    rebuild: (head) => rebuild(head),
    leadAt: (head) => leadIn(log.life(head)),
  })
  const deciding = createDeciding({ machine: machines.current, config: options.config, prepare: options.prepare, outside: outsideOf })
  const earnings = createEarnings(store, machines.current.letters, options.config)
  const identity = createIdentity({
    lives,
    customers,
    decisions,
    letters,
    earnings,
    log,
    machines,
    telling,
    addressOf,
    fireUntil,
    ...(options.onJoin === undefined ? {} : { onJoin: options.onJoin }),
    // Under no row: none of those there are was refused, so none of them is to be taken again.
    onRefused: (hot, error) => setAside(0, hot, hot.life.at, error),
  })
  const behind = createWriteBehind({
    lives,
    seen,
    log,
    meta,
    ...(options.replayEventsMax === undefined ? {} : { eventsMax: options.replayEventsMax }),
    ...(options.replayAgeMaxMs === undefined ? {} : { ageMaxMs: options.replayAgeMaxMs }),
  })
  const counts = { events: 0, duplicates: 0, transitions: 0, timers: 0, quarantined: 0, queued: 0, skipped: 0 }

  function outsideOf({ customer, life, at }: { customer: number; life: Life; at: number }): Outside {
    const { email, verified } = life.profile
    const outside: Outside = {}
    if (email === undefined) return outside
    const suppressed = options.suppressed(email)
    if (suppressed !== undefined) outside.suppressed = suppressed
    if (!verified && letters.wasWrittenBy(email, customer, at - machines.current.caps.window)) outside.claimedTaken = true
    return outside
  }

  /** Takes a client's event: null when it is in the log (or was already), or the refusal. */
  function take(delivery: Delivery): Refusal | null {
    const { message, source, trust, receivedAt } = delivery
    const hash = hashId(source, message.messageId)
    const before = seen.candidates(hash)
    if (before !== undefined) {
      const verdict = compare(before, source, message)
      if (verdict !== undefined) return verdict
    }
    const now = Math.min(message.at, receivedAt)
    const { hot, asUser } = identity.whose(message, trust, now, receivedAt)
    const told = asUser ? message : withoutUser(message)
    if (trust !== 'server' && receivedAt - message.at > limits.eventAgeMaxMs)
      note(hot, hot.head === 0 ? now : hot.life.at, receivedAt, trustKinds[trust], source, inert.old, told.text, hot.life)
    else hear(hot, told, trust, source, Math.max(now + hot.lead, hot.life.at), receivedAt)
    seen.add(hash, log.lastSeq())
    counts.events++
    return null
  }

  /** Null: the same again. A refusal: the id was used for something else. Undefined: only the hash was alike. */
  function compare(candidates: readonly number[], source: number, message: Message): Refusal | null | undefined {
    for (const seq of candidates) {
      const row = log.get(seq)
      if (row === undefined || row.source !== source || row.kind > kinds.server) continue
      const before = readMessage(row.body, row.at)
      if (before.messageId !== message.messageId) continue
      const same = isWithheld(row.body) ? withoutUser(message) : message
      if (!sameBody(before, same)) return { refused: 'event.id_reused', about: message.messageId }
      counts.duplicates++
      return null
    }
    return undefined
  }

  function hear(hot: Hot, message: Message, trust: Trust, source: number, at: number, received: number) {
    fireUntil(hot, at, received)
    const time = Math.max(at, hot.life.at)
    const event = toMachineEvent(message, time)
    const ok = attempt(hot, time, received, trustKinds[trust], source, message.text, event?.type ?? null, () => {
      const profile = learn(hot.life.profile, message, trust, addressOf, isDouble)
      const change = consentChange(hot.life.profile, profile, message, trust)
      return hearing(stepper, hot.life, profile, event, change, time, deciding.decide)
    })
    if (ok && event !== null) options.onHeard?.(hot, event, trust)
  }

  /** Takes what became of a letter. */
  function hearOutcome(outcome: Outcome, received: number) {
    if (isKnownOutcome(outcome.messageId)) return
    const hot = lives.get(letters.get(outcome.letter)?.customer ?? outcome.customer)
    if (hot === null) return
    const at = Math.max(Math.min(outcome.at, received) + hot.lead, hot.life.at)
    const body = JSON.stringify(outcome)
    if (outcome.machine)
      earnings.took(note(hot, hot.life.at, received, kinds.outcome, 0, inert.machine, body, hot.life), hot, kinds.outcome, outcome.type, body)
    else {
      fireUntil(hot, at, received)
      const time = Math.max(at, hot.life.at)
      attempt(hot, time, received, kinds.outcome, 0, body, outcome.type, () => {
        const profile = learnOutcome(hot.life.profile, outcome)
        const change = consentChange(hot.life.profile, profile)
        return hearing(stepper, hot.life, profile, { type: outcome.type, at: time }, change, time, deciding.decide)
      })
    }
    seen.add(hashId(0, outcome.messageId), log.lastSeq())
  }

  function isKnownOutcome(messageId: string): boolean {
    const candidates = seen.candidates(hashId(0, messageId)) ?? []
    return candidates.some((seq) => {
      const row = log.get(seq)
      return row?.kind === kinds.outcome && (JSON.parse(row.body) as Outcome).messageId === messageId
    })
  }

  /** Fires a life's own timers due by `at`, each with a row of its own. */
  function fireUntil(hot: Hot, at: number, received = at): number {
    let fired = 0
    for (let timer = dueTimer(hot.life, at); timer !== null; timer = dueTimer(hot.life, at)) {
      const [event, due] = timer
      const next = timer
      const ok = attempt(hot, due, received, kinds.timer, 0, event, event, () => fire(stepper, hot.life, next, deciding.decide))
      if (!ok) lives.put(hot, { ...hot.life, timers: hot.life.timers.filter((other) => other !== next) }, hot.head)
      fired++
    }
    counts.timers += fired
    return fired
  }

  /** One turn and its rows. What throws is quarantined; false then. */
  function attempt(hot: Hot, at: number, received: number, kind: number, source: number, body: string, type: string | null, run: () => Life): boolean {
    deciding.begin(hot.id)
    options.codes.begin()
    let life: Life
    try {
      life = run()
    } catch (error) {
      if (isStoreError(error)) throw error
      setAside(note(hot, at, received, kind, source, inert.quarantined, body, { ...hot.life, at }), hot, at, error)
      return false
    }
    if (life.snapshot !== hot.life.snapshot) counts.transitions++
    options.onTurn?.(hot, hot.life, life, kind, body, type)
    const before = hot.life.profile
    earnings.took(note(hot, at, received, kind, source, inert.no, body, life), hot, kind, type, body)
    if (life.profile !== before) withdrawUnwanted(letters, machines.current.letters, hot.id, before, life.profile, received)
    for (const { decision, letter, code } of deciding.taken()) {
      const id = decisions.add(decision)
      if (letter !== null) letters.insert({ ...letter, id }, Math.min(at, received))
      if (letter !== null) earnings.queued(id, decision)
      if (code !== null) options.codes.keep(code, id, decision.template, at)
      counts[decision.decision]++
    }
    earnings.exposed(hot, deciding.exposed())
    return true
  }

  function setAside(seq: number, hot: Hot, at: number, error: unknown) {
    quarantine.add(seq, hot.id, at, (error as { code?: string }).code ?? 'turn.threw', String((error as Error).message ?? error).slice(0, 500))
    counts.quarantined++
  }

  function note(hot: Hot, at: number, received: number, kind: number, source: number, why: number, body: string, life: Life): number {
    const seq = log.append(hot.id, hot.head, at, received, kind, source, machines.version, why, body)
    if (hot.head === 0) options.onBirth?.(hot, life)
    lives.put(hot, life, seq)
    return seq
  }

  /** Fires what is due by `now` over all customers, in due order, at most about `most`; returns how many. */
  function fireDue(now: number, most: number): number {
    let fired = 0
    lives.reach(now)
    while (fired < most) {
      const hot = lives.nextDue(now)
      if (hot === null) break
      const first = dueTimer(hot.life, now + hot.lead)
      if (first !== null) fired += fireUntil(hot, first[1], now)
      lives.arm(hot)
    }
    return fired
  }

  /** Lets `ms` pass for a sandbox customer: what falls due meanwhile fires, each at its own instant. Returns their clock. */
  function skip(customer: number, ms: number, received: number): Refusal | { at: number } {
    const hot = lives.get(customer)
    if (hot === null) return { refused: 'customer.unknown' }
    if (!isSandbox(hot.life.profile)) return { refused: 'sandbox.only' }
    const at = Math.max(hot.life.at, received + hot.lead) + ms
    hot.lead = at - received
    fireUntil(hot, at, received)
    const event = { type: skippedType, at }
    const body = JSON.stringify({ type: event.type, ms, messageId: `skipped/${customer}/${log.lastSeq()}` })
    attempt(hot, at, received, kinds.outcome, 0, body, event.type, () => turn(stepper, hot.life, event, deciding.decide))
    return { at }
  }

  /** Takes an event that was set aside once more, as its customer stands now. A refusal when its machine throws again. */
  function retry(id: number, received: number): Refusal | null {
    const aside = quarantine.get(id)
    const row = aside === undefined ? undefined : log.get(aside.seq)
    if (row === undefined || !isRetriable(row)) return { refused: 'quarantine.unknown' }
    const message = readMessage(row.body, row.at)
    const trust = trusts[row.kind]!
    const { hot, asUser } = identity.whose(message, trust, row.at, received)
    const before = counts.quarantined
    hear(hot, asUser ? message : withoutUser(message), trust, row.source, Math.max(row.at, hot.life.at), received)
    quarantine.remove(id)
    return counts.quarantined === before ? null : { refused: 'turn.threw', about: quarantine.latest(1)[0]!.reason }
  }

  /** A life as the log tells it. */
  function rebuild(head: number) {
    const rows = log.life(head)
    const { customer } = log.get(head)!
    return relive(rows, recordedBy(head, rows, decisions.of(customer)), telling)!
  }

  const recover = () => tellTail({ log, seen, decisions, lives, telling, rebuild, from: behind.watermark() })

  return { take, hearOutcome, fireDue, skip, retry, recover, rebuild, behind, lives, identity, counts, telling }
}

/** Whether a row that was set aside can be taken once more: an event, and no machine has heard it. */
export const isRetriable = ({ kind, inert: why }: Pick<Row, 'kind' | 'inert'>): boolean => kind <= kinds.server && why === inert.quarantined

const skippedType = 'sandbox.skipped'

/** How far the skips of a life put its clock ahead of the wall clock, ms. Other rows may be late, or tell of old events. */
function leadIn(rows: readonly Row[]): number {
  const skips = rows.filter(({ kind, body }) => kind === kinds.outcome && (JSON.parse(body) as { type: string }).type === skippedType)
  return Math.max(0, ...skips.map(({ at, received }) => at - received))
}

const isStoreError = (error: unknown): boolean => String((error as { code?: unknown }).code).startsWith('SQLITE_')
