/** The chosen customer: what runs, and what each possible next event would do. Pointing at an event lights up its transitions. */
import type { Chart, CustomerPage, Foreseen, Next, Timer, Turn } from '../../studio/api.ts'
import type { Asked } from '../hooks.ts'
import { Fault, PriorityChip } from '../parts/basics.tsx'
import { duration, exactly } from '../words.ts'

type Would = Next['events'][number]

export function NextPanel({
  customer,
  timers,
  now,
  next,
  chart,
  lit,
  onLight,
  onClose,
}: {
  customer: CustomerPage
  timers: readonly Timer[]
  now: number
  next: Asked<Next>
  chart: Chart
  lit: Would | null
  onLight: (event: Would | null) => void
  onClose: () => void
}) {
  const doing = (next.value?.events ?? []).filter((event) => event.taken.length > 0)
  const idle = (next.value?.events ?? []).filter((event) => event.taken.length === 0)
  return (
    <section class="card machine-panel" aria-labelledby="customer-title">
      <header>
        <h2 id="customer-title" class="break">
          <a href={`/studio/customers/${customer.id}`}>{customer.name}</a>
        </h2>
        <button class="button quiet small" type="button" onClick={onClose}>
          Close
        </button>
      </header>
      <div class="body">
        <h3>Timers that run</h3>
        {timers.length === 0 ? (
          <p class="small soft">None: only an event can move this customer.</p>
        ) : (
          <ul class="ways">
            {timers
              .toSorted((a, b) => a.due - b.due)
              .map((timer) => (
                <li key={timer.event} class="timer">
                  <span>{timer.words}</span>
                  <time class="numbers small soft" dateTime={new Date(timer.due).toISOString()} title={exactly(timer.due)}>
                    {timer.due > now ? `in ${duration(timer.due - now)}` : 'due now'}
                  </time>
                </li>
              ))}
          </ul>
        )}
        <h3>What would happen now, on</h3>
        {next.fault && <Fault fault={next.fault} again={next.again} />}
        {next.value === null && !next.fault && <p class="small soft">Trying every event …</p>}
        <ul class="would" onMouseLeave={() => onLight(null)}>
          {doing.map((event) => (
            <li key={event.event}>
              <button
                type="button"
                class={lit?.event === event.event ? 'lit' : ''}
                onMouseEnter={() => onLight(event)}
                onFocus={() => onLight(event)}
                onBlur={() => onLight(null)}
                onClick={() => onLight(event)}
              >
                <strong>{event.words}</strong>
                {movesOf(event, chart).map((words) => (
                  <span key={words} class="small">
                    {words}
                  </span>
                ))}
                {event.decisions.map((decision) => (
                  <Letter key={decision.template} decision={decision} />
                ))}
              </button>
            </li>
          ))}
        </ul>
        {next.value !== null && doing.length === 0 && <p class="small soft">No event that the machine listens to would do anything here.</p>}
        {idle.length > 0 && <p class="small soft">Nothing on: {idle.map(({ words }) => words).join(', ')}.</p>}
      </div>
    </section>
  )
}

/** What an event would change, a line each: `cart: empty → active`, or that it is only noted. */
function movesOf({ moves, set, cancelled, taken }: Would, chart: Chart): string[] {
  const moved = moves.filter(({ from, to }) => from !== to).map(moveWords)
  const timers = [
    ...set.filter((timer) => !cancelled.some(({ event }) => event === timer.event)).map(({ words, due, setAt }) => `sets ${words} (${duration(due - setAt)})`),
    ...set.filter((timer) => cancelled.some(({ event }) => event === timer.event)).map(({ words }) => `begins ${words} anew`),
    ...cancelled.filter((timer) => !set.some(({ event }) => event === timer.event)).map(({ words }) => `calls off ${words}`),
  ]
  const said = [...moved, ...timers]
  if (said.length > 0) return said
  const inside = chart.regions.flatMap(({ key, nodes }) => (nodes.some((node) => node.inside.some((each) => taken.includes(each.key))) ? [key] : []))
  return [inside.length > 0 ? `noted in ${inside.join(', ')}` : 'goes through, and ends where it was']
}

const moveWords = ({ region, from, to }: Turn['moves'][number]) => `${region}: ${from} → ${to}`

const verbs = { queued: 'sends', skipped: 'would skip', waits: 'waits with' }

const Letter = ({ decision }: { decision: Foreseen }) => (
  <span class="small">
    {verbs[decision.decision]} {decision.template} <PriorityChip priority={decision.priority} /> <span class="soft">{decision.words}</span>
  </span>
)
