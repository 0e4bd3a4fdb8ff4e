/**
 * The ways from wherever a journey stands to the state that asks for a letter, read from the machine alone.
 * A journey stands at one leaf: where parallel parts lie beside each other, the one on the asking state's side counts.
 */
import type { Machine } from '../actors/load-machine.ts'
import { delayWords, eventWords, guardWords } from '../chart/words.ts'
import type { StateSet } from '../core/step/step.ts'
import { guardName } from '../core/step/guards.ts'
import { lineage, regionOf, shapeOf, transitionsOf } from './shape.ts'
import type { Node, Transition } from './shape.ts'

/** One step on the way. `words`: null for one that happens by itself; `source`, `event` and `guard` as `explain` names them. */
export type Hop = { to: Node; words: string | null; source: string; event: string; guard: string | null }

export type Ways = {
  asking: Node
  region: string
  /** The leaf that the journey stands at. */
  place(states: StateSet): Node
  /** What is still needed from there, in order; null when no way leads to the letter. */
  needs(place: Node): string[] | null
  /** The first step of the way from there. */
  first(place: Node): Hop | null
}

const known = new WeakMap<Machine, Map<string, Ways | null>>()

/** The ways to a letter; null when no state asks for it. */
export function waysTo(machine: Machine, template: string): Ways | null {
  let ways = known.get(machine)
  if (ways === undefined) known.set(machine, (ways = new Map()))
  let found = ways.get(template)
  if (found === undefined) {
    const asking = shapeOf(machine).asking.get(template)
    ways.set(template, (found = asking === undefined ? null : findWays(machine, asking)))
  }
  return found
}

function findWays(machine: Machine, asking: Node): Ways {
  const side = lineage(asking)
  const leaves = [...shapeOf(machine).nodes.values()].filter((node) => isLeaf(node) && isOnSide(node, side))
  const needs = new Map<Node, string[]>([[asking, []]])
  const first = new Map<Node, Hop>()
  const hops = new Map(leaves.map((leaf) => [leaf, hopsFrom(machine, leaf, side)]))
  // Backwards from the letter, a hop a round: the first way found is the shortest.
  for (let found = 1; found > 0;) {
    const round: [Node, string[], Hop][] = []
    for (const leaf of leaves) {
      if (needs.has(leaf)) continue
      const best = hops
        .get(leaf)!
        .filter(({ to }) => needs.has(to))
        .map((hop) => ({ hop, way: [...(hop.words === null ? [] : [hop.words]), ...needs.get(hop.to)!] }))
        .sort((a, b) => a.way.length - b.way.length)[0]
      if (best !== undefined) round.push([leaf, best.way, best.hop])
    }
    for (const [leaf, way, hop] of round) {
      needs.set(leaf, way)
      first.set(leaf, hop)
    }
    found = round.length
  }
  return {
    asking,
    region: regionOf(asking),
    needs: (place) => needs.get(place) ?? null,
    first: (place) => first.get(place) ?? null,
    place: (states) => placeOf(states, machine.stepper.machine.root as unknown as Node, asking),
  }
}

const isLeaf = (node: Node): boolean => Object.keys(node.states).length === 0

/** Whether at every fork into parallel parts the node lies in the same part as the letter. */
function isOnSide(node: Node, side: readonly Node[]): boolean {
  return lineage(node).every(
    (one) => side.includes(one) || one.parent === undefined || (one.parent as Node).type !== 'parallel' || !side.includes(one.parent as Node),
  )
}

function placeOf(states: StateSet, root: Node, asking: Node): Node {
  const side = lineage(asking)
  let node = root
  let value: unknown = states.value
  while (!isLeaf(node)) {
    const inner = Object.values(node.states) as Node[]
    const next =
      node.type === 'parallel'
        ? (inner.find((child) => side.includes(child)) ?? inner[0]!)
        : inner.find(({ key }) => key === (typeof value === 'string' ? value : Object.keys(value as object)[0]))
    if (next === undefined) return node
    value = typeof value === 'string' ? {} : (value as Record<string, unknown>)[next.key]
    node = next
  }
  return node
}

/** The leaf that entering a state leads to, on the letter's side. */
function entered(node: Node, side: readonly Node[]): Node {
  if (isLeaf(node)) return node
  const inner = Object.values(node.states) as Node[]
  const first =
    node.type === 'parallel' ? (inner.find((child) => side.includes(child)) ?? inner[0]!) : ((node.initial?.target?.[0] as Node | undefined) ?? inner[0]!)
  return entered(first, side)
}

function hopsFrom(machine: Machine, leaf: Node, side: readonly Node[]): Hop[] {
  const passed = passes(leaf)
  const hops: Hop[] = []
  for (const source of lineage(leaf)) {
    const all = [...transitionsOf(source), ['always', (source.always ?? []) as readonly Transition[]] as const]
    for (const [event, transitions] of all)
      for (const transition of transitions) {
        const to = (transition.target as Node[] | undefined)?.find((target) => isOnSide(target, side))
        if (to === undefined) continue
        // What is left at once needs nothing but the way there.
        hops.push({
          to: entered(to, side),
          words: passed ? null : hopWords(machine, event, transition, transitions.length > 1),
          source: source.id,
          event,
          guard: guardName(transition.guard),
        })
      }
  }
  return hops
}

/** Whether the state is left at once, whatever happens. */
const passes = (leaf: Node): boolean => ((leaf.always ?? []) as readonly Transition[]).some(({ guard, target }) => guard === undefined && target !== undefined)

function hopWords(machine: Machine, event: string, { guard, source }: Transition, isOneOfMany: boolean): string | null {
  const name = guardName(guard)
  const condition = name === null ? null : guardWords(machine.stepper.machine, name)
  if (event === 'always') return condition
  const letter = ((source as Node).meta as { letter?: string } | undefined)?.letter
  if (letter !== undefined && event.startsWith('letter.')) return `${letter} is decided`
  const delay = (source as Node).after.find(({ eventType }) => eventType === event)?.delay
  if (delay !== undefined) {
    const ms = typeof delay === 'number' ? delay : machine.settings[delay as string]
    return `after ${ms === undefined ? delay : delayWords(ms)}`
  }
  const words = eventWords(event, machine.settings)
  return isOneOfMany && condition !== null ? `${words} (${condition})` : words
}
