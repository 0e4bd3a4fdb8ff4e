/** What a guard looked at, found by letting it look: only the values it read, small enough to show. */
import type { Machine } from '../actors/load-machine.ts'
import type { MachineEvent } from '../core/event.ts'
import type { Snapshot } from '../core/step/step.ts'
import { regionOf, shapeOf } from './shape.ts'
import { cut } from './wording.ts'

const valuesMax = 8
const idsMax = 5
const charsMax = 80

/**
 * The values that a guard, by the name `guardName` gives it, reads in this context and event: `cart.lines`,
 * `event.product_id`, and for `stateIn` where the region it asks about stands. `states`: region → path.
 */
export function sawBy(
  machine: Machine,
  guard: string | null,
  snapshot: Snapshot,
  event: MachineEvent,
  states: Record<string, string>,
): Record<string, unknown> {
  if (guard === null) return {}
  const saw: Record<string, unknown> = {}
  for (const [, place] of guard.matchAll(/stateIn\((#?[\w.-]+)\)/g)) {
    const region = regionAt(machine, place!)
    if (region !== null && states[region] !== undefined) saw[region] = states[region]
  }
  const ask = machine.stepper.machine.implementations.guards[guard] as unknown
  if (typeof ask === 'function' && !('check' in ask)) look(ask as Ask, snapshot, event, saw)
  return saw
}

type Ask = (args: { context: unknown; event: unknown }, params?: unknown) => unknown

function look(ask: Ask, snapshot: Snapshot, event: MachineEvent, saw: Record<string, unknown>) {
  const note = (path: string, value: unknown) => {
    if (value === undefined || typeof value === 'function' || Object.keys(saw).length >= valuesMax) return
    saw[path] = small(value)
  }
  const context = watching(snapshot.context as object, (region, known) =>
    isObject(known) ? watching(known, (key, value) => note(`${region}.${key}`, value)) : note(region, known),
  )
  const heard = watching(event, (key, value) => {
    if (key === 'properties' && isObject(value)) return watching(value, (name, inner) => note(`event.${name}`, inner))
    return key === 'type' ? undefined : note(`event.${key}`, value)
  })
  try {
    ask({ context, event: heard }, {})
  } catch {
    // Asked outside of its step it may lack what it needs; what it read until then is told all the same.
  }
}

/** Tells of every key read; what `told` returns stands in for the value. */
function watching(target: object, told: (key: string, value: unknown) => unknown): object {
  return new Proxy(target, {
    get(of, key) {
      const value = (of as Record<PropertyKey, unknown>)[key]
      if (typeof key !== 'string' || !Object.hasOwn(of, key)) return value
      return told(key, value) ?? value
    },
  })
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A value at a length that fits beside a guard; of a list its length, and whose it is. */
function small(value: unknown): unknown {
  if (typeof value === 'string') return cut(value, charsMax)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const ids = value.flatMap((one) => (isObject(one) && typeof (one as { id?: unknown }).id === 'string' ? [cut((one as { id: string }).id, charsMax)] : []))
    return { count: value.length, ...(ids.length === 0 ? {} : { ids: ids.slice(0, idsMax) }) }
  }
  const plain = Object.entries(value).filter(([, inner]) => typeof inner !== 'object')
  return Object.fromEntries(plain.slice(0, valuesMax).map(([key, inner]) => [key, small(inner)]))
}

function regionAt(machine: Machine, place: string): string | null {
  const { nodes } = shapeOf(machine)
  if (!place.startsWith('#')) return place.split('.')[0]!
  const node = nodes.get(place.slice(1))
  return node === undefined ? null : regionOf(node)
}
