/**
 * A whole life told again for the studio: every turn with the life before and after it.
 * 1. A turn keeps no event: properties stand in the log row, which is read again for the few turns that are looked at.
 * 2. Every decision of the life belongs to exactly one turn.
 */
import { recordedBy } from '../actors/identity.ts'
import type { Machine } from '../actors/load-machine.ts'
import { createTelling } from '../actors/telling.ts'
import type { MachineEvent } from '../core/event.ts'
import { lifeToText } from '../core/life.ts'
import type { Life } from '../core/life.ts'
import { migrate } from '../core/migrate.ts'
import { inert, kinds, relive } from '../core/retell.ts'
import type { Told as Row } from '../core/retell.ts'
import type { Snapshot, Stepper } from '../core/step/step.ts'
import { birth } from '../core/turn.ts'
import { addressOf } from '../mail/address.ts'
import type { DecisionRow } from '../store/decisions.ts'
import type { Store } from '../store/store.ts'
import { waitPrefix } from './wording.ts'

/** What a turn was: an event, a timer, the outcome of a letter, a merge. */
export const turnKinds = ['event', 'timer', 'outcome', 'merge'] as const

/** One step of the machine; `event` null: the event of the turn's own log row. */
export type ToldStep = { snapshot: Snapshot; event: MachineEvent | null }

export type ToldTurn = {
  at: number
  kind: 0 | 1 | 2 | 3
  seq: number
  /** Why no machine heard it, as in the log. */
  inert: number
  machine: number
  /** What the machine heard; null when nothing. */
  event: string | null
  before: Life
  after: Life
  steps: ToldStep[]
  decisions: DecisionRow[]
}

export type ToldLife = {
  customer: number
  head: number
  /** As it stands, in the machine that runs now. */
  life: Life
  machine: Machine
  version: number
  born: number
  turns: ToldTurn[]
  decisions: DecisionRow[]
  /** `timerKey` → when it was set. */
  setAt: Map<string, number>
}

export const timerKey = (event: string, due: number): string => `${event} ${due}`

/** Everything up to the log row `head`; null when there is no such row. `version`: the machine that runs now. */
export function tellLife(store: Store, of: (version: number) => Machine, version: number, customer: number, head: number): ToldLife | null {
  const rows = store.log.life(head)
  if (rows.length === 0) return null
  const all = store.decisions.of(customer)
  const last = rows.find(({ seq }) => seq === head)!.at
  const decisions = all.filter(({ at }) => at <= last)
  const teller = createTeller(of)
  const chapter = relive(rows, recordedBy(head, rows, decisions), { ...createTelling(of, addressOf), stepper: teller.stepper, witness: teller.witness })!
  const turns = inOrder(rows, teller.witnessed, of)
  giveDecisions(turns, decisions)
  const current = of(version)
  const life = chapter.machine === version ? chapter.life : migrate(lifeToText(of(chapter.machine).stepper, chapter.life), current.stepper)
  return { customer, head, life, machine: current, version, born: rows[0]!.at, turns, decisions, setAt: settings(turns) }
}

type Witnessed = Map<number, ToldTurn[]>

/** A stepper that also writes down what it is asked. */
export function recordingStepper(own: Stepper, note: (step: { snapshot: Snapshot; event: MachineEvent }) => void): Stepper {
  return {
    machine: own.machine,
    uncovered: own.uncovered,
    initial: (input) => own.initial(input),
    step(snapshot, event) {
      note({ snapshot, event })
      return own.step(snapshot, event)
    },
    matches: (snapshot, id) => own.matches(snapshot, id),
    toJSON: (snapshot) => own.toJSON(snapshot),
    fromJSON: (json) => own.fromJSON(json),
    explain: (snapshot, event) => own.explain(snapshot, event),
    accepts: (snapshot) => own.accepts(snapshot),
    timersOf: (snapshot) => own.timersOf(snapshot),
  }
}

/** Steppers for all versions, and the witness that puts what they were asked to turns. */
function createTeller(of: (version: number) => Machine) {
  const witnessed: Witnessed = new Map()
  const recording = new Map<number, Stepper>()
  let steps: { snapshot: Snapshot; event: MachineEvent }[] = []

  function stepper(version: number): Stepper {
    let one = recording.get(version)
    if (one === undefined) {
      one = recordingStepper(of(version).stepper, (step) => steps.push(step))
      recording.set(version, one)
    }
    return one
  }

  function witness(before: Life, after: Life, event: { type: string; at: number }, row: Row) {
    const isTimer = event.type.startsWith('xstate.after.') || event.type.startsWith(waitPrefix)
    // What came before belongs to no turn: timers of a joined life that fell due between two rows.
    const first = Math.max(
      0,
      steps.findIndex(({ snapshot }) => snapshot === before.snapshot),
    )
    const own = steps.slice(first).map((step) => ({ snapshot: step.snapshot, event: step.event === event ? null : step.event }))
    steps = []
    const turn: ToldTurn = {
      at: event.at,
      kind: isTimer ? 1 : row.kind === kinds.outcome ? 2 : 0,
      seq: row.seq,
      inert: inert.no,
      machine: row.machine,
      event: event.type,
      before,
      after,
      steps: own,
      decisions: [],
    }
    const same = witnessed.get(row.seq)
    if (same === undefined) witnessed.set(row.seq, [turn])
    else same.push(turn)
  }

  return { witnessed, stepper, witness }
}

/** The turns row by row, with those among them that no machine heard. */
function inOrder(rows: readonly Row[], witnessed: Witnessed, of: (version: number) => Machine): ToldTurn[] {
  const turns: ToldTurn[] = []
  let life: Life | null = null
  for (const row of rows) {
    const heard = witnessed.get(row.seq) ?? []
    life ??= heard[0]?.before ?? birth(of(row.machine).stepper, row.at)
    turns.push(...heard)
    life = heard.at(-1)?.after ?? life
    const isHeard = heard.some(({ kind }) => row.kind === kinds.timer || kind !== 1)
    if (isHeard || (row.kind === kinds.timer && row.inert === inert.no)) continue
    const before: Life = life
    life = passedOver(before, row)
    const kind = row.kind === kinds.merge ? 3 : row.kind === kinds.timer ? 1 : row.kind === kinds.outcome ? 2 : 0
    const event = row.kind === kinds.timer ? row.body : null
    turns.push({ at: row.at, kind, seq: row.seq, inert: row.inert, machine: row.machine, event, before, after: life, steps: [], decisions: [] })
  }
  return turns
}

/** A life after a row that no machine heard: as `core/retell.ts` leaves it. */
function passedOver(life: Life, row: Row): Life {
  if (row.inert === inert.old || row.inert === inert.machine) return life
  const timers = row.kind === kinds.timer ? life.timers.filter(([event, due]) => event !== row.body || due !== row.at) : life.timers
  return { ...life, at: row.at, timers }
}

/** Each decision to the turn that asked for it; one that came from another life, to the last turn before. */
function giveDecisions(turns: readonly ToldTurn[], decisions: readonly DecisionRow[]) {
  let turn = 0
  for (const decision of decisions) {
    while (turn + 1 < turns.length && turns[turn + 1]!.at <= decision.at) turn++
    let asker = turn
    for (let index = turn; index >= 0 && turns[index]!.at === decision.at; index--) if (isAsked(turns[index]!, decision)) asker = index
    turns[asker]?.decisions.push(decision)
  }
}

const isAsked = ({ before, after }: ToldTurn, { template, at }: DecisionRow): boolean =>
  after.past !== before.past && after.past.some((past) => past[0] === template && past[2] === at && !before.past.includes(past))

function settings(turns: readonly ToldTurn[]): Map<string, number> {
  const setAt = new Map<string, number>()
  let known: Life['timers'] = []
  for (const { before, after, at } of turns) {
    if (before.timers !== known) for (const [event, due] of before.timers) if (!setAt.has(timerKey(event, due))) setAt.set(timerKey(event, due), before.at)
    known = after.timers
    if (after.timers === before.timers) continue
    for (const timer of after.timers) if (!before.timers.includes(timer)) setAt.set(timerKey(timer[0], timer[1]), at)
  }
  return setAt
}
