/** Who wants letters, and by which rules: the numbers, what changed lately, lists in and out. */
import type { TargetedSubmitEvent } from 'preact'
import { useState } from 'preact/hooks'
import type { ConsentStatus, ConsentSummary } from '../../studio/api-consent.ts'
import { withQuery } from '../ask.ts'
import { Lists } from '../consent/lists.tsx'
import { useAsk, useNow, useStore, useTitle } from '../hooks.ts'
import { Fault, PriorityChip, Spinner, Time } from '../parts/basics.tsx'
import { go } from '../router.ts'
import { session } from '../session.ts'
import { count, duration, number } from '../words.ts'
import '../styles/consent.css'

const statuses: readonly [ConsentStatus, words: string, about: string][] = [
  ['subscribed', 'subscribed', 'said yes'],
  ['pending', 'yet to confirm', 'asked, and have not pressed the button'],
  ['not asked', 'not asked', 'said neither yes nor no'],
  ['unsubscribed', 'unsubscribed', 'said no'],
  ['bounce', 'bounced', 'their letters came back'],
  ['complaint', 'complained', 'reported a letter as spam'],
]

export function Consent(_: { params: string[] }) {
  useTitle('Consent')
  const { value, fault, again } = useAsk<ConsentSummary>('consent')
  const isOwner = useStore(session, ({ me }) => me?.role === 'owner')
  if (value === null) return fault ? <Fault fault={fault} again={again} /> : <Spinner what="Counting who wants letters" />
  return (
    <>
      <header>
        <h1>Consent</h1>
        <span class="soft">who wants letters, and by which rules they go</span>
      </header>
      {fault && <Fault fault={fault} again={again} />}
      <div class="consent">
        <Numbers summary={value} />
        <div class="columns">
          <div class="stack">
            <Topics summary={value} />
            <Recent summary={value} />
          </div>
          <div class="stack">
            <Find />
            {isOwner && <Lists again={again} />}
          </div>
        </div>
        <Rules rules={value.rules} />
      </div>
    </>
  )
}

function Numbers({ summary: { counts, suppressed } }: { summary: ConsentSummary }) {
  const total = Object.values(counts).reduce((sum, n) => sum + n, 0)
  const addresses = Object.values(suppressed).reduce((sum, n) => sum + n, 0)
  return (
    <section class="card" aria-labelledby="numbers-title">
      <header>
        <h2 id="numbers-title">{count(total, 'customer')} with an address</h2>
        <span class="soft small">{count(addresses, 'address', 'addresses')} never written to, of customers or not</span>
      </header>
      {total === 0 ? (
        <p class="body soft">Nobody has told an address yet. Identify calls, orders and lists bring them.</p>
      ) : (
        <dl class="numbers-row">
          {statuses.map(([status, words, about]) => (
            <div key={status} class={`number ${status.replace(' ', '-')}`}>
              <dt>{words}</dt>
              <dd>
                <strong class="numbers">{number(counts[status])}</strong>
                <span class="soft small numbers">{shareOf(counts[status], total)}</span>
              </dd>
              <dd class="soft small">{about}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  )
}

const shareOf = (n: number, total: number): string =>
  n > 0 && n * 1_000 < total ? '< 0.1 %' : `${((n / total) * 100).toFixed(n === 0 || n === total ? 0 : 1)} %`

function Topics({ summary: { topics } }: { summary: ConsentSummary }) {
  return (
    <section class="card" aria-labelledby="topics-title">
      <header>
        <h2 id="topics-title">Topics</h2>
        <span class="soft small">as chosen on preference pages, or told by the shop</span>
      </header>
      {topics.length === 0 ? (
        <p class="body soft">No letter has a topic. Give some in machines/settings.ts, and customers may choose among them.</p>
      ) : (
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">Topic</th>
              <th scope="col" class="right">
                said no
              </th>
              <th scope="col" class="right">
                said yes
              </th>
            </tr>
          </thead>
          <tbody>
            {topics.map(({ name, title, wanted, refused }) => (
              <tr key={name}>
                <th scope="row">
                  {title} <span class="soft small mono">{name}</span>
                </th>
                <td class="right numbers">{number(refused)}</td>
                <td class="right numbers">{number(wanted)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

const shownFirst = 10

function Recent({ summary: { recent } }: { summary: ConsentSummary }) {
  const now = useNow(30_000)
  const [all, setAll] = useState(false)
  return (
    <section class="card" aria-labelledby="recent-title">
      <header>
        <h2 id="recent-title">Lately</h2>
        <span class="soft small">what was said of letters, the last first</span>
      </header>
      {recent.length === 0 ? (
        <p class="body soft">Nothing among the last events. A yes or no in an identify call, or on a letter’s page, shows here at once.</p>
      ) : (
        <ul class="lately">
          {(all ? recent : recent.slice(0, shownFirst)).map(({ at, who, customer, words, by }, index) => (
            <li key={index}>
              <Time at={at} now={now} />
              <span class="what">
                <a class="break" href={`/studio/customers/${customer}`}>
                  {who}
                </a>{' '}
                <span class="soft break">{words}</span>
              </span>
              <span class="chip">{by}</span>
            </li>
          ))}
        </ul>
      )}
      {recent.length > shownFirst && !all && (
        <p class="body">
          <button type="button" class="button small" onClick={() => setAll(true)}>
            All {recent.length}
          </button>
        </p>
      )}
    </section>
  )
}

function Find() {
  const [typed, setTyped] = useState('')
  const find = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    go(withQuery('/studio/customers', { query: typed.trim() }))
  }
  return (
    <section class="card" aria-labelledby="find-title">
      <header>
        <h2 id="find-title">One person</h2>
      </header>
      <form class="body" onSubmit={find}>
        <div class="field">
          <label for="who">E-mail or id</label>
          <input id="who" type="search" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} autoComplete="off" />
        </div>
        <button class="button" type="submit">
          Find
        </button>
        <p class="soft small">Their page tells each yes and no, with when, by whom, and by which letter.</p>
      </form>
    </section>
  )
}

const askWords = {
  nobody: 'Letters go to everyone who has not said no.',
  required: 'Letters go only to those who said yes.',
  double: 'Letters go only to those who said yes; a yes in a browser is confirmed by a letter first.',
} as const

function Rules({ rules: { asks, quietHours, caps, letters } }: { rules: ConsentSummary['rules'] }) {
  return (
    <section class="card" aria-labelledby="rules-title">
      <header>
        <h2 id="rules-title">The rules in force</h2>
        <span class="soft small">
          <code>BECKON_CONSENT</code> and machines/settings.ts
        </span>
      </header>
      <div class="body prose">
        <p>{askWords[asks]}</p>
        <p>
          {quietHours === null
            ? 'There are no quiet hours.'
            : `From ${quietHours.from} to ${quietHours.to} of their own day customers are left alone (${quietHours.timeZone}, where theirs is not known).`}{' '}
          In {duration(caps.windowMs)} a letter of high priority goes to who had fewer than {caps.high}, of medium fewer than {caps.medium}, of low fewer than{' '}
          {caps.low}.
        </p>
      </div>
      <div class="scroll">
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">Letter</th>
              <th scope="col">Topic</th>
              <th scope="col">Not again within</th>
              <th scope="col">Its own cap</th>
              <th scope="col">Leaves between</th>
            </tr>
          </thead>
          <tbody>
            {letters.map(({ template, priority, topic, windowMs, cap, sendBetween, asksConsent }) => (
              <tr key={template}>
                <th scope="row">
                  {template} <PriorityChip priority={priority} />
                </th>
                <td data-name="Topic">{asksConsent ? 'asks for consent' : (topic ?? <None />)}</td>
                <td data-name="Not again within" class="numbers">
                  {duration(windowMs)}
                </td>
                <td data-name="Its own cap" class="numbers">
                  {cap === null ? <None /> : `${cap.most} in ${duration(cap.withinMs)}`}
                </td>
                <td data-name="Leaves between" class="numbers">
                  {sendBetween === null ? <None /> : `${sendBetween.from} and ${sendBetween.to}`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

const None = () => <span class="soft">none</span>
