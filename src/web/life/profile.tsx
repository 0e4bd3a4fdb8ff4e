/** What is known about them, and every letter that ever came up. */
import type { CustomerPage, Decision } from '../../studio/api.ts'
import { useState } from 'preact/hooks'
import { StateChip, Time } from '../parts/basics.tsx'
import { Ids, suppressedWords } from './head.tsx'
import { LetterMark, sentence } from './told.tsx'
import { Value } from './value.tsx'

const consentWords = { subscribed: 'subscribed', pending: 'asked, yet to confirm', unsubscribed: 'unsubscribed', 'not asked': 'never asked' } as const

const told = new Set(['consent', 'suppressed', 'verified', 'topics'])

/** `firstName` → `first name`. */
const apart = (name: string) => name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()

export function Profile({ page }: { page: CustomerPage }) {
  // What the head and the ids already say is not said again.
  const ids = new Set<unknown>(page.ids.map((id) => id.slice(2)))
  const others = Object.entries(page.profile).filter(([name, value]) => !told.has(name) && !ids.has(value))
  return (
    <section class="card profile" aria-label="Profile">
      <header>
        <h2>Profile</h2>
      </header>
      <dl class="body facts">
        <dt>known by</dt>
        <dd>{page.ids.length === 0 ? <span class="soft">nothing</span> : <Ids ids={page.ids} />}</dd>
        <dt>consent</dt>
        <dd>{consentWords[page.consent]}</dd>
        {page.suppressed !== null && (
          <>
            <dt>never written to</dt>
            <dd>{suppressedWords(page.suppressed)}</dd>
          </>
        )}
        {others.map(([name, value]) => (
          <Fact key={name} name={name} value={value} />
        ))}
      </dl>
      {others.length === 0 && <p class="body soft">Nothing is known yet: an identify call brings traits.</p>}
    </section>
  )
}

const Fact = ({ name, value }: { name: string; value: unknown }) => (
  <>
    <dt class="break">{apart(name.slice(0, 60))}</dt>
    <dd>
      <Value value={value} />
    </dd>
  </>
)

const shownFirst = 8

export function Letters({ page, now }: { page: CustomerPage; now: number }) {
  const [all, setAll] = useState(false)
  const decisions = page.decisions.toSorted((a, b) => b.at - a.at || b.id - a.id)
  return (
    <section class="card letters" aria-label="Letters">
      <header>
        <h2>Letters</h2>
        <span class="soft small">that came up, the last first</span>
      </header>
      {decisions.length === 0 ? (
        <p class="body soft">
          None yet. <a href={`/studio/customers/${page.id}?why=`}>See how near each came.</a>
        </p>
      ) : (
        <ul class="body">
          {(all ? decisions : decisions.slice(0, shownFirst)).map((decision) => (
            <LetterLine key={decision.id} decision={decision} customer={page.id} now={now} />
          ))}
        </ul>
      )}
      {decisions.length > shownFirst && !all && (
        <p class="body">
          <button type="button" class="button small" onClick={() => setAll(true)}>
            All {decisions.length}
          </button>
        </p>
      )}
    </section>
  )
}

function LetterLine({ decision, customer, now }: { decision: Decision; customer: number; now: number }) {
  const queued = decision.decision === 'queued'
  return (
    <li class="letter-line">
      <LetterMark queued={queued} />
      <div class="what">
        <div class="line">
          <strong class="break">{decision.template}</strong>
          {decision.letter ? <StateChip state={decision.letter.state} /> : <span class="chip">{queued ? 'queued' : 'not sent'}</span>}
        </div>
        <div class="soft small break">{decision.letter ? `“${decision.letter.subject}”` : sentence(decision.words)}</div>
      </div>
      <div class="small aside">
        <Time at={decision.at} now={now} />
        <span class="line">
          {decision.letter && <a href={`/studio/inbox/${decision.id}`}>Open</a>}
          <a href={`/studio/customers/${customer}?why=${encodeURIComponent(decision.template)}&decision=${decision.id}`}>Why?</a>
        </span>
      </div>
    </li>
  )
}
