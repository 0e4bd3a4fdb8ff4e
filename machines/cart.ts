/**
 * Cart (priority high).
 * Left for `abandonAfter`, a cart is abandoned: one reminder once the customer is quiet, and `followUpAfter` later,
 * if it still stands there, one discount. Any change to the cart begins anew; an order ends it.
 */
import { addLine, asks, lineOf, linesOf, quiet, region, removeLine, sameLines } from '#kit'
import type { Known, Line } from '#kit'

const about = ({ cart }: Known) => ({ run: cart.since, lines: cart.lines })

export const cart = region({
  context: { lines: [] as Line[], since: 0 },

  actions: {
    putIn: (cart, event) => ({ ...cart, lines: addLine(cart.lines, lineOf(event.properties)!) }),
    takeOut: (cart, event) => ({ ...cart, lines: removeLine(cart.lines, lineOf(event.properties)!.id) }),
    replace: (cart, event) => ({ ...cart, lines: linesOf(event.properties) ?? cart.lines }),
    beginRun: (cart, event) => ({ ...cart, since: event.at }),
    emptyCart: () => ({ lines: [], since: 0 }),
  },

  guards: {
    namesProduct: (_, event) => lineOf(event.properties) !== null,
    changesLines: (cart, event) => {
      const lines = linesOf(event.properties)
      return lines !== null && !sameLines(lines, cart.lines)
    },
    hasLines: (cart) => cart.lines.length > 0,
  },

  states: {
    initial: 'empty',
    on: {
      'site.product_added': { guard: 'namesProduct', actions: 'putIn', target: '.changed' },
      'site.product_removed': { guard: 'namesProduct', actions: 'takeOut', target: '.changed' },
      'site.cart_viewed': { guard: 'changesLines', actions: 'replace', target: '.changed' },
      'site.cart_updated': { guard: 'changesLines', actions: 'replace', target: '.changed' },
      'site.checkout_started': { actions: 'replace', target: '.changed' },
      'site.order_completed': { actions: 'emptyCart', target: '.empty' },
    },
    states: {
      empty: {},
      changed: {
        entry: 'beginRun',
        always: [{ guard: 'hasLines', target: 'active' }, { target: 'empty' }],
      },
      active: {
        after: { abandonAfter: 'abandoned' },
      },
      abandoned: {
        initial: 'pending',
        states: {
          pending: { always: { guard: quiet, target: 'reminding' } },
          reminding: asks('cart-abandoned', { about, then: 'reminded' }),
          reminded: { after: { followUpAfter: 'following' } },
          following: { always: { guard: quiet, target: 'offering' } },
          offering: asks('cart-discount', { about, then: 'offered' }),
          offered: {},
        },
      },
    },
  },
})
