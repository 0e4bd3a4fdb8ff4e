/** Bounces and complaints: how many and why, the last ones with what they mean, and the ways by which they come back. */
import type { BounceKind, BounceReport, BounceRow, BounceSetup } from '../../studio/api-bounces.ts'
import { useAsk, useNow } from '../hooks.ts'
import { Empty, Fault, Spinner, Time } from '../parts/basics.tsx'
import { count, dayOf, number } from '../words.ts'
import { saidBy } from './said.ts'
import { Ways } from './ways.tsx'
import '../styles/bounces.css'

const kinds: readonly (readonly [kind: BounceKind, words: string, what: string])[] = [
  ['hard', 'hard bounces', 'The address is bad: it is not written to again.'],
  ['soft', 'soft bounces', 'This letter did not arrive; the next one is tried.'],
  ['complaint', 'complaints', 'Called spam by the customer, who gets no more letters.'],
]
const chips: Record<BounceKind, [words: string, tint: string]> = {
  hard: ['hard bounce', 'bad'],
  soft: ['soft bounce', 'warn'],
  complaint: ['complaint', 'high'],
}
const suppressions: Record<string, string> = { bounce: 'bounced', complaint: 'complained', unsubscribed: 'unsubscribed' }

export function Bounces() {
  const { value: report, fault, again } = useAsk<BounceReport>('bounces')
  const { value: setup, fault: lost } = useAsk<BounceSetup>('bounces/setup')
  const problem = fault ?? lost
  if (report === null || setup === null) return problem === null ? <Spinner what="Asking what came back" /> : <Fault fault={problem} again={again} />
  return (
    <div class="bounces">
      <Totals report={report} />
      {report.reasons.length > 0 && (
        <div class="bounces-pair">
          <Days days={report.days} />
          <Reasons reasons={report.reasons} />
        </div>
      )}
      <Latest rows={report.latest} isHeard={setup.sources.some(({ isOn }) => isOn)} />
      <Ways setup={setup} />
    </div>
  )
}

const totalOf = (report: BounceReport, kind: BounceKind) => report.days.reduce((sum, day) => sum + day[kind], 0)

function Totals({ report }: { report: BounceReport }) {
  const suppressed = report.suppressed.reduce((sum, { n }) => sum + n, 0)
  return (
    <dl class="bounces-totals" aria-label="The last thirty days">
      {kinds.map(([kind, words, what]) => (
        <div key={kind} class="card">
          <dt>{words[0]!.toUpperCase() + words.slice(1)}</dt>
          <dd class="numbers figure">{number(totalOf(report, kind))}</dd>
          <dd class="soft small">{what}</dd>
        </div>
      ))}
      <div class="card">
        <dt>Addresses not written to</dt>
        <dd class="numbers figure">{number(suppressed)}</dd>
        <dd class="soft small">
          {suppressed === 0
            ? 'None so far, for any reason.'
            : report.suppressed.map(({ reason, n }) => `${number(n)} ${suppressions[reason] ?? reason}`).join(', ')}
        </dd>
      </div>
    </dl>
  )
}

const heightPx = 132
const barPx = 14
const gapPx = 4

/** One bar a day, its kinds on top of one another. */
function Days({ days }: { days: BounceReport['days'] }) {
  const most = Math.max(1, ...days.map((day) => day.hard + day.soft + day.complaint))
  const widthPx = days.length * (barPx + gapPx) - gapPx
  const total = days.reduce((sum, day) => sum + day.hard + day.soft + day.complaint, 0)
  return (
    <figure class="card bounces-days">
      <figcaption>
        <h2>By day</h2>
        <span class="bounces-key small soft">
          {kinds.map(([kind, words]) => (
            <span key={kind}>
              <i class={kind} />
              {words}
            </span>
          ))}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${widthPx} ${heightPx}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${count(total, 'letter')} came back in thirty days, at most ${most} a day`}
      >
        {days.map((day, index) => {
          let top = heightPx
          return (
            <g key={day.at}>
              <title>{`${dayOf(day.at)}: ${day.hard} hard, ${day.soft} soft, ${day.complaint} complaints`}</title>
              <rect class="none" x={index * (barPx + gapPx)} y={heightPx - 2} width={barPx} height={2} />
              {kinds.map(([kind]) => {
                const tall = (day[kind] / most) * (heightPx - 4)
                top -= tall
                return <rect key={kind} class={kind} x={index * (barPx + gapPx)} y={top} width={barPx} height={tall} />
              })}
            </g>
          )
        })}
      </svg>
      <p class="bounces-span small soft numbers">
        <span>{dayOf(days[0]!.at)}</span>
        <span>most in a day: {number(most)}</span>
        <span>{dayOf(days.at(-1)!.at)}</span>
      </p>
    </figure>
  )
}

function Reasons({ reasons }: { reasons: BounceReport['reasons'] }) {
  return (
    <section class="card bounces-reasons">
      <h2>By reason</h2>
      <ul>
        {reasons.map(({ kind, reason, meaning, n }) => (
          <li key={`${kind}/${reason}`}>
            <span class="numbers n">{number(n)}</span>
            <span>
              {meaning} <Kind kind={kind} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

const Kind = ({ kind }: { kind: BounceKind }) => <span class={`chip ${chips[kind][1]}`}>{chips[kind][0]}</span>

function Latest({ rows, isHeard }: { rows: BounceRow[]; isHeard: boolean }) {
  const now = useNow(30_000)
  return (
    <section class="card bounces-latest">
      <header>
        <h2>The last ones</h2>
      </header>
      {rows.length === 0 ? (
        <Empty title="Nothing came back">
          <p>
            {isHeard
              ? 'No letter has bounced and nobody has complained. What comes back is listed here, with what it means.'
              : 'And nothing can yet: set up a way for bounces to come back, below. Until then only what the mail server refuses at once is known.'}
          </p>
        </Empty>
      ) : (
        <ul>
          {rows.map((row) => (
            <li key={row.id}>
              <span class="when soft small">
                <Time at={row.at} now={now} />
              </span>
              <span class="who">
                <a href={`/studio/customers/${row.customer}`}>{row.hint}</a>{' '}
                <a class="small soft" href={`/studio/inbox/${row.letter}`}>
                  {row.template}
                </a>
              </span>
              <span class="why">
                <Kind kind={row.kind} /> {row.meaning}
                <span class="said mono soft break">{saidBy(row)}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
