/** The table of what earned what: sorted by whatever column is asked for. */
import { useState } from 'preact/hooks'
import type { EarnedRow, Grouping, Money } from '../../studio/api-results.ts'
import { money, number } from '../words.ts'

type Column = { id: string; words: string; of: (row: EarnedRow, currency: string) => number; show: (row: EarnedRow) => string; title?: string }

const share = (part: number, of: number) => (of === 0 ? 0 : part / of)
const percent = (part: number, of: number) => (of === 0 ? '–' : `${((part / of) * 100).toFixed(part === 0 ? 0 : 1)} %`)

const columns: readonly Column[] = [
  { id: 'sent', words: 'Sent', of: ({ sent }) => sent, show: ({ sent }) => number(sent) },
  {
    id: 'opened',
    words: 'Opened',
    of: ({ opened, sent }) => share(opened, sent),
    show: ({ opened, sent }) => percent(opened, sent),
    title: 'By people, as far as can be told; of those sent',
  },
  {
    id: 'clicked',
    words: 'Clicked',
    of: ({ clicked, sent }) => share(clicked, sent),
    show: ({ clicked, sent }) => percent(clicked, sent),
    title: 'By people; of those sent',
  },
  { id: 'orders', words: 'Orders', of: ({ orders }) => orders, show: ({ orders }) => number(orders) },
  { id: 'revenue', words: 'Revenue', of: ({ revenue }, currency) => revenue[currency] ?? 0, show: ({ revenue }) => amounts(revenue) },
  {
    id: 'perSent',
    words: 'Per letter',
    of: ({ perSent }, currency) => perSent?.[currency] ?? 0,
    show: ({ perSent }) => (perSent === null ? '–' : amounts(perSent)),
    title: 'Revenue by letter sent',
  },
]

export const amounts = (sums: Money): string =>
  Object.entries(sums)
    .map(([currency, amount]) => money(amount, currency))
    .join(' + ') || '–'

const named: Record<Grouping, string> = { template: 'Letter', journey: 'Journey', priority: 'Priority', day: 'Day', letter: 'Number' }

export function EarnedTable({ rows, by, currency, leftOut }: { rows: EarnedRow[]; by: Grouping; currency: string; leftOut: number }) {
  const [sort, setSort] = useState<{ id: string; down: boolean }>({ id: by === 'day' ? 'key' : 'revenue', down: by !== 'day' })
  const column = columns.find(({ id }) => id === sort.id)
  const sorted = rows.toSorted(
    (a, b) => (sort.down ? -1 : 1) * (column === undefined ? compare(a.key, b.key) : column.of(a, currency) - column.of(b, currency)),
  )
  const head = (id: string, words: string, title?: string) => (
    <th key={id} scope="col" aria-sort={sort.id === id ? (sort.down ? 'descending' : 'ascending') : 'none'} title={title}>
      <button type="button" onClick={() => setSort((before) => ({ id, down: before.id === id ? !before.down : id !== 'key' }))}>
        {words}
        <span aria-hidden="true">{sort.id === id ? (sort.down ? ' ↓' : ' ↑') : ''}</span>
      </button>
    </th>
  )
  return (
    <div class="earned" tabIndex={0} role="region" aria-label={`Results by ${named[by].toLowerCase()}`}>
      <table>
        <thead>
          <tr>
            {head('key', named[by])}
            {columns.map(({ id, words, title }) => head(id, words, title))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => (
            <tr key={row.key}>
              <th scope="row" class="break">
                {by === 'letter' ? <a href={`/studio/inbox/${row.key}`}>{`${row.key}, ${row.template}`}</a> : row.key}
              </th>
              {columns.map(({ id, words, show }) => (
                <td key={id} class="numbers" data-words={words}>
                  {show(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {leftOut > 0 && <p class="soft small left-out">{number(leftOut)} letters that earned less are left out; the CSV has the same lines.</p>}
    </div>
  )
}

const compare = (a: string, b: string) => a.localeCompare(b, undefined, { numeric: true })

/** From sent to ordered, with what machines did beside what people did. */
export function Funnel({ total }: { total: EarnedRow }) {
  const steps = [
    { words: 'Sent', n: total.sent, machine: 0 },
    { words: 'Opened', n: total.opened, machine: total.openedByMachine },
    { words: 'Clicked', n: total.clicked, machine: total.clickedByMachine },
    { words: 'Led to an order', n: total.ordered, machine: 0 },
  ]
  return (
    <section class="card funnel" aria-label="From letter to order">
      <h2>From letter to order</h2>
      <ol>
        {steps.map(({ words, n, machine }) => (
          <li key={words}>
            <span>{words}</span>
            <meter min={0} max={Math.max(1, total.sent)} value={n} aria-label={`${words}: ${number(n)} of ${number(total.sent)}`} />
            <span class="numbers">
              {number(n)} <span class="soft small">{percent(n, total.sent)}</span>
            </span>
            {machine > 0 && <span class="soft small machines">and {number(machine)} by scanners or proxies, which count nowhere</span>}
          </li>
        ))}
      </ol>
      {total.afterOpen.orders > 0 && (
        <p class="soft small">
          Told apart: {number(total.afterOpen.orders)} orders ({amounts(total.afterOpen.revenue)}) followed an open without a click. Pictures are often fetched
          unread, so these are not counted as earned.
        </p>
      )}
    </section>
  )
}
