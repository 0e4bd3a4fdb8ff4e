/** An event as a client tells it and as a machine hears it; nothing past the gateway checks its shape again. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type Properties = Record<string, unknown>

/** A checked Segment message. `at` is its own, skew-corrected time in ms; `text` its JSON as stored in the log. */
export type Message = {
  type: 'track' | 'page' | 'screen' | 'identify' | 'group' | 'alias'
  messageId: string
  /** The name of a track event. */
  event?: string
  userId?: string
  anonymousId?: string
  previousId?: string
  properties?: Properties
  traits?: Properties
  at: number
  text: string
}

/**
 * Who vouches for a message:
 * `browser` a public key alone, so what it says of itself is a claim; `verified` a browser with a token signed by the
 * shop; `server` a secret key.
 */
export type Trust = 'browser' | 'verified' | 'server'

/** What a customer's machine hears. Names never come unmapped from a client. */
export type MachineEvent = { readonly type: string; readonly at: number } & Readonly<Record<string, unknown>>

/** Shop-side news about an order: not something the customer does, so not activity. */
const shopSide = new Set(['order_updated', 'order_refunded', 'order_cancelled'])

const names = new Map<string, string>()

/** `Product Added` → `product_added`. */
function toEventName(name: string): string {
  let folded = names.get(name)
  if (folded === undefined) {
    folded = name
      .trim()
      .toLowerCase()
      .replaceAll(/[\s_.:-]+/g, '_')
    if (names.size < 1_000) names.set(name, folded)
  }
  return folded
}

/** The machine's event for a message; null for those that no machine hears (`group`, `alias`). */
export function toMachineEvent(message: Pick<Message, 'type' | 'event' | 'properties' | 'traits'>, at: number): MachineEvent | null {
  switch (message.type) {
    case 'track': {
      const name = toEventName(message.event ?? '')
      return { type: (shopSide.has(name) ? 'shop.' : 'site.') + name, at, properties: message.properties ?? none }
    }
    case 'identify':
      return { type: 'site.identify', at, properties: message.traits ?? none }
    case 'page':
    case 'screen':
      return { type: `site.${message.type}`, at, properties: message.properties ?? none }
    case 'group':
    case 'alias':
      return null
  }
}

const none: Properties = Object.freeze({})
