/** What letters earned, by whatever it is asked for, and what experiments tell. */
import type { ComponentChildren } from 'preact'
import type { Attribution, Experiments, Grouping, Model, Money } from '../../studio/api-results.ts'
import { withQuery } from '../ask.ts'
import { useAsk, useStore, useTitle } from '../hooks.ts'
import { Empty, Fault, Spinner, Tabs } from '../parts/basics.tsx'
import { amounts, EarnedTable, Funnel } from '../results/earned.tsx'
import { ExperimentList } from '../results/experiments.tsx'
import { ResultsPlot } from '../results/plot.tsx'
import { go, place } from '../router.ts'
import { count, money, number } from '../words.ts'
import '../styles/live.css'
import '../styles/results.css'

const groups: readonly (readonly [Grouping, string])[] = [
  ['template', 'Letter'],
  ['journey', 'Journey'],
  ['priority', 'Priority'],
  ['day', 'Day'],
  ['letter', 'Single letters'],
]
const spans = [
  [7, 'Last 7 days'],
  [30, 'Last 30 days'],
  [90, 'Last 90 days'],
  [365, 'Last year'],
] as const
const dayMs = 86_400_000

export function Results(_: { params: string[] }) {
  useTitle('Results')
  const query = useStore(place, ({ query }) => query)
  const by = groups.find(([id]) => id === query.get('by'))?.[0] ?? 'template'
  const model: Model = query.get('model') === 'last-open' ? 'last-open' : 'last-click'
  const span = spans.find(([days]) => String(days) === query.get('span'))?.[0] ?? 30
  const from = new Date(Date.now() - (span - 1) * dayMs).toISOString().slice(0, 10)
  const asked = { by, model, from }
  const { value, fault, again } = useAsk<Attribution>(withQuery('results', asked))
  const tried = useAsk<Experiments>('experiments')
  const show = (change: { by?: Grouping; model?: Model; span?: number }) => go(withQuery('/studio/results', { by, model, span, ...change }), true)
  return (
    <>
      <header>
        <h1>Results</h1>
        <span class="grow" />
        <select aria-label="Period" value={span} onChange={({ currentTarget }) => show({ span: Number(currentTarget.value) })}>
          {spans.map(([days, words]) => (
            <option key={days} value={days}>
              {words}
            </option>
          ))}
        </select>
        <select aria-label="What an order is owed to" value={model} onChange={({ currentTarget }) => show({ model: currentTarget.value as Model })}>
          <option value="last-click">After a click</option>
          <option value="last-open">After an open or a click</option>
        </select>
        <a class="button" href={`/studio/api/${withQuery('results', { ...asked, format: 'csv' })}`} download="beckon-results.csv">
          Save as CSV
        </a>
      </header>
      {fault && <Fault fault={fault} again={again} />}
      {value === null ? !fault && <Spinner what="Counting" /> : <Earned value={value} by={by} onBy={(to) => show({ by: to })} />}
      <section class="tried" aria-labelledby="tried">
        <header>
          <h2 id="tried">Experiments</h2>
          <span class="soft small">What would have happened without the letter, or with another. Look as often as you like: what is said here stays true.</span>
          {tried.value !== null && tried.value.experiments.length > 0 && (
            <a class="button quiet small" href="/studio/api/experiments?format=csv" download="beckon-experiments.csv">
              CSV
            </a>
          )}
        </header>
        {tried.fault && <Fault fault={tried.fault} again={tried.again} />}
        {tried.value === null ? !tried.fault && <Spinner what="Comparing" /> : <ExperimentList {...tried.value} />}
      </section>
    </>
  )
}

function Earned({ value, by, onBy }: { value: Attribution; by: Grouping; onBy: (to: Grouping) => void }) {
  const { rows, total, shop, carts, days, currency, windowMs, model } = value
  if (shop.orders === 0 && total.sent === 0) return <Nothing byBrowsers={shop.byBrowsers} />
  const shown = days.map(({ day, at, orders, revenue, all }) => ({
    day,
    at,
    orders,
    revenue: revenue[currency] ?? 0,
    allOrders: all.orders,
    allRevenue: all.revenue[currency] ?? 0,
  }))
  const part = (shop.revenue[currency] ?? 0) > 0 ? ((total.revenue[currency] ?? 0) / shop.revenue[currency]!) * 100 : null
  return (
    <>
      {shop.byBrowsers > 0 && (
        <p class="notice">
          <strong>{count(shop.byBrowsers, 'order was', 'orders were')} told by browsers alone, and count nowhere.</strong> Anyone can make one up. Send{' '}
          <code>Order Completed</code> from your server, with the secret key.
        </p>
      )}
      {shop.orders === 0 && shop.byBrowsers === 0 && (
        <p class="notice">
          <strong>No orders in this period.</strong> Letters go out, but no server of yours has told of an order: send <code>Order Completed</code> with the
          secret key.
        </p>
      )}
      <dl class="live-figures results-figures">
        <Figure
          words="After letters"
          value={<Sums of={total.revenue} first={currency} />}
          more={part === null ? count(total.orders, 'order') : `${count(total.orders, 'order')}, ${part.toFixed(1)} % of the shop’s revenue`}
        />
        <Figure words="The shop in all" value={<Sums of={shop.revenue} first={currency} />} more={count(shop.orders, 'order')} />
        <Figure words="Letters sent" value={number(total.sent)} more={total.perSent === null ? 'none yet' : `${amounts(total.perSent)} for each`} />
        <Figure
          words="Carts recovered"
          value={number(carts.recovered)}
          more={carts.written === 0 ? 'no letter about a cart yet' : `of ${number(carts.written)} written to; ${amounts(carts.revenue)}`}
        />
      </dl>
      <div class="results-columns">
        <ResultsPlot days={shown} currency={currency} />
        <Funnel total={total} />
      </div>
      <section class="card results-table" aria-label="Results by">
        <header>
          <Tabs label="Results by" tabs={groups} value={by} onChange={onBy} />
        </header>
        {rows.length === 0 ? (
          <Empty title="Nothing yet">
            <p>No letter led to an order in this period.</p>
          </Empty>
        ) : (
          <EarnedTable key={by} rows={rows} by={by} currency={currency} leftOut={value.leftOut} />
        )}
        <p class="soft small fine-print">
          An order is owed to the last letter that its customer {model === 'last-click' ? 'clicked' : 'opened or clicked'} in the{' '}
          {count(windowMs / dayMs, 'day')} before it. Days begin at midnight in {value.timeZone}. Refunds are taken off; amounts in different currencies are
          never added up.
        </p>
      </section>
    </>
  )
}

const Figure = ({ words, value, more }: { words: string; value: ComponentChildren; more: ComponentChildren }) => (
  <div class="card live-figure">
    <dt>{words}</dt>
    <dd class="numbers">{value}</dd>
    <dd class="soft small numbers">{more}</dd>
  </div>
)

/** The shop's own currency large, others below it. */
function Sums({ of, first }: { of: Money; first: string }) {
  const others = Object.entries(of).filter(([currency]) => currency !== first)
  return (
    <>
      {money(of[first] ?? 0, first)}
      {others.map(([currency, amount]) => (
        <span key={currency} class="beside">
          + {money(amount, currency)}
        </span>
      ))}
    </>
  )
}

function Nothing({ byBrowsers }: { byBrowsers: number }) {
  return (
    <section class="card">
      <Empty title="Nothing earned yet, as far as Beckon knows">
        <p>
          Revenue is counted from <code>Order Completed</code> events that your server sends with the secret key, with <code>order_id</code>, <code>total</code>{' '}
          and <code>currency</code>. What browsers and made-up customers order counts nowhere.
        </p>
        {byBrowsers > 0 && <p>{count(byBrowsers, 'order was', 'orders were')} told by browsers in this period.</p>}
      </Empty>
    </section>
  )
}
