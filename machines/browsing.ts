/**
 * Browsing (priority medium).
 * `views` looks at one product `within` an hour, with nothing in the cart, make the customer interested in it:
 * one reminder once they are quiet. Putting anything in the cart, or an order, ends interest and forgets all counts.
 */
import { asks, lineOf, linesOf, quiet, region } from '#kit'
import type { Known, Line } from '#kit'
import type { Settings } from './settings.ts'

type View = readonly [product: string, at: number]
type Browsing = { views: readonly View[]; product: Line | null; since: number }

/** More views than anyone makes in an hour; the oldest go first. */
const viewsMax = 500

export const browsing = (settings: Settings) => {
  const fresh = (views: readonly View[], at: number) => views.filter((view) => at - view[1] <= settings.within).slice(-viewsMax)

  return region<Browsing>({
    context: { views: [], product: null, since: 0 },

    actions: {
      countView: (browsing, event) => ({ ...browsing, views: [...fresh(browsing.views, event.at), [lineOf(event.properties)!.id, event.at]] }),
      noteInterest: (_, event) => ({ views: [], product: lineOf(event.properties), since: event.at }),
      forget: () => ({ views: [], product: null, since: 0 }),
    },

    guards: {
      countsAsView: (_, event, { cart }) => cart.lines.length === 0 && lineOf(event.properties) !== null,
      isOftenEnough: (browsing, event, { cart }) => {
        const line = lineOf(event.properties)
        if (line === null || cart.lines.length > 0) return false
        const before = fresh(browsing.views, event.at).filter(([product]) => product === line.id)
        return before.length + 1 >= settings.views
      },
      putsIn: (_, event) => lineOf(event.properties) !== null,
      addsToCart: (_, event, { cart }) => linesOf(event.properties)?.some(({ id }) => !cart.lines.some((line: Line) => line.id === id)) ?? false,
    },

    states: {
      initial: 'watching',
      on: {
        'site.product_added': { guard: 'putsIn', actions: 'forget', target: '.watching' },
        'site.cart_viewed': { guard: 'addsToCart', actions: 'forget', target: '.watching' },
        'site.cart_updated': { guard: 'addsToCart', actions: 'forget', target: '.watching' },
        'site.checkout_started': { guard: 'addsToCart', actions: 'forget', target: '.watching' },
        'site.order_completed': { actions: 'forget', target: '.watching' },
      },
      states: {
        watching: {
          on: {
            'site.product_viewed': [
              { guard: 'isOftenEnough', actions: 'noteInterest', target: 'interested' },
              { guard: 'countsAsView', actions: 'countView' },
            ],
          },
        },
        interested: {
          initial: 'pending',
          states: {
            pending: { always: { guard: quiet, target: 'reminding' } },
            reminding: asks('browse-reminder', {
              about: ({ browsing }: Known) => ({ run: browsing.since, product: browsing.product }),
              then: '#customer.browsing.watching',
              actions: 'forget',
            }),
          },
        },
      },
    },
  })
}
