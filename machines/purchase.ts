/**
 * Purchase (priority high).
 * An order makes the customer a recent buyer for `recentFor` from the latest one. The order that begins such a period
 * is thanked for `thankAfter` later, whether or not the customer is quiet; orders until then join that letter.
 */
import { asks, orderOf, region } from '#kit'
import type { Known, Order } from '#kit'
import { not, stateIn } from 'xstate'

const ordersShownMax = 5

export const purchase = region({
  context: { at: 0, since: 0, orders: [] as Order[] },

  actions: {
    noteOrder: (purchase, event) => ({ ...purchase, at: event.at }),
    beginPeriod: (purchase, event) => ({ ...purchase, since: event.at, orders: [orderOf(event.properties, event.at)] }),
    joinPeriod: (purchase, event) => ({ ...purchase, orders: [...purchase.orders, orderOf(event.properties, event.at)].slice(-ordersShownMax) }),
    putAway: (purchase) => ({ ...purchase, orders: [] }),
  },

  states: {
    type: 'parallel',
    states: {
      recency: {
        initial: 'none',
        on: { 'site.order_completed': { actions: 'noteOrder', target: '.recent' } },
        states: {
          none: {},
          recent: { id: 'recent', after: { recentFor: 'none' } },
        },
      },
      thanks: {
        initial: 'idle',
        states: {
          idle: {
            on: { 'site.order_completed': { guard: not(stateIn('#recent')), actions: 'beginPeriod', target: 'due' } },
          },
          due: {
            on: { 'site.order_completed': { actions: 'joinPeriod' } },
            after: { thankAfter: 'thanking' },
          },
          thanking: asks('order-thanks', {
            about: ({ purchase }: Known) => ({ run: purchase.since, orders: purchase.orders }),
            then: 'idle',
            actions: 'putAway',
          }),
        },
      },
    },
  },
})
