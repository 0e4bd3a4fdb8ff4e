/** Where each region of the machine stood through a life, a lane for each: read from the sets of active states alone. Pure. */
import type { Chart, Track } from '../../studio/api.ts'

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

export const tints = 4

/** The tree of active ids as parents to their children, in order of coming up. */
function childrenOf(sets: Track['sets']) {
  const children = new Map<string, Set<string>>()
  const sideBySide = new Set<string>()
  for (const set of sets) {
    const parents = new Set<string>()
    for (const id of set) {
      const parent = id.slice(0, Math.max(0, id.lastIndexOf('.')))
      const known = children.get(parent) ?? new Set()
      children.set(parent, known.add(id))
      if (parents.has(parent)) sideBySide.add(parent)
      parents.add(parent)
    }
  }
  return { children, sideBySide }
}

export function toLanes(sets: Track['sets'], chart: Chart | null): Lane[] {
  const { children, sideBySide } = childrenOf(sets)
  const nodes = new Map(chart?.regions.flatMap(({ nodes }) => nodes.map((node) => [node.id, node] as const)))
  const order = new Map([...nodes.keys()].map((id, index) => [id, index]))
  const inOrder = (ids: Iterable<string>) => [...ids].toSorted((a, b) => (order.get(a) ?? 1e6) - (order.get(b) ?? 1e6))
  const lanes: string[] = []
  const walk = (id: string, isRoot: boolean) => {
    const below = inOrder(children.get(id) ?? [])
    const splits = isRoot || sideBySide.has(id) || nodes.get(id)?.kind === 'parallel'
    if (splits && below.length > 0) for (const child of below) walk(child, false)
    else lanes.push(id)
  }
  const root = sets.flat()[0]?.split('.')[0]
  if (root !== undefined) walk(root, true)
  return lanes.map((id) => {
    const tops = inOrder(children.get(id) ?? []).filter((top) => !nodes.get(top)?.initial && nodes.get(top)?.kind !== 'passing')
    const standOf = (set: readonly string[]): Stand => {
      const inside = set.filter((active) => active.startsWith(`${id}.`))
      const top = inside.find((active) => !active.slice(id.length + 1).includes('.'))
      const deepest = inside.reduce((longest, active) => (active.length > longest.length ? active : longest), '')
      return { path: deepest.slice(id.length + 1), tint: top === undefined || !tops.includes(top) ? null : tops.indexOf(top) % tints }
    }
    return { id, label: id.split('.').at(-1)!, stands: sets.map(standOf) }
  })
}
