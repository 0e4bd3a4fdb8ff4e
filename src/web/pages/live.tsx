/** How the server is doing, as it does it: rates and waits, what needs somebody, events and refusals as they come. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { FeedTick, Health, Quarantined, Refused } from '../../studio/api.ts'
import { tell } from '../ask.ts'
import { useAsk, useNow, useStore, useTitle } from '../hooks.ts'
import { feed } from '../live.ts'
import { Plot } from '../live/plot.tsx'
import { Confirm, Empty, Fault, Spinner, Tabs, Time } from '../parts/basics.tsx'
import { isOwner } from '../session.ts'
import { bytes, count, duration, number } from '../words.ts'
import '../styles/live.css'

const lists = [
  ['events', 'Events'],
  ['refusals', 'Refusals'],
  ['quarantine', 'Set aside'],
] as const
type List = (typeof lists)[number][0]

export function Live(_: { params: string[] }) {
  useTitle('Live')
  const health = useStore(feed, (context) => context.health)
  const state = useStore(feed, (context) => context.state)
  const [list, setList] = useState<List>('events')
  const fresh = useStore(feed, (context) => context.refusals.length)
  const counts: Record<List, number> = { events: 0, refusals: fresh, quarantine: health?.quarantined ?? 0 }
  const tabs = lists.map(([id, words]) => [id, counts[id] > 0 ? `${words} (${number(counts[id])})` : words] as const)
  if (health === null) return state === 'lost' ? <Fault fault={new Error('lost')} /> : <Spinner what="Waiting for the first tick" />
  return (
    <>
      <header>
        <h1>Live</h1>
        <Wellness health={health} lost={state === 'lost'} />
      </header>
      <Complaints health={health} />
      <Figures health={health} />
      <Plots />
      <section class="card live-list" aria-label="What comes in">
        <header>
          <Tabs label="What comes in" tabs={tabs} value={list} onChange={setList} />
        </header>
        {list === 'events' ? <Events /> : list === 'refusals' ? <Refusals /> : <SetAside total={health.quarantined} />}
      </section>
    </>
  )
}

function Wellness({ health, lost }: { health: Health; lost: boolean }) {
  const worst = lost ? 'bad' : (health.complaints[0]?.level ?? 'good')
  const words = lost ? 'connection lost: these are the last figures' : worst === 'good' ? 'all is well' : worst === 'warn' ? 'worth a look' : 'needs attention'
  return <span class={`chip ${worst}`}>{words}</span>
}

function Complaints({ health }: { health: Health }) {
  if (health.complaints.length === 0) return null
  return (
    <ul class="live-complaints" aria-label="What needs attention">
      {health.complaints.map(({ level, words, hint }) => (
        <li key={words} class={`notice ${level === 'bad' ? 'bad' : ''}`}>
          <strong>{words}.</strong> {hint}
        </li>
      ))}
    </ul>
  )
}

const Figure = ({ words, value, more }: { words: string; value: ComponentChildren; more: ComponentChildren }) => (
  <div class="card live-figure">
    <dt>{words}</dt>
    <dd class="numbers">{value}</dd>
    <dd class="soft small numbers">{more}</dd>
  </div>
)

function Figures({ health }: { health: Health }) {
  const { perSecond, ack, backlog, letters } = health
  const now = useNow()
  return (
    <dl class="live-figures">
      <Figure words="Events a second" value={number(perSecond.events)} more={`${number(perSecond.transitions)} transitions`} />
      <Figure
        words="Median ack"
        value={ack === null ? '–' : `${number(ack.p50)} ms`}
        more={ack === null ? 'none in the last minute' : `99 % within ${number(ack.p99)} ms`}
      />
      <Figure words="Letters a second" value={number(perSecond.letters)} more={`${number(backlog.letters)} wait for the post`} />
      <Figure
        words="Dead letters"
        value={<a href="/studio/inbox?state=failed">{number(letters.failed)}</a>}
        more={<a href="/studio/inbox?state=unknown">{number(letters.unknown)} held</a>}
      />
      <Figure words="Overdue timers" value={number(backlog.overdueTimers)} more={`${count(backlog.events, 'event')} wait for a turn`} />
      <Figure
        words="Connections"
        value={number(health.sockets)}
        more={`${bytes(health.memoryMb * 1_048_576)} of memory, up ${duration(now - health.version.startedAt)}`}
      />
    </dl>
  )
}

function Plots() {
  const past = useStore(feed, (context) => context.past)
  const at = past.map((health) => health.at / 1_000)
  return (
    <div class="live-plots">
      <Plot
        title="Events and transitions a second"
        at={at}
        lines={[
          { words: 'events', tint: '--accent', values: past.map(({ perSecond }) => perSecond.events) },
          { words: 'transitions', tint: '--low', values: past.map(({ perSecond }) => perSecond.transitions) },
        ]}
      />
      <Plot
        title="Wait for the ack, ms"
        at={at}
        lines={[
          { words: 'median', tint: '--accent', values: past.map(({ ack }) => ack?.p50 ?? null) },
          { words: '99th percentile', tint: '--high', values: past.map(({ ack }) => ack?.p99 ?? null) },
        ]}
      />
    </div>
  )
}

function Events() {
  const events = useStore(feed, (context) => context.events)
  const [held, hold] = useState<FeedTick['events'] | null>(null)
  const now = useNow()
  const shown = held ?? events
  if (shown.length === 0)
    return (
      <Empty title="Quiet so far">
        <p>Events appear here as they arrive. Send one from the shop, or make one up.</p>
        <a class="button" href="/studio/try">
          Try it
        </a>
      </Empty>
    )
  return (
    <>
      <div class="live-hold">
        <span class="soft small">The latest few of each quarter of a second.</span>
        <button type="button" class="button small" aria-pressed={held !== null} onClick={() => hold(held === null ? events : null)}>
          {held === null ? 'Hold' : 'Go on'}
        </button>
      </div>
      <ol class="live-rows">
        {shown.map((event, index) => (
          <li key={`${event.at}/${event.customer}/${index}`}>
            <Time at={event.at} now={now} />
            <a href={`/studio/customers/${event.customer}`} class="break">
              {event.who || `customer ${event.customer}`}
            </a>
            <span class="break">
              <b>{event.name}</b> {event.about && <span class="soft">{event.about}</span>}
            </span>
            <span class="moves soft small break">{event.moves.join(' · ')}</span>
          </li>
        ))}
      </ol>
    </>
  )
}

function Refusals() {
  const { value, fault, again } = useAsk<{ refusals: Refused[] }>('refusals')
  const fresh = useStore(feed, (context) => context.refusals)
  const now = useNow()
  if (fault) return <Fault fault={fault} again={again} />
  if (value === null) return <Spinner what="Reading refusals" />
  const known = new Set(fresh.map(keyOf))
  const rows = [...fresh, ...value.refusals.filter((row) => !known.has(keyOf(row)))]
  if (rows.length === 0)
    return (
      <Empty title="Nothing was refused">
        <p>When a client sends something that Beckon cannot take, its reason stands here with what to do about it.</p>
      </Empty>
    )
  return (
    <ol class="live-rows refusals">
      {rows.map((row, index) => (
        <li key={`${keyOf(row)}/${index}`}>
          <Time at={row.at} now={now} />
          <code class="break">{row.code}</code>
          <span class="break">
            {row.hint} {row.about && <span class="soft">About: {row.about}</span>}
          </span>
          <span class="soft small">{row.key === 0 ? 'no key' : `key ${row.key}`}</span>
        </li>
      ))}
    </ol>
  )
}

const keyOf = ({ at, code, about }: Refused) => `${at} ${code} ${about}`

const acts = {
  retry: { yes: 'Retry', words: 'The event is taken as if it came now, in the machine that runs now. If the machine throws again, it is set aside again.' },
  dismiss: { yes: 'Dismiss', words: 'It leaves this list and is not taken any more. Its row stays in the log, and in the story of its customer.' },
}

function SetAside({ total }: { total: number }) {
  const { value, fault, again } = useAsk<{ rows: Quarantined[]; total: number }>(`quarantine?of=${total}`)
  const [chosen, choose] = useState<{ row: Quarantined; act: keyof typeof acts } | null>(null)
  const now = useNow()
  if (fault) return <Fault fault={fault} again={again} />
  if (value === null) return <Spinner what="Reading what was set aside" />
  if (value.rows.length === 0)
    return (
      <Empty title="Nothing was set aside">
        <p>An event on which a machine throws is kept here with the reason, and holds nobody up. It can be retried once the machine is mended.</p>
      </Empty>
    )
  return (
    <>
      <ol class="live-rows set-aside">
        {value.rows.map((row) => (
          <li key={row.id}>
            <Time at={row.at} now={now} />
            <a href={`/studio/customers/${row.customer}`}>customer {row.customer}</a>
            <span class="break">
              <b>{row.name}</b> <span class="soft">{row.reason}</span>
            </span>
            {isOwner() && (
              <span class="acts">
                {row.retriable && (
                  <button type="button" class="button small" onClick={() => choose({ row, act: 'retry' })}>
                    Retry
                  </button>
                )}
                <button type="button" class="button quiet small" onClick={() => choose({ row, act: 'dismiss' })}>
                  Dismiss
                </button>
              </span>
            )}
          </li>
        ))}
      </ol>
      {chosen && (
        <Confirm
          title={`${acts[chosen.act].yes} ${chosen.row.name}?`}
          yes={acts[chosen.act].yes}
          onClose={() => choose(null)}
          onYes={() => tell(`quarantine/${chosen.row.id}/${chosen.act}`).then(again)}
        >
          <p>{acts[chosen.act].words}</p>
        </Confirm>
      )}
    </>
  )
}
