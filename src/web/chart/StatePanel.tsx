/** The chosen state in words: what it is, who stands there, and what leads in and out. */
import type { Chart, ChartEdge, ChartRegion } from '../../studio/api.ts'
import { withQuery } from '../ask.ts'
import { PriorityChip } from '../parts/basics.tsx'
import { count } from '../words.ts'
import { findState, kindWords, pathOf, transitionWords } from './telling.ts'

export function StatePanel({
  chart,
  state,
  counts,
  onState,
  onClose,
}: {
  chart: Chart
  state: string
  counts: Readonly<Record<string, number>>
  onState: (id: string) => void
  onClose: () => void
}) {
  const found = findState(chart.regions, state)
  if (found === null) return null
  const { region, node } = found
  const holdsNobody = node.kind === 'anywhere' || node.kind === 'passing'
  return (
    <section class="card machine-panel of-state" aria-labelledby="state-title">
      <header>
        <h2 id="state-title">{pathOf(region, state).join(' · ')}</h2>
        <button class="button quiet small" type="button" onClick={onClose}>
          Close
        </button>
      </header>
      <div class="body">
        <p class="soft small">{kindWords(node)}</p>
        {node.letter && (
          <p>
            <span class="break">{node.letter.template}</span> <PriorityChip priority={node.letter.priority} />
          </p>
        )}
        {node.tags.length > 0 && <p class="small">Tagged {node.tags.join(', ')}</p>}
        {!holdsNobody && (
          <p>
            <a href={`/studio/${withQuery('customers', { state })}`} class="numbers">
              {count(counts[state] ?? 0, 'customer')}
            </a>{' '}
            here now
          </p>
        )}
        <Ways title="Leads to" region={region} edges={region.edges.filter(({ from }) => from === state || from === `${state}.*`)} end="to" onState={onState} />
        <Ways title="Entered from" region={region} edges={region.edges.filter(({ to }) => to === state)} end="from" onState={onState} />
        {node.inside.length > 0 && (
          <>
            <h3>Stays, and notes</h3>
            <ul class="ways">
              {node.inside.map((transition, i) => (
                <li key={i}>{transitionWords(transition)}</li>
              ))}
            </ul>
          </>
        )}
      </div>
    </section>
  )
}

function Ways({
  title,
  region,
  edges,
  end,
  onState,
}: {
  title: string
  region: ChartRegion
  edges: readonly ChartEdge[]
  end: 'from' | 'to'
  onState: (id: string) => void
}) {
  if (edges.length === 0) return null
  return (
    <>
      <h3>{title}</h3>
      <ul class="ways">
        {edges.map((edge) => (
          <li key={edge.id}>
            <button class="link" type="button" onClick={() => onState(edge[end])}>
              {pathOf(region, edge[end]).slice(1).join(' · ')}
            </button>
            {edge.transitions.map((transition, i) => (
              <span key={i} class="small soft">
                {transitionWords(transition)}
              </span>
            ))}
          </li>
        ))}
      </ul>
    </>
  )
}
