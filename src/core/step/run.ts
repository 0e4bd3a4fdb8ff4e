/** What one step carries along while it goes through its microsteps. */
import type { EventObject } from 'xstate'
import { BeckonError } from '../errors.ts'
import type { PlanSet } from './plan.ts'

/** An action as XState's `transition()` reports it: what to do and with which resolved params. */
export type Action = { type: string; params: unknown }

const noActor = (name: string) =>
  new BeckonError(
    'machine.refused',
    `An action uses \`${name}\`, but a customer's machine has no actor to give it: return data in the action's params instead.`,
  )

/** What a machine's author keeps in it: its shape is known to them alone. */
// oxlint-disable-next-line no-explicit-any -- as in XState's own types
export type Context = any

/** What guards, assigns and params are called with. A new one whenever the context or the event changes, never mutated. */
export class Args {
  readonly context: Context
  readonly event: EventObject
  constructor(context: Context, event: EventObject) {
    this.context = context
    this.event = event
  }
  get self(): never {
    throw noActor('self')
  }
  get system(): never {
    throw noActor('system')
  }
  get spawn(): never {
    throw noActor('spawn')
  }
}

/** One step under way. Made per step, so that a step may run inside another and a throw leaves nothing behind. */
export class Run {
  context: Context
  event: EventObject
  /** The states before the microstep under way: what `stateIn` sees. */
  states: PlanSet
  actions: Action[] | null = null
  /** Raised events; those before `queueAt` have been taken. */
  queue: EventObject[] | null = null
  queueAt = 0
  /** The guard being asked, so that an error can name it. */
  asking: { readonly guard?: unknown; readonly source: { readonly id: string } } | null = null
  #args: Args | null = null

  constructor(context: Context, event: EventObject, states: PlanSet) {
    this.context = context
    this.event = event
    this.states = states
  }

  get args(): Args {
    return (this.#args ??= new Args(this.context, this.event))
  }

  assign(context: Context): void {
    this.context = context
    this.#args = null
  }

  hear(event: EventObject): void {
    this.event = event
    this.#args = null
  }

  report(action: Action): void {
    if (this.actions === null) this.actions = [action]
    else this.actions.push(action)
  }

  raise(event: EventObject): void {
    if (this.queue === null) this.queue = [event]
    else this.queue.push(event)
  }
}
