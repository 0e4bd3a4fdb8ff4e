/** How letters leave: the ways out in order of preference, the pace of each domain, and what was counted. Joined here once, for the drain and for those who look on. */
import type { Clock, Post } from '../core/world.ts'
import type { Store } from '../store/store.ts'
import { createFailover } from './failover.ts'
import type { Failover } from './failover.ts'
import { createInboxPost } from './inbox.ts'
import { createPace } from './pace.ts'
import type { Pace } from './pace.ts'
import { unlimited } from './rates.ts'
import type { Rates } from './rates.ts'
import { sandboxed } from './sandboxed.ts'
import { createTally } from './tally.ts'
import type { Tally } from './tally.ts'
import type { WarmUp } from './warm-up.ts'

export type PostOffice = {
  post: Post
  pace: Pace
  tally: Tally
  ways: Failover['ways']
  /** Both say false where there is nothing of that name, and are remembered. */
  holdWay(name: string, isHeld: boolean): boolean
  holdDomain(name: string, isHeld: boolean): boolean
}

type Options = { store: Store; clock: Clock; relays: readonly Post[]; rates: Rates; warmUp: WarmUp | null }

const heldKey = 'posts held'
const firstDayKey = 'first day of letters'

/** Without a relay letters stay in the inbox, which takes them as they come. */
export function createPostOffice({ store, clock, relays, rates, warmUp }: Options): PostOffice {
  const { letters, lanes, deliveries, meta } = store
  const isOut = relays.length > 0
  const held = new Set(JSON.parse(String(meta.get(heldKey) ?? '[]')) as string[])
  const failover = createFailover({ clock, posts: isOut ? relays : [createInboxPost()], held: [...held] })
  const post = isOut ? sandboxed(failover) : failover
  let firstDay = meta.get(firstDayKey) as number | undefined
  const pace = createPace({
    letters,
    lanes,
    deliveries,
    rates: isOut ? rates : () => unlimited,
    warmUp: isOut ? warmUp : null,
    firstDay(today, begins) {
      if (firstDay === undefined && begins) meta.set(firstDayKey, (firstDay = today))
      return firstDay ?? today
    },
    width: () => post.width,
    now: clock.now(),
  })
  return {
    post,
    pace,
    tally: createTally(deliveries),
    ways: failover.ways,
    holdWay(name, isHeld) {
      if (!failover.hold(name, isHeld)) return false
      if (isHeld) held.add(name)
      else held.delete(name)
      meta.set(heldKey, JSON.stringify([...held]))
      return true
    },
    holdDomain(name, isHeld) {
      if (!/^[a-z0-9.-]{1,253}$/.test(name)) return false
      letters.write(() => pace.hold(name, isHeld, clock.now()))
      return true
    },
  }
}
