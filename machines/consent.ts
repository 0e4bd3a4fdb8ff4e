/**
 * Consent (priority high).
 * Whoever says yes to letters where nobody vouches for the address is asked once, by letter, to confirm it; asked again
 * when they say so again. With `doubleOptIn` 0 nobody is, and this journey stands still.
 */
import { asks, region } from '#kit'
import type { Known } from '#kit'

export const consent = region({
  context: { askedAt: 0 },

  actions: {
    noteAsked: (_, event) => ({ askedAt: event.at }),
  },

  states: {
    initial: 'settled',
    on: {
      'consent.asked': { actions: 'noteAsked', target: '.asking' },
      'consent.given': '.settled',
      'consent.withdrawn': '.settled',
    },
    states: {
      settled: {},
      asking: asks('confirm-subscription', { about: ({ consent }: Known) => ({ run: consent.askedAt }), then: 'asked' }),
      asked: {},
    },
  },
})
