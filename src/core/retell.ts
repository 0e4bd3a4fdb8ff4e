/**
 * A life told again from its rows of the log (R2). Pure. Restart, merge, `why` and the simulator's judges all use it.
 * 1. A timer's row only says how far time went: timers are armed and fired anew by the machine itself.
 * 2. What was decided is taken from the record; a letter that comes up only in hindsight, because two lives were joined,
 *    is skipped as `merged`. Whatever either life was sent counts for windows and caps (R6).
 * 3. Rows are told by the machine version that took them, the life being migrated in between (R12).
 */
import { consentChange, learnOutcome } from '../profile/consent.ts'
import type { Said, Wishes } from '../profile/consent.ts'
import { learn } from '../profile/profile.ts'
import type { Message, Trust } from './event.ts'
import { toMachineEvent } from './event.ts'
import { readMessage } from './parse.ts'
import type { Ask, Life, Past } from './life.ts'
import { lifeToText } from './life.ts'
import { migrate } from './migrate.ts'
import type { Stepper } from './step/step.ts'
import { birth, dueTimer, fire, hear, turn } from './turn.ts'
import type { Answer, Decide } from './turn.ts'

/** A log row, as far as retelling needs it. `machine`: the version that took it. */
export type Told = { seq: number; at: number; kind: number; machine: number; inert: number; body: string }

/** What a row is; for messages also who vouches for it. */
export const kinds = { browser: 0, verified: 1, server: 2, timer: 3, outcome: 4, merge: 5 } as const
/** Why no machine heard a row: it was too old, its machine threw, it was not human. */
export const inert = { no: 0, old: 1, quarantined: 2, machine: 3 } as const
const trusts: readonly Trust[] = ['browser', 'verified', 'server']

/** A merge row's body: the other life's last row and id, and what stays true of either life. */
export type MergeBody = { other: number; otherId: number } & Wishes

/** A decision on record. */
export type Recorded = { template: string; run: number; at: number; decision: 'queued' | 'skipped' }

export type Telling = {
  stepper: (version: number) => Stepper
  addressOf: (text: string) => string | null
  /** Asked for every letter that comes up. */
  decide: Decide
  /** Until when a letter has to wait at `at`, or null when it may go at once; by the version's own settings. */
  waits: (version: number, life: Life, at: number, template: string) => number | null
  /** Whether a yes to letters that nobody vouches for has to be confirmed; by the version's own settings. */
  isDouble: (version: number) => boolean
  /** Told of every turn, for explanations. */
  witness?: (before: Life, after: Life, event: { type: string; at: number }, row: Told) => void
}

export type Chapter = { life: Life; machine: number }

/** The life after one more row. `chapter` null: the row is its first. */
export function retell(chapter: Chapter | null, row: Told, telling: Telling): Chapter {
  const stepper = telling.stepper(row.machine)
  let life = chapter === null ? birth(stepper, row.at) : chapter.life
  if (chapter !== null && chapter.machine !== row.machine) life = migrate(lifeToText(telling.stepper(chapter.machine), life), stepper)
  return { life: take(stepper, life, row, telling), machine: row.machine }
}

function take(stepper: Stepper, start: Life, row: Told, telling: Telling): Life {
  if (row.inert === inert.old || row.inert === inert.machine) return start
  if (row.inert === inert.quarantined)
    return {
      ...start,
      at: row.at,
      timers: row.kind === kinds.timer ? start.timers.filter(([event, due]) => event !== row.body || due !== row.at) : start.timers,
    }
  let life = start
  for (let timer = dueTimer(life, row.at); timer !== null; timer = dueTimer(life, row.at)) {
    const after = fire(stepper, life, timer, telling.decide)
    telling.witness?.(life, after, { type: timer[0], at: timer[1] }, row)
    life = after
    // Those due at the same instant have rows of their own: one of them may have been set aside.
    if (row.kind === kinds.timer && timer[0] === row.body && timer[1] === row.at) break
  }
  if (row.kind === kinds.timer) return { ...life, at: row.at }
  if (row.kind === kinds.merge) return joined(life, row)
  const { profile, event, change } = row.kind === kinds.outcome ? outcomeOf(life, row) : messageOf(life, row, telling)
  const after = hear(stepper, life, profile, event, change, row.at, telling.decide)
  if (event !== null) telling.witness?.(life, after, event, row)
  return after
}

function messageOf(life: Life, row: Told, telling: Telling) {
  const message: Message = readMessage(row.body, row.at)
  const trust = trusts[row.kind]!
  const profile = learn(life.profile, message, trust, telling.addressOf, telling.isDouble(row.machine))
  return { profile, event: toMachineEvent(message, row.at), change: consentChange(life.profile, profile, message, trust) }
}

function outcomeOf(life: Life, row: Told) {
  const said = JSON.parse(row.body) as Said
  const profile = learnOutcome(life.profile, said)
  return { profile, event: { type: said.type, at: row.at }, change: consentChange(life.profile, profile) }
}

function joined(life: Life, row: Told): Life {
  const { consent, suppressed, topics } = JSON.parse(row.body) as MergeBody
  const wishes: Wishes = {
    ...(consent === undefined ? {} : { consent }),
    ...(suppressed === undefined ? {} : { suppressed }),
    ...(topics === undefined ? {} : { topics }),
  }
  return { ...life, at: row.at, profile: { ...life.profile, ...wishes } }
}

/** A whole life from all its rows, by time then number (store/log.ts gives them so), with the decisions on record. */
export function relive(rows: readonly Told[], recorded: readonly Recorded[], telling: Omit<Telling, 'decide'>): Chapter | null {
  let version = rows[0]?.machine ?? 0
  const decide = decideByRecord(recorded, (life, at, template) => telling.waits(version, life, at, template))
  const isJoined = rows.some((row) => row.kind === kinds.merge)
  const waiting = isJoined ? recorded.toSorted((a, b) => a.at - b.at) : []
  let chapter: Chapter | null = null
  let next = 0
  for (const row of rows) {
    for (; next < waiting.length && waiting[next]!.at < row.at; next++) if (chapter !== null) chapter = remember(chapter, waiting, next, { ...telling, decide })
    version = row.machine
    chapter = retell(chapter, row, { ...telling, decide })
  }
  for (; next < waiting.length; next++) if (chapter !== null) chapter = remember(chapter, waiting, next, { ...telling, decide })
  return chapter
}

/** Answers as the record has it. A letter on record for later, or not at all, may have been waiting for the morning. */
export function decideByRecord(recorded: readonly Recorded[], waits: (life: Life, at: number, template: string) => number | null): Decide {
  const record = Map.groupBy(recorded, ({ template, run }) => `${template}/${run}`)
  return (ask, life, at) => {
    // More than one where lives were joined whose runs began at the same instant.
    const same = record.get(`${ask.template}/${ask.run}`)
    const found = same?.findLast((decision) => decision.at <= at) ?? same?.[0]
    if (found === undefined || found.at > at) {
      const until = waits(life, at, ask.template)
      if (until !== null) return { wait: until }
    }
    return found?.decision ?? 'skipped'
  }
}

/** What either life decided counts for the joined one, even if the joined machine never asked. */
function remember(chapter: Chapter, all: readonly Recorded[], index: number, telling: Telling): Chapter {
  const recorded = all[index]!
  const stepper = telling.stepper(chapter.machine)
  let life = chapter.life
  for (let timer = dueTimer(life, recorded.at); timer !== null; timer = dueTimer(life, recorded.at)) life = fire(stepper, life, timer, telling.decide)
  // Two lives may have decided the very same at the same instant: each counts.
  const known = life.past.filter(([template, run, at, queued]) => isSame(recorded, { template, run, at, decision: queued === 1 ? 'queued' : 'skipped' })).length
  let nth = 0
  for (let i = index; i >= 0 && all[i]!.at === recorded.at; i--) if (isSame(recorded, all[i]!)) nth++
  if (known >= nth) return { ...chapter, life }
  const entry: Past = [recorded.template, recorded.run, recorded.at, recorded.decision === 'queued' ? 1 : 0]
  const at = Math.max(life.at, recorded.at)
  life = { ...life, at, past: [...life.past, entry].sort((a, b) => a[2] - b[2]) }
  if (recorded.decision === 'queued') life = turn(stepper, life, { type: 'letter.queued', at, template: recorded.template }, telling.decide)
  return { ...chapter, life }
}

/** What was already decided about this letter of this run, if anything. */
export function pastAnswer(life: Life, ask: Ask): Answer | null {
  const found = life.past.find(([template, run]) => template === ask.template && run === ask.run)
  return found === undefined ? null : found[3] === 1 ? 'queued' : 'skipped'
}

const isSame = (a: Recorded, b: Recorded) => a.template === b.template && a.run === b.run && a.at === b.at && a.decision === b.decision
