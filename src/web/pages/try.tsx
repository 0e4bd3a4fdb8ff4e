/** The bench: a sandbox customer to send events to and to skip time for, with their machine beside it. */
import { useState } from 'preact/hooks'
import type { Chart, CustomerList, CustomerPage, Sandbox, SandboxEvent, Skipped } from '../../studio/api.ts'
import { Refused, tell } from '../ask.ts'
import { EventForm } from '../demo/event-form.tsx'
import { benchSteps, SkipTime, useLife } from '../demo/life.tsx'
import type { Life } from '../demo/life.tsx'
import { Machine } from '../demo/machine.tsx'
import { useAsk, useNow, useStore, useTitle } from '../hooks.ts'
import { Empty, Fault, StateChip, Time } from '../parts/basics.tsx'
import { go, place } from '../router.ts'
import { session } from '../session.ts'
import { duration, when } from '../words.ts'
import '../styles/try.css'

type Done = { n: number; at: number; words: string; answer: string; isGood: boolean; letters: Skipped['letters'] }

const doneMax = 50

export function Try(_: { params: string[] }) {
  useTitle('Try it')
  const customer = useStore(place, ({ query }) => Number(query.get('customer')) || null)
  const me = useStore(session, (context) => context.me)
  const chart = useAsk<Chart>('chart')
  const life = useLife(customer)
  const [done, setDone] = useState<Done[]>([])
  const [busy, setBusy] = useState(false)
  const isOwner = me?.role === 'owner'

  /** Asks the server and writes down what it answered. */
  const act = async <T,>(words: string, work: () => Promise<T>, tellOf: (value: T) => Pick<Done, 'answer' | 'letters'>) => {
    setBusy(true)
    let entry: Pick<Done, 'answer' | 'letters' | 'isGood'>
    try {
      entry = { ...tellOf(await work()), isGood: true }
    } catch (fault) {
      entry = {
        answer: fault instanceof Refused ? `${fault.message} ${fault.hint}` : 'The server cannot be reached. Is it running?',
        letters: [],
        isGood: false,
      }
    }
    setDone((before) => [{ n: (before[0]?.n ?? 0) + 1, at: Date.now(), words, ...entry }, ...before].slice(0, doneMax))
    setBusy(false)
    life.again()
  }
  const make = () =>
    act(
      'Made a sandbox customer',
      () => tell<Sandbox>('sandbox'),
      (made) => {
        go(`/studio/try?customer=${made.customer}`, true)
        return { answer: `${made.userId}, ${made.email}`, letters: [] }
      },
    )
  const send = (event: SandboxEvent) =>
    act(
      event.event,
      () => tell(`sandbox/${customer}/events`, event),
      () => ({ answer: 'taken', letters: [] }),
    )
  const skip = (ms: number) =>
    act(
      `Skipped ${duration(ms)}`,
      () => tell<Skipped>(`sandbox/${customer}/skip`, { ms }),
      ({ at, letters }) => ({ answer: `their clock: ${when(at, Date.now())}${letters.length === 0 ? ', no letter came up' : ''}`, letters }),
    )
  const isReady = isOwner && life.page?.sandbox === true
  const isThere = customer !== null && (life.page !== null || life.fault === null)

  return (
    <>
      <header>
        <h1>Try it</h1>
        <p class="soft lead">Send events to a made-up customer, skip time, and watch what comes of it. Their letters never leave this server.</p>
      </header>
      {!isOwner && <p class="notice">You may look. Sending events and skipping time change what the server keeps, so they need an owner.</p>}
      <div class="bench">
        <div class="doing">
          <Who customer={customer} page={life.page} fault={life.fault} mayMake={isOwner && !busy} onMake={() => void make()} />
          {isThere && (
            <>
              <section class="card">
                <header>
                  <h2>Skip time</h2>
                  <span class="small soft">for them alone</span>
                </header>
                <fieldset class="body" disabled={!isReady}>
                  <SkipTime steps={benchSteps} busy={busy} onSkip={(ms) => void skip(ms)} />
                </fieldset>
              </section>
              <EventForm
                userId={life.page?.name ?? ''}
                shopUrl={me?.demo ? `${location.origin}/demo` : (me?.shop.url ?? '')}
                chart={chart.value}
                disabled={!isReady || busy}
                onSend={(event) => void send(event)}
              />
            </>
          )}
        </div>
        {isThere && (
          <div class="seeing">
            <section class="card">
              <header>
                <h2>Their machine</h2>
                <span class="small soft" role="status">
                  {life.turns[0]?.name}
                </span>
              </header>
              <div class="body">
                <Machine life={life} />
              </div>
            </section>
            <Letters life={life} />
            <Log done={done} customer={customer} />
          </div>
        )}
      </div>
    </>
  )
}

type WhoProps = { customer: number | null; page: CustomerPage | null; fault: Error | null; mayMake: boolean; onMake: () => void }

function Who({ customer, page, fault, mayMake, onMake }: WhoProps) {
  const now = useNow()
  const known = useAsk<CustomerList>('customers?query=sandbox-&limit=30')
  const others = (known.value?.customers ?? []).filter(({ name, id }) => name.startsWith('sandbox-') && id !== customer)
  return (
    <section class="card">
      <header>
        <h2>{page ? <a href={`/studio/customers/${page.id}`}>{page.name}</a> : 'A sandbox customer'}</h2>
      </header>
      <div class="body stack">
        {page && (
          <dl class="facts">
            <dt>Address</dt>
            <dd>{page.email ?? 'none yet, so no letter can come'}</dd>
            <dt>Their clock</dt>
            <dd class="numbers">
              {when(now + page.lead, now)}
              {page.lead >= 1_000 && <span class="soft">, {duration(page.lead)} ahead</span>}
            </dd>
          </dl>
        )}
        {page?.sandbox === false && <p class="notice">This is somebody real: nothing can be sent or skipped for them here. Make a sandbox customer instead.</p>}
        {fault && page === null && <Fault fault={fault} />}
        {customer === null && (
          <>
            <p>Somebody made up, with an address that no mail reaches. Everything else is as for anybody.</p>
            <ol class="steps-to">
              <li>Make one.</li>
              <li>Send Product Added.</li>
              <li>Skip 45 minutes: the letter comes up, and you can ask why.</li>
            </ol>
          </>
        )}
        <div class="choose">
          <button type="button" class={`button ${customer === null ? 'strong' : ''}`} disabled={!mayMake} onClick={onMake}>
            {customer === null ? 'Make a sandbox customer' : 'Make another'}
          </button>
          {others.length > 0 && (
            <select
              aria-label="Choose a sandbox customer"
              value=""
              onChange={(event) => event.currentTarget.value !== '' && go(`/studio/try?customer=${event.currentTarget.value}`)}
            >
              <option value="">or choose one…</option>
              {others.map(({ id, name, email }) => (
                <option key={id} value={id}>
                  {name} {email ? `· ${email.split('@')[0]}` : ''}
                </option>
              ))}
            </select>
          )}
        </div>
      </div>
    </section>
  )
}

/** Letters that came up and letters that were not to be, the latest first. A letter has its decision's number. */
function Letters({ life: { page, lead } }: { life: Life }) {
  const now = useNow(30_000) + lead
  const decisions = (page?.decisions ?? []).toSorted((a, b) => b.id - a.id)
  return (
    <section class="card">
      <header>
        <h2>Letters</h2>
      </header>
      {decisions.length === 0 ? (
        <Empty title="No letter yet">
          <p>Send Product Added, then skip 45 minutes.</p>
        </Empty>
      ) : (
        <ul class="body decided">
          {decisions.map(({ id, at, template, decision, words, letter }) => (
            <li key={id}>
              <div class="row">
                {letter ? <a href={`/studio/inbox/${id}`}>{letter.subject}</a> : <span>{template}</span>}
                {letter ? <StateChip state={letter.state} /> : <span class="chip warn">{decision}</span>}
              </div>
              <div class="small soft">
                <Time at={at} now={now} /> · {words} · <a href={`/studio/customers/${page!.id}?why=${encodeURIComponent(template)}`}>Why?</a>
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Log({ done, customer }: { done: readonly Done[]; customer: number }) {
  const now = Date.now()
  return (
    <section class="card">
      <header>
        <h2>What you did</h2>
      </header>
      {done.length === 0 ? (
        <p class="body soft">Nothing yet. Each thing you do is written down here with its answer.</p>
      ) : (
        <ol class="body done" aria-live="polite">
          {done.map(({ n, at, words, answer, isGood, letters }) => (
            <li key={n}>
              <span class={`mark${isGood ? '' : ' bad'}`} aria-hidden="true" />
              <div>
                <strong>{words}</strong> <Time at={at} now={now} />
                <p class={`small break ${isGood ? 'soft' : 'bad'}`}>{answer}</p>
                {letters.map(({ id, subject, template }) => (
                  <p key={id} class="small">
                    <a href={`/studio/inbox/${id}`}>{subject}</a> · <a href={`/studio/customers/${customer}?why=${encodeURIComponent(template)}`}>Why?</a>
                  </p>
                ))}
              </div>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
