/** The outbox by state, and the letters whose turn is next. */
import type { DeliveryPage } from '../../studio/api-delivery.ts'
import type { LetterState } from '../../studio/api.ts'
import { useNow } from '../hooks.ts'
import { Time } from '../parts/basics.tsx'
import { count, number } from '../words.ts'

const figures: [words: string, states: LetterState[], more: string][] = [
  ['Waiting', ['queued'], 'for their first attempt'],
  ['Being sent', ['attempting', 'flushing'], 'with a relay now'],
  ['Trying again', ['deferred'], 'were told: not now'],
  ['Held', ['unknown'], 'may have arrived'],
  ['Failed', ['failed'], 'refused, or given up'],
  ['Sent', ['sent'], 'taken by the other side'],
]

export function Outbox({ page: { outbox, next } }: { page: DeliveryPage }) {
  const now = useNow()
  return (
    <section class="card" aria-labelledby="delivery-outbox">
      <header>
        <h2 id="delivery-outbox">Outbox</h2>
      </header>
      <dl class="delivery-figures">
        {figures.map(([words, states, more]) => (
          <div key={words}>
            <dt>{words}</dt>
            <dd class="numbers">
              <a href={`/studio/inbox?state=${states[0]}`}>{number(states.reduce((sum, state) => sum + outbox[state], 0))}</a>
            </dd>
            <dd class="soft small">{more}</dd>
          </div>
        ))}
      </dl>
      {next.length > 0 && (
        <>
          <h3 class="delivery-sub">Next by the clock</h3>
          <ol class="delivery-next">
            {next.map(({ id, template, recipient, at, attempts }) => (
              <li key={id}>
                {at <= now ? <span class="soft small">due, waits for its pace</span> : <Time at={at} now={now} relative />}
                <a class="break" href={`/studio/inbox/${id}`}>
                  {recipient}
                </a>
                <span class="soft small break">
                  {template}
                  {attempts > 0 && `, ${count(attempts, 'attempt')} so far`}
                </span>
              </li>
            ))}
          </ol>
        </>
      )}
    </section>
  )
}
