/** What happened in the turn looked at: moves, timers, letters, and what the client sent. */
import type { ComponentChildren } from 'preact'
import type { Timer, Turn } from '../../studio/api.ts'
import { clockOf, dayOf, duration, exactly } from '../words.ts'
import type { Life } from './life.ts'
import { detailMs, useLatest, useTold, useUnhurried } from './looking.ts'
import { Decided, Moves, Path } from './told.tsx'
import { pretty } from './value.tsx'

const kindWords = { event: 'event', timer: 'timer', outcome: 'outcome', merge: 'two became one' } as const

export function Happened({ life }: { life: Life }) {
  const moment = useUnhurried(life, detailMs)
  useTold(life)
  const here = life.turn(moment.index)
  const turn = useLatest(here)
  return (
    <section class="card happened" tabIndex={0} aria-label="What happened" aria-busy={here === null}>
      <header>
        <h2 class="break">{turn?.name ?? 'What happened'}</h2>
        {turn && <span class="chip">{kindWords[turn.kind]}</span>}
        {moment.now && <span class="soft small">the last turn</span>}
      </header>
      <div class="body">{turn === null ? <p class="soft">On its way.</p> : <Details turn={turn} customer={life.id} />}</div>
    </section>
  )
}

function Details({ turn, customer }: { turn: Turn; customer: number }) {
  return (
    <>
      <p class="soft small numbers" title={exactly(turn.at)}>
        {dayOf(turn.at)}, {clockOf(turn.at)}
      </p>
      {turn.about && <p class="break clamp-long">{turn.about}</p>}
      {turn.unheard !== null && (
        <p class="notice">
          <strong>Not heard: {turn.unheard}.</strong> {unheardWords(turn.unheard)}
        </p>
      )}
      {turn.moves.length > 0 && (
        <Part title="Moves">
          <Moves moves={turn.moves} />
        </Part>
      )}
      {turn.decisions.length > 0 && (
        <Part title="Letters">
          {turn.decisions.map((decision) => (
            <Decided key={decision.id} decision={decision} customer={customer} />
          ))}
        </Part>
      )}
      {turn.kind === 'timer' && turn.moves.length > 0 && <p class="soft small">This timer fired.</p>}
      <TimerPart title="Timers set" timers={turn.set} tail={(timer) => `for ${duration(timer.due - timer.setAt)}, until ${clockOf(timer.due)}`} />
      <TimerPart title="Timers called off" timers={turn.cancelled} tail={(timer) => `${duration(timer.due - turn.at)} before it was due`} />
      {turn.moves.length + turn.decisions.length + turn.set.length + turn.cancelled.length === 0 && turn.unheard === null && (
        <p class="soft small">It was heard, and nothing moved.</p>
      )}
      {turn.body !== null && (
        <details class="sent">
          <summary>What was sent</summary>
          <pre class="sheet-of-text" tabIndex={0} aria-label="What was sent, as JSON">
            {pretty(turn.body)}
          </pre>
        </details>
      )}
      <p class="soft small numbers">
        turn {(turn.index + 1).toLocaleString()}, row {turn.seq.toLocaleString()} of the log
      </p>
    </>
  )
}

/** What lies behind the reasons that there are; an unknown one stands for itself. */
function unheardWords(reason: string): string {
  if (reason === 'too old') return 'It came so late that the machine had long gone on. It is kept, and moves nothing.'
  if (reason === 'quarantined') return 'No machine could take it. It is set aside on the Live page, where it can be tried again.'
  if (reason === 'not human') return 'It was a machine that opened or clicked, not the customer.'
  return ''
}

const Part = ({ title, children }: { title: string; children: ComponentChildren }) => (
  <div class="part">
    <h3>{title}</h3>
    {children}
  </div>
)

function TimerPart({ title, timers, tail }: { title: string; timers: readonly Timer[]; tail: (timer: Timer) => string }) {
  if (timers.length === 0) return null
  return (
    <Part title={title}>
      <ul class="plain">
        {timers.map((timer) => (
          <li key={`${timer.event} ${timer.due}`}>
            <Path path={timer.words} /> <span class="soft small">{tail(timer)}</span>
          </li>
        ))}
      </ul>
    </Part>
  )
}
