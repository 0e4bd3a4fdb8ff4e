/** One of the machine's states, or any: what a list of customers is narrowed to. */
import type { Chart, ChartNode, ChartRegion } from '../../studio/api.ts'
import { useAsk } from '../hooks.ts'

export function StateChoice({ state, onChange }: { state: string; onChange: (state: string) => void }) {
  const chart = useAsk<Chart>('chart').value
  const regions = (chart?.regions ?? []).map((region) => ({ key: region.key, states: statesOf(region) }))
  const isKnown = state === '' || regions.some(({ states }) => states.some(({ id }) => id === state))
  return (
    <select class="state-choice" aria-label="Only those in this state" value={state} onChange={(event) => onChange(event.currentTarget.value)}>
      <option value="">in any state</option>
      {!isKnown && <option value={state}>{state}</option>}
      {regions.map(({ key, states }) => (
        <optgroup key={key} label={key}>
          {states.map(({ id, path }) => (
            <option key={id} value={id}>
              {key} · {path}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  )
}

/** Those that customers can stand in. */
function statesOf({ id: whole, nodes }: ChartRegion): { id: string; path: string }[] {
  const known = new Map(nodes.map((node) => [node.id, node]))
  const pathOf = (node: ChartNode): string => {
    const around = node.parent === null ? undefined : known.get(node.parent)
    return around === undefined || around.id === whole ? node.label : `${pathOf(around)} › ${node.label}`
  }
  return nodes.filter(({ id, kind }) => id !== whole && (kind === 'state' || kind === 'group')).map((node) => ({ id: node.id, path: pathOf(node) }))
}
