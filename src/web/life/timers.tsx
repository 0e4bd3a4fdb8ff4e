/** Timers armed at the instant looked at, with what was left of each, and what the regions remembered. */
import { useState } from 'preact/hooks'
import type { Timer } from '../../studio/api.ts'
import { Time } from '../parts/basics.tsx'
import { duration } from '../words.ts'
import type { Life } from './life.ts'
import { detailMs, useClock, useLatest, useTold, useUnhurried } from './looking.ts'
import { Value } from './value.tsx'

export function Timers({ life }: { life: Life }) {
  const moment = useUnhurried(life, detailMs)
  const now = useClock(life)
  useTold(life)
  const here = life.standing()
  const standing = useLatest(here)
  const at = moment.now ? now : moment.at
  return (
    <section class="card timers" aria-label="Timers at this instant" aria-busy={here === null}>
      <header>
        <h2>Timers</h2>
        <span class="soft small">{standing === null ? 'on their way' : standing.timers.length === 0 ? 'none armed' : 'by what is left'}</span>
      </header>
      {standing !== null && standing.timers.length > 0 && (
        <ul class="body">
          {standing.timers
            .toSorted((a, b) => a.due - b.due)
            .map((timer) => (
              <TimerLine key={timer.event} timer={timer} at={at} now={now} />
            ))}
        </ul>
      )}
    </section>
  )
}

export const timerKey = ({ event, due }: Timer) => `${event} ${due}`

/** A timer's name, when it is due, and a ring that runs down. */
function TimerLine({ timer, at, now }: { timer: Timer; at: number; now: number }) {
  const left = timer.due - at
  return (
    <li class="timer">
      <Ring left={timer.due > timer.setAt ? Math.min(1, Math.max(0, left / (timer.due - timer.setAt))) : 0} />
      <div class="what">
        <div class="break">
          {timer.words} <span class="soft small">of {duration(timer.due - timer.setAt)}</span>
        </div>
        <div class="soft small break">
          {timer.state === null ? 'a letter that waits' : timer.state.replace(/^[^.]+\./, '')} · due <Time at={timer.due} now={now} />
        </div>
      </div>
      <div class="numbers left">{left > 0 ? duration(left) : 'due'}</div>
    </li>
  )
}

const around = 2 * Math.PI * 8

export const Ring = ({ left }: { left: number }) => (
  <svg class="ring" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
    <circle cx="10" cy="10" r="8" />
    <circle class="left-of-it" cx="10" cy="10" r="8" stroke-dasharray={`${left * around} ${around}`} transform="rotate(-90 10 10)" />
  </svg>
)

/** What the regions remembered, for whoever looks closely. */
export function Memory({ life }: { life: Life }) {
  useUnhurried(life, detailMs)
  useTold(life)
  const standing = life.standing()
  const [open, setOpen] = useState(false)
  const regions = Object.entries((open && standing?.context) || {})
  return (
    <details class="card memory" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>What the machine remembers</summary>
      <dl class="body facts" tabIndex={0} aria-label="What each region remembers">
        {regions.map(([region, memory]) => (
          <div key={region} class="fact">
            <dt>{region}</dt>
            <dd>
              <Value value={memory} />
            </dd>
          </div>
        ))}
        {regions.length === 0 && <span class="soft">Nothing yet.</span>}
      </dl>
    </details>
  )
}
