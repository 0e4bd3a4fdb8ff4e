/** Revenue and orders by day, drawn by uPlot in the colours of the house; the table beside it says the same. */
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { money, number } from '../words.ts'

export type PlotDay = { at: number; day: string; orders: number; revenue: number; allOrders: number; allRevenue: number }

const heightPx = 220

export function ResultsPlot({ days, currency }: { days: PlotDay[]; currency: string }) {
  const box = useRef<HTMLDivElement>(null)
  const latest = useRef({ days, currency })
  latest.current = { days, currency }
  const redraw = useRef(() => {})
  useEffect(() => {
    const element = box.current!
    let plot: uPlot | null = null
    const draw = () => {
      plot?.destroy()
      plot = new uPlot(optionsOf(element, latest.current.days, latest.current.currency), dataOf(latest.current.days), element)
    }
    redraw.current = draw
    draw()
    const sized = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height: heightPx }))
    sized.observe(element)
    // The colours are read once a drawing: another light needs another.
    const dark = matchMedia('(prefers-color-scheme: dark)')
    const theme = new MutationObserver(draw)
    dark.addEventListener('change', draw)
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
    return () => {
      sized.disconnect()
      theme.disconnect()
      dark.removeEventListener('change', draw)
      plot?.destroy()
    }
  }, [])
  useEffect(() => redraw.current(), [days, currency])
  const sum = days.reduce((all, { revenue }) => all + revenue, 0)
  const orders = days.reduce((all, day) => all + day.orders, 0)
  return (
    <figure class="card plot">
      <figcaption>
        <h2>Revenue by day</h2>
        <span class="plot-key small">
          {lines.map(({ words, tint }) => (
            <span key={words}>
              <i class={tint} />
              {words}
            </span>
          ))}
        </span>
      </figcaption>
      <div
        ref={box}
        role="img"
        aria-label={`Revenue by day: letters led to ${money(sum, currency)} in ${number(orders)} orders. The table by day says the same.`}
      />
    </figure>
  )
}

const lines = [
  { words: 'the shop in all', tint: 'all' },
  { words: 'after letters', tint: 'owed' },
] as const

const dataOf = (days: PlotDay[]): uPlot.AlignedData => [days.map(({ at }) => at / 1_000), days.map((day) => day.allRevenue), days.map((day) => day.revenue)]

function optionsOf(element: HTMLElement, days: PlotDay[], currency: string): uPlot.Options {
  const colour = (token: string) => resolved(element, token)
  const axis: uPlot.Axis = {
    stroke: colour('--soft'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  }
  const stepped = uPlot.paths.stepped!({ align: 1 })
  const bars = uPlot.paths.bars!({ size: [0.7, 40], align: 0 })
  const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 })
  const short = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
  return {
    width: element.clientWidth,
    height: heightPx,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: true, range: (_plot, min, max) => [min - 43_200, max + 43_200] },
      y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.12)] },
    },
    axes: [
      { ...axis, space: 70, values: (_plot, splits) => splits.map((at) => short.format(at * 1_000)) },
      {
        ...axis,
        size: 58,
        space: 34,
        label: currency,
        labelFont: '12px system-ui, sans-serif',
        labelSize: 18,
        values: (_plot, splits) => splits.map((n) => compact.format(n)),
      },
    ],
    series: [
      {},
      { label: 'all', stroke: colour('--strong-line'), fill: colour('--sunk'), width: 1, points: { show: false }, paths: days.length > 120 ? stepped : bars },
      { label: 'owed', stroke: colour('--accent'), fill: colour('--accent'), width: 1, points: { show: false }, paths: days.length > 120 ? stepped : bars },
    ],
  }
}

/** A token in a form that a canvas can paint with: `light-dark()` is for the page to resolve. */
function resolved(element: HTMLElement, token: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(${token})`
  element.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}
