/** What comes next: timers that run, what they will bring if nothing else happens, and what each event would do. */
import { useEffect, useState } from 'preact/hooks'
import type { Next } from '../../studio/api.ts'
import type { Asked } from '../hooks.ts'
import { useAsk } from '../hooks.ts'
import { Fault, Spinner, Time } from '../parts/basics.tsx'
import { duration } from '../words.ts'
import type { Life } from './life.ts'
import { useClock } from './looking.ts'
import { Ring, timerKey } from './timers.tsx'
import { Foretold, Moves } from './told.tsx'

/** What is asked again after something happened, at most this often. */
const againMs = 1_500

export function NextUp({ life }: { life: Life }) {
  const asked = useAsk<Next>(`customers/${life.id}/next`)
  useAgain(life, asked)
  const { value: next, fault, again } = asked
  return (
    <section class="next" aria-labelledby="next-title">
      <h2 id="next-title">Now, and what comes next</h2>
      {fault && <Fault fault={fault} again={again} />}
      {next === null && !fault && <Spinner what="Foreseeing" />}
      {next && (
        <div class="next-parts">
          <div class="stack-of-cards">
            <Running life={life} timers={next.timers} />
            <Events events={next.events} />
          </div>
          <Ahead ahead={next.ahead} now={next.at} />
          <Previews customer={life.id} templates={next.previews} />
        </div>
      )}
    </section>
  )
}

/** Foresees anew when the life has grown, not when it was only read. */
function useAgain(life: Life, { again }: Asked<Next>) {
  useEffect(() => {
    let seen = life.page.turns
    let timer: ReturnType<typeof setTimeout> | null = null
    const stop = life.onTold(() => {
      if (life.page.turns === seen || timer !== null) return
      timer = setTimeout(() => {
        timer = null
        seen = life.page.turns
        again()
      }, againMs)
    })
    return () => {
      stop()
      if (timer !== null) clearTimeout(timer)
    }
  }, [life])
}

function Running({ life, timers }: { life: Life; timers: Next['timers'] }) {
  const now = useClock(life)
  return (
    <div class="card">
      <header>
        <h3>Timers that run</h3>
      </header>
      {timers.length === 0 && <p class="body soft">None. Only an event can move anything now.</p>}
      {timers.length > 0 && (
        <ul class="body stack-of-lines">
          {timers.map((timer) => (
            <li key={timerKey(timer)} class="timer">
              <Ring left={timer.due > timer.setAt ? Math.min(1, Math.max(0, (timer.due - now) / (timer.due - timer.setAt))) : 0} />
              <div class="what">
                <div class="break">{timer.words}</div>
                <div class="soft small">
                  due <Time at={timer.due} now={now} />
                </div>
                {timer.cancelledBy.length > 0 && <div class="soft small break">called off by {inWords(timer.cancelledBy)}</div>}
              </div>
              <div class="numbers left">{timer.due > now ? duration(timer.due - now) : 'due'}</div>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

/** `a, b or c`. Pure. */
const inWords = (names: readonly string[]) => (names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`)

function Ahead({ ahead, now }: { ahead: Next['ahead']; now: number }) {
  return (
    <div class="card">
      <header>
        <h3>If nothing else happens</h3>
      </header>
      {ahead.length === 0 ? (
        <p class="body soft">Nothing, for the next 60 days.</p>
      ) : (
        <ol class="body ahead" tabIndex={0} aria-label="What the timers will bring">
          {ahead.map((step, index) => (
            <li key={index}>
              <div class="ahead-at small">
                <Time at={step.at} now={now} /> <span class="soft">in {duration(step.at - now)}</span>
              </div>
              <div class="break">{step.name}</div>
              <Moves moves={step.moves} />
              {step.decisions.map((letter, at) => (
                <Foretold key={at} letter={letter} />
              ))}
            </li>
          ))}
        </ol>
      )}
    </div>
  )
}

type WouldDo = Next['events'][number]
const doesNothing = ({ moves, set, cancelled, decisions }: WouldDo) => moves.length + set.length + cancelled.length + decisions.length === 0

function Events({ events }: { events: Next['events'] }) {
  const idle = events.filter(doesNothing)
  return (
    <div class="card">
      <header>
        <h3>What each event would do</h3>
      </header>
      <ul class="body would-do">
        {events
          .filter((event) => !doesNothing(event))
          .map((event) => (
            <li key={event.event}>
              <details>
                <summary>
                  <strong class="break">{event.words}</strong> <span class="soft small">{gist(event)}</span>
                </summary>
                <Moves moves={event.moves} />
                {event.set.length > 0 && (
                  <p class="small soft break">sets {event.set.map(({ words, due, setAt }) => `${words} (${duration(due - setAt)})`).join(', ')}</p>
                )}
                {event.cancelled.length > 0 && <p class="small soft break">calls off {event.cancelled.map(({ words }) => words).join(', ')}</p>}
                {event.decisions.map((letter, at) => (
                  <Foretold key={at} letter={letter} />
                ))}
              </details>
            </li>
          ))}
        {idle.length > 0 && <li class="soft small break">Nothing would change with {inWords(idle.map(({ words }) => words))}.</li>}
      </ul>
    </div>
  )
}

/** The most telling thing an event would do, in a few words. */
function gist({ moves, set, cancelled, decisions }: WouldDo): string {
  const letter = decisions[0]
  if (letter !== undefined) return `${letter.template} ${letter.decision === 'skipped' ? 'would come up, and not be sent' : 'would be written'}`
  if (moves.length > 0) return moves.map(({ region, to }) => `${region} → ${to}`).join(', ')
  return set.length > 0 ? 'sets a timer anew' : cancelled.length > 0 ? 'calls a timer off' : ''
}

function Previews({ customer, templates }: { customer: number; templates: readonly string[] }) {
  const [shown, show] = useState<string | null>(null)
  if (templates.length === 0) return null
  const template = shown !== null && templates.includes(shown) ? shown : templates[0]!
  return (
    <div class="card previews">
      <header>
        <h3>As it would look today</h3>
        <span class="grow" />
        <select aria-label="Which letter" value={template} onChange={(event) => show(event.currentTarget.value)}>
          {templates.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </header>
      <iframe
        key={template}
        sandbox=""
        loading="lazy"
        title={`${template} as it would look today`}
        src={`/studio/api/customers/${customer}/preview?template=${encodeURIComponent(template)}`}
      />
    </div>
  )
}
