/**
 * One region of the chart on its card. Everything in it is reached with the keyboard: Tab comes to the region, arrows go
 * from state to state and along the transitions between; what is pointed at or focused is told in full below it.
 */
import type { TargetedEvent, TargetedFocusEvent, TargetedKeyboardEvent } from 'preact'
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks'
import type { ChartEdge, ChartNode, ChartRegion, Timer } from '../../studio/api.ts'
import type { Placed } from './columns.ts'
import { EdgeLabel, EdgeLine, NodeFace, pathThrough } from './parts.tsx'
import type { NodeLook } from './parts.tsx'
import { glow, runAlong } from './pulses.ts'
import type { Pulses } from './pulses.ts'
import { Tip } from './Tip.tsx'
import { edgeName, stateName, transitionWords } from './telling.ts'

/** What is shown on a chart. Counts and active states are by state id, `highlight` holds keys of transitions; `now` is the clock of `timers`, ms. */
export type Shown = {
  counts?: Readonly<Record<string, number>> | undefined
  active?: readonly string[] | undefined
  timers?: readonly Timer[] | undefined
  now?: number | undefined
  pulses?: Pulses | undefined
  highlight?: ReadonlySet<string> | undefined
  chosen?: string | null | undefined
  onState?: ((id: string) => void) | undefined
}

export type Pointed = { node: ChartNode } | { edge: ChartEdge }

const isGroup = ({ kind }: ChartNode) => kind === 'group' || kind === 'parallel'

export function Region({ placed, shown }: { placed: Placed; shown: Shown }) {
  const { region, way, scale } = placed
  const { highlight } = shown
  const layout = region[way]
  const title = useId()
  const lines = useRef<SVGGElement>(null)
  const lights = useRef<SVGGElement>(null)
  const glows = useRef<SVGGElement>(null)
  const [pointed, setPointed] = useState<Pointed | null>(null)
  const [stop, setStop] = useState(0)
  const stops = useMemo(() => stopsOf(region), [region])
  const top = region.nodes.find(({ parent }) => parent === null)!
  usePulses(shown.pulses, region, { lines, lights, glows })

  const isLit = (edge: ChartEdge) => highlight !== undefined && edge.transitions.some(({ key }) => highlight.has(key))
  const isPointed = (edge: ChartEdge) => pointed !== null && 'edge' in pointed && pointed.edge === edge
  const edges = useMemo(
    () => region.edges.map((edge) => <EdgeLine key={edge.id} edge={edge} points={layout.edges[edge.id]!.points} lit={isLit(edge) || isPointed(edge)} />),
    [region, way, highlight, pointed],
  )
  // Groups first, the outer before the inner: what stands inside is drawn over them.
  const drawn = region.nodes.filter((node) => node !== top || !isGroup(top))
  const node = (each: ChartNode) => {
    const look = lookOf(each, shown)
    const index = stops.findIndex((at) => 'node' in at && at.node === each)
    const box = layout.nodes[each.id]!
    // The button lies over the drawing instead of around it, so that it is called by its name and not by each word in it.
    return (
      <g
        key={each.id}
        class={`chart-node ${each.kind} ${each.letter?.priority ?? ''} ${look.active ? 'active' : ''} ${look.chosen ? 'chosen' : ''}`}
        data-state={each.id}
      >
        <g class="face" aria-hidden="true">
          <NodeFace node={each} box={box} way={way} look={look} />
        </g>
        <rect
          class="hit"
          {...box}
          rx="9"
          data-stop={index}
          role={shown.onState ? 'button' : 'img'}
          {...(shown.onState ? { 'aria-pressed': look.chosen, onClick: () => shown.onState!(each.id) } : {})}
          tabindex={index === stop ? 0 : -1}
          aria-label={stateName(region, each, { count: look.count, active: look.active, left: look.timer?.left })}
        />
      </g>
    )
  }
  const label = (edge: ChartEdge) => {
    const { label: box, points } = layout.edges[edge.id]!
    const index = stops.findIndex((at) => 'edge' in at && at.edge === edge)
    return (
      <g
        key={edge.id}
        class={`chart-edge ${isLit(edge) ? 'lit' : ''}`}
        data-stop={index}
        role="img"
        tabindex={index === stop ? 0 : -1}
        aria-label={edgeName(region, edge)}
      >
        <path class="reach" d={pathThrough(points)} />
        {box && <EdgeLabel edge={edge} box={box} way={way} lit={highlight} />}
      </g>
    )
  }
  const labels = useMemo(() => region.edges.map(label), [region, way, highlight, stop])
  const keys = useKeys(stops.length, stop, setStop, shown.onState, () => setPointed(null))
  const point = (event: TargetedEvent<SVGSVGElement>) => setPointed(stops[stopOf(event.target)] ?? null)
  const focus = (event: TargetedFocusEvent<SVGSVGElement>) => {
    const at = stopOf(event.target)
    if (at === -1) return
    setStop(at)
    setPointed(stops[at]!)
  }
  return (
    <figure class="card chart-card" aria-labelledby={title}>
      <header>
        <h2 id={title}>{region.key}</h2>
        <Standing region={region} active={shown.active} />
      </header>
      {top.inside.length > 0 && isGroup(top) && <p class="chart-stays small soft">Stays, and notes: {top.inside.map(transitionWords).join('; ')}</p>}
      <div class="chart-scroll">
        <svg
          class={`chart ${highlight && highlight.size > 0 ? 'dims' : ''}`}
          role="group"
          aria-labelledby={title}
          // Whatever listens to focus is a stop of its own in some browsers; the states in it are the stops.
          tabindex={-1}
          width={layout.width * scale}
          height={layout.height * scale}
          viewBox={`0 0 ${layout.width} ${layout.height}`}
          onMouseOver={point}
          onMouseLeave={() => setPointed(null)}
          onFocusIn={focus}
          onFocusOut={() => setPointed(null)}
          onKeyDown={keys}
        >
          {drawn.filter(isGroup).map(node)}
          <g ref={lines}>{edges}</g>
          <g ref={lights} class="chart-lights" />
          {labels}
          {drawn.filter((each) => !isGroup(each)).map(node)}
          <g ref={glows} class="chart-lights" />
        </svg>
      </div>
      {pointed && <Tip region={region} pointed={pointed} placed={placed} look={'node' in pointed ? lookOf(pointed.node, shown) : null} />}
    </figure>
  )
}

/** Where the chosen customer stands in this region. */
function Standing({ region, active }: { region: ChartRegion; active: readonly string[] | undefined }) {
  if (active === undefined) return null
  const leaves = region.nodes.filter(
    (node) => node.parent !== null && active.includes(node.id) && !region.nodes.some(({ parent, id }) => parent === node.id && active.includes(id)),
  )
  return leaves.length === 0 ? null : <span class="chip good">{leaves.map(({ label }) => label).join(', ')}</span>
}

/** All that can be pointed at, in the order the arrows go: each state, then the transitions out of it. */
function stopsOf(region: ChartRegion): Pointed[] {
  return region.nodes
    .filter((node) => node.parent !== null || !isGroup(node))
    .flatMap((node) => [{ node }, ...region.edges.filter(({ from }) => from === node.id).map((edge) => ({ edge }))])
}

const stopOf = (target: EventTarget | null) => Number((target as Element | null)?.closest('[data-stop]')?.getAttribute('data-stop') ?? -1)

function lookOf(node: ChartNode, { counts, active, timers, now, chosen, highlight }: Shown): NodeLook {
  const holdsNobody = node.kind === 'anywhere' || node.kind === 'passing'
  const own = (timers ?? [])
    .filter((timer) => timer.state === node.id || (timer.state === null && node.letter !== undefined && timer.event.endsWith(`/${node.letter.template}`)))
    .toSorted((a, b) => a.due - b.due)[0]
  const left = own && now !== undefined ? Math.max(0, Math.min(own.due - own.setAt, own.due - now)) : undefined
  return {
    active: active?.includes(node.id) ?? false,
    count: counts === undefined || holdsNobody ? undefined : (counts[node.id] ?? 0),
    timer: own && left !== undefined ? { left, share: left / Math.max(1, own.due - own.setAt) } : undefined,
    chosen: chosen === node.id,
    lit: highlight,
  }
}

function useKeys(count: number, stop: number, setStop: (to: number) => void, onState: Shown['onState'], leave: () => void) {
  return (event: TargetedKeyboardEvent<SVGSVGElement>) => {
    const steps: Record<string, number> = { ArrowRight: stop + 1, ArrowDown: stop + 1, ArrowLeft: stop - 1, ArrowUp: stop - 1, Home: 0, End: count - 1 }
    const to = steps[event.key]
    if (event.key === 'Escape') leave()
    if (event.key === 'Enter' || event.key === ' ') {
      const state = (event.target as Element).closest('[data-state]')?.getAttribute('data-state')
      if (!state || !onState) return
      event.preventDefault()
      onState(state)
    }
    if (to === undefined) return
    event.preventDefault()
    const next = (to + count) % count
    setStop(next)
    event.currentTarget.querySelector<SVGElement>(`[data-stop="${next}"]`)?.focus()
  }
}

type Layers = Record<'lines' | 'lights' | 'glows', { current: SVGGElement | null }>

function usePulses(pulses: Pulses | undefined, region: ChartRegion, { lines, lights, glows }: Layers) {
  useEffect(() => {
    if (pulses === undefined) return
    const edgesOf = Map.groupBy(
      region.edges.flatMap((edge) => edge.transitions.map(({ key }) => ({ key, id: edge.id }))),
      ({ key }) => key,
    )
    const nodeOf = new Map(region.nodes.flatMap((node) => node.inside.map(({ key }) => [key, node.id] as const)))
    return pulses.listen((key, times) => {
      if (lights.current === null || glows.current === null) return
      for (const { id } of edgesOf.get(key) ?? []) {
        const line = lines.current?.querySelector<SVGPathElement>(`[data-edge="${CSS.escape(id)}"]`)
        if (line) runAlong(line, lights.current, times)
      }
      const state = nodeOf.get(key)
      const shape = state === undefined ? null : glows.current.ownerSVGElement?.querySelector<SVGElement>(`[data-state="${CSS.escape(state)}"] .shape`)
      if (shape) glow(shape, glows.current)
    })
  }, [pulses, region])
}
