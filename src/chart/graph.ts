/**
 * The machine as nodes and edges, region by region, read from its definition alone. Pure.
 *
 * 1. Every transition is there once for each place it leads to, under the key by which `explain` and the feed name it.
 * 2. A transition of a state that has others inside starts at that state's `anywhere` node.
 * 3. Every edge starts and ends at a node of its own region.
 */
import type { AnyStateMachine } from 'xstate'
import { nodesOf } from '../core/step/descriptors.ts'
import type { Node, Transition } from '../core/step/descriptors.ts'
import { guardName } from '../core/step/guards.ts'
import type { LetterRule } from '../kit/letter-rule.ts'
import type { ChartEdge, ChartNode, ChartRegion, ChartTransition } from '../studio/api.ts'
import { eventWords, guardWords } from './words.ts'

/** What is drawn: a machine, its letters' rules, and its settings (ms where they are delays). */
export type Drawn = { machine: AnyStateMachine; letters: Readonly<Record<string, LetterRule>>; settings: Readonly<Record<string, number>> }

export type GraphRegion = Omit<ChartRegion, 'wide' | 'tall'>

/** The regions of a machine in its order; a machine that is not parallel is one region. */
export function graphOf(drawn: Drawn): GraphRegion[] {
  const root = drawn.machine.root as Node
  const regions = root.type === 'parallel' ? (Object.values(root.states) as Node[]) : [root]
  return regions.map((region) => new RegionGraph(drawn, region).read())
}

/** The key of a transition: what its `Candidacy` says, joined. */
export const transitionKey = ({ source, event, targets }: { source: string; event: string; targets: readonly string[] }) =>
  `${source} ${event} ${targets.join(',')}`

const anywhereOf = (node: Node) => `${node.id}.*`
const isInside = (node: Node, outer: Node): boolean => node === outer || (node.parent !== undefined && isInside(node.parent as Node, outer))
const hasInside = (node: Node) => Object.keys(node.states).length > 0
const initialOf = (node: Node): readonly Node[] =>
  node.type === 'parallel' ? (Object.values(node.states) as Node[]) : ((node.initial?.target ?? []) as Node[])
const transitionsOf = (node: Node): Transition[] => [
  ...[...(node.transitions as Map<string, Transition[]>).values()].flat(),
  ...((node.always ?? []) as Transition[]),
]

class RegionGraph {
  readonly #drawn: Drawn
  readonly #region: Node
  readonly #nodes = new Map<string, ChartNode>()
  readonly #edges = new Map<string, ChartEdge>()

  constructor(drawn: Drawn, region: Node) {
    this.#drawn = drawn
    this.#region = region
  }

  read(): GraphRegion {
    const all = nodesOf(this.#region)
    for (const node of all) this.#addNode(node)
    // The machine's own transitions are heard in every region.
    const root = this.#region.parent as Node | undefined
    for (const transition of root ? transitionsOf(root) : []) this.#addTransition(transition, this.#region)
    for (const node of all) for (const transition of transitionsOf(node)) this.#addTransition(transition, node)
    return { key: this.#region.key, id: this.#region.id, nodes: [...this.#nodes.values()], edges: [...this.#edges.values()] }
  }

  #addNode(node: Node) {
    const parent = node === this.#region ? null : (node.parent as Node)
    const template = letterOf(node)
    this.#nodes.set(node.id, {
      id: node.id,
      parent: parent?.id ?? null,
      label: node.key,
      kind: kindOf(node),
      initial: parent !== null && parent.type !== 'parallel' && initialOf(parent).some((child) => isInside(child, node)),
      ...(template === null ? {} : { letter: this.#letter(template) }),
      tags: [...node.tags],
      inside: [],
    })
  }

  #addTransition(transition: Transition, source: Node) {
    const told = this.#tell(transition)
    const targets = (transition.target ?? []) as readonly Node[]
    if (targets.length === 0) {
      this.#nodes.get(source.id)!.inside.push(told)
      return
    }
    for (const target of targets) {
      // A machine's own transition is drawn in the region it leads to.
      if (transition.source !== source && !isInside(target, this.#region)) continue
      const letter = this.#letterOnEntering(target, transition.source as Node)
      this.#addEdge(hasInside(source) ? this.#anywhere(source) : source.id, this.#placeOf(target, source), letter ? { ...told, letter } : told)
    }
  }

  #addEdge(from: string, to: string, transition: ChartTransition) {
    const id = `${from} ${to}`
    const edge = this.#edges.get(id) ?? { id, from, to, transitions: [] }
    edge.transitions.push(transition)
    this.#edges.set(id, edge)
  }

  /** The source of a state's own transitions; made when first needed, in front of what is inside that state. */
  #anywhere(node: Node): string {
    const id = anywhereOf(node)
    if (!this.#nodes.has(id)) this.#nodes.set(id, { id, parent: node.id, label: 'anywhere', kind: 'anywhere', initial: false, tags: [], inside: [] })
    return id
  }

  /** Where an edge to `target` ends: a state around the source is entered anew, at its first state. */
  #placeOf(target: Node, source: Node): string {
    if (!isInside(target, this.#region)) return this.#elsewhere(target)
    const first = hasInside(target) && isInside(source, target) ? initialOf(target)[0] : undefined
    return first === undefined ? target.id : this.#placeOf(first, source)
  }

  /** A state of another region, that a transition of this one leads to. */
  #elsewhere(target: Node): string {
    if (!this.#nodes.has(target.id))
      this.#nodes.set(target.id, {
        id: target.id,
        parent: this.#region.id,
        label: target.path.join('.') || target.key,
        kind: 'state',
        initial: false,
        tags: [...target.tags],
        inside: [],
      })
    return target.id
  }

  #tell(transition: Transition): ChartTransition {
    const { machine, settings } = this.#drawn
    const event = transition.eventType || 'always'
    const source = transition.source as Node
    const guard = guardName(transition.guard)
    const delay = this.#delayOf(source, event)
    const before = ((source.always ?? []) as Transition[]).indexOf(transition)
    return {
      key: transitionKey({ source: source.id, event, targets: ((transition.target ?? []) as Node[]).map(({ id }) => id) }),
      event,
      words: guard === null && before > 0 ? 'otherwise' : eventWords(event, delay === undefined ? settings : { ...settings, [delay.setting]: delay.ms }),
      // That a letter's answer is about that letter goes without saying.
      guard: guard === 'answers' && letterOf(source) !== null ? null : guardWords(machine, guard),
      ...(delay === undefined ? {} : { delay }),
    }
  }

  #delayOf(source: Node, event: string): ChartTransition['delay'] {
    const delay = source.after.find(({ eventType }) => eventType === event)?.delay as string | number | undefined
    if (delay === undefined) return undefined
    const ms = typeof delay === 'number' ? delay : (this.#drawn.settings[delay] ?? this.#drawn.machine.implementations.delays[delay])
    return typeof ms === 'number' ? { setting: String(delay), ms } : undefined
  }

  #letter(template: string): NonNullable<ChartNode['letter']> {
    return { template, priority: this.#drawn.letters[template]?.priority ?? 'medium' }
  }

  /** The letter asked for by going from `source` to `target`, there or in the states entered with it. */
  #letterOnEntering(target: Node, source: Node): ChartNode['letter'] {
    const around: Node[] = []
    for (let at = target.parent as Node | undefined; at && !isInside(source, at); at = at.parent as Node | undefined) around.unshift(at)
    const template = [...around.map(letterOf), ...enteredWith(target).map(letterOf)].find((each) => each !== null)
    return template === undefined ? undefined : this.#letter(template)
  }
}

/** A state and its first states, down to the leaves. */
const enteredWith = (node: Node): Node[] => [node, ...(node.type === 'history' ? [] : initialOf(node)).flatMap(enteredWith)]

function letterOf(node: Node): string | null {
  const letter = (node.meta as { letter?: unknown } | undefined)?.letter
  return typeof letter === 'string' ? letter : null
}

function kindOf(node: Node): ChartNode['kind'] {
  if (hasInside(node)) return node.type === 'parallel' ? 'parallel' : 'group'
  if (letterOf(node) !== null) return 'letter'
  const leaves = ((node.always ?? []) as Transition[]).some(({ guard, target }) => guard === undefined && target?.some((to) => to !== node))
  return leaves ? 'passing' : 'state'
}
