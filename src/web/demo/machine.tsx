/** The machine of one sandbox customer, moving: where each region stands, and the chart of the one that moved last. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Chart as ChartShape } from '../../studio/api.ts'
import { Chart } from '../chart/Chart.tsx'
import { useAsk, useNow } from '../hooks.ts'
import { Fault, Spinner } from '../parts/basics.tsx'
import { Regions } from './life.tsx'
import type { Life } from './life.tsx'

export function Machine({ life }: { life: Life }) {
  const chart = useAsk<ChartShape>('chart')
  const fault = life.fault ?? chart.fault
  if (life.standing !== null && chart.value !== null) return <Moving life={life} standing={life.standing} chart={chart.value} />
  if (fault === null) return <Spinner what="Asking where they stand" />
  return (
    <Fault
      fault={fault}
      again={() => {
        life.again()
        chart.again()
      }}
    />
  )
}

function Moving({ life, standing, chart }: { life: Life; standing: NonNullable<Life['standing']>; chart: ChartShape }) {
  const now = useNow() + life.lead
  const [chosen, setChosen] = useState(chart.regions[0]?.id ?? '')
  useEffect(() => {
    const moved = movedRegion(chart, life.turns)
    if (moved !== null) setChosen(moved)
  }, [life.beat])
  const view = useRef<HTMLDivElement>(null)
  const where = `${chosen} ${standing.active.join(' ')}`
  useEffect(() => follow(view.current), [where])
  const one = useMemo(() => ({ ...chart, hash: `${chart.hash}/${chosen}`, regions: chart.regions.filter(({ id }) => id === chosen) }), [chart, chosen])
  return (
    <div class="moving">
      <div class="view" ref={view} tabIndex={0} role="region" aria-label="The chart of this part of the machine">
        <Chart chart={one} active={standing.active} timers={standing.timers} now={now} pulses={life.pulses} />
      </div>
      <Regions chart={chart} standing={standing} now={now} chosen={chosen} onChoose={setChosen} />
    </div>
  )
}

/** The region of the latest move that has letters to ask for; null when none of them moved. */
function movedRegion({ regions }: ChartShape, turns: Life['turns']): string | null {
  const lettered = regions.filter(({ nodes }) => nodes.some(({ letter }) => letter !== undefined))
  for (const { taken } of turns) {
    const moved = lettered.find(({ edges }) => edges.some(({ from, to, transitions }) => from !== to && transitions.some(({ key }) => taken.includes(key))))
    if (moved !== undefined) return moved.id
  }
  return null
}

/** Keeps the state where the customer stands in sight, where the chart is higher than its view. */
function follow(view: HTMLDivElement | null): void {
  const at = [...(view?.querySelectorAll('.chart-node.active:not(.group):not(.parallel)') ?? [])].at(-1)
  if (!view || !at || view.scrollHeight <= view.clientHeight) return
  const [seen, node] = [view.getBoundingClientRect(), at.getBoundingClientRect()]
  const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches
  view.scrollBy({ top: node.top + node.height / 2 - seen.top - seen.height / 2, behavior: isStill ? 'instant' : 'smooth' })
}
