/** Why a letter was sent, or skipped, or never came up: recomputed from the log, nothing of it is stored. */
import type { Config } from '../actors/deciding.ts'
import type { Machine } from '../actors/load-machine.ts'
import { transitionKey } from '../chart/graph.ts'
import { eventWords, guardWords } from '../chart/words.ts'
import type { Candidacy, StateSet } from '../core/step/step.ts'
import { kinds } from '../core/retell.ts'
import type { DecisionRow } from '../store/decisions.ts'
import type { Store } from '../store/store.ts'
import type { WhyAnswer, WhyDecision, WhyNever, WhyStep } from '../studio/api.ts'
import { rowAbout } from './about.ts'
import { sawBy } from './saw.ts'
import { regionOf, shapeOf } from './shape.ts'
import type { ToldLife, ToldTurn } from './told.ts'
import { decisionOf, nameOf, statesOf, stepsOf } from './turns.ts'
import { verdictOf } from './verdict.ts'
import { waysTo } from './ways.ts'
import type { Ways } from './ways.ts'

/** Decisions explained in one answer, and steps of each. */
const decisionsMax = 20
const stepsMax = 60
const leadInMax = 8
/** Turns asked again for what a guard said. */
const refusedMax = 50

/** What an explanation is made from. `config`: the policy's, as it is now. */
export type Scene = { store: Store; of: (version: number) => Machine; config: Config; told: ToldLife }

/** About one letter of one customer; `decision` is among those explained, however old. */
export function because(scene: Scene, template: string, decision?: number): WhyAnswer {
  const { machine, decisions, life } = scene.told
  const all = decisions.filter((row) => row.template === template).toReversed()
  const shown = all.filter(({ id }, index) => index < decisionsMax || id === decision)
  const isWaiting = life.waiting.some((ask) => ask.template === template)
  return {
    template,
    journey: machine.letters[template]?.journey ?? all[0]?.journey ?? '',
    decisions: shown.map((row) => explained(scene, row)),
    never: isWaiting ? null : never(scene, template, all[0]),
    templates: Object.keys(machine.letters),
  }
}

function explained(scene: Scene, row: DecisionRow): WhyDecision {
  const { store, of, config, told } = scene
  const index = told.turns.findIndex(({ decisions }) => decisions.includes(row))
  const turn = told.turns[index]
  const machine = turn === undefined ? told.machine : of(turn.machine)
  const region = waysTo(machine, row.template)?.region ?? row.journey
  return {
    ...decisionOf(store, row),
    steps: turn === undefined ? [] : indexesOf(told, region, Number(row.key.split('/')[2]), index).map((at) => stepOf(scene, region, at)),
    ...verdictOf(machine, config, row, turn),
  }
}

/**
 * The turns that tell the story of a run: from its start to the decision those in which the journey moved or learnt
 * something, and before them the last few that led up to it.
 */
function indexesOf({ turns }: ToldLife, region: string, run: number, end: number): number[] {
  const own = (index: number) => turns[index]!
  const learns = ({ before, after }: ToldTurn) => (before.snapshot.context as Memory)[region] !== (after.snapshot.context as Memory)[region]
  const pathBefore = (index: number) => statesOf(own(index).before)[region]
  const moves = (index: number) => pathBefore(index) !== statesOf(own(index).after)[region]
  let start = end
  while (start > 0 && own(start - 1).at >= run) start--
  const story: number[] = []
  for (let index = start; index <= end; index++) if (index === start || index === end || moves(index) || learns(own(index))) story.push(index)
  const leadIn: number[] = []
  const from = pathBefore(start)
  for (let index = start - 1; index >= 0 && leadIn.length < leadInMax && statesOf(own(index).after)[region] === from && !moves(index); index--)
    if (learns(own(index))) leadIn.unshift(index)
  const all = [...leadIn, ...story]
  return all.length <= stepsMax ? all : [...all.slice(0, 10), ...all.slice(10 - stepsMax)]
}

type Memory = Record<string, unknown>

function stepOf({ store, of, told }: Scene, region: string, index: number): WhyStep {
  const turn = told.turns[index]!
  const machine = of(turn.machine)
  const row = store.log.get(turn.seq)!
  return {
    index,
    at: turn.at,
    name: nameOf(machine, turn, row),
    about: turn.kind === 1 || row.kind === kinds.timer ? null : rowAbout(row),
    from: statesOf(turn.before)[region] ?? '',
    to: statesOf(turn.after)[region] ?? '',
    guards: guardsOf(machine, turn, row, region),
  }
}

function guardsOf(machine: Machine, turn: ToldTurn, row: Parameters<typeof stepsOf>[2], region: string): WhyStep['guards'] {
  const { nodes } = shapeOf(machine)
  const matters = ({ source, event, guard, held, taken }: Candidacy) =>
    regionOf(nodes.get(source)!) === region && (guard !== null || taken) && (held || taken || !event.startsWith('letter.'))
  return stepsOf(machine, turn, row).flatMap(({ snapshot, heard, considered }) => {
    const rows = considered.filter(matters)
    if (rows.length === 0) return []
    // Eventless transitions are asked with what the event has already changed.
    const settled = rows.some(({ event }) => event === 'always') ? machine.stepper.step(snapshot, heard).snapshot : snapshot
    return rows.map((one) => {
      const seen = one.event === 'always' ? settled : snapshot
      return {
        key: transitionKey(one),
        words: eventWords(one.event, machine.settings),
        guard: guardWords(machine.stepper.machine, one.guard),
        held: one.held,
        taken: one.taken,
        saw: sawBy(machine, one.guard, seen, heard, statesOf({ snapshot: seen })),
      }
    })
  })
}

/** Where the journey stands, what is still needed, and how near it came since the letter was last decided. */
function never({ store, of, told }: Scene, template: string, last: DecisionRow | undefined): WhyNever | null {
  const { life, machine, turns } = told
  const ways = waysTo(machine, template)
  if (ways === null) return null
  const needs = ways.needs(ways.place(life.snapshot.states))
  const state = standsAt(ways, life.snapshot.states)
  const since = last === undefined ? 0 : turns.findIndex(({ decisions }) => decisions.includes(last)) + 1
  const distance = distances(of, template)
  let nearest = -1
  for (let index = since; index < turns.length; index++) if (nearest === -1 || distance(turns[index]!) <= distance(turns[nearest]!)) nearest = index
  const still = needs === null ? 'no way leads from there to this letter' : `still to come: ${sequence(needs)}`
  const refused = nearest === -1 || distance(turns[nearest]!) >= (needs?.length ?? Infinity) ? lastRefused({ store, of, told }, template, since) : null
  return {
    state,
    words:
      `The ${ways.region} journey ${last === undefined ? 'never asked for it' : 'has not asked for it again'}: it stands in "${state}"${needs === null ? ', and' : ';'} ${still}.` +
      (refused === null ? '' : ` ${refused.words}`),
    needs: needs ?? [],
    nearest: refused === null ? nearestOf({ store, of, told }, template, nearest, since, distance, needs) : refused.nearest,
  }
}

/**
 * Where no turn brought it nearer, the last that could have: it was what the way begins with, and its guard said no. It is
 * told with what the guard saw.
 */
function lastRefused({ store, of, told: { turns, life, machine } }: Omit<Scene, 'config'>, template: string, since: number) {
  const ways = waysTo(machine, template)!
  const place = ways.place(life.snapshot.states)
  const hop = ways.first(place)
  if (hop === null || hop.guard === null) return null
  let looks = 0
  for (let index = turns.length - 1; index >= since && looks < refusedMax; index--) {
    const turn = turns[index]!
    if (turn.event !== hop.event || of(turn.machine) !== machine) continue
    looks++
    const row = store.log.get(turn.seq)!
    const guards = guardsOf(machine, turn, row, ways.region)
    const no = guards.find(({ key, held }) => !held && key.startsWith(`${hop.source} ${hop.event} `))
    if (no === undefined) continue
    return {
      words: `The last ${nameOf(machine, turn, row)} did not do: "${no.guard}" said no${rememberedWords(no.saw)}.`,
      nearest: { at: turn.at, index, state: standsAt(ways, turn.after.snapshot.states), needs: ways.needs(place) ?? [], left: null },
    }
  }
  return null
}

/** What a guard saw of the memory: `, with browsing.views 2, cart.lines 0`. */
function rememberedWords(saw: Record<string, unknown>): string {
  const words = Object.entries(saw)
    .filter(([name]) => !name.startsWith('event.'))
    .map(([name, value]) => `${name} ${typeof value === 'object' && value !== null ? ((value as { count?: number }).count ?? 'set') : String(value)}`)
  return words.length === 0 ? '' : `, with ${words.join(', ')}`
}

type Distance = (turn: ToldTurn) => number

/** How many steps are missing after a turn. */
function distances(of: Scene['of'], template: string): Distance {
  const known = new Map<StateSet, number>()
  return ({ machine, after }) => {
    const { states } = after.snapshot
    let missing = known.get(states)
    if (missing === undefined) {
      const ways = waysTo(of(machine), template)
      missing = ways?.needs(ways.place(states))?.length ?? Infinity
      known.set(states, missing)
    }
    return missing
  }
}

/** `last`: the last turn that stood so near; null when that is no nearer than now. */
function nearestOf(
  { store, of, told: { turns } }: Omit<Scene, 'config'>,
  template: string,
  last: number,
  since: number,
  distance: Distance,
  needs: readonly string[] | null,
): WhyNever['nearest'] {
  if (last === -1 || distance(turns[last]!) >= (needs?.length ?? Infinity)) return null
  let first = last
  while (first > since && distance(turns[first - 1]!) === distance(turns[last]!)) first--
  const turn = turns[first]!
  const ways = waysTo(of(turn.machine), template)!
  const away = turns[last + 1]
  return {
    at: turn.at,
    index: first,
    state: standsAt(ways, turn.after.snapshot.states),
    needs: ways.needs(ways.place(turn.after.snapshot.states)) ?? [],
    left:
      away === undefined
        ? null
        : { at: away.at, index: last + 1, name: nameOf(of(away.machine), away, store.log.get(away.seq)!), to: standsAt(ways, away.after.snapshot.states) },
  }
}

/** The path of the leaf that the journey stands at, without the parts that lie beside it. */
const standsAt = (ways: Ways, states: StateSet): string => ways.place(states).path.slice(1).join('.')

const sequence = (needs: readonly string[]): string =>
  needs.length === 0 ? 'nothing more' : needs.map((need) => need.replace(/^after /, 'a wait of ')).join(', then ')
