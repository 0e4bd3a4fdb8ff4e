/**
 * Plans: what a microstep does, worked out once and kept.
 *
 * 1. A state set is one object per distinct configuration, so two snapshots stand in the same states exactly if
 *    their `states` are the same object. "Distinct" counts what XState's result can depend on: the active states,
 *    the order of parallel regions, the order of leaves with eventless transitions, and whether the machine is done.
 * 2. A plan depends on the state set and the transitions taken, never on context or event.
 * 3. The caches are bounded by the machine: sets by its reachable configurations, selectors by sets × event classes,
 *    plans by the combinations of transitions that guards have let through.
 */
import type { AnyMachineSnapshot, AnyStateMachine, StateValue } from 'xstate'
import { alwaysChain, alwaysGroups, EventClasses, eventGroups, isLeaf, type EventClass, type Group, type Node, type Transition } from './descriptors.ts'
import { compileGuard, guardView, type GuardView } from './guards.ts'
import { Hollow, isMark, type Outcome } from './hollow.ts'
import { compileAction, type Operation } from './operations.ts'
import type { Args, Run } from './run.ts'

/** A transition to try; `test` is null when it always holds in this state set. */
type Candidate = { readonly transition: Transition; readonly test: ((args: Args) => unknown) | null; readonly ordinal: number }

type Entry = { readonly after: number; readonly candidates: readonly Candidate[] }

/** The transitions taken so far, and one branch for each that may come next. */
type Branch = { readonly taken: readonly Transition[]; readonly next: (Branch | undefined)[]; plan: Plan | null }

/** The transitions to try for one event class in one state set, in order. */
export type Selector = { readonly from: PlanSet; readonly entries: readonly Entry[]; readonly root: Branch }

export type Plan = { readonly operations: readonly Operation[]; readonly to: PlanSet; readonly taken: ReadonlySet<Transition> }

/** One distinct configuration of a machine. */
export class PlanSet {
  readonly value: StateValue
  /** The ids of the active states. */
  readonly ids: readonly string[]
  readonly tags: ReadonlySet<string>
  readonly nodes: readonly Node[]
  /** Whether the machine has reached its end; then nothing raised is taken any more. */
  readonly done: boolean
  /** The ids in the order the states were entered, where the order of `value` would act otherwise; else null. */
  readonly order: readonly string[] | null
  readonly hollow: AnyMachineSnapshot
  readonly view: GuardView
  readonly selectors: (Selector | undefined)[] = []
  always: Selector | null = null

  constructor(machine: AnyStateMachine, nodes: readonly Node[], hollow: AnyMachineSnapshot, order: readonly string[] | null) {
    this.value = deepFreeze(hollow.value)
    this.ids = Object.freeze(nodes.map((node) => node.id))
    this.tags = hollow.tags
    this.nodes = nodes
    this.done = hollow.status === 'done'
    this.order = order
    this.hollow = hollow
    this.view = guardView(machine, nodes, this.value)
  }
}

const deepFreeze = (value: StateValue): StateValue => {
  if (typeof value === 'object') for (const inner of Object.values(value)) if (inner) deepFreeze(inner)
  return Object.freeze(value)
}

export class Plans {
  readonly classes: EventClasses
  readonly machine: AnyStateMachine
  /** Before anything has been entered. */
  readonly outside: PlanSet
  readonly initial: Plan
  readonly #hollow: Hollow
  readonly #sets = new Map<string, PlanSet>()
  readonly #operations = new Map<unknown, Operation>()
  #branches = 0

  constructor(machine: AnyStateMachine) {
    this.machine = machine
    this.classes = new EventClasses(machine)
    this.#hollow = new Hollow(machine)
    this.outside = new PlanSet(machine, [machine.root], this.#hollow.resolve({}), null)
    this.initial = this.#plan(this.#hollow.initial())
  }

  /** How much is cached: for tests and for those who watch memory. */
  get size(): { sets: number; branches: number; classes: number } {
    return { sets: this.#sets.size, branches: this.#branches, classes: this.classes.size }
  }

  selector(from: PlanSet, eventClass: EventClass): Selector {
    return (from.selectors[eventClass.id] ??= this.#select(from, this.groups(from, eventClass)))
  }

  always(from: PlanSet): Selector {
    return (from.always ??= this.#select(from, this.groups(from, null)))
  }

  /** Every transition that an event of this class could take, in XState's order; the eventless ones for null. */
  groups(from: PlanSet, eventClass: EventClass | null): Group[] {
    if (eventClass === null) return alwaysGroups(from.nodes)
    return eventClass.rule === 'init' ? [] : eventGroups(this.machine.root, from.value, eventClass.type)
  }

  /** The state set of a value that fits the machine; `order` as `PlanSet` gives it. */
  resolve(value: StateValue, order: readonly string[] | null, done: boolean): PlanSet {
    const resolved = this.#hollow.resolve(value)
    const placeOf = (node: Node) => order?.indexOf(node.id) ?? -1
    const nodes = nodesIn(resolved.machine.root, resolved.value)
    const placed = nodes.filter((node) => placeOf(node) >= 0).sort((a, b) => placeOf(a) - placeOf(b))
    const _nodes = [...placed, ...nodes.filter((node) => placeOf(node) < 0)]
    return this.#intern({ ...resolved, _nodes, status: done ? 'done' : resolved.status } as AnyMachineSnapshot)
  }

  /** Where the transition leads from here; made when it is taken for the first time. */
  grow(branch: Branch, candidate: Candidate): Branch {
    this.#branches++
    const taken = branch.taken.includes(candidate.transition) ? branch.taken : [...branch.taken, candidate.transition]
    return (branch.next[candidate.ordinal] = { taken, next: [], plan: null })
  }

  plan(from: PlanSet, branch: Branch): Plan {
    return (branch.plan = this.#plan(this.#hollow.microstep(from.hollow, branch.taken)))
  }

  /** Leaves out what cannot hold in these states, and what stands behind a transition that always holds. */
  #select(from: PlanSet, groups: readonly Group[]): Selector {
    const entries: Entry[] = []
    const kept: number[] = []
    let ordinal = 0
    for (const { after, transitions } of groups) {
      kept.push(entries.length)
      const candidates: Candidate[] = []
      for (const transition of transitions) {
        const guard = compileGuard(transition.guard, from.view)
        if (guard === false) continue
        candidates.push({ transition, test: guard === true ? null : guard, ordinal: ordinal++ })
        if (guard === true) break
      }
      if (candidates.length > 0) entries.push({ after: kept[after] ?? entries.length, candidates })
    }
    return { from, entries, root: { taken: [], next: [], plan: null } }
  }

  #plan({ heard, reached }: Outcome): Plan {
    const operations = heard.flatMap((event): Operation[] => {
      if (!isMark(event)) return [(run: Run) => run.raise(Object.freeze(event))]
      return event.actions.map((action) => this.#operation(action))
    })
    const taken = new Set(heard.flatMap((event) => (isMark(event) && event.taken ? [event.taken] : [])))
    return { operations, to: this.#intern(reached), taken }
  }

  #operation(action: unknown): Operation {
    let operation = this.#operations.get(action)
    if (!operation) this.#operations.set(action, (operation = compileAction(this.machine, action) as Operation))
    return operation
  }

  #intern(hollow: AnyMachineSnapshot): PlanSet {
    const nodes = this.#hollow.nodes(hollow)
    const active = nodes.map((node) => node.order).sort((a, b) => a - b)
    const asked = askedOrder(nodes)
    const key = `${active} ${JSON.stringify(hollow.value)} ${asked} ${hollow.status}`
    let set = this.#sets.get(key)
    if (!set) {
      const isUsual = asked === askedOrder(nodesIn(this.machine.root, hollow.value))
      this.#sets.set(key, (set = new PlanSet(this.machine, nodes, hollow, isUsual ? null : nodes.map((node) => node.id))))
    }
    return set
  }
}

/** The active states that a full value names, each before those inside it. */
const nodesIn = (node: Node, value: StateValue): Node[] => {
  if (typeof value === 'string') return [node, node.states[value]!]
  return [node, ...Object.keys(value).flatMap((key) => nodesIn(node.states[key]!, value[key]!))]
}

const isWaiting = (node: Node) => isLeaf(node) && alwaysChain(node).length > 0

/**
 * XState asks the leaves for eventless transitions in the order they were entered, so two regions that wait for the
 * same moment act in that order, which the state value does not tell. Leaves that ask the same states count as one.
 */
function askedOrder(nodes: readonly Node[]): string {
  const chains = nodes.filter(isWaiting).map((leaf) =>
    alwaysChain(leaf)
      .map((node) => node.order)
      .join('.'),
  )
  return [...new Set(chains)].join(' ')
}
