/** What explanations need to know of a machine's own shape: who owns a timer, which state asks for a letter, what leaves a state. */
import type { Machine } from '../actors/load-machine.ts'
import { nodesOf } from '../core/step/descriptors.ts'
import type { Node, Transition } from '../core/step/descriptors.ts'

export type { Node, Transition } from '../core/step/descriptors.ts'

export type Shape = {
  nodes: ReadonlyMap<string, Node>
  /** A timer's event → the state that sets it, and the setting or time it waits for. */
  timers: ReadonlyMap<string, { state: string; delay: string | number }>
  /** Template → the state that asks for it. */
  asking: ReadonlyMap<string, Node>
  /** Event names that some state listens to, wildcards included. */
  listens: readonly string[]
}

const shapes = new WeakMap<Machine, Shape>()

/** Worked out once for each machine. */
export function shapeOf(machine: Machine): Shape {
  let shape = shapes.get(machine)
  if (shape === undefined) shapes.set(machine, (shape = readShape(machine)))
  return shape
}

function readShape(machine: Machine): Shape {
  const nodes = nodesOf(machine.stepper.machine.root)
  const timers = nodes.flatMap((node) => node.after.map(({ eventType, delay }) => [eventType, { state: node.id, delay: delay as string | number }] as const))
  const asking = nodes.flatMap((node) => {
    const template = (node.meta as { letter?: unknown } | undefined)?.letter
    return typeof template === 'string' ? [[template, node] as const] : []
  })
  const listens = new Set(nodes.flatMap((node) => [...transitionsOf(node).keys()]))
  return { nodes: new Map(nodes.map((node) => [node.id, node])), timers: new Map(timers), asking: new Map(asking), listens: [...listens] }
}

/** A state's own transitions by the event they listen to; without the eventless ones. */
export const transitionsOf = (node: Node): ReadonlyMap<string, readonly Transition[]> => node.transitions as Map<string, Transition[]>

/** The node and all around it, itself first. */
export function lineage(node: Node): Node[] {
  const all: Node[] = []
  for (let at: Node | undefined = node; at !== undefined; at = at.parent as Node | undefined) all.push(at)
  return all
}

/** The parallel region of the machine that a state belongs to: `cart`; its id is `customer.cart`. */
export const regionOf = (node: Node): string => node.path[0] ?? node.key

/** Event names whose transition, taken, would leave `node`: its own and those of the states around it. */
export function leavers(node: Node): string[] {
  const found = new Set<string>()
  for (const source of lineage(node))
    for (const [event, transitions] of transitionsOf(source)) if (!event.startsWith('xstate.') && transitions.some((one) => leaves(one, node))) found.add(event)
  return [...found]
}

/** As XState has it: what is left is everything inside the smallest state that holds the source and all targets. */
function leaves({ source, target, reenter }: Transition, node: Node): boolean {
  const targets = (target ?? []) as Node[]
  if (targets.length === 0) return false
  const stays = !reenter && targets.every((one) => one === source || isInside(one, source as Node))
  const domain = stays
    ? (source as Node)
    : lineage(source as Node)
        .slice(1)
        .find((around) => targets.every((one) => isInside(one, around)))
  return domain === undefined || isInside(node, domain)
}

/** Strictly inside. */
const isInside = (node: Node, around: Node): boolean => node !== around && lineage(node).includes(around)
