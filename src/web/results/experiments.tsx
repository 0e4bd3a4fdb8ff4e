/** Experiments: arms side by side, and the lift with its interval as a bar with whiskers, in plain words first. */
import type { ExperimentComparison, ExperimentReport, Experiments } from '../../studio/api-results.ts'
import { Empty } from '../parts/basics.tsx'
import { dayOf, money, number } from '../words.ts'

const metrics = { conversion: 'Customers who order', revenue: 'Revenue per customer', clicks: 'Customers who click' } as const
const tints = { better: 'good', worse: 'bad', 'no-difference-seen': '', 'not-enough-data': '' } as const
const verdicts = { better: 'better', worse: 'worse', 'no-difference-seen': 'no difference seen yet', 'not-enough-data': 'not enough data yet' } as const

export function ExperimentList({ experiments, currency }: Experiments) {
  if (experiments.length === 0)
    return (
      <Empty title="Nothing is being tried">
        <p>
          What would customers have bought without letters? Hold a tenth of them out of a journey and see: start the server with{' '}
          <code>BECKON_HOLDOUT=cart=0.1</code>. To hold one template against another, give a letter <code>variants</code> in <code>machines/settings.ts</code>.
        </p>
      </Empty>
    )
  return (
    <div class="experiments">
      {experiments.map((experiment) => (
        <One key={experiment.id} experiment={experiment} currency={currency} />
      ))}
    </div>
  )
}

const titleOf = ({ kind, about }: ExperimentReport) =>
  kind === 'variant' ? `Versions of ${about}` : about === '*' ? 'Holdout from all letters' : `Holdout from the ${about} journey`

function One({ experiment, currency }: { experiment: ExperimentReport; currency: string }) {
  const { started, running, days, arms, comparisons, pending, both, cutAt } = experiment
  return (
    <article class="card experiment">
      <header>
        <h3>{titleOf(experiment)}</h3>
        <span class={`chip ${running ? 'good' : ''}`}>{running ? 'running' : 'ended'}</span>
        <span class="soft small">
          {started === null ? 'nobody took part yet' : `since ${dayOf(started)}`}, {days} days for each customer
        </span>
      </header>
      <div class="body">
        <ul class="arms">
          {arms.map((arm) => (
            <li key={arm.name}>
              <strong>{arm.name}</strong> <span class="soft small">{number(Math.round(arm.share * 1_000) / 10)} %</span>
              <span class="numbers">{number(arm.customers)} customers</span>
              <span class="numbers soft small">
                {number(arm.converted)} ordered{arm.customers > 0 && ` (${((arm.converted / arm.customers) * 100).toFixed(1)} %)`},{' '}
                {money(arm.revenue, currency)}
              </span>
            </li>
          ))}
        </ul>
        {comparisons.map((comparison) => (
          <Comparison key={`${comparison.metric} ${comparison.arm}`} comparison={comparison} many={arms.length > 2} />
        ))}
        <p class="soft small">
          {pending > 0 && `${number(pending)} more took part less than ${days} days ago and count once their days are over. `}
          {both > 0 && `${number(both)} stood in two arms, since two lives turned out to be one person’s, and are left out. `}
          {cutAt !== null && `In the comparison of revenue no customer counts for more than ${money(cutAt, currency)}.`}
        </p>
      </div>
    </article>
  )
}

function Comparison({ comparison, many }: { comparison: ExperimentComparison; many: boolean }) {
  const { metric, arm, verdict, words, lift, liftInterval } = comparison
  return (
    <section class="comparison" aria-label={`${metrics[metric]}${many ? `, ${arm}` : ''}`}>
      <h4>
        {metrics[metric]}
        {many && <span class="soft"> · {arm}</span>} <span class={`chip ${tints[verdict]}`}>{verdicts[verdict]}</span>
      </h4>
      <p>{words}</p>
      {liftInterval !== null && lift !== null && <Whiskers lift={lift} interval={liftInterval} tint={tints[verdict]} />}
    </section>
  )
}

const percent = (share: number) => `${share < 0 ? '−' : share > 0 ? '+' : ''}${Math.abs(share * 100).toFixed(Math.abs(share) < 0.1 ? 1 : 0)} %`

/** The words beside it say all of it. */
function Whiskers({ lift, interval: [low, high], tint }: { lift: number; interval: [number, number]; tint: string }) {
  const reach = Math.max(0.05, Math.abs(low), Math.abs(high)) * 1.1
  const x = (share: number) => 300 + (share / reach) * 280
  return (
    <figure class={`whiskers ${tint}`} aria-hidden="true">
      <svg viewBox="0 0 600 34" preserveAspectRatio="none">
        <line class="zero" x1="300" y1="0" x2="300" y2="34" />
        <rect class="lift" x={Math.min(300, x(lift))} y="9" width={Math.max(1, Math.abs(x(lift) - 300))} height="16" />
        <path class="range" d={`M${x(low)} 17H${x(high)}M${x(low)} 8v18M${x(high)} 8v18`} />
      </svg>
      <figcaption class="small soft numbers">
        <span>{percent(-reach)}</span>
        <span>no difference</span>
        <span>{percent(reach)}</span>
      </figcaption>
    </figure>
  )
}
