/** How letters leave: the relays, the pace of each receiving domain, a new sender's first days, what is next, and what the other sides say. */
import { useEffect } from 'preact/hooks'
import type { DeliveryPage } from '../../studio/api-delivery.ts'
import { Domains } from '../delivery/domains.tsx'
import { Outbox } from '../delivery/outbox.tsx'
import { Posts } from '../delivery/posts.tsx'
import { Replies } from '../delivery/replies.tsx'
import { WarmUp } from '../delivery/warm-up.tsx'
import { useAsk, useTitle } from '../hooks.ts'
import { Fault, Spinner } from '../parts/basics.tsx'
import '../styles/delivery.css'

const everyMs = 3_000

export function Delivery(_: { params: string[] }) {
  useTitle('Delivery')
  const { value, fault, loading, again } = useAsk<DeliveryPage>('delivery')
  useEffect(() => {
    // Nobody looks at a page that is behind others.
    const timer = setTimeout(() => document.hidden || again(), everyMs)
    const look = () => document.hidden || again()
    document.addEventListener('visibilitychange', look)
    return () => {
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', look)
    }
  }, [loading])
  if (value === null) return fault ? <Fault fault={fault} again={again} /> : <Spinner what="Asking how letters leave" />
  return (
    <>
      <header>
        <h1>Delivery</h1>
        <Standing page={value} />
      </header>
      {fault && <Fault fault={fault} again={again} />}
      <Outbox page={value} />
      <Posts posts={value.posts} again={again} />
      {value.warmUp && <WarmUp warmUp={value.warmUp} />}
      <Domains domains={value.domains} more={value.moreDomains} again={again} />
      <Replies replies={value.replies} />
    </>
  )
}

/** The worst of it, in a few words. */
function Standing({ page: { posts, domains } }: { page: DeliveryPage }) {
  const able = posts.filter(({ state }) => state === 'well' || state === 'trial').length
  const slow = domains.filter(({ held, why }) => held || why !== null).length
  if (able === 0) return <span class="chip bad">{posts.every(({ state }) => state === 'held') ? 'on hold: nothing leaves' : 'no relay answers'}</span>
  if (able < posts.length) return <span class="chip warn">one relay short</span>
  if (slow > 0) return <span class="chip warn">{slow === 1 ? 'one domain slowed' : `${slow} domains slowed`}</span>
  return <span class="chip good">letters leave as they come</span>
}
