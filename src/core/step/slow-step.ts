/**
 * The stepper for machines with features that plans do not cover: XState's own `machine.transition`, with one inert
 * actor that is used again. Invoked and spawned actors are made but never started, and are not kept in JSON.
 */
import { and, createActor, createMachine, __unsafe_getAllOwnEventDescriptors as eventDescriptors } from 'xstate'
import type { AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate'
import { timersOf, type StateTimer } from './after.ts'
import { alwaysGroups, candidatesOf, EventClasses, eventGroups, nodesOf, type Group, type Node, type Transition } from './descriptors.ts'
import { rowsOf } from './explanation.ts'
import { guardError, guardView } from './guards.ts'
import type { MachineEvent } from '../event.ts'
import { Args, type Action } from './run.ts'
import { checkValue } from './state-value.ts'
import type { Candidacy, Snapshot, SnapshotJson, StateSet, Step, Stepper } from './step.ts'

type SlowSnapshot = Snapshot & { readonly inner: AnyMachineSnapshot }

type Microstep = { type: string; event: EventObject; snapshot: AnyMachineSnapshot; _transitions: Transition[] }

type Scope = { actionExecutor: (action: Action) => void }

const innerOf = (snapshot: Snapshot) => (snapshot as SlowSnapshot).inner

/** A stepper with the same promises, at XState's speed. */
export function slowStepper(machine: AnyStateMachine, uncovered: readonly string[]): Stepper {
  return new SlowStepper(machine, uncovered)
}

class SlowStepper implements Stepper {
  readonly machine: AnyStateMachine
  readonly uncovered: readonly string[]
  readonly #copy: AnyStateMachine
  readonly #classes: EventClasses
  readonly #sets = new Map<string, StateSet>()
  readonly #reused: Scope | null
  #watch: ((microstep: Microstep) => void) | null = null

  constructor(machine: AnyStateMachine, uncovered: readonly string[]) {
    this.machine = machine
    this.uncovered = uncovered
    this.#copy = machine.provide({} as never)
    this.#classes = new EventClasses(this.#copy)
    for (const node of nodesOf(this.#copy.root)) boundCandidates(node, this.#classes)
    // Actors stay registered with the scope they were made in, so a machine that makes some gets a new one each time.
    this.#reused = uncovered.some((feature) => /^(invoke|spawn|spawnChild) /.test(feature)) ? null : this.#scope()
  }

  initial(input?: unknown): Step {
    const actions: Action[] = []
    const inner = this.#copy.getInitialSnapshot(this.#collecting(actions), input as never)
    if (inner.status === 'error') throw inner.error
    return { snapshot: this.#snapshot(inner), actions }
  }

  step(snapshot: Snapshot, event: MachineEvent): Step {
    const before = innerOf(snapshot)
    const actions: Action[] = []
    const inner = event.type === 'xstate.stop' ? before : this.#copy.transition(before, event as never, this.#collecting(actions))
    return { snapshot: inner === before ? snapshot : this.#snapshot(inner), actions }
  }

  matches(snapshot: Snapshot, stateId: string): boolean {
    return snapshot.states.ids.includes(stateId.startsWith('#') ? stateId.slice(1) : stateId)
  }

  toJSON(snapshot: Snapshot): SnapshotJson {
    const { value, context, status, historyValue } = innerOf(snapshot)
    const json: SnapshotJson = { value, context }
    if (status === 'done') json.done = true
    const history = Object.entries(historyValue).map(([id, nodes]) => [id, nodes.map((node) => ({ id: node.id }))])
    if (history.length > 0) json.history = Object.fromEntries(history)
    return json
  }

  fromJSON({ value, context, done, history }: SnapshotJson): Snapshot {
    checkValue(this.machine, value)
    const json = { value, context, status: done ? 'done' : 'active', children: {}, historyValue: history, output: undefined, error: undefined }
    return this.#snapshot(this.#copy.restoreSnapshot(json as never, {} as never))
  }

  explain(snapshot: Snapshot, event: MachineEvent): Candidacy[] {
    const rows: Candidacy[] = []
    let from = innerOf(snapshot)
    const tell = (groups: readonly Group[], heard: EventObject, taken: readonly Transition[]) => {
      const view = guardView(this.#copy, from._nodes as Node[], from.value)
      rows.push(...rowsOf(groups, view, new Args(from.context, heard), new Set(taken)))
    }
    const always = () => alwaysGroups(from._nodes as Node[])
    let heard: EventObject = event
    this.#watch = (microstep) => {
      const taken = microstep._transitions
      heard = microstep.event
      tell(taken[0]?.eventType === '' ? always() : eventGroups(this.#copy.root, from.value, heard.type), heard, taken)
      from = microstep.snapshot
    }
    try {
      this.step(snapshot, event)
    } finally {
      this.#watch = null
    }
    if (from.status === 'active') tell(always(), heard, [])
    return rows
  }

  accepts(snapshot: Snapshot): string[] {
    return eventDescriptors(innerOf(snapshot))
  }

  timersOf(snapshot: Snapshot): StateTimer[] {
    return timersOf(this.machine, innerOf(snapshot)._nodes as Node[], snapshot.context)
  }

  #snapshot(inner: AnyMachineSnapshot): SlowSnapshot {
    const ids = inner._nodes.map((node) => node.id)
    const key = JSON.stringify([inner.value, ids])
    let states = this.#sets.get(key)
    if (!states) this.#sets.set(key, (states = { value: inner.value, ids, tags: inner.tags }))
    return { states, context: inner.context, inner }
  }

  #collecting(actions: Action[]): never {
    const scope = this.#reused ?? this.#scope()
    scope.actionExecutor = ({ type, params }) => actions.push({ type, params })
    return scope as never
  }

  #scope(): Scope {
    const self = createActor(this.#copy)
    // An actor made from the machine has registered its children already; in a fresh system they do not collide.
    const { system } = createActor(createMachine({}))
    Object.assign(self, { system })
    system.inspect((told) => {
      if (told.type === '@xstate.microstep') this.#watch?.(told as unknown as Microstep)
    })
    const nothing = () => {}
    const scope = { self, system, id: '', sessionId: '', defer: nothing, logger: nothing, stopChild: nothing, emit: nothing, actionExecutor: nothing }
    return scope
  }
}

function holds(transition: Transition, snapshot: AnyMachineSnapshot, event: EventObject): boolean {
  if (!transition.guard) return true
  const all = and([transition.guard as never]) as unknown as { check: Function }
  try {
    return all.check(snapshot, { context: snapshot.context, event }, all)
  } catch (cause) {
    throw guardError(transition, event.type, cause)
  }
}

/** XState remembers candidates by event type, without bound; types come from outside, so they are kept by class instead. */
function boundCandidates(node: Node, classes: EventClasses): void {
  const known: (readonly Transition[])[] = []
  const choose = (snapshot: AnyMachineSnapshot, event: EventObject) => {
    const { id, type } = classes.of(event.type)
    const candidates = (known[id] ??= candidatesOf(node, type))
    const taken = candidates.find((transition) => holds(transition, snapshot, event))
    return taken && [taken]
  }
  Object.assign(node, { next: choose })
}
