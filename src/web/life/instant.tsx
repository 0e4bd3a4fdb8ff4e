/** Where the machine stood at the instant looked at: on its chart, with timers as rings and the ways just taken lit. */
import { useMemo } from 'preact/hooks'
import type { Chart as ChartShape } from '../../studio/api.ts'
import { Chart } from '../chart/Chart.tsx'
import type { Life } from './life.ts'
import { useClock, useMoment, useTold } from './looking.ts'
import { Path } from './told.tsx'

export function Instant({ life, chart }: { life: Life; chart: ChartShape | null }) {
  const moment = useMoment(life)
  const now = useClock(life)
  useTold(life)
  const active = life.active()
  const turn = moment.now ? null : life.turn(moment.index)
  const taken = useMemo(() => new Set(turn?.taken), [turn])
  return (
    <section class="instant" aria-labelledby="instant-title">
      <h2 id="instant-title">
        The machine <span class="soft">{moment.now ? 'now' : 'at this instant'}</span>
      </h2>
      {chart === null ? (
        <Standing active={active} />
      ) : (
        <Chart chart={chart} active={active} timers={life.standing()?.timers ?? []} now={moment.now ? now : moment.at} highlight={taken} />
      )}
    </section>
  )
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
