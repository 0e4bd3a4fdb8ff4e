/** Where each region of the machine stood through a life, a lane for each. Pure. */
import type { Chart, ChartNode, Track } from '../../studio/api.ts'

export type Lane = {
  /** `customer.cart`, or `customer.purchase.recency` where a region has regions of its own. */
  id: string
  label: string
  /** For each of the track's sets: what stands there. */
  stands: readonly Stand[]
}
export type Stand = {
  /** Below the lane: `abandoned.reminded`; empty when nothing is active. */
  path: string
  /** Which of the lane's tints; null where everybody begins, which is left blank. */
  tint: number | null
}

const tints = 4

export function toLanes(sets: Track['sets'], chart: Chart): Lane[] {
  const nodes = homesOf(chart)
  return chart.regions.flatMap((region) => lanesIn(region.id, nodes)).map((id) => toLane(id, sets, nodes))
}

type Nodes = ReadonlyMap<string, ChartNode>

/** Each state where it is at home: a region draws others too that its transitions lead to, by their whole path. */
function homesOf({ regions }: Chart): Nodes {
  const homes = new Map<string, ChartNode>()
  for (const node of regions.flatMap(({ nodes }) => nodes)) {
    const known = homes.get(node.id)
    if (node.kind !== 'anywhere' && (known === undefined || known.label.includes('.'))) homes.set(node.id, node)
  }
  return homes
}

function lanesIn(id: string, nodes: Nodes): string[] {
  if (nodes.get(id)?.kind !== 'parallel') return [id]
  return [...nodes.values()].filter(({ parent }) => parent === id).flatMap((child) => lanesIn(child.id, nodes))
}

function toLane(id: string, sets: Track['sets'], nodes: Nodes): Lane {
  const tops = [...nodes.values()].filter(({ parent, initial, kind }) => parent === id && !initial && kind !== 'passing').map((node) => node.id)
  const chains = new Map<string, string[] | null>()
  const chainTo = (active: string) => {
    let chain = chains.get(active)
    if (chain === undefined) chains.set(active, (chain = chainOf(active, id, nodes)))
    return chain
  }
  const standOf = (set: readonly string[]): Stand => {
    let deepest: string[] = []
    for (const active of set) {
      const chain = chainTo(active)
      if (chain !== null && chain.length > deepest.length) deepest = chain
    }
    const top = deepest[0] === undefined ? -1 : tops.indexOf(deepest[0])
    return { path: deepest.map((state) => labelOf(state, nodes)).join('.'), tint: top === -1 ? null : top % tints }
  }
  return { id, label: labelOf(id, nodes), stands: sets.map(standOf) }
}

/** The states from below a lane down to one; null when it stands elsewhere. One that the machine no longer has is placed by its name. */
function chainOf(state: string, lane: string, nodes: Nodes): string[] | null {
  const chain: string[] = []
  for (let at: string | null = state; at !== null; at = nodes.has(at) ? nodes.get(at)!.parent : (/^(.+)\.[^.]+$/.exec(at)?.[1] ?? null)) {
    if (at === lane) return chain
    chain.unshift(at)
  }
  return null
}

const labelOf = (id: string, nodes: Nodes) => nodes.get(id)?.label ?? id.slice(id.lastIndexOf('.') + 1)
