/**
 * What a machine's author imports, beside `xstate`: regions, letters, durations, and readers of shop events.
 * Pure: no clock, no randomness, no IO. "Now" is the event's own time, `event.at`.
 */
import { assign, setup, stateIn } from 'xstate'
import type { AnyStateMachine } from 'xstate'

export { lineOf, linesOf, orderOf, addLine, removeLine, sameLines } from './lines.ts'
export type { Line, Order } from './lines.ts'
export type { LetterRule } from './letter-rule.ts'

export const seconds = (n: number) => n * 1_000
export const minutes = (n: number) => n * 60_000
export const hours = (n: number) => n * 3_600_000
export const days = (n: number) => n * 86_400_000

/** An event as a machine hears it: `site.product_added`, `shop.order_refunded`, `mail.opened`, `letter.queued`, … */
export type Heard = { readonly type: string; readonly at: number; readonly properties: Record<string, unknown>; readonly template?: string }

/** What all regions know; each region writes only the part that bears its name. */
// oxlint-disable-next-line no-explicit-any -- regions are written apart, so no file can know the shape of all
export type Known = Record<string, any>

/**
 * One journey: its part of the customer's memory, what it does to that part, what it asks, and its states.
 * `actions` return the region's new part; `guards` answer yes or no. Both get (own part, event, all parts).
 */
export type Region<Own> = {
  context?: Own
  actions?: Record<string, (own: Own, event: Heard, known: Known) => Own>
  guards?: Record<string, (own: Own, event: Heard, known: Known) => boolean>
  /** An XState state node: initial, on, states, type, entry, exit, … */
  states: object
}

/** A region, checked as you type. */
export const region = <Own>(definition: Region<Own>): Region<Own> => definition

/** Holds once the customer has been quiet for `quietFor`. */
export const quiet = stateIn('#quiet')

/** What a letter is about: `run` tells one run of its journey from the next (ms), the rest is shown in the letter. */
export type About = { run: number } & Record<string, unknown>

/**
 * A state that asks for a letter and waits for the answer, queued or skipped; then goes on to `then`.
 * Left before the answer (the night is waited out, say), the letter is withdrawn.
 *
 *     reminding: asks('cart-abandoned', { about: ({ cart }) => ({ run: cart.since, lines: cart.lines }), then: 'reminded' })
 */
export function asks(template: string, options: { about: (known: Known) => About; then: string; actions?: string | string[] }) {
  return {
    entry: { type: 'letter', params: ({ context }: { context: Known }) => ({ template, ...options.about(context) }) },
    exit: { type: 'withdraw', params: { template } },
    on: {
      'letter.*': {
        guard: { type: 'answers', params: { template } },
        target: options.then,
        ...(options.actions === undefined ? {} : { actions: options.actions }),
      },
    },
    meta: { letter: template },
  }
}

/**
 * The customer's machine: all regions side by side. Delays are the settings of the same name, in ms.
 * Throws when two regions give one name to different things.
 */
// oxlint-disable-next-line no-explicit-any -- each region's own part is its own affair
export function customerOf(regions: Record<string, Region<any>>, settings: Readonly<Record<string, unknown>>): AnyStateMachine {
  const actions: Record<string, unknown> = { letter: () => {}, withdraw: () => {} }
  const guards: Record<string, unknown> = { answers: ({ event }: Input, params: { template: string }) => event.template === params.template }
  const context: Known = {}
  const states: Record<string, object> = {}
  for (const [name, definition] of Object.entries(regions)) {
    if (definition.context !== undefined) context[name] = definition.context
    states[name] = definition.states
    for (const [key, act] of Object.entries(definition.actions ?? {}))
      add(
        actions,
        key,
        assign(({ context, event }: Input) => ({ [name]: act(context[name], event, context) })),
      )
    for (const [key, holds] of Object.entries(definition.guards ?? {})) add(guards, key, ({ context, event }: Input) => holds(context[name], event, context))
  }
  const delays = Object.fromEntries(Object.entries(settings).filter(([, value]) => typeof value === 'number'))
  // oxlint-disable-next-line no-explicit-any -- assembled from parts that are each checked in their own file
  return setup({ actions, guards, delays } as any).createMachine({ id: 'customer', type: 'parallel', context, states } as any)
}

type Input = { context: Known; event: Heard }

function add(names: Record<string, unknown>, key: string, value: unknown) {
  if (key in names) throw new Error(`two regions name something "${key}": give one of them another name`)
  names[key] = value
}
