import { describe, expect, test } from 'vitest'
import { compare, rateArm, type Arm, type Comparison } from './sequential.ts'

const days = 70
const runs = 1_500
/** Three standard errors over a share of 5 % in so many runs. */
const mostFalse = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs)

type Plan = { perDay: [a: number, b: number]; rate: [a: number, b: number]; worth?: (chance: Chance) => number; delayDaysMax?: number }
type Look = Comparison & { wouldBe: boolean }

describe('two groups that do not differ, looked at every day for ten weeks', () => {
  test.each<[string, Plan]>([
    ['3 % conversion, one in ten held out', { perDay: [450, 50], rate: [0.03, 0.03] }],
    ['3 % conversion, half and half', { perDay: [250, 250], rate: [0.03, 0.03] }],
    ['0.5 % conversion, one in ten held out', { perDay: [450, 50], rate: [0.005, 0.005] }],
    ['orders that come up to ten days later', { perDay: [450, 50], rate: [0.03, 0.03], delayDaysMax: 10 }],
    ['skewed revenue, one in ten held out', { perDay: [450, 50], rate: [0.03, 0.03], worth: (chance) => 40 * Math.exp(chance.normal()) }],
    ['skewed revenue, half and half', { perDay: [250, 250], rate: [0.03, 0.03], worth: (chance) => 40 * Math.exp(chance.normal()) }],
  ])('%s: at most one experiment in twenty ever says there is a difference', (_, plan) => {
    const ever = share(plan, (looks) => looks.some(({ verdict }) => verdict === 'better' || verdict === 'worse'))
    expect(ever).toBeLessThanOrEqual(mostFalse)
    // Looked at as often, the test made for one look finds one where there is none: this judge can tell.
    expect(share(plan, (looks) => looks.some(({ wouldBe }) => wouldBe))).toBeGreaterThan(0.15)
  })
})

describe('two groups that do differ', () => {
  test.each<[string, Plan]>([
    ['half and half', { perDay: [300, 300], rate: [0.039, 0.03] }],
    ['one in ten held out', { perDay: [1_800, 200], rate: [0.039, 0.03] }],
  ])('%s: a third more conversions are found in most experiments', (_, plan) => {
    expect(share(plan, (looks) => looks.some(({ verdict }) => verdict === 'better'))).toBeGreaterThan(0.8)
    expect(share(plan, (looks) => looks.some(({ verdict }) => verdict === 'worse'))).toBeLessThan(0.01)
  })

  test.each<[string, Plan, number]>([
    ['conversion', { perDay: [450, 50], rate: [0.039, 0.03] }, 0.009],
    ['revenue', { perDay: [450, 50], rate: [0.039, 0.03], worth: (chance) => 40 * Math.exp(0.5 * chance.normal()) }, 0.009 * 40 * Math.exp(0.125)],
  ])('the interval holds the true difference at all looks together, 19 times of 20: %s', (_, plan, truth) => {
    const always = share(plan, (looks) => looks.every(({ interval }) => interval === null || (interval[0] <= truth && truth <= interval[1])))
    expect(always).toBeGreaterThanOrEqual(1 - mostFalse)
    expect(share(plan, (looks) => looks.some(({ interval }) => interval !== null))).toBe(1)
  })
})

describe('what it says', () => {
  test('nothing before there are enough customers, and how many there are', () => {
    const early = compare(rateArm(900, 60), rateArm(99, 1))
    expect(early).toMatchObject({ verdict: 'not-enough-data', interval: null, p: 1, lacks: 'at least 100 customers in each group; there are 900 and 99' })
    expect(early.difference).toBeCloseTo(60 / 900 - 1 / 99)
    expect(compare(rateArm(900, 60), rateArm(99, 1), { atLeast: 50 })).toMatchObject({ verdict: 'no-difference-seen', lacks: null })
  })

  test('nothing while conversions are too few, and about how many customers are missing', () => {
    // 1,000 of 10,000 customers would have 2 of the 20 conversions: 5 need 1,500 more.
    expect(compare(rateArm(9_000, 20), rateArm(1_000, 0))).toMatchObject({
      verdict: 'not-enough-data',
      lift: null,
      lacks: expect.stringContaining('about 1500 more customers'),
    })
    expect(compare(rateArm(9_000, 0), rateArm(1_000, 0)).lacks).toMatch(/so far 0\.0$/)
    expect(compare(rateArm(9_000, 9_000), rateArm(1_000, 1_000)).lacks).toMatch(/all did the same/)
  })

  test('one order as large as all others together is not taken for many', () => {
    const orders = (n: number, worths: number[]): Arm => ({ n, sum: worths.reduce((a, b) => a + b, 0), squares: worths.reduce((a, b) => a + b * b, 0) })
    const usual = Array<number>(30).fill(40)
    expect(compare(orders(1_000, usual), orders(1_000, usual)).verdict).toBe('no-difference-seen')
    expect(compare(orders(1_000, [...usual, 9_000]), orders(1_000, usual)).verdict).toBe('not-enough-data')
  })

  test('a held-out group that never converts is no lack of data once it should have', () => {
    expect(compare(rateArm(9_000, 400), rateArm(1_000, 0))).toMatchObject({ verdict: 'better', lift: null, lacks: null })
  })

  test('better and worse are mirror images, and p agrees with the interval', () => {
    const one = compare(rateArm(9_000, 630), rateArm(1_000, 30))
    const other = compare(rateArm(1_000, 30), rateArm(9_000, 630))
    expect([one.verdict, other.verdict]).toEqual(['better', 'worse'])
    expect(one.lift).toBeCloseTo(4 / 3)
    expect(one.interval?.map((end) => -end).reverse()).toEqual(other.interval)
    expect(one.p).toBe(other.p)
    for (const converted of [290, 310, 330, 350, 370, 390, 410, 430, 450, 470, 490]) {
      const { p, interval } = compare(rateArm(9_000, converted), rateArm(1_000, 30))
      expect(p <= 0.05).toBe((interval as [number, number])[0] > 0)
    }
  })

  test('the same as the formula of the mixture worked out by hand', () => {
    // 4,000 customers each, 100 and 160 conversions: t = 2,000, ρ²t = 8, pooled rate 0.0325.
    const { interval, p, difference } = compare(rateArm(4_000, 160), rateArm(4_000, 100))
    const variance = ((0.0325 * 0.9675 * 8_000) / 7_999) * (2 / 4_000)
    const half = Math.sqrt(variance * (9 / 8) * (Math.log(9) + 2 * Math.log(20)))
    expect(difference).toBeCloseTo(0.015, 12)
    expect(interval?.[0]).toBeCloseTo(0.015 - half, 12)
    expect(interval?.[1]).toBeCloseTo(0.015 + half, 12)
    expect(p).toBeCloseTo(3 * Math.exp((-(8 / 9) * 0.015 ** 2) / (2 * variance)), 12)
  })

  test('a smaller alpha asks for more', () => {
    const arms = [rateArm(4_000, 160), rateArm(4_000, 100)] as const
    expect(compare(...arms, { alpha: 0.05 }).verdict).toBe('better')
    expect(compare(...arms, { alpha: 0.001 }).verdict).toBe('no-difference-seen')
  })
})

/** The share of experiments whose daily looks are such. Seeded by the plan, so a run is the same each time. */
function share(plan: Plan, isSuch: (looks: Look[]) => boolean): number {
  const chance = createChance(JSON.stringify(plan).length * 7_919 + 1)
  let count = 0
  for (let run = 0; run < runs; run++) if (isSuch(experiment(plan, chance))) count++
  return count / runs
}

function experiment({ perDay, rate, worth, delayDaysMax = 0 }: Plan, chance: Chance): Look[] {
  const arms: [Arm, Arm] = [rateArm(0, 0), rateArm(0, 0)]
  const later = Array.from({ length: days + delayDaysMax + 1 }, () => [0, 0])
  const looks: Look[] = []
  for (let day = 0; day < days; day++) {
    for (const i of [0, 1] as const) {
      arms[i].n += perDay[i]
      const converted = chance.binomial(perDay[i], rate[i])
      if (delayDaysMax === 0) later[day]![i]! += converted
      else for (let k = 0; k < converted; k++) later[day + Math.floor(chance.next() * (delayDaysMax + 1))]![i]!++
      for (let k = later[day]![i]!; k > 0; k--) {
        const value = worth === undefined ? 1 : worth(chance)
        arms[i].sum += value
        arms[i].squares += value * value
      }
    }
    const look = compare(...arms)
    looks.push({ ...look, wouldBe: look.verdict !== 'not-enough-data' && Math.abs(zOf(...arms)) > 1.959964 })
  }
  return looks
}

const zOf = (a: Arm, b: Arm) => {
  const variance = ({ n, sum, squares }: Arm) => (squares / n - (sum / n) ** 2) / n
  return (a.sum / a.n - b.sum / b.n) / Math.sqrt(variance(a) + variance(b))
}

type Chance = ReturnType<typeof createChance>

/** Mulberry32, and what is drawn from it. */
function createChance(seed: number) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    /** By the gaps between successes, which are geometric. */
    binomial(n: number, p: number) {
      const log = Math.log(1 - p)
      let count = -1
      for (let at = 0; at <= n; count++) at += Math.floor(Math.log(1 - next()) / log) + 1
      return count
    },
  }
}
