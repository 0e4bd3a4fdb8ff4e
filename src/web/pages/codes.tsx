/** Discount codes: the pools and how long they last, what codes brought, and the story of any one. */
import { useState } from 'preact/hooks'
import type { CodesPage, PoolRow } from '../../studio/api-codes.ts'
import { Fill } from '../codes/fill.tsx'
import { Look } from '../codes/look.tsx'
import { Empty, Fault, Spinner, Time } from '../parts/basics.tsx'
import { useAsk, useNow, useStore, useTitle } from '../hooks.ts'
import { session } from '../session.ts'
import { count, dayOf, number } from '../words.ts'
import '../styles/codes.css'

export function Codes(_: { params: string[] }) {
  useTitle('Codes')
  const isOwner = useStore(session, ({ me }) => me?.role === 'owner')
  const { value, fault, again } = useAsk<CodesPage>('codes')
  const [filling, fill] = useState<string | null>(null)
  return (
    <>
      <header>
        <h1 class="grow">Discount codes</h1>
        {isOwner && (
          <button type="button" class="button" onClick={() => fill('')}>
            New pool
          </button>
        )}
      </header>
      {fault && <Fault fault={fault} again={again} />}
      {value === null && !fault && <Spinner what="Counting codes" />}
      {value !== null && (
        <div class="codes">
          <Pools page={value} onFill={isOwner ? fill : null} />
          <div class="codes-side">
            <Look />
            <Weeks weeks={value.weeks} />
            <ByTemplate templates={value.templates} />
          </div>
          <Redemptions page={value} />
        </div>
      )}
      {filling !== null && (
        <Fill
          pool={filling}
          onClose={() => {
            fill(null)
            again()
          }}
        />
      )}
    </>
  )
}

const parts = [
  ['free', 'free'],
  ['reserved', 'with customers'],
  ['redeemed', 'redeemed'],
  ['expired', 'expired'],
] as const

type Shares = { all: number; free: number; reserved: number; redeemed: number; expired: number }

/** The states of a pool's codes as one bar, and in numbers. */
function Share({ of, hasFree }: { of: Shares; hasFree: boolean }) {
  const shown = parts.filter(([key]) => key !== 'free' || hasFree)
  return (
    <>
      <div class="code-bar" aria-hidden="true">
        {shown.map(([key]) => of[key] > 0 && <i key={key} class={key} style={{ flexGrow: of[key] }} />)}
      </div>
      <dl class="code-shares">
        {shown.map(([key, words]) => (
          <div key={key}>
            <dt>
              <i class={key} aria-hidden="true" />
              {words}
            </dt>
            <dd class="numbers">{number(of[key])}</dd>
          </div>
        ))}
      </dl>
    </>
  )
}

function Pools({ page: { pools, made }, onFill }: { page: CodesPage; onFill: ((pool: string) => void) | null }) {
  return (
    <section class="code-pools" aria-label="Pools">
      {made !== null && (
        <section class="card" aria-labelledby="made-title">
          <header>
            <h2 id="made-title" class="grow">
              Made for their letters
            </h2>
            <span class="soft small">{count(made.all, 'code')}</span>
          </header>
          <div class="body">
            <Share of={{ ...made, free: 0 }} hasFree={false} />
          </div>
        </section>
      )}
      {pools.map((pool) => (
        <Pool key={pool.pool} pool={pool} onFill={onFill} />
      ))}
      {pools.length === 0 && (
        <section class="card" aria-labelledby="pools-title">
          <Empty title="No pools">
            <p id="pools-title">
              Letters make codes of their own, which your checkout redeems over HTTP. A shop with codes of its own, made in Shopify for instance, puts them in a
              pool and names it in the letter’s rule:
            </p>
            <pre class="sample">
              discount: {'{'} percent: 10, validFor: days(7), pool: 'spring' {'}'}
            </pre>
          </Empty>
        </section>
      )}
    </section>
  )
}

function Pool({ pool, onFill }: { pool: PoolRow; onFill: ((pool: string) => void) | null }) {
  const { level, words, letters, perDay } = pool
  return (
    <section class="card" aria-label={`Pool ${pool.pool}`}>
      <header>
        <h2 class="grow break">{pool.pool}</h2>
        <span class="soft small">{count(pool.all, 'code')}</span>
        {onFill && (
          <button type="button" class="button small" onClick={() => onFill(pool.pool)} aria-label={`Add codes to ${pool.pool}`}>
            Add codes
          </button>
        )}
      </header>
      <div class="body stack">
        {words !== null && <p class={`notice ${level === 'bad' ? 'bad' : ''}`}>{words}</p>}
        {pool.all > 0 && <Share of={pool} hasFree />}
        <p class="soft small">
          {letters.length === 0 ? 'No letter draws from it: name it in a rule of machines/settings.ts.' : `For ${letters.join(', ')}`}
          {perDay > 0 && ` · ${perDay < 10 ? Math.round(perDay * 10) / 10 : number(Math.round(perDay))} a day over the last week`}
        </p>
      </div>
    </section>
  )
}

const percent = (part: number, whole: number): string => (whole === 0 ? '–' : `${((part / whole) * 100).toFixed(part === 0 || part === whole ? 0 : 1)} %`)

function Weeks({ weeks }: { weeks: CodesPage['weeks'] }) {
  const most = Math.max(...weeks.map(({ sent }) => sent))
  if (most === 0) return null
  return (
    <section class="card" aria-labelledby="weeks-title">
      <header>
        <h2 id="weeks-title" class="grow">
          Redeemed, by the week they were sent
        </h2>
      </header>
      <ol class="code-weeks body">
        {weeks.map(({ at, sent, redeemed }) => (
          <li key={at} title={`Week of ${dayOf(at)}: ${redeemed} of ${sent} redeemed`}>
            <span class="out-of-sight">
              Week of {dayOf(at)}: {redeemed} of {count(sent, 'code')} redeemed
            </span>
            <span class="column" aria-hidden="true">
              <i class="sent" style={{ height: `${(sent / most) * 100}%` }}>
                <i class="redeemed" style={{ height: sent === 0 ? '0' : `${(redeemed / sent) * 100}%` }} />
              </i>
            </span>
          </li>
        ))}
      </ol>
      <p class="code-weeks-foot soft small" aria-hidden="true">
        <span>{dayOf(weeks[0]!.at)}</span>
        <span>this week</span>
      </p>
    </section>
  )
}

function ByTemplate({ templates }: { templates: CodesPage['templates'] }) {
  if (templates.length === 0) return null
  return (
    <section class="card" aria-labelledby="templates-title">
      <header>
        <h2 id="templates-title">By letter</h2>
      </header>
      <table class="code-table">
        <thead>
          <tr>
            <th scope="col">Letter</th>
            <th scope="col">Sent</th>
            <th scope="col">Redeemed</th>
            <th scope="col">Rate</th>
          </tr>
        </thead>
        <tbody class="numbers">
          {templates.map(({ template, sent, redeemed }) => (
            <tr key={template}>
              <th scope="row">{template}</th>
              <td>{number(sent)}</td>
              <td>{number(redeemed)}</td>
              <td>{percent(redeemed, sent)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Redemptions({ page: { redemptions } }: { page: CodesPage }) {
  const now = useNow(30_000)
  return (
    <section class="card code-last" aria-labelledby="last-title">
      <header>
        <h2 id="last-title">Last redeemed</h2>
      </header>
      {redemptions.length === 0 ? (
        <Empty title="None yet">
          <p>
            Your checkout asks <code>POST /v1/codes/redeem</code>, or your server’s <code>Order Completed</code> names the code as its <code>coupon</code>.
          </p>
        </Empty>
      ) : (
        <ul class="code-rows">
          {redemptions.map(({ code, letter, template, percent, redeemedAt, orderId }) => (
            <li key={code}>
              <strong class="mono break">{code}</strong>
              <span class="soft">
                {percent}% off{template !== null && `, ${template}`}
              </span>
              <span class="break">
                {letter === null ? <span class="soft">erased since</span> : <a href={`/studio/customers/${letter.customer}`}>{letter.recipient}</a>}
              </span>
              <span class="break">{orderId === null ? <span class="soft">order erased</span> : <span>order {orderId}</span>}</span>
              <span class="soft">
                <Time at={redeemedAt!} now={now} relative />
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
