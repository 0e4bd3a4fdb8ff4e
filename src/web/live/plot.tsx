/** A small plot over time, drawn by uPlot in the colours of the house. */
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { clockOf } from '../words.ts'

type Line = { words: string; tint: string; values: (number | null)[] }

const heightPx = 170
const secondsShown = 120

/** `at` in seconds; `tint` names a token of base.css. */
export function Plot({ title, at, lines }: { title: string; at: number[]; lines: Line[] }) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const data = [at, ...lines.map(({ values }) => values)] as uPlot.AlignedData
  const latest = useRef(data)
  latest.current = data

  useEffect(() => {
    const element = box.current!
    const draw = () => {
      plot.current?.destroy()
      plot.current = new uPlot(optionsOf(element, lines), latest.current, element)
    }
    draw()
    const sized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: heightPx }))
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
      plot.current?.destroy()
    }
  }, [])
  useEffect(() => plot.current?.setData(data))

  const last = lines.map(({ words, values }) => `${words} ${values.findLast((value) => value !== null) ?? 'none'}`).join(', ')
  return (
    <figure class="card plot">
      <figcaption>
        <h2>{title}</h2>
        <span class="plot-key small">
          {lines.map(({ words, tint }) => (
            <span key={words}>
              <i style={{ background: `var(${tint})` }} />
              {words}
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={box} role="img" aria-label={`${title}, now: ${last}`} />
    </figure>
  )
}

function optionsOf(element: HTMLElement, lines: Line[]): uPlot.Options {
  const colour = (token: string) => resolved(element, token)
  const axis: uPlot.Axis = {
    stroke: colour('--soft'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  }
  return {
    width: element.clientWidth,
    height: heightPx,
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: true, range: (_plot, _min, max) => [max - secondsShown, max] }, y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.15)] } },
    axes: [
      { ...axis, space: 80, values: (_plot, splits) => splits.map((at) => clockOf(at * 1_000)) },
      { ...axis, size: 52, space: 34 },
    ],
    series: [{}, ...lines.map(({ words, tint }) => ({ label: words, stroke: colour(tint), width: 2, points: { show: false }, spanGaps: true }))],
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
