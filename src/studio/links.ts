/** Links that make somebody a person of the studio: good once, for a day. */
import type { Clock, Ids } from '../core/world.ts'
import type { People, Role } from '../store/people.ts'
import { hashOf } from './sessions.ts'

type World = { clock: Clock; ids: Ids; publicUrl: string }

const lifeMs = 86_400_000

/** A link for one person; `inviter` null: for the first owner. */
export function createLink(people: People, { clock, ids, publicUrl }: World, role: Role, inviter: number | null): { link: string; hash: string } {
  const token = ids.random(32)
  const hash = hashOf(token)
  people.invite(hash, role, inviter, clock.now() + lifeMs, clock.now())
  // What stands behind the # is sent by no browser and kept by no log.
  return { link: `${publicUrl}/studio/set-up#token=${token}`, hash }
}

/** As long as there is nobody, a new link at every start, which voids the one before: what it is while it is good. */
export function createFirstLink(people: People, world: World): (() => string | null) | null {
  if (people.count() > 0) return null
  const { link, hash } = createLink(people, world, 'owner', null)
  return () => (people.invitation(hash, world.clock.now()) === undefined ? null : link)
}
