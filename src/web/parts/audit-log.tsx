/** The log of what people did in the studio: the latest first, by day, a page at a time. */
import { useState } from 'preact/hooks'
import type { AuditRow } from '../../studio/api.ts'
import { ask, withQuery } from '../ask.ts'
import { useAsk } from '../hooks.ts'
import { clockOf, dayOf } from '../words.ts'
import { Empty, Fault, Spinner } from './basics.tsx'

type AuditPage = { rows: AuditRow[]; before: number | null }

/** The latest page of the log, and the older ones that were asked for. */
export function useAudit() {
  const { value, fault, again } = useAsk<AuditPage>('audit')
  const [older, setOlder] = useState<AuditPage[]>([])
  const [olderFault, setOlderFault] = useState<Error | null>(null)
  const last = older.at(-1) ?? value
  return {
    // New rows push some of the first page over to the next, which still has them.
    rows: value === null ? null : [...new Map([value, ...older].flatMap(({ rows }) => rows.map((row) => [row.id, row]))).values()],
    fault: fault ?? olderFault,
    hasMore: last !== null && last.before !== null,
    again: () => {
      setOlder([])
      setOlderFault(null)
      again()
    },
    more: () =>
      ask<AuditPage>(withQuery('audit', { before: last?.before })).then(
        (page) => setOlder((before) => [...before, page]),
        (error: Error) => setOlderFault(error),
      ),
  }
}

export function AuditLog({ audit: { rows, fault, hasMore, again, more } }: { audit: ReturnType<typeof useAudit> }) {
  const days = rows === null ? [] : [...Map.groupBy(rows, ({ at }) => dayOf(at))]
  return (
    <section class="card" aria-labelledby="audit-title">
      <header>
        <h2 id="audit-title">What people did</h2>
      </header>
      {fault && <Fault fault={fault} again={again} />}
      {rows === null && !fault && <Spinner what="Asking for the log" />}
      {rows?.length === 0 && (
        <Empty title="Nothing yet">
          <p>Every change made in the studio is noted here: who made it, when, and from where.</p>
        </Empty>
      )}
      {days.map(([day, rows]) => (
        <section key={day} class="audit" aria-label={day}>
          <h3>{day}</h3>
          <ol>
            {rows.map(({ id, at, who, did, about, from }) => (
              <li key={id}>
                <time class="soft numbers" dateTime={new Date(at).toISOString()}>
                  {clockOf(at)}
                </time>
                <p class="break">
                  <strong>{who}</strong> {did}
                  {about !== null && <span class="soft"> · {about}</span>}
                </p>
                <span class="soft mono break">{from}</span>
              </li>
            ))}
          </ol>
        </section>
      ))}
      {hasMore && (
        <div class="body">
          <button class="button" type="button" onClick={() => void more()}>
            Show older
          </button>
        </div>
      )}
    </section>
  )
}
