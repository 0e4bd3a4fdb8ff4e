/**
 * Arms held against each other: facts in, what can be said out. Pure.
 * 1. Each customer is given the same number of days from the instant they came to stand in their arm; who has not had
 *    all of them yet is left out, or the newest would look as if they bought least.
 * 2. Who stood in two arms, because two lives turned out to be one person's, is left out and counted.
 * 3. What is said holds however often it is asked (report/sequential.ts).
 */
import type { Experiment, Subject } from '../store/experiments.ts'
import type { ExperimentArm, ExperimentComparison, ExperimentReport, Metric } from '../studio/api-results.ts'
import type { NetOrder } from './orders.ts'
import { compare, rateArm } from './sequential.ts'
import type { Arm, Comparison } from './sequential.ts'

export type ExperimentFacts = {
  subjects: readonly Subject[]
  /** All since it began, by customer. */
  orders: ReadonlyMap<number, readonly NetOrder[]>
  /** When people clicked the letter that it is about, by customer. */
  clicks: ReadonlyMap<number, readonly { at: number }[]>
}

export type ExperimentParams = { now: number; days: number; currency: string; isMadeUp: (customer: number) => boolean }

const dayMs = 86_400_000
/** Sums of one customer above this share of all buyers' count as that much: one huge order would widen the interval for weeks. */
const quantile = 0.99

type Counted = { arm: string; revenue: number; converted: boolean; clicked: boolean }

export function reportOf(experiment: Experiment, facts: ExperimentFacts, params: ExperimentParams): ExperimentReport {
  const { kind, shares } = experiment
  const { counted, pending, both } = countedOf(facts, params)
  const cutAt = highest(counted.flatMap(({ revenue }) => (revenue > 0 ? [revenue] : [])))
  const names = Object.keys(shares)
  const sums = new Map(names.map((name) => [name, sumsOf(counted, name, cutAt ?? 0)]))
  const arms = names.map((name): ExperimentArm => ({ name, share: shares[name]!, ...sums.get(name)!.shown }))
  // A holdout asks what letters do; a letter's variants, what each does that the letter itself does not.
  const pairs = kind === 'holdout' ? [[names[0]!, names[1]!] as const] : names.slice(1).map((name) => [name, names[0]!] as const)
  const metrics: Metric[] = kind === 'holdout' ? ['conversion', 'revenue'] : ['conversion', 'revenue', 'clicks']
  return {
    id: experiment.id,
    kind,
    about: experiment.about,
    running: experiment.running,
    started: experiment.started,
    days: params.days,
    arms,
    comparisons: pairs.flatMap(([arm, against]) =>
      metrics.map((metric) => comparisonOf(metric, arm, against, sums.get(arm)!.by[metric], sums.get(against)!.by[metric], shares)),
    ),
    pending,
    both,
    cutAt: cutAt === null ? null : cutAt / 1_000,
  }
}

function countedOf({ subjects, orders, clicks }: ExperimentFacts, { now, days, currency, isMadeUp }: ExperimentParams) {
  const arms = new Map<number, Subject | null>()
  for (const subject of subjects) arms.set(subject.customer, arms.has(subject.customer) ? null : subject)
  const counted: Counted[] = []
  let pending = 0
  let both = 0
  for (const [customer, subject] of arms) {
    if (isMadeUp(customer)) continue
    if (subject === null) both++
    else if (subject.at + days * dayMs > now) pending++
    else {
      const isIn = ({ at }: { at: number }) => at > subject.at && at - subject.at <= days * dayMs
      const own = (orders.get(customer) ?? []).filter(isIn)
      const revenue = own.reduce((sum, order) => sum + (order.currency === currency ? (order.amount ?? 0) : 0), 0)
      counted.push({ arm: subject.arm, revenue, converted: own.length > 0, clicked: (clicks.get(customer) ?? []).some(isIn) })
    }
  }
  return { counted, pending, both }
}

function highest(sums: number[]): number | null {
  if (sums.length === 0) return null
  sums.sort((a, b) => a - b)
  return sums[Math.min(sums.length - 1, Math.ceil(sums.length * quantile) - 1)]!
}

function sumsOf(counted: readonly Counted[], arm: string, cutAt: number): { shown: Omit<ExperimentArm, 'name' | 'share'>; by: Record<Metric, Arm> } {
  const shown = { customers: 0, converted: 0, clicked: 0, revenue: 0 }
  const revenue: Arm = { n: 0, sum: 0, squares: 0 }
  for (const one of counted) {
    if (one.arm !== arm) continue
    shown.customers++
    if (one.converted) shown.converted++
    if (one.clicked) shown.clicked++
    shown.revenue += one.revenue
    const cut = Math.min(one.revenue, cutAt) / 1_000
    revenue.sum += cut
    revenue.squares += cut * cut
  }
  const { customers, converted, clicked } = shown
  const by = { conversion: rateArm(customers, converted), revenue: { ...revenue, n: customers }, clicks: rateArm(customers, clicked) }
  return { shown: { ...shown, revenue: shown.revenue / 1_000 }, by }
}

function comparisonOf(metric: Metric, arm: string, against: string, a: Arm, b: Arm, shares: Experiment['shares']): ExperimentComparison {
  const found = compare(a, b)
  const { verdict, difference, lift, interval, p } = found
  const base = b.n > 0 ? b.sum / b.n : 0
  const liftInterval: [number, number] | null = interval === null || base === 0 ? null : [Math.max(-1, interval[0] / base), interval[1] / base]
  return { metric, arm, against, verdict, difference, lift, liftInterval, p, words: wordsOf(found, liftInterval, a.n + b.n, [shares[arm]!, shares[against]!]) }
}

function wordsOf({ verdict, lacks, lift }: Comparison, interval: [number, number] | null, customers: number, [one, other]: [number, number]): string {
  if (verdict === 'not-enough-data') return `Not enough data yet: this needs ${lacks}.`
  const so = `with ${percent(one)} / ${percent(other)} and ${customers.toLocaleString('en')} customers`
  const range = interval === null ? '' : ` the true lift lies between ${signed(interval[0])} and ${signed(interval[1])}`
  if (verdict === 'no-difference-seen') return range === '' ? `No difference seen yet, ${so}.` : `No difference seen yet: ${so}${range}.`
  const more = verdict === 'better' ? 'More' : 'Less'
  return `${more} than chance makes: ${lift === null ? '' : `${signed(lift)} seen, and `}${so}${range}.`
}

const percent = (share: number): string => `${Number((share * 100).toFixed(1))} %`
/** +12 %, −4 %. */
const signed = (share: number): string => `${share < 0 ? '−' : '+'}${Math.abs(share * 100).toFixed(Math.abs(share) < 0.1 ? 1 : 0)} %`
