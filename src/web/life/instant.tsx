/** Where the machine stood at the instant looked at: on its chart, with timers as rings and the ways just taken lit. */
import type { ComponentChild } from 'preact'
import { useRef } from 'preact/hooks'
import type { Chart as ChartShape } from '../../studio/api.ts'
import { Chart } from '../chart/Chart.tsx'
import type { Life } from './life.ts'
import { useClock, useInView, useMoment, useTold, useUnhurried } from './looking.ts'
import { Path } from './told.tsx'

export function Instant({ life, chart }: { life: Life; chart: ChartShape | null }) {
  const [box, inView] = useInView()
  return (
    <section class="instant" aria-labelledby="instant-title" ref={box}>
      <h2 id="instant-title">The machine at this instant</h2>
      {chart === null ? <Standing active={life.active()} /> : <Moving life={life} chart={chart} inView={inView} />}
    </section>
  )
}

/** Out of sight the chart follows at this pace. */
const unseenMs = 250

/** The chart as of the instant looked at; in sight with every frame. */
function Moving({ life, chart, inView }: { life: Life; chart: ChartShape; inView: boolean }) {
  const latest = useMoment(life)
  const unhurried = useUnhurried(life, unseenMs)
  const now = useClock(life)
  const told = useTold(life)
  const moment = inView ? latest : unhurried
  const drawn = useRef<ComponentChild>(null)
  const drawnFor = useRef<unknown[]>([])
  const wanted = [chart, moment, told, moment.now ? now : moment.at]
  if (wanted.some((part, index) => part !== drawnFor.current[index])) {
    drawnFor.current = wanted
    const taken = moment.now ? [] : (life.turn(moment.index)?.taken ?? [])
    drawn.current = (
      <Chart chart={chart} active={life.active()} timers={life.standing()?.timers ?? []} now={moment.now ? now : moment.at} highlight={new Set(taken)} />
    )
  }
  return drawn.current
}

/** The active states as a list, while there is no chart. */
function Standing({ active }: { active: readonly string[] }) {
  const leaves = active.filter((id) => !active.some((other) => other.startsWith(`${id}.`)))
  return (
    <ul class="card standing">
      {leaves.map((id) => (
        <li key={id}>
          <Path path={id.split('.').slice(1).join('.')} />
        </li>
      ))}
    </ul>
  )
}
