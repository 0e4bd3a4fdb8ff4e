/** Guards, compiled once for a set of states: `stateIn` is then already known and costs nothing in a step. */
import { and, matchesState, not, or, stateIn, type AnyStateMachine, type StateValue } from 'xstate'
import type { Node } from './descriptors.ts'
import type { Args } from './run.ts'

/** What XState's own guards read of a snapshot. */
export type GuardView = {
  readonly machine: AnyStateMachine
  readonly _nodes: readonly Node[]
  readonly value: StateValue
  matches(value: StateValue): boolean
}

/** True or false when it is settled already, else the question to ask. */
export type Guard = boolean | ((args: Args) => unknown)

type Builtin = ((...all: never[]) => unknown) & { check: Function; guards: unknown[]; stateValue: StateValue }

const checkOf = (guard: unknown) => (guard as Builtin).check
const checks = { and: checkOf(and([])), or: checkOf(or([])), not: checkOf(not('')), stateIn: checkOf(stateIn('')) }

export const guardView = (machine: AnyStateMachine, nodes: readonly Node[], value: StateValue): GuardView => ({
  machine,
  _nodes: nodes,
  value,
  matches: (wanted) => matchesState(wanted, value),
})

const typeOf = (guard: unknown) => (typeof guard === 'string' ? guard : (guard as { type: string }).type)

const implementation = (machine: AnyStateMachine, guard: unknown): unknown =>
  typeof guard === 'function' ? guard : machine.implementations.guards[typeOf(guard)]

/** The guard as a function of `{ context, event }` in the states of `view`, with the answers XState would give. */
export function compileGuard(guard: unknown, view: GuardView): Guard {
  if (guard === undefined) return true
  const resolved = implementation(view.machine, guard)
  if (!resolved) {
    return () => {
      throw new Error(`Guard '${typeOf(guard)}' is not implemented.'.`)
    }
  }
  if (typeof resolved !== 'function') return compileGuard(resolved, view)
  if ('check' in resolved) return compileBuiltin(resolved as Builtin, view)

  const ask = resolved as (args: Args, params?: unknown) => unknown
  if (typeof guard !== 'object' || guard === null || !('params' in guard)) return ask
  const { params } = guard
  return typeof params === 'function' ? (args) => ask(args, params(args)) : (args) => ask(args, params)
}

function compileBuiltin(guard: Builtin, view: GuardView): Guard {
  const inner = () => guard.guards.map((each) => compileGuard(each, view))
  switch (guard.check) {
    case checks.stateIn:
      return compileStateIn(guard, view)
    case checks.not:
      return compileNot(inner()[0]!)
    case checks.and:
      return compileList(inner(), false)
    default:
      return compileList(inner(), true)
  }
}

function compileStateIn(guard: Builtin, view: GuardView): Guard {
  try {
    return guard.check(view, null, guard) as boolean
  } catch {
    // A state id that does not exist: XState throws when it asks, so we do too.
    return () => guard.check(view, null, guard)
  }
}

const compileNot = (guard: Guard): Guard => (typeof guard === 'boolean' ? !guard : (args) => !guard(args))

/** `and` stops at the first that is false, `or` at the first that is true; what comes after is never asked. */
function compileList(guards: Guard[], stopsAt: boolean): Guard {
  const open = guards.filter((guard) => guard !== !stopsAt)
  const end = open.indexOf(stopsAt)
  if (end === 0) return stopsAt
  const asked = open.slice(0, end === -1 ? undefined : end) as ((args: Args) => unknown)[]
  const otherwise = end === -1 ? !stopsAt : stopsAt
  if (asked.length === 0) return otherwise
  return (args) => {
    for (const ask of asked) if (Boolean(ask(args)) === stopsAt) return stopsAt
    return otherwise
  }
}

/** Whether a guard, or one inside it, is of a kind that XState adds and the plans do not know. */
export function isForeignGuard(machine: AnyStateMachine, guard: unknown): boolean {
  const resolved = guard === undefined ? undefined : implementation(machine, guard)
  if (!resolved) return false
  if (typeof resolved !== 'function') return isForeignGuard(machine, resolved)
  if (!('check' in resolved)) return false
  const builtin = resolved as Builtin
  if (!Object.values(checks).includes(builtin.check)) return true
  return builtin.check !== checks.stateIn && builtin.guards.some((each) => isForeignGuard(machine, each))
}

/** A guard as a reader would write it: `hasLines`, `and(isVip, not(stateIn(#quiet)))`; null without one. */
export function guardName(guard: unknown): string | null {
  if (guard === undefined || guard === null) return null
  if (typeof guard !== 'function') return typeOf(guard)
  if (!('check' in guard)) return guard.name || '(inline)'
  const { stateValue, guards, name } = guard as unknown as Builtin
  if (stateValue !== undefined) return `stateIn(${typeof stateValue === 'string' ? stateValue : JSON.stringify(stateValue)})`
  return `${name}(${(guards ?? []).map(guardName).join(', ')})`
}

/** What XState throws when the guard of a transition throws. */
export function guardError({ guard, source }: { guard?: unknown; source: { id: string } }, eventType: string, cause: unknown): Error {
  const type = typeof guard === 'function' || !guard ? undefined : typeOf(guard)
  const where = `${type ? `'${type}' ` : ''}in transition for event '${eventType}' in state node '${source.id}'`
  return new Error(`Unable to evaluate guard ${where}:\n${(cause as Error).message}`, { cause })
}
