/** One letter: what became of it, how it looks, what it is made of, and what can be done about it. */
import { Fragment } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { LetterPage } from '../../studio/api.ts'
import { saidBy } from '../delivery/said.ts'
import { Empty, Fault, Spinner, StateChip, Tabs, Time } from '../parts/basics.tsx'
import { Refused, withQuery } from '../ask.ts'
import { stepWords } from '../catalogue/parts.tsx'
import { useAsk, useNow, useStore } from '../hooks.ts'
import { session } from '../session.ts'
import { bytes, count } from '../words.ts'
import { Again } from './again.tsx'
import { CheckLine, Checks } from './checks.tsx'
import { Frames } from './frames.tsx'
import { useHappenings } from './outbox.ts'
import '../styles/letter.css'

const tabs = ['letter', 'checks', 'text', 'links', 'headers', 'source'] as const
type Tab = (typeof tabs)[number]

/** `heading`: 1 where it is the page, 2 in the reading pane, which also leads to the page. */
export function LetterView({ id, heading, onChanged }: { id: number; heading: 1 | 2; onChanged?: () => void }) {
  const { value, fault, again } = useAsk<LetterPage>(`letters/${id}`)
  const [tab, setTab] = useState<Tab>('letter')
  const [chosen, choose] = useState<string | null>(null)
  useHappenings(again)
  useEffect(() => choose(null), [id])
  if (fault instanceof Refused && fault.status === 404) return <Gone />
  if (fault !== null && (value === null || value.id !== id)) return <Fault fault={fault} again={again} />
  if (value === null) return <Spinner what="Fetching the letter" />
  const open = (check: string) => {
    choose(check)
    setTab('checks')
  }
  const named: Record<Tab, string> = {
    letter: 'Letter',
    checks: 'Checks',
    text: 'Text',
    links: `Links ${value.links.length}`,
    headers: 'Headers',
    source: 'Source',
  }
  return (
    <article class="letter-view" aria-label={value.subject}>
      <Head
        letter={value}
        heading={heading}
        onChanged={() => {
          again()
          onChanged?.()
        }}
      />
      <CheckLine checks={value.checks} onChoose={open} />
      <div class="letter-tabs">
        <Tabs label="Parts of the letter" tabs={tabs.map((name) => [name, named[name]] as const)} value={tab} onChange={setTab} />
      </div>
      <div role="tabpanel" aria-label={named[tab]} tabIndex={tab === 'letter' ? -1 : 0} class="letter-panel">
        <Panel tab={tab} letter={value} chosen={chosen} />
      </div>
    </article>
  )
}

const Gone = () => (
  <Empty title="There is no such letter">
    <p>There never was one with this number, or its customer was erased, and their letters with them.</p>
    <a class="button" href="/studio/inbox">
      Show all letters
    </a>
  </Empty>
)

function Panel({ tab, letter, chosen }: { tab: Tab; letter: LetterPage; chosen: string | null }) {
  switch (tab) {
    case 'letter':
      return <Frames id={letter.id} subject={letter.subject} />
    case 'checks':
      return <Checks checks={letter.checks} chosen={chosen} />
    case 'text':
      return letter.text === '' ? <p class="soft">It has no part in plain text.</p> : <Sheet name="The letter as text" text={letter.text} />
    case 'links':
      return <Links links={letter.links} />
    case 'headers':
      return (
        <dl class="facts header-list">
          {letter.headers.map(([name, value], index) => (
            <div key={`${index} ${name}`}>
              <dt>{name}</dt>
              <dd class="mono">{value}</dd>
            </div>
          ))}
        </dl>
      )
    case 'source':
      return <Source id={letter.id} sizeBytes={letter.sizeBytes} />
  }
}

function Head({ letter, heading, onChanged }: { letter: LetterPage; heading: 1 | 2; onChanged: () => void }) {
  const now = useNow(10_000)
  const isOwner = useStore(session, ({ me }) => me?.role === 'owner')
  const Heading = heading === 1 ? 'h1' : 'h2'
  const customer = `/studio/customers/${letter.customer}`
  return (
    <header class="letter-head">
      <div class="letter-title">
        <Heading class="break">{letter.subject}</Heading>
        {isOwner && <Again letter={letter} onChanged={onChanged} />}
      </div>
      <p class="letter-chips">
        <StateChip state={letter.state} />
        <span class={`chip ${letter.priority}`}>
          {letter.template}, {letter.priority} priority
        </span>
        {letter.variant !== null && <span class="chip">written as {letter.variant}</span>}
        {heading === 2 && (
          <a class="small" href={`/studio/inbox/${letter.id}`}>
            Open on its own page
          </a>
        )}
      </p>
      <dl class="facts">
        <dt>To</dt>
        <dd>
          <a href={customer}>{letter.recipient}</a>
        </dd>
        <dt>Decided</dt>
        <dd>
          <Time at={letter.at} now={now} /> <span class="soft">· {letter.words}</span> ·{' '}
          <a href={`${customer}?why=${encodeURIComponent(letter.template)}`}>Why?</a>
        </dd>
        <dt>Sending</dt>
        <dd>
          {letter.attempts === 0 ? 'not attempted yet' : count(letter.attempts, 'attempt')}
          {letter.nextAt !== null && (
            <>
              , next <Time at={letter.nextAt} now={now} relative />
            </>
          )}
          <span class="soft">
            {' '}
            · since <Time at={letter.changed} now={now} />
          </span>
          {letter.reply !== null && <span class="reply mono">{letter.reply}</span>}
        </dd>
        {letter.recommended.length > 0 && (
          <>
            <dt>Recommended</dt>
            <dd class="recommended">
              {letter.recommended.map(({ id, name, step }) => (
                <span key={id}>
                  <a href={withQuery('/studio/catalogue', { product: id })}>{name ?? id}</a> <span class="soft small">{stepWords[step] ?? step}</span>
                </span>
              ))}
            </dd>
          </>
        )}
        {letter.cameBack.map((back) => (
          <Fragment key={back.kind}>
            <dt>{back.kind === 'complaint' ? 'Complaint' : 'Bounced later'}</dt>
            <dd>
              <Time at={back.at} now={now} /> <span class={`chip ${back.kind === 'soft' ? 'warn' : 'bad'}`}>{back.meaning}</span>
              <span class="reply mono">{saidBy(back)}</span>
            </dd>
          </Fragment>
        ))}
      </dl>
    </header>
  )
}

const isWeb = (url: string) => /^https?:\/\//i.test(url)
const kinds = { click: 'counted', unsubscribe: 'unsubscribes', other: 'as it is' } as const

function Links({ links }: { links: LetterPage['links'] }) {
  if (links.length === 0) return <p class="soft">There are no links in it.</p>
  return (
    <ol class="link-list">
      {links.map(({ text, url, kind }, index) => (
        <li key={`${index} ${url}`}>
          <span class="link-text">{text === '' ? <em class="soft">without words</em> : text}</span>
          <span class={`chip ${kind === 'unsubscribe' ? 'warn' : kind === 'click' ? 'good' : ''}`}>{kinds[kind]}</span>
          {/* An unsubscribe link would work from here, too: for the customer. */}
          {isWeb(url) && kind !== 'unsubscribe' ? (
            <a class="mono break" href={url} target="_blank" rel="noopener noreferrer">
              {url}
            </a>
          ) : (
            <span class="mono break soft">{url}</span>
          )}
        </li>
      ))}
    </ol>
  )
}

/** It scrolls by itself, so the keyboard has to come to it. */
const Sheet = ({ name, text }: { name: string; text: string }) => (
  <pre class="sheet" tabIndex={0} role="region" aria-label={name}>
    {text}
  </pre>
)

const sourceCharsMax = 400_000

function Source({ id, sizeBytes }: { id: number; sizeBytes: number }) {
  const [source, setSource] = useState<string | null>(null)
  const [fault, setFault] = useState<Error | null>(null)
  const path = `/studio/api/letters/${id}/source`
  useEffect(() => {
    const stop = new AbortController()
    fetch(path, { signal: stop.signal })
      .then((response) => (response.ok ? response.text() : Promise.reject(new Error(String(response.status)))))
      .then(setSource, (error: Error) => stop.signal.aborted || setFault(error))
    return () => stop.abort()
  }, [path])
  if (fault !== null) return <Fault fault={fault} />
  if (source === null) return <Spinner what="Fetching the source" />
  return (
    <>
      <p class="soft small">
        {bytes(sizeBytes)}, as handed over ·{' '}
        <a href={path} target="_blank" rel="noopener">
          alone in a tab
        </a>
      </p>
      <Sheet name="The source of the letter" text={source.slice(0, sourceCharsMax)} />
      {source.length > sourceCharsMax && <p class="soft small">The rest is long; open it alone in a tab.</p>}
    </>
  )
}
