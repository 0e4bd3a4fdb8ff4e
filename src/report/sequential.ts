/**
 * Comparing two groups of customers so that looking every day does not lie.
 *
 * A test made for one look, asked daily for two months, finds a difference between two equal groups in about one case of
 * four. What stands here holds at all looks together: Robbins' normal mixture (Robbins 1970, "Statistical methods
 * related to the law of the iterated logarithm"; the mSPRT of Johari, Pekelis, Walsh, "Always valid inference", 2015), as
 * the asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas ("Time-uniform central limit
 * theory and asymptotic confidence sequences", 2024).
 *
 * *Asymptotic* means: it rests on averages being near to normal, from the first look that says anything and on. Hence the
 * least sizes below. Revenue has a heavy tail: cut each customer's sum at a high quantile of both groups together (say
 * 99 %) before adding up, and call it so; one huge order else widens the interval for weeks.
 * 1. Pure; the answer depends on the sums alone, so it is the same however often and whenever it was asked before.
 * 2. `p` ≤ alpha exactly when the interval leaves out 0, and then the verdict is `better` or `worse`.
 */

/** One arm's sums over its customers: how many, the sum of the metric, the sum of its squares. */
export type Arm = { n: number; sum: number; squares: number }

export type Comparison = {
  /** Of `a` against `b`. */
  verdict: 'not-enough-data' | 'no-difference-seen' | 'better' | 'worse'
  /** mean(a) − mean(b), in the metric's own unit; null where a mean is not defined. */
  difference: number | null
  /** The difference as a share of mean(b): 0.3 is 30 % more; null where there is none. */
  lift: number | null
  /** 95 % (or 1 − alpha) confidence sequence for the difference, valid at every look; null before there is one. */
  interval: [low: number, high: number] | null
  /** Always-valid p-value, 0 to 1. */
  p: number
  /** Plain words of what is missing, when not enough. */
  lacks: string | null
}

/**
 * What the customers so far tell of `a` against `b`. Pure. The metric is nothing or more for each customer (converted
 * or not, revenue); chance decided who is in which arm, in any proportion.
 * `atLeast` (100): customers in each arm before anything is said.
 *
 *     compare(rateArm(9_000, 360), rateArm(1_000, 30)).verdict  // 'no-difference-seen'
 */
export function compare(a: Arm, b: Arm, { alpha = 0.05, atLeast = 100 }: { alpha?: number; atLeast?: number } = {}): Comparison {
  const difference = a.n > 0 && b.n > 0 ? a.sum / a.n - b.sum / b.n : null
  const lift = difference === null || b.sum === 0 ? null : difference / (b.sum / b.n)
  const lacks = lackOf(a, b, atLeast)
  if (difference === null || lacks !== null) return { verdict: 'not-enough-data', difference, lift, interval: null, p: 1, lacks }

  const variance = varianceOf(a, b)
  const spread = tightest * ((a.n * b.n) / (a.n + b.n))
  const shrink = spread / (spread + 1)
  const half = Math.sqrt((variance * (Math.log(spread + 1) + 2 * Math.log(1 / alpha))) / shrink)
  const interval: [number, number] = [difference - half, difference + half]
  const p = Math.min(1, Math.sqrt(spread + 1) * Math.exp((-shrink * difference * difference) / (2 * variance)))
  const verdict = interval[0] > 0 ? 'better' : interval[1] < 0 ? 'worse' : 'no-difference-seen'
  return { verdict, difference, lift, interval, p, lacks: null }
}

/** The arm of customers who did something or did not. */
export const rateArm = (n: number, converted: number): Arm => ({ n, sum: converted, squares: converted })

/**
 * The mixture's one number, fixed before any data: the interval is tightest, for alpha 0.05, about where
 * n(a)·n(b) / (n(a) + n(b)) is 2,000 (4,000 customers in each of two equal arms), and hardly wider within ten times of that.
 */
const tightest = 1 / 250

/** What a group would show if there were no difference; fewer, and averages are nothing like normal. */
const expectedMin = 5

function lackOf(a: Arm, b: Arm, atLeast: number): string | null {
  if (a.n < atLeast || b.n < atLeast) return `at least ${atLeast} customers in each group; there are ${a.n} and ${b.n}`
  const squares = a.squares + b.squares
  // As many equal sums would be as uneven as these are: for rates, those who converted.
  const count = squares > 0 ? (a.sum + b.sum) ** 2 / squares : 0
  const smaller = Math.min(a.n, b.n)
  const expected = (count * smaller) / (a.n + b.n)
  if (expected >= expectedMin) return varianceOf(a, b) > 0 ? null : 'customers who differ; so far all did the same'
  const missing = expected > 0 ? `: about ${Math.ceil((smaller * (expectedMin - expected)) / expected)} more customers in it at this rate` : ''
  return `more conversions: the smaller group should have ${expectedMin} if there were no difference, so far ${expected.toFixed(1)}${missing}`
}

/**
 * Of the difference of the means. The larger of two estimates: each arm's own, and that of both as one; the first is too
 * small where a small arm has not yet had its share of rare or large sums, the second where the larger arm varies less.
 */
function varianceOf(a: Arm, b: Arm): number {
  const both = { n: a.n + b.n, sum: a.sum + b.sum, squares: a.squares + b.squares }
  return Math.max(spreadOf(a) / a.n + spreadOf(b) / b.n, spreadOf(both) * (1 / a.n + 1 / b.n))
}

const spreadOf = ({ n, sum, squares }: Arm): number => Math.max(0, (squares - (sum * sum) / n) / (n - 1))
