/**
 * Which transitions of a machine listen to an event.
 *
 * 1. Event types come from outside and are without number. They are sorted into classes: all types that the same
 *    descriptors match are one class. Everything cached per event is cached per class, so its size depends on
 *    the machine alone.
 * 2. The order is XState's: the exact descriptor first, then wildcards from the longest to the shortest.
 */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition, StateValue } from 'xstate'

export type Node = AnyStateNode
export type Transition = AnyTransitionDefinition

/** Event types whose class is remembered at a time; past it the memory begins anew. */
const eventTypesRememberedMax = 1_024

/** What XState does with an event of this type before it looks for transitions. */
export type EventRule = 'select' | 'refuse' | 'ignore' | 'init' | 'error'

export type EventClass = {
  /** Counts up from 0: an index into the plans of a state set. */
  readonly id: number
  /** One type that stands for all of the class. */
  readonly type: string
  readonly rule: EventRule
}

const ruleOf = (type: string): EventRule => {
  if (type === '*') return 'refuse'
  if (type === 'xstate.stop') return 'ignore'
  if (type === 'xstate.init') return 'init'
  return type.startsWith('xstate.error.actor') ? 'error' : 'select'
}

const isWildcard = (descriptor: string) => descriptor === '*' || descriptor.endsWith('.*')

/** Whether a transition on `descriptor` listens to `type`, as XState decides it: `site.*` hears `site.a`, `site.a.b` and `site`. */
function hears(descriptor: string, type: string): boolean {
  if (descriptor === type || descriptor === '*') return true
  if (!descriptor.endsWith('.*')) return false
  const wanted = descriptor.split('.')
  const given = type.split('.')
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === '*') return i === wanted.length - 1
    if (wanted[i] !== given[i]) return false
  }
  return true
}

/** The transitions of one state for an event type, in the order XState tries them. */
export function candidatesOf(node: Node, type: string): readonly Transition[] {
  const transitions = node.transitions as Map<string, Transition[]>
  const wildcards = [...transitions.keys()]
    .filter((descriptor) => descriptor !== type && isWildcard(descriptor) && hears(descriptor, type))
    .sort((a, b) => b.length - a.length)
  return [...(transitions.get(type) ?? []), ...wildcards.flatMap((descriptor) => transitions.get(descriptor) ?? [])]
}

/** Every state of the machine, parents first. */
export function nodesOf(root: Node): Node[] {
  return [root, ...Object.values(root.states).flatMap((child) => nodesOf(child as Node))]
}

/** Sorts event types into classes. The number of classes is bounded by the machine, whatever types arrive. */
export class EventClasses {
  readonly #exact = new Map<string, EventClass>()
  readonly #byWildcards = new Map<string, EventClass>()
  readonly #wildcards: readonly string[]
  #remembered: Map<string, EventClass>
  #next = 0

  constructor(machine: AnyStateMachine) {
    const descriptors = new Set(nodesOf(machine.root).flatMap((node) => [...(node.transitions as Map<string, unknown>).keys()]))
    for (const type of [...descriptors, '*', 'xstate.stop', 'xstate.init']) {
      if (!this.#exact.has(type)) this.#exact.set(type, this.#make(type))
    }
    this.#wildcards = [...descriptors].filter(isWildcard)
    this.#remembered = new Map(this.#exact)
  }

  /** The number of classes seen so far. */
  get size(): number {
    return this.#next
  }

  of(type: string): EventClass {
    return this.#remembered.get(type) ?? this.#sort(type)
  }

  #sort(type: string): EventClass {
    const key = [ruleOf(type), ...this.#wildcards.filter((descriptor) => hears(descriptor, type))].join(' ')
    let eventClass = this.#byWildcards.get(key)
    if (!eventClass) this.#byWildcards.set(key, (eventClass = this.#make(type)))
    if (this.#remembered.size >= this.#exact.size + eventTypesRememberedMax) this.#remembered = new Map(this.#exact)
    this.#remembered.set(type, eventClass)
    return eventClass
  }

  #make(type: string): EventClass {
    return { id: this.#next++, type, rule: ruleOf(type) }
  }
}

/**
 * Transitions of which at most one is taken: the first that holds.
 * It is asked only if no group from number `after` on has been taken, which is how a state defers to those inside it.
 */
export type Group = { readonly after: number; readonly transitions: readonly Transition[] }

/** The groups that an event of `type` goes through in the states of `value`, in XState's order: inner states first. */
export function eventGroups(root: Node, value: StateValue, type: string): Group[] {
  const groups: Group[] = []
  const ask = (node: Node, after: number) => {
    const transitions = candidatesOf(node, type)
    if (transitions.length > 0) groups.push({ after, transitions })
  }
  const visit = (node: Node, inside: StateValue) => {
    const after = groups.length
    if (typeof inside === 'string') ask(node.states[inside]!, after)
    else for (const [key, deeper] of Object.entries(inside)) if (deeper) visit(node.states[key]!, deeper)
    ask(node, after)
  }
  visit(root, value)
  return groups
}

/** The states from `node` up to the root that have eventless transitions. */
export function alwaysChain(node: Node): Node[] {
  const chain: Node[] = []
  for (let at: Node | undefined = node; at; at = at.parent as Node | undefined) if (at.always?.length) chain.push(at)
  return chain
}

export const isLeaf = (node: Node) => node.type === 'atomic' || node.type === 'final'

/** The groups of eventless transitions of `nodes`: one for each leaf, from it up to the root. */
export function alwaysGroups(nodes: readonly Node[]): Group[] {
  return nodes
    .filter(isLeaf)
    .map((leaf) => alwaysChain(leaf).flatMap((node) => node.always as Transition[]))
    .filter((transitions) => transitions.length > 0)
    .map((transitions, index) => ({ after: index, transitions }))
}
