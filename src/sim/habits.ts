/** What one seed's shop, machine room and weather are like. */
import { parseRates } from '../mail/rates.ts'
import type { VariantName } from './machines.ts'
import type { ServerHabits } from './server.ts'
import type { Random } from './world.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

export type Habits = ServerHabits & {
  /** How long people come to the shop, ms, and how long it is calm afterwards. */
  span: number
  calm: number
  customers: number
  /** Crashes, clean stops, and settings of the wall clock on the way. */
  crashes: number
  stops: number
  jumps: number
  /** The machines that a start chooses from. */
  variants: readonly VariantName[]
  /** How long time may leap when nothing happens, ms. */
  leap: number
  /** The share of letters that meet a fault at the relay, and whether it is down for a while. */
  trouble: number
  relayFails: boolean
}

export function makeHabits(random: Random): Habits {
  const span = random.pick([2, 5, 12, 30, 60]) * day
  const isCareful = random.chance(0.25)
  const variants = isCareful
    ? (['careful'] as const)
    : random.chance(0.6)
      ? (['shipped'] as const)
      : random.chance(0.3)
        ? (['hasty'] as const)
        : random.pick(changes)
  const habits: Omit<Habits, 'rates'> = {
    span,
    calm: random.pick([1, 3, 35, 65]) * day,
    customers: random.between(11, 22),
    crashes: random.between(1, 6),
    stops: variants.length > 1 || random.chance(0.3) ? 3 : 0,
    jumps: random.chance(0.5) ? random.between(1, 4) : 0,
    variants,
    leap: Math.min(2 * day, random.pick([span / 800, span / 200, span / 40])),
    trouble: random.pick([0, 0.1, 0.3, 0.7]),
    relayFails: random.chance(0.2),
    hotMax: random.pick([4, 16, 50_000]),
    replayEventsMax: random.pick([5, 60, 400, 100_000]),
    replayAgeMaxMs: random.pick([5_000, 5_000, hour]),
    horizonMs: random.pick([10 * minute, hour, 30 * day]),
    width: random.between(1, 8),
    policy: { consentRequired: isCareful || random.chance(0.06), holdout: random.chance(0.25) ? random.pick(holdouts) : {} },
  }
  // Half of the shops are slow enough for letters to wait in lanes.
  return { ...habits, rates: parseRates(habits.width > 4 ? '*=none' : '*=2/m+1') }
}

const holdouts: readonly Record<string, number>[] = [{ cart: 0.3, browsing: 0.5 }, { '*': 0.3 }, { '*': 0.1, purchase: 0.4 }]

const changes: readonly (readonly VariantName[])[] = [['shipped', 'hasty'], ['shipped', 'rebuilt'], ['night'], ['shipped', 'night', 'rebuilt']]
