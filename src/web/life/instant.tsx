/** Where the machine stood at the instant looked at. */
import type { Chart } from '../../studio/api.ts'
import type { Life } from './life.ts'
import { useMoment, useTold } from './looking.ts'
import { Path } from './told.tsx'

export function Instant({ life }: { life: Life; chart: Chart | null }) {
  useMoment(life)
  useTold(life)
  const active = life.active()
  const leaves = active.filter((id) => !active.some((other) => other.startsWith(`${id}.`)))
  const regions = Map.groupBy(leaves, (id) => id.split('.')[1] ?? id)
  return (
    <section class="card instant" aria-label="The machine at this instant">
      <header>
        <h2>The machine</h2>
        <span class="soft small">{life.moment.now ? 'now' : 'at this instant'}</span>
      </header>
      <dl class="body facts">
        {[...regions].map(([region, ids]) => (
          <div class="fact" key={region}>
            <dt>{region}</dt>
            <dd>
              {ids.map((id) => (
                <span class="chip" key={id}>
                  <Path path={id.split('.').slice(2).join('.')} />
                </span>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
