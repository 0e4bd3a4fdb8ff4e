/** Receiving domains: how fast letters go there, what waits, and what became of the last week's. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { DeliveryCounts, DeliveryDomain } from '../../studio/api-delivery.ts'
import { useNow } from '../hooks.ts'
import { Empty, Time } from '../parts/basics.tsx'
import { count, number, short } from '../words.ts'
import { Hold } from './hold.tsx'

/** Shares of what was sent; Gmail and Yahoo ask for under the first, and refuse from the second on. */
const complaintWatch = 0.001
const complaintMax = 0.003
const bounceWatch = 0.02
const bounceMax = 0.05
/** Of fewer letters a share says nothing. */
const lettersMin = 100
const shortMax = 10

export function Domains({ domains, more, again }: { domains: DeliveryDomain[]; more: number; again: () => void }) {
  const [isWhole, setWhole] = useState(false)
  const shown = isWhole ? domains : domains.slice(0, shortMax)
  const hidden = domains.length - shown.length + more
  return (
    <section class="card" aria-labelledby="delivery-domains">
      <header>
        <h2 id="delivery-domains">Receiving domains</h2>
        <span class="soft small">shares are of the last seven days</span>
      </header>
      {domains.length === 0 ? (
        <Empty title="Nothing has left yet">
          <p>Each domain that letters go to gets a line here: its rate, what waits, and how much of it bounces or is complained about.</p>
          <a class="button" href="/studio/inbox">
            Open the inbox
          </a>
        </Empty>
      ) : (
        <div class="delivery-table" role="table" aria-labelledby="delivery-domains">
          <div role="row" class="delivery-head">
            {['Domain', 'Rate now', 'Waiting', 'Sent today', 'Deferred', 'Bounced', 'Complained', ''].map((words) => (
              <span key={words} role="columnheader">
                {words || <span class="out-of-sight">Hold</span>}
              </span>
            ))}
          </div>
          {shown.map((domain) => (
            <Row key={domain.name} domain={domain} again={again} />
          ))}
        </div>
      )}
      {hidden > 0 && (
        <p class="delivery-hint soft small">
          And {count(hidden, 'domain')} with fewer letters.{' '}
          {shown.length < domains.length && (
            <button type="button" class="button small" onClick={() => setWhole(true)}>
              Show {more === 0 ? 'them' : 'more'}
            </button>
          )}
        </p>
      )}
      <p class="delivery-hint soft small">
        Gmail and Yahoo want complaints under 0.1 % and refuse senders from 0.3 % on. Over 2 % of bounces is worth a look at where addresses come from.
      </p>
    </section>
  )
}

function Row({ domain, again }: { domain: DeliveryDomain; again: () => void }) {
  const now = useNow()
  const { name, waiting, opensAt, held, why, today, week } = domain
  const isLittle = name === '*'
  return (
    <div role="row" class="delivery-domain">
      <span role="cell" class="delivery-name">
        <strong class="break">{isLittle ? 'little ones together' : name}</strong>
        {held && <span class="chip warn">on hold</span>}
        {why && <span class="chip warn">slowed</span>}
      </span>
      <Cell words="Rate now">
        <Pace domain={domain} />
      </Cell>
      <Cell words="Waiting">
        {waiting === 0 ? <span class="soft">–</span> : short(waiting)}
        {opensAt !== null && waiting > 0 && opensAt - now > 2_000 && (
          <span class="soft small">
            {' '}
            next <Time at={opensAt} now={now} relative />
          </span>
        )}
      </Cell>
      <Cell words="Sent today">{number(today.sent)}</Cell>
      <Cell words="Deferred">{number(today.deferred + today.greylisted + today.slowed)}</Cell>
      <Cell words="Bounced">
        <Share part={week.bounced} of={week} watch={bounceWatch} max={bounceMax} />
      </Cell>
      <Cell words="Complained">
        <Share part={week.complained} of={week} watch={complaintWatch} max={complaintMax} />
      </Cell>
      <span role="cell" class="delivery-hold">
        {!isLittle && (
          <Hold path="domains" name={name} isHeld={held} words="Its letters wait until somebody resumes it; nobody else waits for them." again={again} />
        )}
      </span>
      {why && (
        <p class="delivery-why small">
          <q class="mono break">{why.reply}</q> <span class="soft">{why.means}</span>
        </p>
      )}
    </div>
  )
}

const Cell = ({ words, children }: { words: string; children: ComponentChildren }) => (
  <span role="cell" class="delivery-cell numbers">
    <span class="delivery-word soft small" aria-hidden="true">
      {words}
    </span>
    <span>{children}</span>
  </span>
)

function Pace({ domain: { perMinute, fullPerMinute } }: { domain: DeliveryDomain }) {
  if (perMinute === null) return <span class="soft">no limit</span>
  return (
    <>
      {short(perMinute)}
      <span class="soft small"> {perMinute !== fullPerMinute && fullPerMinute !== null && `of ${short(fullPerMinute)} `}a min</span>
    </>
  )
}

/** In words too, for whoever does not see the tint. */
function Share({ part, of: { sent, bounced }, watch, max }: { part: number; of: DeliveryCounts; watch: number; max: number }) {
  const all = sent + bounced
  if (part === 0) return <span class="soft">0</span>
  const share = part / all
  const tint = all < lettersMin ? '' : share >= max ? 'bad' : share >= watch ? 'warn' : ''
  return (
    <span class={`chip ${tint}`} title={`${number(part)} of ${number(all)}`}>
      {(share * 100).toLocaleString(undefined, { maximumSignificantDigits: 2 })} %{tint === 'bad' ? ' too many' : tint === 'warn' ? ' watch' : ''}
    </span>
  )
}
