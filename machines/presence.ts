/** Presence: anything the customer does makes them active; `quietFor` later they are quiet, and letters may go. */
import { region } from '#kit'

export const presence = region({
  states: {
    initial: 'quiet',
    on: { 'site.*': '.active' },
    states: {
      active: { after: { quietFor: 'quiet' } },
      quiet: { id: 'quiet' },
    },
  },
})
