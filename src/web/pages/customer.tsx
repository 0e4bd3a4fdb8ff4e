/** One customer: their whole life to scrub through, what comes next, and why letters were sent or not. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Chart, CustomerPage, Track } from '../../studio/api.ts'
import { ask, Refused, withQuery } from '../ask.ts'
import { useAsk, useNow, useStore, useTitle } from '../hooks.ts'
import { Cart } from '../life/cart.tsx'
import { Consents } from '../life/consent.tsx'
import { Happened } from '../life/happened.tsx'
import { Head } from '../life/head.tsx'
import { Instant } from '../life/instant.tsx'
import { Life } from '../life/life.ts'
import { useTold } from '../life/looking.ts'
import { NextUp } from '../life/next.tsx'
import { Letters, Profile } from '../life/profile.tsx'
import { Readout } from '../life/readout.tsx'
import { Scrubber } from '../life/scrubber.tsx'
import { Story } from '../life/story.tsx'
import { Memory, Timers } from '../life/timers.tsx'
import { watch } from '../live.ts'
import { Empty, Fault, Spinner } from '../parts/basics.tsx'
import { go, place } from '../router.ts'
import { Why } from '../why/why.tsx'
import '../styles/customer.css'
import '../styles/why.css'

/** The address follows the instant once the hand rests; browsers allow only so many changes. */
const addressMs = 300
/** Events come in volleys: what is new is asked for once for each. */
const growMs = 200

export function Customer({ params: [id] }: { params: string[] }) {
  const [life, setLife] = useState<Life | null>(null)
  const [fault, setFault] = useState<Error | null>(null)
  const [round, setRound] = useState(0)
  useTitle(life?.page.name.slice(0, 80) ?? 'Customer')
  useEffect(() => {
    const stop = new AbortController()
    let made: Life | null = null
    setFault(null)
    Promise.all([ask<CustomerPage>(`customers/${id}`, stop.signal), ask<Track>(`customers/${id}/track`, stop.signal)]).then(
      ([page, track]) => setLife((made = new Life(page, track, turnOf(place.get().context.query)))),
      (error: Error) => stop.signal.aborted || setFault(error),
    )
    return () => {
      stop.abort()
      made?.stop()
    }
  }, [id, round])
  if (fault instanceof Refused && fault.status === 404) return <Gone />
  if (fault) return <Fault fault={fault} again={() => setRound((n) => n + 1)} />
  if (life === null) return <Spinner what="Reading their life" />
  return <Whole key={life.id} life={life} />
}

const Gone = () => (
  <Empty title="There is no such customer">
    <p>They may have asked to be forgotten, or have become one with another customer.</p>
    <a class="button" href="/studio/customers">
      Search the customers
    </a>
  </Empty>
)

/** `?turn=12`; null: now. */
function turnOf(query: URLSearchParams): number | null {
  const turn = query.get('turn')
  return turn !== null && /^\d{1,9}$/.test(turn) ? Number(turn) : null
}

function Whole({ life }: { life: Life }) {
  useTold(life)
  const now = useNow(30_000)
  const chart = useAsk<Chart>('chart').value
  const why = useStore(place, ({ query }) => query.get('why'))
  const decision = useStore(place, ({ query }) => query.get('decision'))
  useAddress(life)
  useLive(life)
  const to = (template: string | null) => {
    const turn = life.heading.now ? null : life.heading.index
    go(
      `${withQuery(`/studio/customers/${life.id}`, { turn })}${template === null ? '' : `${turn === null ? '?' : '&'}why=${encodeURIComponent(template)}`}`,
      true,
    )
  }
  const { page } = life
  return (
    <>
      <Head page={page} why={why} />
      <section class="card timeline" aria-label="Timeline">
        <Readout life={life} />
        {life.track.count > 0 ? <Scrubber life={life} chart={chart} /> : <p class="body soft">Nothing has happened in this life yet.</p>}
      </section>
      <div class="at-instant">
        {why !== null && <Why life={life} template={why} decision={decision} onChoose={to} onClose={() => to(null)} />}
        <Story life={life} />
        {life.track.count > 0 && <Happened life={life} />}
        <div class="had">
          <Cart life={life} />
          <Timers life={life} />
          <Memory life={life} />
        </div>
      </div>
      <Instant life={life} chart={chart} />
      <NextUp life={life} />
      <div class="about-customer">
        <Letters page={page} now={now + page.lead} />
        <div class="known">
          <Profile page={page} />
          <Consents page={page} now={now + page.lead} />
        </div>
      </div>
    </>
  )
}

/** The address and the instant follow each other. */
function useAddress(life: Life) {
  const written = useRef(turnOf(place.get().context.query))
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null
    const write = () => {
      timer = null
      const turn = life.moment.now ? null : life.moment.index
      if (turn === written.current) return
      written.current = turn
      const query = new URLSearchParams(location.search)
      if (turn === null) query.delete('turn')
      else query.set('turn', String(turn))
      go(`/studio/customers/${life.id}${query.size === 0 ? '' : `?${query}`}`, true)
    }
    const stopWriting = life.onMoment(() => {
      if (timer !== null) clearTimeout(timer)
      timer = setTimeout(write, addressMs)
    })
    const { unsubscribe } = place.subscribe(({ context: { path, query } }) => {
      const turn = turnOf(query)
      // A link that names no turn, such as one to a letter's why, leaves the reader where they are.
      if (path !== `/customers/${life.id}` || turn === written.current) return
      written.current = turn
      if (turn === null) write()
      else life.go(turn)
    })
    return () => {
      stopWriting()
      unsubscribe()
      if (timer !== null) clearTimeout(timer)
    }
  }, [life])
}

function useLive(life: Life) {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null
    const stop = watch(life.id, () => {
      timer ??= setTimeout(() => {
        timer = null
        void life.grow()
      }, growMs)
    })
    return () => {
      stop()
      if (timer !== null) clearTimeout(timer)
    }
  }, [life])
}
