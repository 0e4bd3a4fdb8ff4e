/** Who this is: name, address, ids, what they agreed to, and ways on. */
import type { CustomerPage } from '../../studio/api.ts'
import { count, dayOf, duration, exactly } from '../words.ts'

const idWords: Record<string, string> = { u: 'user id', a: 'anonymous id', e: 'address' }
const shownIdsMax = 4

export function Head({ page, why }: { page: CustomerPage; why: string | null }) {
  return (
    <header class="customer-head">
      <div class="who">
        <p class="small">
          <a href="/studio/customers">Customers</a>
        </p>
        <h1 class="break clamp">{page.name}</h1>
        <p class="about-them">
          {page.email === null ? (
            <span class="soft">no address yet, so no letters</span>
          ) : (
            <span class="break">
              {page.email} {page.verified ? <span class="chip good">vouched for</span> : <span class="chip">claimed</span>}
            </span>
          )}
          <Consent page={page} />
          {page.sandbox && <span class="chip medium">sandbox</span>}
          {page.lead > 0 && <span class="chip medium">{duration(page.lead)} ahead</span>}
        </p>
        <p class="soft small numbers">
          <span title={exactly(page.born)}>since {dayOf(page.born)}</span> · {count(page.turns, 'turn')} · customer {page.id}
        </p>
      </div>
      <nav class="ways" aria-label="What to do with this customer">
        <a class="button" href={`/studio?customer=${page.id}`}>
          See on the machine
        </a>
        {page.sandbox && (
          <a class="button" href={`/studio/try?customer=${page.id}`}>
            Skip ahead
          </a>
        )}
        {why === null && (
          <a class="button strong" href={`/studio/customers/${page.id}?why=`}>
            Why?
          </a>
        )}
      </nav>
    </header>
  )
}

/** What put the address among those that are never written to. */
export const suppressedWords = (by: string) => (by === 'bounce' ? 'a letter came back' : by === 'complaint' ? 'reported as spam' : by)

function Consent({ page: { consent, suppressed } }: { page: CustomerPage }) {
  if (suppressed !== null) return <span class="chip bad">never written to: {suppressedWords(suppressed)}</span>
  if (consent === 'unsubscribed') return <span class="chip bad">unsubscribed</span>
  if (consent === 'pending') return <span class="chip warn">yet to confirm</span>
  return <span class={`chip ${consent === 'subscribed' ? 'good' : ''}`}>{consent === 'subscribed' ? 'subscribed' : 'consent not asked'}</span>
}

export function Ids({ ids }: { ids: readonly string[] }) {
  const line = (id: string) => (
    <li key={id}>
      <span class="soft small">{idWords[id[0]!] ?? 'id'}</span> <code class="break">{id.slice(2)}</code>
    </li>
  )
  return (
    <>
      <ul class="plain">{ids.slice(0, shownIdsMax).map(line)}</ul>
      {ids.length > shownIdsMax && (
        <details>
          <summary class="small">{ids.length - shownIdsMax} more</summary>
          <ul class="plain many">{ids.slice(shownIdsMax).map(line)}</ul>
        </details>
      )}
    </>
  )
}
