/** A kept report as people read it: names and addresses as they are now, how long it has been so, and how it went. */
import { codes } from '../core/errors.ts'
import type { Code } from '../core/errors.ts'
import { nameOf } from '../profile/profile.ts'
import type { Profile } from '../profile/profile.ts'
import type { DayCount } from '../store/checkups.ts'
import type { Store } from '../store/store.ts'
import type { CheckupExample, CheckupFinding, CheckupPage } from '../studio/api-checkup.ts'
import { findingIds, kinds } from './findings.ts'
import type { FindingId } from './findings.ts'
import type { Example, Report } from './report.ts'

const dayMs = 86_400_000
const trendDays = 60
const ranks = { wrong: 0, look: 1, hint: 2 } as const

export type Kept = { at: number; tookMs: number; report: Report }

/** The last one kept; null when there is none. */
export function lastKept({ checkups }: Pick<Store, 'checkups'>): Kept | null {
  const last = checkups.last()
  return last === undefined ? null : { at: last.at, ...(JSON.parse(last.report) as Omit<Kept, 'at'>) }
}

/** `kept`: the last one in the store, or one that was made just now. */
export function toldReport(store: Pick<Store, 'checkups' | 'customers'>, { at, tookMs, report }: Kept): NonNullable<CheckupPage['last']> {
  const today = Math.floor(at / dayMs)
  const counts = Map.groupBy(store.checkups.counts(0), ({ name }) => name)
  const refusals = daily(store.checkups.refusals(today - trendDays))
  const findings = report.found.map(({ id, count, examples }): CheckupFinding => {
    const [severity, title, why, todo] = kinds[id]
    const days = counts.get(id) ?? []
    const trend = id === 'refused' ? refusals : days.filter(({ day }) => day > today - trendDays).map(({ day, count: n }): [number, number] => [day * dayMs, n])
    return { id, severity, title, why, todo, count, since: sinceOf(days), trend, examples: examples.map((example) => shown(store, id, example)) }
  })
  const found = new Set<FindingId>(report.found.map(({ id }) => id))
  return {
    at,
    tookMs,
    looked: report.looked,
    findings: findings.sort((a, b) => ranks[a.severity] - ranks[b.severity] || findingIds.indexOf(a.id as FindingId) - findingIds.indexOf(b.id as FindingId)),
    clean: findingIds.filter((id) => !found.has(id)).map((id) => kinds[id][1]),
  }
}

/** The first of the days in a row, up to the last, on which there were any. */
function sinceOf(days: readonly DayCount[]): number | null {
  const clean = days.findLastIndex(({ count }) => count === 0)
  const first = days[clean + 1]
  return first === undefined ? null : first.day * dayMs
}

function daily(rows: readonly DayCount[]): [number, number][] {
  const days = new Map<number, number>()
  for (const { day, count } of rows) days.set(day * dayMs, (days.get(day * dayMs) ?? 0) + count)
  return [...days]
}

function shown({ customers }: Pick<Store, 'customers'>, id: FindingId, { customers: ids = [], product, letter, words }: Example): CheckupExample {
  return {
    customers: ids.map((customer) => nameIn(customers, customer)),
    product: product ?? null,
    letter: letter ?? null,
    words: id === 'refused' ? hinted(words ?? '') : (words ?? null),
  }
}

/** `key.unknown 12` with what to do about it. */
function hinted(words: string): string {
  const code = words.split(' ')[0] as Code
  return code in codes ? `${words} · ${codes[code][1]}` : words
}

function nameIn(customers: Store['customers'], id: number): CheckupExample['customers'][number] {
  const unnamed = { id, name: `customer ${id}`, email: null }
  const stored = customers.get(id)
  if (stored === undefined) return unnamed
  try {
    const profile = (JSON.parse(stored.life) as unknown[])[5] as Profile
    return { id, name: nameOf(profile) || unnamed.name, email: profile.email ?? null }
  } catch {
    return unnamed
  }
}
