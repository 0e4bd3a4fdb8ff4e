import type { Post } from '../core/world.ts'

/** Letters stay here: each is already in the outbox, where the studio shows it, so there is nothing left to carry. */
export function createInboxPost(): Post {
  return {
    name: 'the inbox',
    width: 64,
    async send(_envelope, _mime, flushing) {
      if (!(await flushing())) return { state: 'failed', reply: 'withdrawn', hard: false }
      return { state: 'sent', reply: 'kept in the inbox' }
    },
    close: async () => {},
  }
}
