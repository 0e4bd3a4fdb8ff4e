import type { Post } from '../core/world.ts'
import { isSandboxAddress } from '../profile/sandbox.ts'
import { createInboxPost } from './inbox.ts'

/** A post whose letters to sandbox customers stay in the inbox: their addresses exist nowhere. */
export function sandboxed(post: Post): Post {
  const inbox = createInboxPost()
  return {
    name: post.name,
    get width() {
      return post.width
    },
    close: () => post.close(),
    send: (envelope, mime, flushing) => (isSandboxAddress(envelope.to) ? inbox : post).send(envelope, mime, flushing),
  }
}
