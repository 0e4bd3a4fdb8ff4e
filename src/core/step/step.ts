/**
 * The step: a machine, a snapshot and an event give the next snapshot and the actions to perform.
 *
 * 1. Pure and synchronous. A snapshot is never changed; a step that changes nothing returns the one it was given.
 * 2. Equal to XState's `transition()` in value, context and actions, in their order.
 * 3. What it keeps is bounded by the machine, whatever events arrive.
 */
import type { AnyStateMachine, EventObject, StateValue } from 'xstate'
import { __unsafe_getAllOwnEventDescriptors as eventDescriptors } from 'xstate'
import { actionsOf, actorUse, compileAction } from './operations.ts'
import { timersOf, type StateTimer } from './after.ts'
import { BeckonError } from '../errors.ts'
import type { MachineEvent } from '../event.ts'
import { nodesOf, type EventClass, type Node } from './descriptors.ts'
import { guardError, isForeignGuard } from './guards.ts'
import { rowsOf, type Candidacy } from './explanation.ts'
import { slowStepper } from './slow-step.ts'
import { checkValue } from './state-value.ts'
import { Plans, type Plan, type PlanSet, type Selector } from './plan.ts'
import { Run, type Action, type Context } from './run.ts'

export type { Action } from './run.ts'
export type { Candidacy } from './explanation.ts'

/** A set of active states. One object for each: compare with `===`. */
export type StateSet = {
  readonly value: StateValue
  /** The ids of the active states, ancestors included. */
  readonly ids: readonly string[]
  readonly tags: ReadonlySet<string>
}

export type Snapshot = { readonly states: StateSet; readonly context: Context }

/** A snapshot as plain JSON. Keep all of it: the optional parts are there only when `value` does not tell enough. */
export type SnapshotJson = {
  value: StateValue
  context: Context
  /** The active states as they were entered, where that decides which of two regions acts first. */
  order?: readonly string[]
  /** The machine reached its end, though `value` no longer shows it. */
  done?: true
  /** What history states remember. */
  history?: unknown
}

/** `actions` may be shared and frozen: read it, don't change it. */
export type Step = { snapshot: Snapshot; actions: readonly Action[] }

export interface Stepper {
  readonly machine: AnyStateMachine
  /** What the plans do not cover, in words ("invoke in customer.cart"). With any of it the whole machine runs by XState itself. */
  readonly uncovered: readonly string[]
  /** The first snapshot and what entering it asks for. The entry actions see the event `xstate.init`. */
  initial(input?: unknown): Step
  /** The next snapshot; the same object and no actions if nothing happens. What an action or guard throws comes out. */
  step(snapshot: Snapshot, event: MachineEvent): Step
  /** Whether the state with this id is active. */
  matches(snapshot: Snapshot, stateId: string): boolean
  toJSON(snapshot: Snapshot): SnapshotJson
  /** The snapshot that `toJSON` was given. Throws `machine.state_unknown` when the machine has no such state (any more). */
  fromJSON(json: SnapshotJson): Snapshot
  /**
   * Every transition that `step` considers for the event, microstep by microstep, in XState's order. `held` is what
   * the guard says then, also where an inner state or an earlier transition was taken instead. Throws what `step` throws.
   */
  explain(snapshot: Snapshot, event: MachineEvent): Candidacy[]
  /** The event names, wildcards included, that the states of the snapshot listen to. */
  accepts(snapshot: Snapshot): string[]
  /** The `after` timers of the active states, as entering them now would set them. */
  timersOf(snapshot: Snapshot): StateTimer[]
}

/** Where XState sets no limit of its own it would never return; we give up here. */
const microstepsMax = 10_000

const noActions: readonly Action[] = Object.freeze([])

/**
 * A machine made ready to step at speed.
 * Promises the results of XState's `transition()`; what happens in a step is worked out once for each combination
 * of active states and transitions taken, so that later only guards, assigns and params are evaluated.
 *
 *     const stepper = compileStepper(customer)
 *     const { snapshot, actions } = stepper.step(stepper.initial().snapshot, { type: 'site.page', at: 0 })
 */
export function compileStepper(machine: AnyStateMachine): Stepper {
  const uncovered = uncoveredIn(machine)
  return uncovered.length > 0 ? slowStepper(machine, uncovered) : new PlannedStepper(machine)
}

function uncoveredIn(machine: AnyStateMachine): string[] {
  const found = nodesOf(machine.root).flatMap((node) =>
    [
      ...(node.invoke.length > 0 ? ['invoke'] : []),
      ...(node.type === 'history' ? ['history'] : []),
      ...(node.output === undefined ? [] : ['output']),
      ...actionsOf(node).map((action) => compileAction(machine, action)),
      ...guardsOf(node).map((guard) => isForeignGuard(machine, guard) && 'guard'),
    ].flatMap((feature) => (typeof feature === 'string' ? [`${feature} in ${node.id}`] : [])),
  )
  const named = Object.keys(machine.implementations.actions).flatMap((name) => {
    const feature = compileAction(machine, name)
    return typeof feature === 'string' ? [`${feature} in action ${name}`] : []
  })
  const inContext = actorUse(machine.config.context)
  return [...new Set([...found, ...named, ...(inContext ? [`${inContext} in context`] : [])])]
}

const guardsOf = (node: Node): unknown[] =>
  [...(node.transitions as Map<string, { guard?: unknown }[]>).values(), (node.always ?? []) as { guard?: unknown }[]].flat().map(({ guard }) => guard)

/** Told of each choice between transitions: in which states, for which event class (null: eventless), and what was taken. */
type Watch = (from: PlanSet, eventClass: EventClass | null, run: Run, plan: Plan | null) => void

class PlannedStepper implements Stepper {
  readonly machine: AnyStateMachine
  readonly uncovered: readonly string[] = []
  readonly plans: Plans
  readonly #microstepsMax: number
  readonly #restored = new Map<string, PlanSet>()

  constructor(machine: AnyStateMachine) {
    this.machine = machine
    this.plans = new Plans(machine)
    const max = machine.options?.maxIterations ?? Infinity
    this.#microstepsMax = max === Infinity ? microstepsMax : max
  }

  initial(input?: unknown): Step {
    const { outside, initial } = this.plans
    const run = new Run({}, { type: 'xstate.init', input } as EventObject, outside)
    const { context } = this.machine.config as { context?: unknown }
    run.assign(typeof context === 'function' ? Object.assign({}, context({ input })) : (context ?? {}))
    const states = this.#settle(this.#perform(initial, run), run, null)
    return { snapshot: { states, context: run.context }, actions: run.actions ?? noActions }
  }

  step(snapshot: Snapshot, event: MachineEvent): Step {
    const before = snapshot.states as PlanSet
    const run = new Run(snapshot.context, event, before)
    const states = this.#take(before, run, null)
    const next = states === before && run.context === snapshot.context ? snapshot : { states, context: run.context }
    return { snapshot: next, actions: run.actions ?? noActions }
  }

  matches(snapshot: Snapshot, stateId: string): boolean {
    return snapshot.states.ids.includes(stateId.startsWith('#') ? stateId.slice(1) : stateId)
  }

  toJSON(snapshot: Snapshot): SnapshotJson {
    const { value, order, done } = snapshot.states as PlanSet
    const json: SnapshotJson = { value, context: snapshot.context }
    if (order !== null) json.order = order
    if (done && this.plans.resolve(value, order, false) !== snapshot.states) json.done = true
    return json
  }

  fromJSON({ value, context, order, done }: SnapshotJson): Snapshot {
    const key = JSON.stringify([value, order, done])
    let states = this.#restored.get(key)
    if (!states) {
      checkValue(this.machine, value)
      this.#restored.set(key, (states = this.plans.resolve(value, order ?? null, done ?? false)))
    }
    return { states, context }
  }

  explain(snapshot: Snapshot, event: MachineEvent): Candidacy[] {
    const rows: Candidacy[] = []
    const before = snapshot.states as PlanSet
    this.#take(before, new Run(snapshot.context, event, before), (from, eventClass, run, plan) => {
      rows.push(...rowsOf(this.plans.groups(from, eventClass), from.view, run.args, plan?.taken))
    })
    return rows
  }

  accepts(snapshot: Snapshot): string[] {
    return eventDescriptors({ _nodes: (snapshot.states as PlanSet).nodes } as never)
  }

  timersOf(snapshot: Snapshot): StateTimer[] {
    return timersOf(this.machine, (snapshot.states as PlanSet).nodes, snapshot.context)
  }

  /** One macrostep: the event, then eventless transitions and raised events until nothing is left to do. */
  #take(before: PlanSet, run: Run, watch: Watch | null): PlanSet {
    const eventClass = this.plans.classes.of(run.event.type)
    if (eventClass.rule === 'refuse') throw new Error(`An event cannot have the wildcard type ('*')`)
    if (eventClass.rule === 'ignore') return before
    const plan = this.#choose(this.plans.selector(before, eventClass), run)
    if (watch) watch(before, eventClass, run, plan)
    if (plan !== null) return this.#settle(this.#perform(plan, run), run, watch)
    return eventClass.rule === 'error' ? before : this.#settle(before, run, watch)
  }

  #settle(states: PlanSet, run: Run, watch: Watch | null): PlanSet {
    let asksAlways = true
    for (let microsteps = 1; !states.done; microsteps++) {
      if (microsteps > this.#microstepsMax) throw this.#endless()
      let plan: Plan | null = null
      if (asksAlways) {
        const always = this.plans.always(states)
        plan = always.entries.length === 0 ? null : this.#pick(always, run)
        if (watch) watch(states, null, run, plan)
      }
      if (plan !== null) {
        const { context } = run
        const next = this.#perform(plan, run)
        // An eventless transition that changed nothing would hold forever: XState then asks none until the next event.
        asksAlways = next !== states || run.context !== context
        states = next
        continue
      }
      if (run.queue === null || run.queueAt === run.queue.length) break
      run.hear(run.queue[run.queueAt++]!)
      const eventClass = this.plans.classes.of(run.event.type)
      plan = this.#choose(this.plans.selector(states, eventClass), run)
      if (watch) watch(states, eventClass, run, plan)
      if (plan !== null) states = this.#perform(plan, run)
      asksAlways = true
    }
    return states
  }

  #perform(plan: Plan, run: Run): PlanSet {
    const { operations } = plan
    for (let i = 0; i < operations.length; i++) operations[i]!(run)
    return (run.states = plan.to)
  }

  /** The transitions that an event enables, with XState's words when a guard throws. */
  #choose(selector: Selector, run: Run): Plan | null {
    if (selector.entries.length === 0) return null
    try {
      return this.#pick(selector, run)
    } catch (cause) {
      throw run.asking === null ? cause : guardError(run.asking, run.event.type, cause)
    }
  }

  #pick(selector: Selector, run: Run): Plan | null {
    const { entries } = selector
    let branch = selector.root
    let last = -1
    for (let i = 0; i < entries.length; i++) {
      const { after, candidates } = entries[i]!
      if (last >= after) continue
      for (let j = 0; j < candidates.length; j++) {
        const candidate = candidates[j]!
        if (candidate.test !== null) {
          run.asking = candidate.transition
          if (!candidate.test(run.args)) continue
        }
        last = i
        branch = branch.next[candidate.ordinal] ?? this.plans.grow(branch, candidate)
        break
      }
    }
    run.asking = null
    return last === -1 ? null : (branch.plan ?? this.plans.plan(selector.from, branch))
  }

  #endless(): BeckonError {
    return new BeckonError(
      'turn.endless',
      `Infinite loop detected: the machine has processed more than ${this.#microstepsMax} microsteps without reaching a stable state. Look for eventless transitions or raised events that lead in a circle.`,
    )
  }
}
