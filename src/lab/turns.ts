/** A told life in the shapes that the studio's pages know. */
import type { Machine } from '../actors/load-machine.ts'
import { transitionKey } from '../chart/graph.ts'
import type { Life, Timer as Armed } from '../core/life.ts'
import type { Candidacy, Snapshot, StateSet } from '../core/step/step.ts'
import { kinds } from '../core/retell.ts'
import type { Line } from '../kit/lines.ts'
import type { DecisionRow } from '../store/decisions.ts'
import type { Row } from '../store/log.ts'
import type { Store } from '../store/store.ts'
import type { Decision, Priority, Standing, Timer, Track, Turn } from '../studio/api.ts'
import { eventOf, rowAbout, rowBody, rowName, unheardWords } from './about.ts'
import { decisionWords } from './reasons.ts'
import { shapeOf } from './shape.ts'
import { timerKey, turnKinds } from './told.ts'
import type { ToldLife, ToldTurn } from './told.ts'
import { cut, passedWords, timerWords } from './wording.ts'

/** Region → where it stands, as a path: `abandoned.reminded`; parallel parts beside each other, with a plus. */
export function statesOf({ snapshot }: { snapshot: Snapshot }): Record<string, string> {
  const { value } = snapshot.states
  return typeof value === 'string' ? { '': value } : Object.fromEntries(Object.entries(value).map(([region, inner]) => [region, pathOf(inner)]))
}

function pathOf(value: unknown): string {
  if (typeof value === 'string') return value
  return Object.entries(value as Record<string, unknown>)
    .map(([state, inner]) => {
      const rest = pathOf(inner)
      return rest === '' ? state : `${state}.${rest}`
    })
    .join(' + ')
}

/** How the regions moved. */
export function movesOf(before: Life, after: Life): Turn['moves'] {
  if (before.snapshot.states === after.snapshot.states) return []
  const from = statesOf(before)
  return Object.entries(statesOf(after)).flatMap(([region, to]) => (from[region] === to ? [] : [{ region, from: from[region] ?? '', to }]))
}

/** `setAt`: of timers that `told` does not know of. */
export function timerOf(machine: Machine, [event, due]: Armed, setAt: number): Timer {
  return { event, state: shapeOf(machine).timers.get(event)?.state ?? null, words: timerWords(machine, event), setAt, due }
}

/** Timers set and called off between two lives; one that fired is neither. */
export function timerChanges(machine: Machine, before: Life, after: Life, fired: string | null, at: number, setAt: ToldLife['setAt']) {
  if (before.timers === after.timers) return { set: [], cancelled: [] }
  const gone = before.timers.filter((timer) => !after.timers.includes(timer) && !(timer[0] === fired && timer[1] === at))
  return {
    set: after.timers.filter((timer) => !before.timers.includes(timer)).map((timer) => timerOf(machine, timer, at)),
    cancelled: gone.map((timer) => timerOf(machine, timer, setAt.get(timerKey(timer[0], timer[1])) ?? before.at)),
  }
}

export function standingOf(machine: Machine, life: Life, setAt: ToldLife['setAt'], at: number): Standing {
  const cart = cartOf(life)
  return {
    at,
    active: [...life.snapshot.states.ids],
    timers: life.timers.map((timer) => timerOf(machine, timer, setAt.get(timerKey(timer[0], timer[1])) ?? life.at)).sort((a, b) => a.due - b.due),
    cart,
    currency: cart.find(({ currency }) => currency !== undefined)?.currency ?? life.profile.currency ?? null,
    context: shortened(life.snapshot.context as object),
  }
}

const itemsMax = 20
const charsMax = 300

const shorter = new WeakMap<object, Record<string, unknown>>()

/** What is remembered, at a length that can be shown. Lives share most of it, so it is kept. */
function shortened(context: object): Record<string, unknown> {
  let short = shorter.get(context)
  if (short === undefined) shorter.set(context, (short = shorten(context) as Record<string, unknown>))
  return short
}

function shorten(value: unknown): unknown {
  if (typeof value === 'string') return value.length > charsMax ? cut(value, charsMax) : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.slice(-itemsMax).map(shorten)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shorten(inner)]))
}

/** The lines of the first region that remembers a cart. */
export function cartOf(life: Life): Line[] {
  const regions = Object.entries(life.snapshot.context as Record<string, unknown>).sort(([a], [b]) => Number(b === 'cart') - Number(a === 'cart'))
  for (const [, known] of regions) {
    const lines = (known as { lines?: unknown } | null)?.lines
    if (Array.isArray(lines) && lines.every((line) => typeof (line as Line | null)?.id === 'string')) return lines as Line[]
  }
  return []
}

export function decisionOf(store: Store, row: DecisionRow): Decision {
  const letter = row.decision === 'queued' ? store.letters.get(row.id) : undefined
  return {
    id: row.id,
    template: row.template,
    variant: row.variant ?? null,
    journey: row.journey,
    priority: row.priority as Priority,
    at: row.at,
    decision: row.decision,
    reason: row.reason,
    words: decisionWords(row),
    letter: letter === undefined ? null : { state: letter.state, subject: letter.subject, reply: letter.reply },
  }
}

/** Every turn of a life in a few numbers each. */
export function trackOf({ turns }: ToldLife): Track {
  const track: Track = { count: turns.length, at: [], states: [], sets: [], kinds: [], letters: [] }
  const known = new Map<StateSet, number>()
  const places = new Map<string, number>()
  const placeOf = (states: StateSet): number => {
    let place = known.get(states)
    if (place !== undefined) return place
    const name = states.ids.join(' ')
    place = places.get(name) ?? track.sets.push([...states.ids]) - 1
    places.set(name, place)
    known.set(states, place)
    return place
  }
  for (const { at, after, kind, decisions } of turns) {
    track.at.push(at)
    track.states.push(placeOf(after.snapshot.states))
    track.kinds.push(kind)
    track.letters.push(decisions.some(({ decision }) => decision === 'queued') ? 1 : decisions.length > 0 ? 2 : 0)
  }
  return track
}

/** One turn in full; its log row is read again. */
export function turnOf(store: Store, of: (version: number) => Machine, told: ToldLife, index: number): Turn {
  const turn = told.turns[index]!
  const machine = of(turn.machine)
  const row = store.log.get(turn.seq)!
  const isOwn = turn.kind !== 1 || row.kind === kinds.timer
  const says = isOwn && row.kind !== kinds.timer
  return {
    index,
    seq: turn.seq,
    at: turn.at,
    kind: turnKinds[turn.kind],
    name: nameOf(machine, turn, row),
    about: says ? rowAbout(row) : null,
    body: says ? rowBody(row) : null,
    moves: movesOf(turn.before, turn.after),
    taken: takenOf(stepsOf(machine, turn, row).flatMap(({ considered }) => considered)),
    ...timerChanges(machine, turn.before, turn.after, turn.kind === 1 ? turn.event : null, turn.at, told.setAt),
    decisions: turn.decisions.map((decision) => decisionOf(store, decision)),
    unheard: turn.event !== null && turn.inert === 0 ? null : turn.kind === 3 ? null : unheardWords(turn.inert),
    standing: standingOf(machine, turn.after, told.setAt, turn.at),
  }
}

/** `Product Added`, `30 min passed (abandonAfter)`, `Letter opened`. */
export const nameOf = (machine: Machine, turn: ToldTurn, row: Row): string => (turn.kind === 1 ? passedWords(machine, turn.event ?? '') : rowName(row))

/** A turn's steps with what each of them heard and considered. */
export function stepsOf(machine: Machine, turn: ToldTurn, row: Row) {
  return turn.steps.flatMap(({ snapshot, event }) => {
    const heard = event ?? eventOf(row)
    return heard === null ? [] : [{ snapshot, heard, considered: machine.stepper.explain(snapshot, heard) }]
  })
}

export const takenOf = (rows: readonly Candidacy[]): string[] => [...new Set(rows.filter(({ taken }) => taken).map(transitionKey))]
