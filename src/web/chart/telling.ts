/** States and transitions of the chart in whole words, for those who listen and for those who point. Pure. */
import type { ChartEdge, ChartNode, ChartRegion, ChartTransition } from '../../studio/api.ts'
import { count, duration } from '../words.ts'

/** The names of a state from its region on: `cart, abandoned, pending`. */
export function pathOf(region: ChartRegion, id: string): string[] {
  const names: string[] = []
  for (let node = region.nodes.find((each) => each.id === id); node; node = region.nodes.find((each) => each.id === node!.parent)) names.unshift(node.label)
  return names
}

/** `cart, abandoned, pending: 12 customers, active`. */
export function stateName(region: ChartRegion, node: ChartNode, more: { count?: number | undefined; active?: boolean; left?: number | undefined }): string {
  const says = [
    ...(more.count === undefined ? [] : [count(more.count, 'customer')]),
    ...(more.active ? ['active'] : []),
    ...(more.left === undefined ? [] : [`${duration(more.left)} left`]),
    ...(node.letter ? [`asks for the letter ${node.letter.template}, ${node.letter.priority} priority`] : []),
  ]
  const path = pathOf(region, node.id).join(', ')
  return says.length === 0 ? path : `${path}: ${says.join(', ')}`
}

const kinds: Record<ChartNode['kind'], string> = {
  state: 'A state: customers stand here until something happens.',
  group: 'A state with others inside; one of them is active with it.',
  parallel: 'A state in which all parts are active at once.',
  letter: 'Asks for a letter, and waits until it is queued or skipped.',
  passing: 'Left at once: it only chooses the way.',
  anywhere: 'Stands for every state around it: these transitions are taken from wherever the customer is inside.',
}
export const kindWords = ({ kind }: ChartNode) => kinds[kind]

/** `Product Added, if names product`; `after 30 min (abandonAfter)`; what it asks for at the end. */
export function transitionWords({ words, guard, delay, letter }: ChartTransition): string {
  const setting = delay && !/^\d/.test(delay.setting) ? ` (${delay.setting})` : ''
  const asks = letter ? `; asks for the letter ${letter.template}, ${letter.priority} priority` : ''
  return `${words}${setting}${guard === null ? '' : `, if ${guard}`}${asks}`
}

/** `from cart, active to cart, abandoned: after 30 min (abandonAfter)`. */
export function edgeName(region: ChartRegion, edge: ChartEdge): string {
  const [from, to] = [edge.from, edge.to].map((id) => pathOf(region, id).join(', '))
  return `from ${from} to ${to}: ${edge.transitions.map(transitionWords).join('. Or ')}`
}

/** What is left of a timer, short enough for a badge: `29:12`, `23 h`, `12 d`. */
export function leftShort(ms: number): string {
  if (ms < 3_600_000) {
    const seconds = Math.max(0, Math.ceil(ms / 1_000))
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  }
  return ms < 2 * 86_400_000 ? `${Math.floor(ms / 3_600_000)} h` : `${Math.floor(ms / 86_400_000)} d`
}

/** The region where a state is at home, and its node; null when the chart has none. Regions that lead to it draw it too, by its whole path. */
export function findState(regions: readonly ChartRegion[], id: string): { region: ChartRegion; node: ChartNode } | null {
  const drawn = regions.flatMap((region) => region.nodes.filter((node) => node.id === id).map((node) => ({ region, node })))
  return drawn.find(({ node }) => node.parent === null) ?? drawn.find(({ node }) => !node.label.includes('.')) ?? drawn[0] ?? null
}
