/** What a visitor does in the shop: each changes what the page shows, and tells Beckon of it. */
import { createStore } from '@xstate/store'
import type { Skipped } from '../../studio/api.ts'
import { askShop, productOf } from './backend.ts'
import type { DemoProduct } from './backend.ts'
import { allTold, tellAdded, tellCart, tellRemoved, tellSignIn } from './events.ts'
import { change, me, signIn, withMore } from './visitor.ts'

/** What the page says and asks just now. */
export const scene = createStore({
  context: {
    /** A sentence that goes away by itself. */
    said: null as { words: string; n: number } | null,
    /** The question for a name, and what was about to happen. */
    asking: null as { next: (() => void) | null } | null,
    /** The letter that is open. */
    letter: null as { id: number; subject: string; template: string } | null,
    /** Counts what may have changed the mailbox. */
    mail: 0,
    /** Whether the panel is open where it does not stand beside the shop. */
    isPanelOpen: false,
    isSkipping: false,
  },
  on: {
    say: (before, { words }: { words: string }) => ({ ...before, said: { words, n: (before.said?.n ?? 0) + 1 } }),
    hush: (before) => ({ ...before, said: null }),
    ask: (before, { next }: { next: (() => void) | null }) => ({ ...before, asking: { next } }),
    answered: (before) => ({ ...before, asking: null }),
    read: (before, { letter }: { letter: { id: number; subject: string; template: string } | null }) => ({ ...before, letter }),
    mailed: (before) => ({ ...before, mail: before.mail + 1 }),
    panel: (before, { open }: { open: boolean }) => ({ ...before, isPanelOpen: open }),
    skipping: (before, { on }: { on: boolean }) => ({ ...before, isSkipping: on }),
  },
})

const say = (words: string) => scene.trigger.say({ words })

export function putIn(product: DemoProduct): void {
  change({ lines: withMore(me().lines, product.id, 1) })
  tellAdded(product)
  say(`${product.name} is in your cart`)
}

export function takeOut(id: string): void {
  const line = me().lines.find((other) => other.id === id)
  const product = productOf(id)
  change({ lines: me().lines.filter((other) => other.id !== id) })
  if (line !== undefined && product !== undefined) tellRemoved(product, line.quantity)
}

export function setQuantity(id: string, quantity: number): void {
  const before = me().lines.find((line) => line.id === id)?.quantity ?? 0
  if (quantity < 1) return takeOut(id)
  const lines = withMore(me().lines, id, quantity - before)
  change({ lines })
  tellCart('Cart Updated', lines)
}

/** Throws `Refused`. */
export async function enter(firstName: string): Promise<void> {
  // What was done before must be there first, or it would come after the name it belongs to.
  await allTold()
  const { userId } = await signIn(firstName)
  tellSignIn(userId)
  await allTold()
}

/** The shop's backend takes the order, and tells Beckon of it itself. Throws `Refused`. */
export async function order(code: string | null): Promise<string> {
  const { lines, userId, anonymousId, orders } = me()
  await allTold()
  const placed = await askShop<{ orderId: string; total: number }>('orders', {
    ...(userId === null ? { anonymousId } : { userId }),
    lines,
    ...(code === null ? {} : { code }),
  })
  change({ lines: [], orders: [{ ...placed, at: Date.now(), lines }, ...orders].slice(0, 20) })
  return placed.orderId
}

/** Asks for a name first: without an address no letter can come, and the wait would be for nothing. */
export function wantSkip(ms: number): void {
  if (me().userId === null) scene.trigger.ask({ next: () => void skip(ms) })
  else void skip(ms)
}

async function skip(ms: number): Promise<void> {
  if (scene.get().context.isSkipping) return
  scene.trigger.skipping({ on: true })
  try {
    await allTold()
    const { customer } = me()
    if (customer === null) return say('Look around the shop first: the shop has not heard of you yet.')
    const { letters } = await askShop<Skipped>('skip', { customer, ms })
    scene.trigger.mailed()
    say(
      letters.length === 0
        ? 'Time passed, and no letter came up.'
        : letters.length === 1
          ? `A letter for you: “${letters[0]!.subject}”`
          : `${letters.length} letters for you`,
    )
  } catch (fault) {
    say((fault as Error).message)
  } finally {
    scene.trigger.skipping({ on: false })
  }
}
