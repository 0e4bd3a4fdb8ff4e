/** What the nightly checkup found: the worst first, each with what it means, what to do, and whom it is about. */
import { useEffect, useState } from 'preact/hooks'
import type { CheckupExample, CheckupFinding, CheckupPage, Severity } from '../../studio/api-checkup.ts'
import { tell } from '../ask.ts'
import { useAsk, useNow, useStore, useTitle } from '../hooks.ts'
import { Empty, Fault, Spinner, Time } from '../parts/basics.tsx'
import { session } from '../session.ts'
import { count, dayOf, duration, number } from '../words.ts'
import '../styles/audit.css'

const lookAgainMs = 1_000
const examplesFirst = 5

const groups: readonly (readonly [Severity, string, string])[] = [
  ['wrong', 'Wrong', 'A promise is broken.'],
  ['look', 'Worth a look', 'Somebody should see whether it is meant so.'],
  ['hint', 'Good to know', 'Nothing need be done.'],
]

export function Audit(_: { params: string[] }) {
  useTitle('Audit')
  const { value, fault, again } = useAsk<CheckupPage>('checkup')
  const now = useNow(10_000)
  const running = value?.running ?? false
  useEffect(() => {
    if (!running) return
    const timer = setInterval(again, lookAgainMs)
    return () => clearInterval(timer)
  }, [running])
  if (value === null) return fault === null ? <Spinner what="Fetching what was found" /> : <Fault fault={fault} again={again} />
  const { last, next } = value
  return (
    <>
      <header>
        <h1>Audit</h1>
        <span class="soft" role="status">
          {running ? 'looking everything over …' : last === null ? 'not looked over yet' : <>looked over {<Time at={last.at} now={now} relative />}</>}
        </span>
        <span class="grow" />
        <RunNow running={running} onStarted={again} />
      </header>
      {fault !== null && <Fault fault={fault} again={again} />}
      {last === null ? <Nothing next={next} now={now} running={running} /> : <Found last={last} next={next} now={now} />}
    </>
  )
}

function RunNow({ running, onStarted }: { running: boolean; onStarted: () => void }) {
  const isOwner = useStore(session, ({ me }) => me?.role === 'owner')
  const [fault, setFault] = useState<Error | null>(null)
  if (!isOwner) return null
  const run = () => tell('checkup').then(onStarted, setFault)
  return (
    <>
      <button class="button" type="button" disabled={running} onClick={() => void run()}>
        {running ? 'Running' : 'Run now'}
      </button>
      {fault !== null && <Fault fault={fault} />}
    </>
  )
}

const Nothing = ({ next, now, running }: { next: number | null; now: number; running: boolean }) => (
  <div class="card">
    <Empty title={running ? 'The first one is running' : 'Nothing has been looked over yet'}>
      <p>
        Every night, profiles, ids, letters and products are held against each other: addresses that several customers share, lives that nothing leads to,
        products that letters show without a picture.
      </p>
      {!running && next !== null && (
        <p>
          The next one is due <Time at={next} now={now} relative />; run it now to see.
        </p>
      )}
    </Empty>
  </div>
)

function Found({ last, next, now }: { last: NonNullable<CheckupPage['last']>; next: number | null; now: number }) {
  const { findings, looked, clean, tookMs } = last
  const shown = groups.map(([severity, title, words]) => ({ severity, title, words, list: findings.filter((one) => one.severity === severity) }))
  return (
    <>
      <dl class="card audit-sum">
        {shown.map(({ severity, title, list }) => (
          <div key={severity} class={list.length === 0 ? 'none' : severity}>
            <dt>{title}</dt>
            <dd class="numbers">{list.length}</dd>
          </div>
        ))}
        <div class="looked">
          <dt>Looked at</dt>
          <dd class="small numbers">
            {count(looked.customers, 'customer')}, {number(looked.compared)} of them told again from the log, {count(looked.letters, 'letter')},{' '}
            {count(looked.products, 'product')} and {count(looked.rows, 'row')} of the log, in {tookMs < 1_000 ? 'under a second' : duration(tookMs)}
            {next !== null && (
              <>
                ; next <Time at={next} now={now} relative />
              </>
            )}
          </dd>
        </div>
      </dl>
      {shown.map(
        ({ severity, title, words, list }) =>
          list.length > 0 && (
            <section key={severity} class="audit-group" aria-labelledby={`group-${severity}`}>
              <h2 id={`group-${severity}`}>
                {title} <span class="soft small">{words}</span>
              </h2>
              {list.map((finding) => (
                <FindingCard key={finding.id} finding={finding} />
              ))}
            </section>
          ),
      )}
      {findings.length === 0 && (
        <div class="card">
          <Empty title="Nothing was found">
            <p>Every life, id, letter and product is as it should be.</p>
          </Empty>
        </div>
      )}
      {clean.length > 0 && (
        <details class="card audit-clean">
          <summary>{count(clean.length, 'kind')} looked for and not found</summary>
          <ul class="small">
            {clean.map((title) => (
              <li key={title}>{title}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  )
}

function FindingCard({ finding }: { finding: CheckupFinding }) {
  const { id, severity, title, why, todo, since, examples, trend } = finding
  const [isAll, setAll] = useState(false)
  const shown = isAll ? examples : examples.slice(0, examplesFirst)
  const isMore = examples.length > examplesFirst
  return (
    <article class={`card finding ${severity}`} aria-labelledby={`finding-${id}`}>
      <header>
        <span class="finding-count numbers">{number(finding.count)}</span>
        <h3 id={`finding-${id}`}>{title}</h3>
        <span class="soft small finding-since">
          {since === null ? 'new' : `since ${dayOf(since)}`}
          <Spark trend={trend} />
        </span>
      </header>
      <div class="body">
        <p>{why}</p>
        <p class="finding-todo">{todo}</p>
        {examples.length > 0 && (
          <ul class="finding-examples">
            {shown.map((example, index) => (
              <Example key={index} example={example} />
            ))}
          </ul>
        )}
        {isMore && (
          <button class="button quiet small" type="button" aria-expanded={isAll} onClick={() => setAll(!isAll)}>
            {isAll ? 'Show fewer' : `Show ${examples.length - examplesFirst} more`}
            <span class="out-of-sight"> of: {title}</span>
          </button>
        )}
        {isAll && finding.count > examples.length && <p class="soft small">These are the first {examples.length}; all are counted.</p>}
      </div>
    </article>
  )
}

function Example({ example: { customers, product, letter, words } }: { example: CheckupExample }) {
  return (
    <li>
      {product !== null && (
        <a class="break" href={`/studio/catalogue?product=${encodeURIComponent(product)}`}>
          {product}
        </a>
      )}
      {customers.map(({ id, name, email }) => (
        <a key={id} class="break" href={`/studio/customers/${id}`} title={`Customer ${id}`}>
          {name.slice(0, 120)}
          {email !== null && email !== name && <span class="soft"> {email.slice(0, 120)}</span>}
        </a>
      ))}
      {words !== null && <span class="soft break">{words}</span>}
      {letter !== null && <a href={`/studio/inbox/${letter}`}>letter {letter}</a>}
    </li>
  )
}

const sparkWidth = 96
const sparkHeight = 22

/** How many there were day by day; nothing to see before the second day. */
function Spark({ trend }: { trend: CheckupFinding['trend'] }) {
  if (trend.length < 2) return null
  const [first, last] = [trend[0]!, trend.at(-1)!]
  const most = Math.max(1, ...trend.map(([, n]) => n))
  const x = (at: number) => 1 + ((at - first[0]) / (last[0] - first[0])) * (sparkWidth - 4)
  const y = (n: number) => sparkHeight - 2 - (n / most) * (sparkHeight - 5)
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${sparkWidth} ${sparkHeight}`}
      width={sparkWidth}
      height={sparkHeight}
      role="img"
      aria-label={`${number(first[1])} on ${dayOf(first[0])}, ${number(last[1])} on ${dayOf(last[0])}, at most ${number(most)}`}
    >
      <polyline points={trend.map(([at, n]) => `${x(at).toFixed(1)},${y(n).toFixed(1)}`).join(' ')} />
      <circle cx={x(last[0])} cy={y(last[1])} r="2" />
    </svg>
  )
}
