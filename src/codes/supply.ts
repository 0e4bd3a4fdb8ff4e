/** How long pools last: what is free, how fast it goes, and whether somebody has to see to it. */
import type { Codes } from '../store/codes.ts'

export type Supply = {
  pool: string
  /** Counted up to 10,000. */
  free: number
  /** Codes that went to letters a day, over the last week. */
  perDay: number
  level: 'good' | 'warn' | 'bad'
  /** In words; null when all is well. */
  words: string | null
}

const dayMs = 86_400_000
const rateDays = 7
/** Fewer than this is low, whatever the rate. */
const lowFree = 50
/** Dry within this many days is low, however many there are. */
const lowDays = 7
const countedMax = 10_000

/** One pool. Pure. */
export function supplyOf(pool: string, free: number, takenInWeek: number): Supply {
  const perDay = takenInWeek / rateDays
  const daysLeft = perDay === 0 ? Infinity : free / perDay
  if (free === 0) return { pool, free, perDay, level: 'bad', words: 'It is empty: letters that need one of its codes are skipped.' }
  if (free < countedMax && daysLeft < lowDays)
    return {
      pool,
      free,
      perDay,
      level: 'warn',
      words: `At the present ${rate(perDay)} a day it runs dry in ${daysLeft < 1 ? 'less than a day' : days(daysLeft)}.`,
    }
  if (free < lowFree) return { pool, free, perDay, level: 'warn', words: `Only ${free} left.` }
  return { pool, free, perDay, level: 'good', words: null }
}

const rate = (perDay: number): string => (perDay < 10 ? String(Math.round(perDay * 10) / 10) : Math.round(perDay).toLocaleString('en'))
const days = (n: number): string => (Math.floor(n) === 1 ? 'a day' : `${Math.floor(n)} days`)

/** Of pools, at `now`: a few index reads each. */
export const suppliesOf = (codes: Pick<Codes, 'freeUpTo' | 'reservedSince'>, pools: readonly string[], now: number): Supply[] =>
  pools.map((pool) => supplyOf(pool, codes.freeUpTo(pool, countedMax), codes.reservedSince(pool, now - rateDays * dayMs, countedMax)))

/** The pools that letters draw from, by their rules. */
export const poolsOf = (letters: Readonly<Record<string, { discount?: { pool?: string } }>>): string[] => [
  ...new Set(Object.values(letters).flatMap(({ discount }) => (discount?.pool === undefined ? [] : [discount.pool]))),
]
