/** The ways out, in the order in which they are preferred. */
import type { DeliveryPost } from '../../studio/api-delivery.ts'
import { useNow } from '../hooks.ts'
import { Time } from '../parts/basics.tsx'
import { count, number } from '../words.ts'
import { Hold } from './hold.tsx'

const states: Record<DeliveryPost['state'], [words: string, tint: string]> = {
  well: ['well', 'good'],
  down: ['down', 'bad'],
  trial: ['answers again, on trial', 'warn'],
  held: ['on hold', 'warn'],
}

export function Posts({ posts, again }: { posts: DeliveryPost[]; again: () => void }) {
  const isInbox = posts.every(({ name }) => name === 'the inbox')
  return (
    <section class="card" aria-labelledby="delivery-posts">
      <header>
        <h2 id="delivery-posts">{posts.length > 1 ? 'Relays' : 'Relay'}</h2>
        {posts.length > 1 && <span class="soft small">the first that is well is taken</span>}
      </header>
      <ol class="delivery-posts">
        {posts.map((post) => (
          <Post key={post.name} post={post} again={again} />
        ))}
      </ol>
      {isInbox && (
        <p class="delivery-hint soft small">
          No relay is set, so letters stay here. Set <code>BECKON_SMTP_URL</code> to have them go out, and <code>BECKON_SMTP_URL_2</code> for a second relay to
          fall back on.
        </p>
      )}
      {!isInbox && posts.length === 1 && (
        <p class="delivery-hint soft small">
          With a second relay in <code>BECKON_SMTP_URL_2</code>, letters go on when this one is down.
        </p>
      )}
    </section>
  )
}

function Post({ post: { name, state, since, inFlight, fault, probeAt, today }, again }: { post: DeliveryPost; again: () => void }) {
  const now = useNow()
  const [words, tint] = states[state]
  return (
    <li>
      <div class="delivery-post">
        <strong class="break">{name}</strong>
        <span class={`chip ${tint}`}>{words}</span>
        <span class="soft small">
          since <Time at={since} now={now} />
        </span>
        <span class="grow" />
        <Hold path="posts" name={name} isHeld={state === 'held'} words="No letter is given to it until somebody resumes it." again={again} />
      </div>
      <p class="small">
        <span class="numbers">{number(today.sent)}</span> sent today
        {inFlight > 0 && `, ${count(inFlight, 'letter')} under way`}
        {today.bounced + today.failed > 0 && `, ${number(today.bounced + today.failed)} refused`}
        {today.unknown > 0 && `, ${number(today.unknown)} lost from sight`}
        {probeAt !== null && (
          <>
            {' '}
            · looked at again <Time at={probeAt} now={now} relative />
          </>
        )}
      </p>
      {fault && (
        <p class="small">
          <span class="soft">
            Last fault, <Time at={fault.at} now={now} relative />:
          </span>{' '}
          <q class="mono break">{fault.reply}</q> <span class="soft">{fault.means}</span>
        </p>
      )}
    </li>
  )
}
