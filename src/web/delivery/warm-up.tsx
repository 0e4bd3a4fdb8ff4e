/** A new sender's first days: how many letters each great receiver may have today, and how many it had. */
import type { DeliveryWarmUp } from '../../studio/api-delivery.ts'
import { dayOf, number } from '../words.ts'

export function WarmUp({ warmUp: { day, days, startsAt, limit, next, groups } }: { warmUp: DeliveryWarmUp }) {
  return (
    <section class="card" aria-labelledby="delivery-warm-up">
      <header>
        <h2 id="delivery-warm-up">Warm-up</h2>
        <span class="chip">{day < 1 ? `begins on ${dayOf(startsAt)}` : `day ${day} of ${days}`}</span>
        <span class="soft small">
          {limit === null ? 'no limit' : `${number(limit)} letters to each today`}, {next === null ? 'then no limit' : `${number(next)} tomorrow`}
        </span>
      </header>
      <ul class="delivery-warm-up">
        {groups.map(({ name, used }) => (
          <li key={name}>
            <span class="break">{name === 'others' ? 'all others together' : name}</span>
            <meter min={0} max={limit ?? Math.max(used, 1)} value={used} aria-label={`${name}: ${used} of ${limit ?? 'any number'}`} />
            <span class="numbers small">
              {number(used)} {limit !== null && <span class="soft">of {number(limit)}</span>}
            </span>
          </li>
        ))}
      </ul>
      <p class="delivery-hint soft small">
        What is over the limit waits until tomorrow (00:00 UTC), in the order in which it became due; thanks for an order go first.
      </p>
    </section>
  )
}
