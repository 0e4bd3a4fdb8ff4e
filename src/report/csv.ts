/** Reports as CSV (RFC 4180), for spreadsheets: a text that one of these would take for a formula is quoted with an apostrophe. Pure. */
import type { Attribution, Experiments, Money } from '../studio/api-results.ts'

type Cell = string | number | null

/** One row a line and currency; a line without revenue has one row. */
export function attributionCsv({ by, rows }: Attribution): string {
  const head: Cell[] = [
    by,
    'template',
    'variant',
    'journey',
    'priority',
    'sent',
    'opened',
    'opened by machines',
    'clicked',
    'clicked by machines',
    'letters with orders',
    'orders',
    'currency',
    'revenue',
    'revenue per letter sent',
    'orders after an open alone',
    'revenue after an open alone',
  ]
  return toCsv([
    head,
    ...rows.flatMap((row) =>
      currenciesOf(row.revenue, row.afterOpen.revenue).map((currency, index): Cell[] => [
        row.key,
        row.template,
        row.variant,
        row.journey,
        row.priority,
        // Counts are of the line, and must not add up twice where it has several currencies.
        ...[row.sent, row.opened, row.openedByMachine, row.clicked, row.clickedByMachine, row.ordered, row.orders].map((n) => (index === 0 ? n : null)),
        currency,
        currency === null ? null : (row.revenue[currency] ?? 0),
        currency === null ? null : (row.perSent?.[currency] ?? null),
        index === 0 ? row.afterOpen.orders : null,
        currency === null ? null : (row.afterOpen.revenue[currency] ?? 0),
      ]),
    ),
  ])
}

const currenciesOf = (...sums: Money[]): (string | null)[] => {
  const currencies = [...new Set(sums.flatMap((sum) => Object.keys(sum)))].sort()
  return currencies.length === 0 ? [null] : currencies
}

/** One row an arm, and beside it what the comparisons say of it. */
export function experimentsCsv({ experiments, currency, days }: Experiments): string {
  const head: Cell[] = [
    'experiment',
    'kind',
    'about',
    'started',
    'running',
    'days',
    'arm',
    'share',
    'customers',
    'converted',
    'clicked',
    'currency',
    'revenue',
    'metric',
    'verdict',
    'lift',
    'lift from',
    'lift to',
    'p',
    'words',
  ]
  return toCsv([
    head,
    ...experiments.flatMap(({ id, kind, about, started, running, arms, comparisons }) =>
      arms.flatMap((arm) => {
        const own = [
          id,
          kind,
          about,
          started === null ? null : new Date(started).toISOString(),
          running ? 'yes' : 'no',
          days,
          arm.name,
          arm.share,
          arm.customers,
          arm.converted,
          arm.clicked,
          currency,
          arm.revenue,
        ]
        const said = comparisons.filter((one) => one.arm === arm.name)
        if (said.length === 0) return [[...own, ...Array<null>(7).fill(null)]]
        return said.map(({ metric, verdict, lift, liftInterval, p, words }): Cell[] => [
          ...own,
          metric,
          verdict,
          lift,
          liftInterval?.[0] ?? null,
          liftInterval?.[1] ?? null,
          p,
          words,
        ])
      }),
    ),
  ])
}

const toCsv = (rows: readonly (readonly Cell[])[]): string => rows.map((row) => `${row.map(toCell).join(',')}\r\n`).join('')

function toCell(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell === 'number') return String(cell)
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
