/** What a region is drawn of: lines, labels, states, marks, and the rings of timers. All in the region's own px. */
import type { ComponentChildren } from 'preact'
import { faceOf, labelOf, sizes } from '../../chart/lettering.ts'
import type { Line, Way } from '../../chart/lettering.ts'
import type { Box, ChartEdge, ChartLayout, ChartNode } from '../../studio/api.ts'
import { short } from '../words.ts'
import { leftShort } from './telling.ts'

type Points = ChartLayout['edges'][string]['points']

const cornerPx = 7
const headPx = 7

/** Points as a line with round corners that ends where the arrow's head begins. */
export function pathThrough(points: Points): string {
  const shortened = shortenedBy(points, headPx - 1)
  return shortened
    .map(([x, y], i) => {
      const before = shortened[i - 1]
      const after = shortened[i + 1]
      if (before === undefined) return `M${x} ${y}`
      if (after === undefined) return `L${x} ${y}`
      const [ax, ay] = towards([x, y], before)
      const [bx, by] = towards([x, y], after)
      return `L${ax} ${ay}Q${x} ${y} ${bx} ${by}`
    })
    .join('')
}

type Point = Points[number]
const distance = (a: Point, b: Point) => Math.hypot(b[0] - a[0], b[1] - a[1])

/** From `a` towards `b`, the corner's radius far, or half the way where they are near. */
function towards(a: Point, b: Point): Point {
  const length = distance(a, b)
  const t = length === 0 ? 0 : Math.min(cornerPx, length / 2) / length
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t]
}

function shortenedBy(points: Points, px: number): Points {
  const last = points.at(-1)
  const before = points.at(-2)
  if (last === undefined || before === undefined) return points
  const length = distance(before, last) || 1
  const t = Math.max(0, 1 - px / length)
  return [...points.slice(0, -1), [before[0] + (last[0] - before[0]) * t, before[1] + (last[1] - before[1]) * t]]
}

function headAt(points: Points): string {
  const [x, y] = points.at(-1)!
  const before = points.at(-2) ?? [x - 1, y]
  const length = distance(before, [x, y]) || 1
  const [dx, dy] = [(x - before[0]) / length, (y - before[1]) / length]
  const [bx, by] = [x - dx * headPx, y - dy * headPx]
  return `M${x} ${y}L${bx - dy * 4} ${by + dx * 4}L${bx + dy * 4} ${by - dx * 4}Z`
}

export function EdgeLine({ edge, points, lit }: { edge: ChartEdge; points: Points; lit: boolean }) {
  return (
    <g class={lit ? 'chart-line lit' : 'chart-line'}>
      <path class="line" data-edge={edge.id} d={pathThrough(points)} />
      <path class="head" d={headAt(points)} />
    </g>
  )
}

export function EdgeLabel({ edge, box, way, lit }: { edge: ChartEdge; box: Box; way: Way; lit?: ReadonlySet<string> | undefined }) {
  const { lines } = labelOf(edge, way)
  return (
    <>
      <rect class="ground" x={box.x} y={box.y} width={box.width} height={box.height} rx="5" />
      <Lines lines={lines} x={box.x + box.width / 2} y={box.y + 2} lit={lit} />
    </>
  )
}

/** Lines of text from `y` down: centred on `x`, or beginning there. */
function Lines({ lines, x, y, lit, from = false }: { lines: readonly Line[]; x: number; y: number; lit?: ReadonlySet<string> | undefined; from?: boolean }) {
  return (
    <>
      {lines.map(({ parts, width }, i) =>
        parts.map((part) => {
          const left = x - (from ? 0 : width / 2) + part.x
          const middle = y + i * sizes.line + sizes.line / 2
          const tone = `${part.style} ${part.priority ?? ''} ${lit?.has(part.key) ? 'lit' : ''}`
          return (
            <g key={`${i} ${part.x}`} class={`chart-words ${tone}`}>
              {part.style === 'delay' && <ClockMark x={left} y={middle} />}
              {part.style === 'letter' && <EnvelopeMark x={left} y={middle} />}
              <text x={left + (part.style === 'delay' || part.style === 'letter' ? sizes.icon : 0)} y={middle + 4}>
                {part.text}
              </text>
            </g>
          )
        }),
      )}
    </>
  )
}

const ClockMark = ({ x, y }: { x: number; y: number }) => (
  <path class="mark" d={`M${x + 6.5} ${y - 5.5}a5.500 5.500 0 1 1 -.01 0ZM${x + 6.5} ${y - 3}V${y}l2.200 1.400`} />
)
export const EnvelopeMark = ({ x, y }: { x: number; y: number }) => (
  <path
    class="mark"
    d={`M${x + 1.5} ${y - 4.5}h10a1 1 0 0 1 1 1v7a1 1 0 0 1 -1 1h-10a1 1 0 0 1 -1 -1v-7a1 1 0 0 1 1 -1ZM${x + 1} ${y - 3.6}l5.500 4.200 5.500 -4.200`}
  />
)

export type NodeLook = {
  active: boolean
  count: number | undefined
  /** The timer it set that is due first: ms left, and the share of its time that is left. */
  timer: { left: number; share: number } | undefined
  chosen: boolean
  lit: ReadonlySet<string> | undefined
}

/** The outline and the words of a state; what is inside a group is drawn by itself, over it. */
export function NodeFace({ node, box, way, look }: { node: ChartNode; box: Box; way: Way; look: NodeLook }) {
  const { nameX, inside } = faceOf(node, way)
  const isPill = node.kind === 'passing' || node.kind === 'anywhere'
  const headPx = isPill ? sizes.pillHeight : sizes.nodeHeight
  const middle = box.y + headPx / 2
  const letterTop = box.y + headPx - 6
  const insideTop = box.y + headPx + (node.letter ? sizes.line + 2 : 0)
  return (
    <>
      <rect class="shape" x={box.x} y={box.y} width={box.width} height={box.height} rx={isPill ? sizes.pillHeight / 2 : 9} />
      {node.initial && <circle class="start" cx={box.x + sizes.side + 3.5} cy={middle} r="3.500" />}
      <text
        class="name"
        x={isPill && !node.initial ? box.x + box.width / 2 : box.x + nameX}
        y={middle + 4.5}
        text-anchor={isPill && !node.initial ? 'middle' : 'start'}
      >
        {node.label}
      </text>
      {node.letter && (
        <g class={`chart-words letter ${node.letter.priority}`}>
          <EnvelopeMark x={box.x + sizes.side} y={letterTop + sizes.line / 2} />
          <text x={box.x + sizes.side + sizes.icon} y={letterTop + sizes.line / 2 + 4}>
            {node.letter.template}
          </text>
        </g>
      )}
      {inside.length > 0 && (
        <>
          <path class="rule" d={`M${box.x} ${insideTop}H${box.x + box.width}`} />
          <path class="stays" d={`M${box.x + sizes.side + 8} ${insideTop + 9}a4 4 0 1 0 1 3.500m.300 -5v2.400h-2.400`} />
          <Lines lines={inside} x={box.x + sizes.side + sizes.mark} y={insideTop + 4} lit={look.lit} from />
        </>
      )}
      {!isPill && <Badge x={box.x + box.width - sizes.side + 3} y={middle} look={look} />}
      {look.timer && <Ring box={box} share={look.timer.share} round={isPill ? sizes.pillHeight / 2 : 9} />}
    </>
  )
}

/** How many stand there, or what is left of the timer: at the right end of a state's first line. */
function Badge({ x, y, look }: { x: number; y: number; look: NodeLook }) {
  if (look.timer) return <Tag x={x} y={y} tone="left" words={leftShort(look.timer.left)} />
  return look.count === undefined ? null : <Tag x={x} y={y} tone={look.count === 0 ? 'none' : 'some'} words={short(look.count)} />
}

function Tag({ x, y, tone, words }: { x: number; y: number; tone: string; words: string }) {
  const width = Math.max(22, Math.ceil(words.length * 6.5) + 11)
  return (
    <g class={`chart-badge ${tone}`}>
      <rect x={x - width} y={y - 9} width={width} height="18" rx="9" />
      <text x={x - width / 2} y={y + 4} text-anchor="middle">
        {words}
      </text>
    </g>
  )
}

/** Runs down around a state, from its upper left corner. */
function Ring({ box, share, round }: { box: Box; share: number; round: number }) {
  const out = 3.5
  const outline = { x: box.x - out, y: box.y - out, width: box.width + 2 * out, height: box.height + 2 * out, rx: round + out }
  return (
    <g class="chart-ring">
      <rect class="way" {...outline} />
      <rect class="left" {...outline} pathLength={1} style={{ strokeDasharray: '1 1', strokeDashoffset: 1 - Math.max(0, Math.min(1, share)) }} />
    </g>
  )
}

/** A picture of one mark for the legend. */
export const Sample = ({ children, width = 46 }: { children: ComponentChildren; width?: number }) => (
  <svg class="chart" width={width} height="24" viewBox={`0 0 ${width} 24`} aria-hidden="true">
    {children}
  </svg>
)
