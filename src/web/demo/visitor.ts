/**
 * The visitor of the demo shop, as the shop's own page knows them: who they are, what lies in the cart, what they
 * ordered. Kept by the browser, so that a reload and a link in a letter find the same visitor; where the browser keeps
 * nothing, the visitor lasts as long as the page.
 */
import { createStore } from '@xstate/store'
import { askShop, productOf } from './backend.ts'

export type CartLine = { id: string; quantity: number }
export type PlacedOrder = { orderId: string; total: number; at: number; lines: CartLine[] }
export type Visitor = {
  anonymousId: string
  userId: string | null
  firstName: string | null
  email: string | null
  /** The number Beckon knows them by; null until their first event is there. */
  customer: number | null
  lines: CartLine[]
  orders: PlacedOrder[]
  /** The letters opened so far. */
  read: number[]
  isHintClosed: boolean
}

const place = 'beckon-demo-visitor'

export const visitor = createStore({
  context: kept() ?? someoneNew(),
  on: {
    /** Of whatever changed; `lines` wholly. */
    changed: (before, { to }: { to: Partial<Visitor> }) => ({ ...before, ...to }),
    /** In another tab. */
    found: (_, { kept }: { kept: Visitor }) => kept,
  },
})

let isListening = false

/** Keeps every change, and follows the same visitor's other tabs. */
export function keepVisitor(): void {
  if (isListening) return
  isListening = true
  save(visitor.get().context)
  visitor.subscribe(({ context }) => save(context))
  addEventListener('storage', ({ key }) => {
    const other = key === place ? kept() : null
    if (other === null || JSON.stringify(other) === JSON.stringify(visitor.get().context)) return
    if (other.anonymousId === visitor.get().context.anonymousId) visitor.trigger.found({ kept: other })
    // Somebody new came in elsewhere: their connection must be theirs too.
    else location.reload()
  })
}

export const me = (): Visitor => visitor.get().context
export const change = (to: Partial<Visitor>): void => visitor.trigger.changed({ to })

/** Forgets this visitor and lets somebody new in. */
export function startOver(): void {
  visitor.trigger.found({ kept: someoneNew() })
  location.assign('/demo')
}

export const countOf = (lines: readonly CartLine[]): number => lines.reduce((sum, { quantity }) => sum + quantity, 0)
export const totalOf = (lines: readonly CartLine[]): number =>
  lines.reduce((sum, { id, quantity }) => sum + Math.round((productOf(id)?.price ?? 0) * 100) * quantity, 0) / 100

/** The lines with `more` of a product; none at 0 or less. */
export function withMore(lines: readonly CartLine[], id: string, more: number): CartLine[] {
  const quantity = Math.min(99, (lines.find((line) => line.id === id)?.quantity ?? 0) + more)
  const others = lines.some((line) => line.id === id) ? lines.map((line) => (line.id === id ? { id, quantity } : line)) : [...lines, { id, quantity }]
  return others.filter((line) => line.quantity > 0)
}

type SignedIn = { userId: string; email: string; customer: number }

/** The shop's backend vouches for the visitor from now on. Throws `Refused`. */
export async function signIn(firstName: string): Promise<SignedIn> {
  const signedIn = await askShop<SignedIn>('sign-in', { anonymousId: me().anonymousId, firstName })
  change({ firstName: firstName.trim(), userId: signedIn.userId, email: signedIn.email, customer: signedIn.customer })
  return signedIn
}

function someoneNew(): Visitor {
  const mark = crypto.getRandomValues(new Uint32Array(3)).reduce((text, part) => text + part.toString(36), '')
  return {
    anonymousId: `sandbox-visitor-${mark}`,
    userId: null,
    firstName: null,
    email: null,
    customer: null,
    lines: [],
    orders: [],
    read: [],
    isHintClosed: false,
  }
}

function kept(): Visitor | null {
  try {
    const value = JSON.parse(localStorage.getItem(place) ?? 'null') as Visitor | null
    return value?.anonymousId?.startsWith('sandbox-') && Array.isArray(value.lines) ? { ...someoneNew(), ...value } : null
  } catch {
    return null
  }
}

function save(context: Visitor) {
  try {
    localStorage.setItem(place, JSON.stringify(context))
  } catch {
    // A browser that keeps nothing: the visitor lasts as long as the page.
  }
}
