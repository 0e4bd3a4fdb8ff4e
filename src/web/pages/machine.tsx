/** The machine: its statechart with everyone who stands in it now, or with one customer and what may happen to them next. */
import { useEffect, useMemo, useState } from 'preact/hooks'
import type { Chart as ChartShape, CustomerPage, Next, Standing } from '../../studio/api.ts'
import { Chart } from '../chart/Chart.tsx'
import { CustomerPicker } from '../chart/CustomerPicker.tsx'
import { Legend } from '../chart/Legend.tsx'
import { NextPanel } from '../chart/NextPanel.tsx'
import { createPulses } from '../chart/pulses.ts'
import { StatePanel } from '../chart/StatePanel.tsx'
import { useAsk, useNow, useStore, useTitle } from '../hooks.ts'
import { feed, onTick, watch } from '../live.ts'
import { Empty, Fault, Spinner } from '../parts/basics.tsx'
import { go, place } from '../router.ts'
import { session } from '../session.ts'
import { count } from '../words.ts'
import '../styles/machine.css'

/** Others' transitions are not shown while one customer is: only what is theirs lights up. */
export function Machine(_: { params: string[] }) {
  useTitle('Machine')
  const query = useStore(place, ({ query }) => query)
  const customer = Number(query.get('customer')) || null
  const state = query.get('state')
  const chart = useAsk<ChartShape>('chart')
  const machine = useStore(feed, ({ machine }) => machine)
  const pulses = useMemo(createPulses, [])
  const shown = useCustomer(customer, pulses.pulse)
  const [lit, setLit] = useState<Next['events'][number] | null>(null)
  const counts = useStore(feed, ({ counts }) => counts)

  useEffect(() => {
    if (chart.value !== null && machine !== null && machine !== chart.value.hash) chart.again()
  }, [machine])
  useEffect(() => {
    setLit(null)
    if (customer !== null) return
    return onTick(({ taken }) => {
      for (const [key, times] of taken) pulses.pulse(key, times)
    })
  }, [customer])
  const highlight = useMemo(() => (lit === null ? undefined : new Set(lit.taken)), [lit])

  const show = (next: { customer?: number | null; state?: string | null }) => {
    const to = new URLSearchParams()
    const chosen = { customer, state, ...next }
    if (chosen.customer !== null) to.set('customer', String(chosen.customer))
    if (chosen.state !== null) to.set('state', chosen.state)
    go(`/studio${to.size === 0 ? '' : `?${to}`}`, next.customer === undefined)
  }
  return (
    <>
      <header>
        <h1>Machine</h1>
        <Total />
        <span class="grow" />
        <CustomerPicker onPick={(id) => show({ customer: id, state: null })} />
      </header>
      {chart.fault && <Fault fault={chart.fault} again={chart.again} />}
      {shown.fault && <Fault fault={shown.fault} again={shown.again} />}
      <NobodyYet />
      {chart.value === null && !chart.fault && <Spinner what="Drawing the machine" />}
      {chart.value !== null && (
        <div class="machine">
          <Chart
            chart={chart.value}
            pulses={pulses}
            highlight={highlight}
            chosen={state}
            onState={(id) => show({ state: id === state ? null : id })}
            {...(customer === null ? { counts } : { active: shown.standing?.active, timers: shown.standing?.timers, now: shown.now })}
          />
          <aside class="machine-side" aria-label="About what is chosen">
            {state !== null && (
              <StatePanel chart={chart.value} state={state} counts={counts} onState={(id) => show({ state: id })} onClose={() => show({ state: null })} />
            )}
            {shown.page !== null && shown.standing !== null && (
              <NextPanel
                customer={shown.page}
                timers={shown.standing.timers}
                now={shown.now}
                next={shown.next}
                chart={chart.value}
                lit={lit}
                onLight={setLit}
                onClose={() => show({ customer: null })}
              />
            )}
            {state === null && customer === null && <p class="soft hint">Choose a state to see what leads there, or a customer to see where they stand.</p>}
            <Legend />
          </aside>
        </div>
      )}
    </>
  )
}

/** The chosen customer as they stand now, by their own clock. */
function useCustomer(customer: number | null, pulse: (key: string) => void) {
  const page = useAsk<CustomerPage>(customer === null ? null : `customers/${customer}`)
  const next = useAsk<Next>(customer === null ? null : `customers/${customer}/next`)
  const [heard, setHeard] = useState<{ customer: number; standing: Standing } | null>(null)
  useEffect(() => {
    if (customer === null) return
    return watch(customer, ({ standing, turns }) => {
      setHeard({ customer, standing })
      for (const { taken } of turns) for (const key of taken) pulse(key)
      page.again()
      next.again()
    })
  }, [customer])
  const mine = customer !== null && page.value?.id === customer ? page.value : null
  const latest = heard?.customer === customer && heard.standing.at >= (mine?.standing.at ?? 0) ? heard.standing : mine?.standing
  const now = useNow() + (mine?.lead ?? 0)
  return {
    page: mine,
    standing: mine === null ? null : (latest ?? null),
    next,
    now,
    fault: customer === null ? null : page.fault,
    again: page.again,
  }
}

function Total() {
  const total = useStore(feed, ({ total }) => total)
  const counted = useStore(feed, ({ counted }) => counted)
  const known = useStore(feed, ({ health }) => health !== null)
  if (!known) return null
  return (
    <p class="soft numbers">
      {count(total, 'customer')}
      {counted < 1 && total > 0 ? `, ${Math.floor(counted * 100)} % counted so far` : ''}
    </p>
  )
}

function NobodyYet() {
  const nobody = useStore(feed, ({ health, total }) => health !== null && total === 0)
  const demo = useStore(session, ({ me }) => me?.demo ?? false)
  if (!nobody) return null
  return (
    <div class="card">
      <Empty title="Nobody is here yet">
        <p>The machine below waits for its first customer. Send an event from your shop, or try it with a made-up one: they show up here at once.</p>
        <p class="machine-ways">
          <a class="button strong" href="/studio/try">
            Try it
          </a>
          {demo && (
            <a class="button" href="/demo" target="_blank">
              Open the demo shop
            </a>
          )}
        </p>
      </Empty>
    </div>
  )
}
