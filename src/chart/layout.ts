/**
 * Where everything of the chart stands, twice: left to right for wide screens, top to bottom for narrow ones. ELK finds
 * the places; what it says from the corner of the state around is turned into places from the region's own corner.
 */
import Elk from 'elkjs/lib/elk.bundled.js'
import type { ElkEdgeSection, ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js'
import type { Box, Chart, ChartLayout, ChartNode } from '../studio/api.ts'
import { graphOf } from './graph.ts'
import type { Drawn, GraphRegion } from './graph.ts'
import { faceOf, labelOf, sizes } from './lettering.ts'
import type { Way } from './lettering.ts'

/**
 * The chart of a machine, as GET chart answers it. Takes about a tenth of a second and keeps the thread busy meanwhile:
 * run it in a worker, and keep the answer by `hash`. Rejects when ELK finds no layout.
 */
export async function chartOf(drawn: Drawn, hash: string): Promise<Chart> {
  const elk = new Elk.default()
  const regions: Chart['regions'] = []
  for (const region of graphOf(drawn)) regions.push({ ...region, wide: await layOut(elk, region, 'wide'), tall: await layOut(elk, region, 'tall') })
  return { hash, regions }
}

type Elks = InstanceType<typeof Elk.default>

const margin = 2

const options = (way: Way): Record<string, string> => ({
  'elk.algorithm': 'layered',
  'elk.direction': way === 'wide' ? 'RIGHT' : 'DOWN',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.layered.cycleBreaking.strategy': 'DEPTH_FIRST',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.nodePlacement.favorStraightEdges': 'true',
  'elk.edgeLabels.placement': 'CENTER',
  'elk.layered.mergeEdges': 'false',
  'elk.layered.spacing.nodeNodeBetweenLayers': '15',
  'elk.layered.spacing.edgeNodeBetweenLayers': '14',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '12',
  'elk.spacing.nodeNode': '14',
  'elk.spacing.edgeNode': '12',
  'elk.spacing.edgeEdge': '12',
  'elk.spacing.edgeLabel': '4',
  'elk.spacing.labelNode': '6',
  'elk.spacing.nodeSelfLoop': '12',
})

async function layOut(elk: Elks, region: GraphRegion, way: Way): Promise<ChartLayout> {
  const top = region.nodes.find(({ parent }) => parent === null)!
  const children = (parent: string): ElkNode[] => region.nodes.filter((node) => node.parent === parent).map(elkNode)
  const elkNode = (node: ChartNode): ElkNode => {
    const face = faceOf(node, way)
    const inner = holds(node) ? children(node.id) : []
    if (inner.length === 0) return { id: node.id, width: face.width, height: face.height }
    const head = face.height + sizes.groupTop - sizes.nodeHeight
    return {
      id: node.id,
      children: inner,
      layoutOptions: {
        ...options(way),
        'elk.padding': `[top=${head},left=${sizes.groupSide},bottom=${sizes.groupSide},right=${sizes.groupSide}]`,
        'elk.nodeSize.constraints': 'MINIMUM_SIZE',
        'elk.nodeSize.minimum': `(${face.width},${face.height})`,
      },
    }
  }
  // A region without states inside is drawn itself, beside what it leads to.
  const outermost = [...(holds(top) ? [] : [elkNode(top)]), ...children(top.id)]
  const answer = await elk.layout({
    // ELK's own name for the whole, which no state can have.
    id: ' ',
    layoutOptions: { ...options(way), 'elk.padding': `[top=${margin},left=${margin},bottom=${margin},right=${margin}]` },
    children: outermost,
    edges: [
      ...(way === 'tall' ? stacked(region) : []),
      ...region.edges.map((edge) => {
        const { width, height } = labelOf(edge, way)
        return {
          id: edge.id,
          sources: [edge.from],
          targets: [edge.to],
          labels: [{ text: ' ', width, height, layoutOptions: { 'elk.edgeLabels.inline': 'true' } }],
        }
      }),
    ],
  })
  return placesIn(answer, top.id)
}

const holds = ({ kind }: ChartNode) => kind === 'group' || kind === 'parallel'

/** Unseen edges that set the parts of a parallel state one below the other. */
function stacked({ nodes }: GraphRegion): ElkExtendedEdge[] {
  return nodes
    .filter(({ kind }) => kind === 'parallel')
    .flatMap((node) => {
      const parts = nodes.filter(({ parent, kind }) => parent === node.id && kind !== 'anywhere')
      return parts.slice(1).map(({ id }, i) => ({ id: ` ${id}`, sources: [parts[i]!.id], targets: [id] }))
    })
}

/** ELK's answer in px from the upper left corner. An edge's points are told from the corner of its `container`. */
function placesIn(answer: ElkNode, region: string): ChartLayout {
  const nodes: Record<string, Box> = {}
  const edges: ChartLayout['edges'] = {}
  const corners = new Map<string, { x: number; y: number }>([[answer.id, { x: 0, y: 0 }]])
  const visit = (node: ElkNode, x: number, y: number) => {
    for (const child of node.children ?? []) {
      const box = { x: x + (child.x ?? 0), y: y + (child.y ?? 0), width: child.width ?? 0, height: child.height ?? 0 }
      nodes[child.id] = box
      corners.set(child.id, box)
      visit(child, box.x, box.y)
    }
  }
  visit(answer, 0, 0)
  const seen = (node: ElkNode) => {
    for (const edge of node.edges ?? [])
      if (!edge.id.startsWith(' ')) edges[edge.id] = placeOf(edge, corners.get((edge as { container?: string }).container ?? node.id) ?? { x: 0, y: 0 })
    for (const child of node.children ?? []) seen(child)
  }
  seen(answer)
  const width = answer.width ?? 0
  const height = answer.height ?? 0
  if (nodes[region] === undefined) nodes[region] = { x: 0, y: 0, width, height }
  return { width, height, nodes, edges }
}

function placeOf(edge: ElkExtendedEdge, corner: { x: number; y: number }): ChartLayout['edges'][string] {
  const points = (edge.sections ?? []).flatMap(({ startPoint, bendPoints, endPoint }: ElkEdgeSection) =>
    [startPoint, ...(bendPoints ?? []), endPoint].map(({ x, y }): [number, number] => [x + corner.x, y + corner.y]),
  )
  const label = edge.labels?.[0]
  if (label === undefined) return { points }
  return { points, label: { x: (label.x ?? 0) + corner.x, y: (label.y ?? 0) + corner.y, width: label.width ?? 0, height: label.height ?? 0 } }
}
