/** One sandbox customer as they stand now: shared by the demo shop's panel and the bench. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Chart, ChartNode, ChartRegion, CustomerPage, FeedMessage, Standing, Timer } from '../../studio/api.ts'
import { createPulses } from '../chart/pulses.ts'
import type { Pulses } from '../chart/pulses.ts'
import { useAsk } from '../hooks.ts'
import { serverNow, watch } from '../live.ts'
import { duration, when } from '../words.ts'
import '../styles/standing.css'

export type Life = {
  page: CustomerPage | null
  standing: Standing | null
  fault: Error | null
  /** The customer's own clock less the server's, ms. */
  lead: number
  /** What happened while we looked, the latest first. */
  turns: Happened['turns']
  /** Counts what happened, for those who show more of the customer. */
  beat: number
  /** Runs along the chart whatever is taken. */
  pulses: Pulses
  again: () => void
}
type Happened = Extract<FeedMessage, { type: 'customer' }>

const turnsMax = 6

/** Follows a customer; null: nobody yet, or nobody who may look. */
export function useLife(customer: number | null): Life {
  const asked = useAsk<CustomerPage>(customer === null ? null : `customers/${customer}`)
  const [seen, setSeen] = useState<{ customer: number; standing: Standing | null; turns: Happened['turns']; beat: number } | null>(null)
  const pulses = useMemo(createPulses, [])
  const again = useRef(asked.again)
  again.current = asked.again
  useEffect(() => {
    if (customer === null) return
    let timer: ReturnType<typeof setTimeout> | undefined
    setSeen({ customer, standing: null, turns: [], beat: 0 })
    const stop = watch(customer, ({ standing, turns }) => {
      setSeen((before) => ({ customer, standing, turns: [...turns.toReversed(), ...(before?.turns ?? [])].slice(0, turnsMax), beat: (before?.beat ?? 0) + 1 }))
      for (const { taken } of turns) for (const key of taken) pulses.pulse(key)
      clearTimeout(timer)
      timer = setTimeout(() => again.current(), 250)
    })
    return () => {
      clearTimeout(timer)
      stop()
    }
  }, [customer])
  const page = asked.value?.id === customer ? asked.value : null
  const live = seen?.customer === customer ? seen : null
  const standing = live?.standing && (page === null || live.standing.at >= page.standing.at) ? live.standing : (page?.standing ?? null)
  // A skip shows in how they stand before the page is asked again.
  const jumped = standing === null ? 0 : standing.at - serverNow()
  const lead = Math.max(page?.lead ?? 0, jumped > 2_000 ? jumped : 0)
  return { page, standing, fault: asked.fault, lead, turns: live?.turns ?? [], beat: live?.beat ?? 0, pulses, again: asked.again }
}

/** Each region of the machine, where it stands and what it waits for; one of them is chosen to be looked at. */
type RegionsProps = { chart: Chart; standing: Standing; now: number; chosen: string; onChoose: (id: string) => void }

export function Regions({ chart, standing, now, chosen, onChoose }: RegionsProps) {
  const isKnown = ({ state }: Timer) => chart.regions.some(({ nodes }) => nodes.some(({ id }) => id === state))
  const others = standing.timers.filter((timer) => !isKnown(timer))
  return (
    <ul class="regions">
      {chart.regions.map((region) => {
        const timers = standing.timers.filter(({ state }) => region.nodes.some(({ id }) => id === state))
        return (
          <li key={region.id}>
            <button type="button" class="region" aria-pressed={region.id === chosen} onClick={() => onChoose(region.id)}>
              {region.key}
            </button>
            <div class="stands">
              {standsOf(region, standing.active).map((path) => (
                <span key={path} class={`chip at${timers.length > 0 ? ' good' : ''}`}>
                  {path}
                </span>
              ))}
            </div>
            {timers.map((timer) => (
              <Countdown key={timer.event} timer={timer} words={leadsTo(region, timer)} now={now} />
            ))}
          </li>
        )
      })}
      {others.map((timer) => (
        <li key={timer.event}>
          <Countdown timer={timer} words={timer.words} now={now} />
        </li>
      ))}
    </ul>
  )
}

/** A timer as a ring that runs down. */
function Countdown({ timer, words, now }: { timer: Timer; words: string; now: number }) {
  const left = Math.max(0, timer.due - now)
  const share = timer.due <= timer.setAt ? 0 : Math.min(1, left / (timer.due - timer.setAt))
  const round = 2 * Math.PI * 7
  return (
    <div class="countdown" title={`${timer.words}, due ${when(timer.due, now)}`}>
      <svg viewBox="0 0 18 18" width="18" height="18" aria-hidden="true">
        <circle cx="9" cy="9" r="7" class="rest" />
        <circle cx="9" cy="9" r="7" class="left" stroke-dasharray={`${(share * round).toFixed(2)} ${round.toFixed(2)}`} transform="rotate(-90 9 9)" />
      </svg>
      <span>{words}</span>
      <span class="numbers soft">{left === 0 ? 'due' : `in ${duration(left)}`}</span>
    </div>
  )
}

/** The innermost active states of a region as paths: `abandoned › reminded`. A state's id need not tell where it is, so its parents do. */
function standsOf({ id: top, nodes }: ChartRegion, active: readonly string[]): string[] {
  const inside = nodes.filter(({ id, kind }) => id !== top && kind !== 'anywhere' && active.includes(id))
  const innermost = inside.filter(({ id }) => !inside.some(({ parent }) => parent === id))
  return innermost.map((node) => pathOf(nodes, node).join(' › '))
}

function pathOf(nodes: readonly ChartNode[], node: ChartNode): string[] {
  const parent = nodes.find(({ id }) => id === node.parent)
  return parent === undefined || parent.parent === null ? [node.label] : [...pathOf(nodes, parent), node.label]
}

/** Where a timer leads; its setting, when the chart does not say. */
function leadsTo({ nodes, edges }: ChartRegion, { event, words }: Timer): string {
  const edge = edges.find(({ transitions }) => transitions.some((transition) => transition.event === event))
  const to = nodes.find(({ id }) => id === edge?.to)
  return to === undefined ? words : `→ ${to.label}`
}

const minute = 60_000
const hour = 60 * minute

/** Buttons that let time pass; the last takes any amount. */
export function SkipTime({ steps, busy, onSkip }: { steps: readonly (readonly [ms: number, words: string])[]; busy: boolean; onSkip: (ms: number) => void }) {
  const [isOpen, setOpen] = useState(false)
  const [amount, setAmount] = useState('3')
  const [unit, setUnit] = useState('d')
  const ms = Number(amount) * (unit === 'min' ? minute : unit === 'h' ? hour : 24 * hour)
  const isGood = ms >= 1_000 && ms <= 400 * 24 * hour
  return (
    <div class="skip" aria-busy={busy}>
      <div class="steps" role="group" aria-label="Skip time ahead">
        {steps.map(([step, words]) => (
          <button key={step} type="button" class="button small" disabled={busy} aria-label={`Skip ${words}`} onClick={() => onSkip(step)}>
            {words}
          </button>
        ))}
        <button type="button" class="button small quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          Other…
        </button>
      </div>
      {isOpen && (
        <form
          class="other"
          onSubmit={(event) => {
            event.preventDefault()
            if (isGood) onSkip(ms)
          }}
        >
          <input
            type="number"
            min="1"
            step="any"
            required
            value={amount}
            aria-label="How much time"
            onInput={(event) => setAmount(event.currentTarget.value)}
          />
          <select value={unit} aria-label="Unit" onChange={(event) => setUnit(event.currentTarget.value)}>
            <option value="min">minutes</option>
            <option value="h">hours</option>
            <option value="d">days</option>
          </select>
          <button type="submit" class="button small" disabled={busy || !isGood}>
            Skip
          </button>
          {!isGood && <span class="small soft">From a second to 400 days.</span>}
        </form>
      )}
    </div>
  )
}

export const shopSteps = [
  [15 * minute, '15 min'],
  [45 * minute, '45 min'],
  [24 * hour, '24 h'],
  [30 * 24 * hour, '30 d'],
] as const
export const benchSteps = [
  [30 * minute, '30 min'],
  [45 * minute, '45 min'],
  [24 * hour, '24 h'],
  [30 * 24 * hour, '30 d'],
] as const
