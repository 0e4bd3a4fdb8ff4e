/** Actions, compiled once: each becomes a function that does to a run what XState would do. */
import type { AnyStateMachine, EventObject } from 'xstate'
import { BeckonError } from '../errors.ts'
import { guardView } from './guards.ts'
import type { Node } from './descriptors.ts'
import type { Action, Args, Run } from './run.ts'

export type Operation = (run: Run) => void

/** A value, or a function of the arguments and the action's params that gives it. */
type Expression = unknown

type Builtin = Record<string, Expression> & {
  type: string
  resolve: Function
  assignment: Expression
  collect: Function
}

type Params = { readonly fixed: unknown; readonly from: ((args: Args) => unknown) | null }

const paramsOf = (action: unknown): Params => {
  if (typeof action !== 'object' || action === null || !('params' in action)) return { fixed: undefined, from: null }
  const { params } = action
  return typeof params === 'function' ? { fixed: undefined, from: params as Params['from'] } : { fixed: params, from: null }
}

const valueOf = (params: Params, run: Run) => (params.from === null ? params.fixed : params.from(run.args))

const evaluate = (expression: Expression, run: Run, given: unknown) => (typeof expression === 'function' ? expression(run.args, given) : expression)

const isBuiltin = (resolved: unknown): resolved is Builtin => Boolean(resolved) && 'resolve' in (resolved as object)

const implementation = (machine: AnyStateMachine, action: unknown): unknown =>
  typeof action === 'function' ? action : machine.implementations.actions[typeof action === 'string' ? action : (action as Action).type]

/** The action as an operation on a run, or the name of the feature that plans do not cover. */
export function compileAction(machine: AnyStateMachine, action: unknown): Operation | string {
  const resolved = implementation(machine, action)
  const params = paramsOf(action)
  if (!isBuiltin(resolved)) return report(nameOf(action), params)
  switch (resolved.type) {
    case 'xstate.assign':
      return actorUse(resolved.assignment) ?? assign(resolved.assignment, params)
    case 'xstate.raise':
      return actorUse(resolved['event'], resolved['delay']) ?? raise(machine, resolved, params)
    case 'xstate.cancel':
      return actorUse(resolved['sendId']) ?? cancel(resolved['sendId'], params)
    case 'xstate.log':
      return actorUse(resolved['value']) ?? log(resolved, params)
    case 'xstate.enqueueActions':
      return actorUse(resolved.collect) ?? sendingUse(resolved.collect) ?? enqueue(machine, resolved, params)
    default:
      return resolved.type.replace('xstate.', '')
  }
}

const nameOf = (action: unknown): string => {
  if (typeof action === 'string') return action
  return typeof action === 'function' ? action.name || '(anonymous)' : (action as Action).type
}

/** What a function wants of an actor, read from its parameters; at run time `Args` refuses what this cannot see. */
export function actorUse(...expressions: Expression[]): string | undefined {
  const functions = expressions.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : [each]))
  for (const each of functions) {
    if (typeof each !== 'function') continue
    const found = /^[^)]*\b(self|system|spawn)\b/.exec(Function.prototype.toString.call(each))
    if (found) return found[1]
  }
  return undefined
}

const sendingUse = (collect: Function): string | undefined =>
  /\.(sendTo|sendParent|emit|spawnChild|stopChild)\b/.exec(Function.prototype.toString.call(collect))?.[1]

function report(type: string, params: Params): Operation {
  const { from } = params
  if (from !== null) return (run) => run.report({ type, params: from(run.args) })
  const action = Object.freeze({ type, params: params.fixed })
  return (run) => run.report(action)
}

function assign(assignment: Expression, params: Params): Operation {
  const partial =
    typeof assignment === 'function'
      ? (args: Args, given: unknown) => assignment(args, given)
      : (args: Args, given: unknown) => {
          const values: Record<string, unknown> = {}
          for (const [key, each] of Object.entries(assignment as object)) values[key] = typeof each === 'function' ? each(args, given) : each
          return values
        }
  return (run) => {
    if (!run.context) throw new Error('Cannot assign to undefined `context`. Ensure that `context` is defined in the machine config.')
    // Not a spread: XState sets properties, which differs for a key such as __proto__.
    run.assign(Object.assign({}, run.context, partial(run.args, valueOf(params, run))))
  }
}

function raise(machine: AnyStateMachine, { event, id, delay }: Builtin, params: Params): Operation {
  if (typeof event === 'string') {
    return () => {
      throw new Error(`Only event objects may be used with raise; use raise({ type: "${event}" }) instead`)
    }
  }
  const delays = machine.implementations.delays as Record<string, unknown> | undefined
  const wait = typeof delay === 'string' ? delays?.[delay] : delay

  if (typeof event !== 'function' && typeof wait !== 'function') {
    const action = Object.freeze({ type: 'xstate.raise', params: Object.freeze({ event, id, delay: wait }) })
    if (typeof wait === 'number') return (run) => run.report(action)
    return (run) => {
      run.raise(event as EventObject)
      run.report(action)
    }
  }
  return (run) => {
    const given = valueOf(params, run)
    const raised = evaluate(event, run, given) as EventObject
    const after = evaluate(wait, run, given)
    if (typeof after !== 'number') run.raise(raised)
    run.report({ type: 'xstate.raise', params: { event: raised, id, delay: after } })
  }
}

function cancel(sendId: Expression, params: Params): Operation {
  if (typeof sendId === 'function') return (run) => run.report({ type: 'xstate.cancel', params: { sendId: evaluate(sendId, run, valueOf(params, run)) } })
  const action = Object.freeze({ type: 'xstate.cancel', params: Object.freeze({ sendId }) })
  return (run) => run.report(action)
}

function log({ value, label }: Builtin, params: Params): Operation {
  return (run) => run.report({ type: 'xstate.log', params: { value: evaluate(value, run, valueOf(params, run)), label } })
}

/** What is enqueued is known only when it runs, so XState collects it and it is compiled on the spot. */
function enqueue(machine: AnyStateMachine, builtin: Builtin, params: Params): Operation {
  return (run) => {
    const { states, context } = run
    const view = { ...guardView(machine, states.nodes, states.value), context }
    const [, , actions] = builtin.resolve({}, view, run.args, valueOf(params, run), builtin) as [unknown, unknown, unknown[]]
    for (const action of actions) {
      const operation = compileAction(machine, action)
      if (typeof operation === 'string') {
        throw new BeckonError('machine.refused', `enqueueActions enqueues \`${operation}\`, which needs an actor: enqueue a named action instead.`)
      }
      operation(run)
    }
  }
}

/** Every action written at a state, and where: its entry, exit, initial transition and transitions. */
export function actionsOf(node: Node): readonly unknown[] {
  const transitions = [...(node.transitions as Map<string, { actions: readonly unknown[] }[]>).values()].flat()
  const always = (node.always ?? []) as { actions: readonly unknown[] }[]
  return [...node.entry, ...node.exit, ...node.initial.actions, ...[...transitions, ...always].flatMap((each) => each.actions)]
}
