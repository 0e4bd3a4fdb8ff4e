/**
 * Engagement (priority low).
 * From the first letter on: `lapseAfter` without an open, a click or an order, and one letter tries to win the customer
 * back; as long again, and they are dormant: no more letters until they show themselves.
 */
import { asks, region } from '#kit'
import type { Known } from '#kit'

export const engagement = region({
  context: { since: 0 },

  actions: {
    noteSign: (_, event) => ({ since: event.at }),
  },

  states: {
    initial: 'unwritten',
    states: {
      unwritten: {
        on: { 'letter.queued': '#engaged' },
      },
      reachable: {
        initial: 'engaged',
        on: {
          'mail.opened': '.engaged',
          'mail.clicked': '.engaged',
          'site.order_completed': '.engaged',
        },
        states: {
          engaged: {
            id: 'engaged',
            entry: 'noteSign',
            after: { lapseAfter: 'lapsed' },
          },
          lapsed: {
            initial: 'asking',
            states: {
              asking: asks('win-back', { about: ({ engagement }: Known) => ({ run: engagement.since }), then: 'asked' }),
              asked: {},
            },
            after: { lapseAfter: 'dormant' },
          },
          dormant: { tags: ['dormant'] },
        },
      },
    },
  },
})
