import { expect, test } from 'vitest'
import { createMachine } from 'xstate'
import type { AnyStateMachine } from 'xstate'
import { customer } from '../../machines/customer.ts'
import { letters, settings } from '../../machines/settings.ts'
import type { Box, Chart, ChartRegion } from '../studio/api.ts'
import { chartOf } from './layout.ts'

const shipped = () => chartOf({ machine: customer(settings), letters: letters(settings), settings: settings as unknown as Record<string, number> }, 'shipped')
const drawn = (config: object) => chartOf({ machine: createMachine(config) as AnyStateMachine, letters: {}, settings: {} }, 'made up')

const nested = {
  id: 'shop',
  initial: 'open',
  on: { 'site.closed': { guard: 'atNight', target: '.shut' }, 'site.seen': { actions: 'note' } },
  states: {
    shut: { on: { 'site.opened': '#inner' }, after: { 60_000: 'open' } },
    open: {
      initial: 'hall',
      on: { 'site.left': 'shut', 'site.door': '.hall' },
      states: {
        hall: {
          initial: 'front',
          on: { 'site.again': { target: '#shop.open', reenter: true } },
          states: {
            front: { on: { 'site.walk': 'back' } },
            back: { id: 'inner', on: { 'site.walk': 'front', 'site.jump': '#yard', 'site.ring': '#shop.shut' } },
          },
        },
        yard: { id: 'yard', on: { 'site.walk': '#inner' } },
      },
    },
  },
}

const selves = {
  id: 'clock',
  type: 'parallel',
  states: {
    ticking: {
      initial: 'tick',
      states: {
        tick: { on: { turn: { target: 'tick', reenter: true }, next: 'tock', stop: '#clock.bell.silent' } },
        tock: {
          on: {
            turn: [
              { guard: 'isLate', target: 'tick' },
              { guard: 'isAVeryLongGuardThatGoesOverMoreThanOneLine', target: 'tock', reenter: true },
            ],
          },
        },
      },
    },
    bell: { initial: 'silent', states: { silent: { always: { guard: 'isNoon', target: 'ringing' } }, ringing: { after: { 1_000: 'silent' } } } },
    flag: { on: { raise: { actions: 'note' }, stop: '#clock.bell.silent' } },
  },
}

const inParallel = {
  id: 'order',
  initial: 'taken',
  states: {
    taken: { on: { go: 'busy', leap: '#packed' } },
    busy: {
      type: 'parallel',
      on: { cancel: 'dropped', restart: { target: 'busy', reenter: true } },
      onDone: 'done',
      states: {
        paying: { initial: 'asked', states: { asked: { on: { paid: 'paid', failed: '#order.dropped' } }, paid: { type: 'final' } } },
        packing: { initial: 'picked', states: { picked: { on: { next: 'packed' } }, packed: { id: 'packed', type: 'final' } } },
        noting: {},
      },
    },
    dropped: {},
    done: { type: 'final' },
  },
}

const machines: [string, () => Promise<Chart>][] = [
  ['the shipped machine', shipped],
  ['states within states', () => drawn(nested)],
  ['ways back to the same state', () => drawn(selves)],
  ['parallel parts inside', () => drawn(inParallel)],
]

test.each(machines)('%s: every state and transition has a place, nothing lies over anything else', async (_, make) => {
  for (const region of (await make()).regions)
    for (const way of ['wide', 'tall'] as const) expect([region.key, way, ...faultsOf(region, way)]).toEqual([region.key, way])
})

test('the shipped regions fit on a phone', async () => {
  for (const { key, tall } of (await shipped()).regions) expect([key, tall.width <= 340]).toEqual([key, true])
})

test('a machine is laid out the same each time', async () => {
  expect(await drawn(inParallel)).toEqual(await drawn(inParallel))
})

test('the judge of overlaps finds them', async () => {
  const region = (await drawn(nested)).regions[0]!
  const { nodes, edges } = region.wide
  nodes['inner'] = { ...nodes['yard']! }
  const [first, second] = Object.values(edges).filter(({ label }) => label)
  first!.label = { ...second!.label! }
  delete nodes['shop.shut']
  const faults = faultsOf(region, 'wide').join('\n')
  expect(faults).toContain('inner lies over yard')
  expect(faults).toMatch(/label .* lies over label/)
  expect(faults).toContain('shop.shut has no place')
})

function faultsOf(region: ChartRegion, way: 'wide' | 'tall'): string[] {
  const { nodes, edges, width, height } = region[way]
  const faults = [
    ...region.nodes.flatMap(({ id }) => (nodes[id] ? [] : [`${id} has no place`])),
    ...region.edges.flatMap(({ id }) => (edges[id] && edges[id].points.length > 1 && edges[id].label ? [] : [`${id} has no line or label`])),
  ]
  if (faults.length > 0 && way === 'tall') return faults
  const isAround = (id: string) => region.nodes.some((node) => node.id === id && (node.kind === 'group' || node.kind === 'parallel'))
  const leaves = region.nodes.filter(({ id }) => !isAround(id) && nodes[id])
  const boxes: [string, Box][] = [
    ...leaves.map(({ id }): [string, Box] => [id, nodes[id]!]),
    ...region.edges.flatMap(({ id }): [string, Box][] => (edges[id]?.label ? [[`label ${id}`, edges[id].label]] : [])),
  ]
  boxes.forEach(([name, box], i) => {
    if (box.x < 0 || box.y < 0 || box.x + box.width > width || box.y + box.height > height) faults.push(`${name} lies outside`)
    for (const [other, its] of boxes.slice(i + 1)) if (overlap(box, its)) faults.push(`${name} lies over ${other}`)
  })
  for (const { id, parent } of region.nodes) {
    const [box, outer] = [nodes[id], parent === null || !isAround(parent) ? undefined : nodes[parent]]
    if (box && outer && !within(box, outer)) faults.push(`${id} lies outside of ${parent}`)
  }
  for (const { id, from, to } of region.edges) {
    const points = edges[id]?.points ?? []
    for (const [name, box] of boxes) {
      if (name === `label ${id}`) continue
      const inner = { x: box.x + 1, y: box.y + 1, width: box.width - 2, height: box.height - 2 }
      if (points.slice(1).some((point, i) => overlap(inner, spanOf(points[i]!, point)))) faults.push(`${id} runs through ${name}`)
    }
    if (points.length > 1 && nodes[from] && nodes[to] && !(touches(points[0]!, nodes[from]) && touches(points.at(-1)!, nodes[to])))
      faults.push(`${id} does not reach its ends`)
  }
  return faults
}

const overlap = (a: Box, b: Box) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
const within = (a: Box, b: Box) => a.x >= b.x && a.y >= b.y && a.x + a.width <= b.x + b.width && a.y + a.height <= b.y + b.height
const spanOf = (a: [number, number], b: [number, number]): Box => ({
  x: Math.min(a[0], b[0]),
  y: Math.min(a[1], b[1]),
  width: Math.abs(a[0] - b[0]),
  height: Math.abs(a[1] - b[1]),
})
const touches = ([x, y]: [number, number], box: Box) => x >= box.x - 1 && x <= box.x + box.width + 1 && y >= box.y - 1 && y <= box.y + box.height + 1
