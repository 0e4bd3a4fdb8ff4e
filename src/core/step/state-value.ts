/** State values as they come from outside: from a database written by another version of the machine. */
import type { AnyStateMachine, StateValue } from 'xstate'
import { BeckonError } from '../errors.ts'
import type { Node } from './descriptors.ts'

/**
 * Returns if every state named in `value` exists; it may leave out what initial states can complete.
 * Throws `machine.state_unknown` with the state's path else, also for a value of the wrong shape.
 */
export function checkValue(machine: AnyStateMachine, value: StateValue): void {
  checkInside(machine.root, value)
}

function checkInside(node: Node, value: unknown): void {
  if (typeof value === 'string') {
    childOf(node, value)
    return
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unknown(node, JSON.stringify(value) ?? 'undefined')
  const keys = Object.keys(value)
  if (node.type !== 'parallel' && keys.length > 1) throw unknown(node, `several at once (${keys.join(', ')})`)
  for (const key of keys) checkInside(childOf(node, key), (value as Record<string, unknown>)[key])
}

function childOf(node: Node, key: string): Node {
  const child = Object.hasOwn(node.states, key) ? (node.states[key] as Node) : undefined
  if (!child || child.type === 'history') throw unknown(node, key)
  return child
}

const unknown = (node: Node, what: string) => new BeckonError('machine.state_unknown', `The state ${node.id} has no state ${what} inside.`)
