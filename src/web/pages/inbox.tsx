/** All letters, the newest first; beside them, where there is room, the one that is read. */
import type { TargetedKeyboardEvent } from 'preact'
import { useRef, useState } from 'preact/hooks'
import type { LetterRow, LetterState } from '../../studio/api.ts'
import { withQuery } from '../ask.ts'
import { LetterView } from '../letters/letter-view.tsx'
import { useOutbox } from '../letters/outbox.ts'
import type { Filter, Outbox } from '../letters/outbox.ts'
import { Empty, Fault, LongList, Spinner, StateChip, Time } from '../parts/basics.tsx'
import { useMedia, useNow, useStore, useTitle } from '../hooks.ts'
import { go, place } from '../router.ts'
import { session } from '../session.ts'
import { count, number, short } from '../words.ts'
import '../styles/inbox.css'

const states: readonly (readonly [LetterState, string])[] = [
  ['queued', 'Queued'],
  ['attempting', 'Connecting'],
  ['flushing', 'Being sent'],
  ['deferred', 'Trying again'],
  ['sent', 'Sent'],
  ['failed', 'Failed'],
  ['unknown', 'Held'],
]

const rowPx = 88

export function Inbox(_: { params: string[] }) {
  useTitle('Inbox')
  const query = useStore(place, ({ query }) => query)
  const filter: Filter = { state: states.find(([state]) => state === query.get('state'))?.[0] ?? null, template: query.get('template') }
  const { outbox, shown, fault, again, seen } = useOutbox(filter)
  const isWide = useMedia('(min-width: 1120px)')
  const first = useRef<{ shown: string; id: number | null }>({ shown: '', id: null })
  const isFiltered = filter.state !== null || filter.template !== null
  const asked = Number(query.get('letter')) || null
  // What is read stays, also when newer letters come in.
  if (outbox !== null && (first.current.shown !== shown || first.current.id === null)) first.current = { shown, id: outbox.letters[0]?.id ?? null }
  const read = asked ?? first.current.id
  const hrefOf = (id: number) => (isWide ? withQuery('/studio/inbox', { ...filter, letter: id }) : withQuery(`/studio/inbox/${id}`, filter))
  const total = outbox === null ? 0 : Object.values(outbox.counts).reduce((sum, n) => sum + n, 0)

  if (outbox === null) return fault === null ? <Spinner what="Fetching the letters" /> : <Fault fault={fault} again={again} />
  return (
    <div class={`inbox ${isWide && total > 0 ? 'wide' : ''}`}>
      <header class="inbox-head">
        <h1>Inbox</h1>
        <span class="soft numbers">{count(total, 'letter')}</span>
      </header>
      {total === 0 ? (
        <Nothing />
      ) : (
        <>
          <section class="inbox-side" aria-label="Letters">
            <Filters filter={filter} outbox={outbox} total={total} />
            {fault !== null && <Fault fault={fault} again={again} />}
            {outbox.letters.length === 0 ? (
              <Empty title="No letter is like that">
                {isFiltered && (
                  <a class="button" href="/studio/inbox">
                    Show all letters
                  </a>
                )}
              </Empty>
            ) : (
              <Rows key={shown} outbox={outbox} read={isWide ? read : null} hrefOf={hrefOf} onSeen={seen} again={again} />
            )}
          </section>
          {isWide && (
            <section class="inbox-pane" aria-label="The letter">
              {read === null ? <Empty title="Choose a letter" /> : <LetterView id={read} heading={2} onChanged={again} />}
            </section>
          )}
        </>
      )}
    </div>
  )
}

function Filters({ filter, outbox, total }: { filter: Filter; outbox: Outbox; total: number }) {
  const shown = states.filter(([state]) => outbox.counts[state] > 0 || filter.state === state)
  return (
    <div class="inbox-filters">
      <div class="state-choice" role="group" aria-label="State">
        {[[null, 'All'] as const, ...shown].map(([state, words]) => (
          <button
            key={String(state)}
            type="button"
            class={state ?? ''}
            aria-pressed={filter.state === state}
            onClick={() => go(withQuery('/studio/inbox', { template: filter.template, state }), true)}
          >
            {words} <span class="numbers">{short(state === null ? total : outbox.counts[state])}</span>
          </button>
        ))}
      </div>
      <select
        aria-label="Template"
        value={filter.template ?? ''}
        onChange={({ currentTarget }) => go(withQuery('/studio/inbox', { state: filter.state, template: currentTarget.value }), true)}
      >
        <option value="">All templates</option>
        {outbox.templates.map((template) => (
          <option key={template} value={template}>
            {template}
          </option>
        ))}
      </select>
    </div>
  )
}

type RowsProps = { outbox: Outbox; read: number | null; hrefOf: (id: number) => string; onSeen: (from: number, to: number) => void; again: () => void }

function Rows({ outbox, read, hrefOf, onSeen, again }: RowsProps) {
  const { letters, before, news } = outbox
  const now = useNow(10_000)
  const list = useRef<HTMLDivElement>(null)
  const [target, setTarget] = useState<number | undefined>(undefined)
  const [focused, setFocused] = useState(0)
  const at = read === null ? -1 : letters.findIndex(({ id }) => id === read)
  const reached = at >= 0 ? at : Math.min(focused, letters.length - 1)

  const move = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key]
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    const to = Math.max(0, Math.min(letters.length - 1, reached + step))
    setFocused(to)
    setTarget(to)
    if (read !== null) go(hrefOf(letters[to]!.id), true)
    // The row may have to be drawn first.
    requestAnimationFrame(() => requestAnimationFrame(() => list.current?.querySelector<HTMLElement>(`[data-row="${to}"]`)?.focus({ preventScroll: true })))
  }
  return (
    <div class="inbox-list" ref={list} onKeyDown={move}>
      {news > 0 && (
        <button
          type="button"
          class="button small strong news"
          onClick={() => {
            again()
            setTarget(0)
          }}
        >
          {count(news, 'new letter')}
        </button>
      )}
      <LongList
        count={letters.length + (before === null ? 0 : 1)}
        rowPx={rowPx}
        heightPx="100%"
        label={`${number(letters.length)}${before === null ? '' : ' and more'} letters`}
        scrollTo={target}
        onSeen={(from, to) => {
          onSeen(from, to)
          setTarget(undefined)
        }}
        row={(index) => {
          const letter = letters[index]
          if (letter === undefined) return <div class="mail-row waiting" aria-hidden="true" />
          return (
            <Row
              letter={letter}
              index={index}
              now={now}
              href={hrefOf(letter.id)}
              isRead={letter.id === read}
              isReached={index === reached}
              onFocus={() => setFocused(index)}
            />
          )
        }}
      />
    </div>
  )
}

type RowProps = { letter: LetterRow; index: number; now: number; href: string; isRead: boolean; isReached: boolean; onFocus: () => void }

const Row = ({ letter, index, now, href, isRead, isReached, onFocus }: RowProps) => (
  <a class="mail-row" href={href} data-row={index} aria-current={isRead ? 'true' : undefined} tabIndex={isReached ? 0 : -1} onFocus={onFocus}>
    <span class="mail-subject">{letter.subject}</span>
    <span class="mail-time soft">
      <Time at={letter.at} now={now} />
    </span>
    <span class="mail-to soft">{letter.recipient}</span>
    <span class="mail-chips">
      <span class={`chip ${letter.priority}`}>{letter.template}</span>
      {letter.state === 'sent' ? <span class="soft small">sent</span> : <StateChip state={letter.state} />}
    </span>
  </a>
)

function Nothing() {
  const hasDemo = useStore(session, ({ me }) => me?.demo === true)
  return (
    <div class="card">
      <Empty title="No letters yet">
        <p>
          Letters come here once a journey asks for one and the policy lets it go. The quickest way to see one: be a customer for a minute, leave, and skip
          ahead in time.
        </p>
        <div class="inbox-starts">
          {hasDemo && (
            <a class="button strong" href="/demo" target="_blank">
              Open the demo shop
            </a>
          )}
          <a class={`button ${hasDemo ? '' : 'strong'}`} href="/studio/try">
            Try it here
          </a>
        </div>
      </Empty>
    </div>
  )
}
