/** What is pointed at, in full, beside it. Screen readers have the same from its name. */
import type { Placed } from './columns.ts'
import type { NodeLook } from './parts.tsx'
import type { Pointed } from './Region.tsx'
import { kindWords, pathOf, transitionWords } from './telling.ts'
import type { ChartRegion, ChartTransition } from '../../studio/api.ts'
import { count, duration } from '../words.ts'

export function Tip({ region, pointed, placed, look }: { region: ChartRegion; pointed: Pointed; placed: Placed; look: NodeLook | null }) {
  const layout = region[placed.way]
  const box = 'node' in pointed ? layout.nodes[pointed.node.id] : layout.edges[pointed.edge.id]?.label
  if (box === undefined) return null
  const middle = (box.x + box.width / 2 - layout.width / 2) * placed.scale
  return (
    <div
      class="chart-tip"
      aria-hidden="true"
      style={{ top: `calc(var(--head) + ${(box.y + box.height) * placed.scale + 8}px)`, '--at': `calc(50% + ${middle}px)` }}
    >
      {'node' in pointed ? (
        <>
          <strong>{pathOf(region, pointed.node.id).join(' · ')}</strong>
          <p class="soft">{kindWords(pointed.node)}</p>
          {pointed.node.letter && (
            <p>
              {pointed.node.letter.template}, {pointed.node.letter.priority} priority
            </p>
          )}
          {look?.count !== undefined && <p class="numbers">{count(look.count, 'customer')} here now</p>}
          {look?.timer && <p class="numbers">{duration(look.timer.left)} left</p>}
          <Told transitions={pointed.node.inside} />
        </>
      ) : (
        <>
          <strong>
            {pathOf(region, pointed.edge.from).slice(1).join(' · ')} → {pathOf(region, pointed.edge.to).slice(1).join(' · ')}
          </strong>
          <Told transitions={pointed.edge.transitions} />
        </>
      )}
    </div>
  )
}

const Told = ({ transitions }: { transitions: readonly ChartTransition[] }) =>
  transitions.length === 0 ? null : (
    <ul>
      {transitions.map((transition, i) => (
        <li key={i}>{transitionWords(transition)}</li>
      ))}
    </ul>
  )
