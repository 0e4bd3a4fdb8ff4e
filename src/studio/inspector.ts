/**
 * The lives of customers in the messages of `@statelyai/inspect`, so that tools made for XState can look on: an actor is
 * a customer, told of when first something happens to them, then each event and the snapshot after it.
 * Bounded: what comes too fast for a tool is left out, and said so in its event.
 */
import type { Hot } from '../actors/lives.ts'
import type { Life } from '../core/life.ts'
import type { Stepper } from '../core/step/step.ts'
import type { Clock } from '../core/world.ts'
import { nameOf } from '../profile/profile.ts'

/** `customer` null: all of them. */
export type Tool = { customer: number | null; say: (text: string) => unknown }

export type Inspector = ReturnType<typeof createInspector>

/** The version of the messages, as the package that made them up counts. */
const version = '0.7.2'
const turnsPerSecondMax = 200

export function createInspector({ stepper, clock }: { stepper: Stepper; clock: Clock }) {
  const tools = new Map<Tool, { met: Set<number>; second: number; left: number; missed: number }>()
  let definition: string | null = null
  let nth = 0

  const base = (customer: number) => ({
    rootId: `customer-${customer}`,
    sessionId: `customer-${customer}`,
    createdAt: String(clock.now()),
    id: `beckon-${++nth}`,
    _version: version,
  })

  const snapshotOf = (life: Life) => {
    const { value, context } = stepper.toJSON(life.snapshot)
    return { status: 'active', value, context }
  }

  function tell(tool: Tool, hot: Hot, life: Life, after: Life, type: string) {
    const state = tools.get(tool)!
    const second = Math.floor(clock.now() / 1_000)
    if (second !== state.second) Object.assign(state, { second, left: turnsPerSecondMax })
    if (state.left-- <= 0) return void state.missed++
    if (!state.met.has(hot.id)) {
      state.met.add(hot.id)
      definition ??= JSON.stringify(stepper.machine.config)
      const name = nameOf(after.profile) || `customer ${hot.id}`
      tool.say(JSON.stringify({ type: '@xstate.actor', name, snapshot: snapshotOf(life), definition, parentId: undefined, ...base(hot.id) }))
    }
    const event = { type, at: after.at, ...(state.missed > 0 ? { missedBefore: state.missed } : {}) }
    state.missed = 0
    tool.say(JSON.stringify({ type: '@xstate.event', event, sourceId: undefined, ...base(hot.id) }))
    tool.say(JSON.stringify({ type: '@xstate.snapshot', event, snapshot: snapshotOf(after), ...base(hot.id) }))
  }

  return {
    turned(hot: Hot, before: Life, after: Life, type: string | null) {
      if (tools.size === 0 || type === null) return
      for (const tool of tools.keys()) if (tool.customer === null || tool.customer === hot.id) tell(tool, hot, before, after, type)
    },
    /** The answer takes it away again. */
    add(tool: Tool): () => void {
      tools.set(tool, { met: new Set(), second: 0, left: 0, missed: 0 })
      return () => void tools.delete(tool)
    },
  }
}
