/** Everything that will happen to a seed's shop from outside: who comes, what breaks, who meddles with the clock. */
import type { Clients } from './clients.ts'
import type { Habits } from './habits.ts'
import type { Relay } from './post.ts'
import { changed, makeDeeds } from './shoppers.ts'
import type { World } from './world.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

type Actions = { clients: Clients; relay: Relay; note: (line: string) => void; crash: () => void; stop: () => void }

export function plan(world: World, habits: Habits, { clients, relay, note, crash, stop }: Actions) {
  const random = world.random.fork('script')
  const some = (n: number, work: () => void) => {
    for (; n > 0; n--) world.later(random.between(0, habits.span), work)
  }

  for (const deed of makeDeeds(random.fork('shop'), habits.customers, habits.span)) {
    for (const delay of deed.delays) world.later(deed.at + delay, () => clients.send(deed))
    if (!random.chance(0.02)) continue
    const other = { ...deed, body: changed(deed.body) }
    world.later(deed.at + random.pick([0, 1, 5_000, hour, 3 * day]), () => clients.send(other))
  }

  some(habits.crashes, crash)
  some(habits.stops, stop)
  some(habits.jumps, () => {
    // The wall clock is set; often it is set right again.
    const ms = random.pick([1_000, -1_000, minute, -minute, hour, -hour, day, -day, 40 * day, -400 * day, 3_650 * day])
    note(`jump ${ms}`)
    world.jump(ms)
    if (random.chance(0.7)) world.later(random.between(1, day), () => world.jump(-ms))
  })

  relay.setTrouble(habits.trouble)
  some(habits.relayFails ? 1 : 0, () => {
    relay.setDown(true)
    world.later(random.between(hour, 2 * day), () => relay.setDown(false))
  })
}
