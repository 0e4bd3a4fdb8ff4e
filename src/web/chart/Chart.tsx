/** The statechart of a machine: a card for each region, in as many columns as the page has room for. */
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Chart as ChartShape } from '../../studio/api.ts'
import { columnsOf } from './columns.ts'
import { Region } from './Region.tsx'
import type { Shown } from './Region.tsx'
import '../styles/chart.css'

/** Leaves the measure `chart` on the browser's timeline: from the first call to the drawing in the document. */
export function Chart({ chart, ...shown }: { chart: ChartShape } & Shown) {
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  const begun = useRef<{ hash: string; at: number } | null>(null)
  if (begun.current?.hash !== chart.hash) begun.current = { hash: chart.hash, at: performance.now() }
  const measured = useRef<string | null>(null)

  useLayoutEffect(() => {
    const look = () => setWidth(box.current!.clientWidth)
    look()
    const observer = new ResizeObserver(look)
    observer.observe(box.current!)
    return () => observer.disconnect()
  }, [])
  useLayoutEffect(() => {
    if (width === 0 || measured.current === chart.hash) return
    measured.current = chart.hash
    performance.measure('chart', { start: begun.current!.at, end: performance.now() })
  }, [width, chart])

  const columns = useMemo(() => (width === 0 ? [] : columnsOf(chart.regions, width)), [chart, width])
  return (
    <div class="charts" ref={box} style={{ '--columns': columns.length }}>
      {columns.map((column, i) => (
        <div key={i} class="charts-column">
          {column.map((placed) => (
            <Region key={placed.region.id} placed={placed} shown={shown} />
          ))}
        </div>
      ))}
    </div>
  )
}
