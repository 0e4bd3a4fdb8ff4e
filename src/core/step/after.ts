/** The timers that states set while they are active (`after`). */
import type { AnyStateMachine } from 'xstate'
import type { Node } from './descriptors.ts'
import { Args } from './run.ts'

/** A timer of an active state: the event it raises (also its id) and after how many ms. */
export type StateTimer = { event: string; delay: number }

/** The timers of `nodes`, as entering them with this context would set them; delays that are functions see `xstate.init`. */
export function timersOf(machine: AnyStateMachine, nodes: readonly Node[], context: unknown): StateTimer[] {
  const delays = machine.implementations.delays as Record<string, unknown>
  const timers = new Map<string, StateTimer>()
  for (const { eventType, delay } of nodes.flatMap((node) => node.after)) {
    const wait = typeof delay === 'string' ? delays[delay] : delay
    const ms = typeof wait === 'function' ? wait(new Args(context, { type: 'xstate.init' })) : wait
    if (typeof ms === 'number') timers.set(eventType, { event: eventType, delay: ms })
  }
  return [...timers.values()]
}
