/** What the other sides said of letters that are not delivered, in their own words, and what these mean. */
import type { DeliveryReply } from '../../studio/api-delivery.ts'
import { useNow } from '../hooks.ts'
import { Empty, StateChip, Time } from '../parts/basics.tsx'
import { number } from '../words.ts'

export function Replies({ replies }: { replies: DeliveryReply[] }) {
  const now = useNow()
  return (
    <section class="card" aria-labelledby="delivery-replies">
      <header>
        <h2 id="delivery-replies">What they said last</h2>
        <span class="soft small">of letters that are not delivered</span>
      </header>
      {replies.length === 0 ? (
        <Empty title="No complaints from the other side">
          <p>When a server puts a letter off or refuses it, its words stand here with what they mean.</p>
        </Empty>
      ) : (
        <ol class="delivery-replies">
          {replies.map(({ reply, means, state, times, at, letter, domain }) => (
            <li key={letter}>
              <p>
                <strong class="break">{domain === 'any' ? 'On the way' : domain}</strong> <StateChip state={state} />{' '}
                <span class="soft small">
                  {times > 1 && `${number(times)} times, last `}
                  <Time at={at} now={now} relative />
                </span>
              </p>
              <p>{means}</p>
              <p class="small">
                <q class="mono break">{reply}</q>{' '}
                <a href={`/studio/inbox/${letter}`} aria-label={`The letter of which was said: ${reply}`}>
                  the letter
                </a>
              </p>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
