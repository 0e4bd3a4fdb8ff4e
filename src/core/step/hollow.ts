/**
 * A hollow copy of a machine: the same states, but each list of actions is one mark that says which list stood there.
 * XState itself takes a microstep with it, and the marks it leaves tell in which order the real lists run, which
 * transitions won a conflict, which states are entered and when a `done` event is raised. So the algorithm of
 * statecharts stays XState's own, and is asked once for each plan.
 */
import { createMachine, raise, type AnyMachineSnapshot, type AnyStateMachine, type EventObject, type StateValue } from 'xstate'
import { nodesOf, type Node, type Transition } from './descriptors.ts'

const markType = 'beckon.mark'

/** The actions that run at this point of a microstep; `taken` where they are those of a transition. */
export type Mark = { type: typeof markType; actions: readonly unknown[]; taken: Transition | null }

/** One microstep as XState takes it: marks, and `done` events among them, in order; then the states reached. */
export type Outcome = { heard: readonly (Mark | EventObject)[]; reached: AnyMachineSnapshot }

export const isMark = (event: Mark | EventObject): event is Mark => event.type === markType

const mark = (actions: readonly unknown[], taken: Transition | null = null): Mark => ({ type: markType, actions, taken })

const marks = (actions: readonly unknown[]) => (actions.length > 0 ? [raise(mark(actions))] : [])

const initialOf = (node: Node) => {
  const [target] = node.type === 'compound' ? node.initial.target : []
  return target && { initial: { target: target.key, actions: marks(node.initial.actions) } }
}

const hollowConfig = (node: Node): Record<string, unknown> => ({
  id: node.id,
  type: node.type,
  tags: node.tags,
  entry: marks(node.entry),
  exit: marks(node.exit),
  ...initialOf(node),
  states: Object.fromEntries(Object.entries(node.states).map(([key, child]) => [key, hollowConfig(child as Node)])),
})

export class Hollow {
  readonly #machine: AnyStateMachine
  readonly #hollowOf: Map<Node, Node>
  readonly #realOf: Map<Node, Node>
  #picked: unknown[] = []
  #queued: EventObject[] = []
  #executed: EventObject[] = []

  constructor(real: AnyStateMachine) {
    const machine = createMachine(hollowConfig(real.root)) as AnyStateMachine
    // Called once for the event we send, to which the transitions picked answer, then for each event raised meanwhile.
    machine.getTransitionData = (_snapshot: unknown, event: EventObject) => {
      if (event.type === 'beckon.plan') return this.#picked as never
      this.#queued.push(event)
      return []
    }
    this.#machine = machine
    // Paired by position, since two states may bear the same id.
    const reals = nodesOf(real.root)
    const hollows = nodesOf(machine.root)
    this.#hollowOf = new Map(reals.map((node, index) => [node, hollows[index]!]))
    this.#realOf = new Map(hollows.map((node, index) => [node, reals[index]!]))
  }

  /** The microstep that enters the machine. */
  initial(): Outcome {
    const reached = this.#watched((scope) => this.#machine.getInitialSnapshot(scope))
    if (reached.status === 'error') throw reached.error
    return this.#outcome(reached)
  }

  /** The microstep that `transitions` make together from the states of `from`. */
  microstep(from: AnyMachineSnapshot, transitions: readonly Transition[]): Outcome {
    this.#picked = transitions.map((transition) => ({
      source: this.#hollowOf.get(transition.source),
      target: transition.target?.map((node) => this.#hollowOf.get(node as Node)),
      reenter: transition.reenter,
      actions: [raise(mark(transition.actions, transition))],
      eventType: transition.eventType,
    }))
    return this.#outcome(this.#watched((scope) => this.#machine.transition(from, { type: 'beckon.plan' }, scope)))
  }

  /** The states a value names, completed by initial states where it says nothing. The value must fit the machine. */
  resolve(value: StateValue): AnyMachineSnapshot {
    return this.#machine.resolveState({ value, context: {} } as never)
  }

  /** The real states that a hollow snapshot stands in, in its order. */
  nodes(snapshot: AnyMachineSnapshot): Node[] {
    return snapshot._nodes.map((node) => this.#realOf.get(node)!)
  }

  #watched(act: (scope: never) => AnyMachineSnapshot): AnyMachineSnapshot {
    this.#queued = []
    this.#executed = []
    const scope = {
      self: {},
      system: { _sendInspectionEvent: () => {} },
      actionExecutor: (action: { params: { event: EventObject } }) => this.#executed.push(action.params.event),
    }
    return act(scope as never)
  }

  /** Once a machine is done XState takes no more raised events, but still runs actions. */
  #outcome(reached: AnyMachineSnapshot): Outcome {
    return { heard: (reached.status === 'active' ? this.#queued : this.#executed) as Outcome['heard'], reached }
  }
}
