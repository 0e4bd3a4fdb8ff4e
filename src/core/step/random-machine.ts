/** Machines drawn at random for the property tests of the step: any shape that the plans claim to cover. */
import { and, assign, cancel, enqueueActions, log, not, or, raise, setup, stateIn, type AnyStateMachine } from 'xstate'

/** Draws a whole number from 0 to `max`. */
export type Draw = (max: number) => number

const pick = <T>(draw: Draw, list: readonly T[]): T => list[draw(list.length - 1)]!

/** What the events of these machines are called; some match several wildcards, some match none. */
export const eventTypes = ['a', 'a.b', 'a.b.c', 'b', 'b.x', 'c', 'nothing.at.all', '']

type Given = { context: { n: number; log: string[] }; event: { type: string; v?: number } }

type Plot = { id: string; key: string; depth: number; type: string; children: Plot[]; parent: Plot | null }

function plot(draw: Draw, key: string, parent: Plot | null): Plot {
  const depth = parent ? parent.depth + 1 : 0
  const kinds = depth >= 3 ? ['atomic', 'atomic', 'final'] : ['atomic', 'compound', 'parallel', 'compound', ...(depth > 0 ? ['final', 'atomic'] : [])]
  const type = pick(draw, kinds)
  const node: Plot = { id: parent ? `${parent.id}.${key}` : key, key, depth, type, children: [], parent }
  const count = type === 'compound' || type === 'parallel' ? 1 + draw(2) : 0
  for (let i = 0; i < count; i++) node.children.push(plot(draw, 'xyz'[i]!, node))
  return node
}

const flat = (node: Plot): Plot[] => [node, ...node.children.flatMap(flat)]

/** The guard forms: inline, named, with params, nested, and about states. */
function guard(draw: Draw, all: Plot[], depth = 0): unknown {
  const m = 2 + draw(2)
  const r = draw(1)
  const inner = () => guard(draw, all, depth + 1)
  const forms: (() => unknown)[] = [
    () =>
      ({ context }: Given) =>
        context.n % m === r,
    () => 'even',
    () => ({ type: 'divides', params: { m, r } }),
    () => ({ type: 'divides', params: ({ event }: Given) => ({ m, r: (event.v ?? 0) % m }) }),
    () => 'aliased',
    () => stateIn(`#${pick(draw, all).id}`),
    () => {
      const chosen = pick(draw, all)
      return stateIn(chosen.parent ? (valueTo(chosen) as never) : {})
    },
  ]
  if (depth < 2)
    forms.push(
      () => and([inner(), inner()] as never),
      () => or([inner(), inner()] as never),
      () => not(inner() as never),
    )
  return pick(draw, forms)()
}

function valueTo(node: Plot): unknown {
  let value: unknown = node.key
  for (let at = node.parent; at?.parent; at = at.parent) value = { [at.key]: value }
  return value
}

function action(draw: Draw, depth = 0): unknown {
  const k = draw(4)
  const type = pick(draw, eventTypes.slice(0, 6))
  const forms: (() => unknown)[] = [
    () => assign({ n: ({ context }: Given) => context.n + k }),
    () => assign(({ context, event }: Given) => ({ log: [...context.log, `${event.type}${k}`] })),
    () => 'count',
    () => ({ type: 'add', params: { k } }),
    () => ({ type: 'add', params: ({ event }: Given) => ({ k: event.v ?? 1 }) }),
    () => ({ type: 'note', params: { k } }),
    () => ({ type: 'note', params: ({ context, event }: Given) => ({ n: context.n, type: event.type }) }),
    () => 'never implemented',
    () => function inline() {},
    () => () => {},
    () => raise({ type, v: k } as never),
    () => raise({ type } as never, { id: 'later', delay: 10 * k }),
    () => raise((({ context }: Given) => ({ type, v: context.n })) as never, { id: 'named', delay: 'byCount' as never }),
    () => cancel('later'),
    () => cancel(({ context }: Given) => `id${context.n}`),
    () => log(({ context }: Given) => context.n, 'n'),
  ]
  if (depth === 0) {
    const inner = [action(draw, 1), action(draw, 1)]
    forms.push(() =>
      enqueueActions((({ enqueue, check }: { enqueue: Function; check: Function }) => {
        enqueue(inner[0])
        if (check('even')) enqueue(inner[1])
      }) as never),
    )
  }
  return pick(draw, forms)()
}

const actions = (draw: Draw) => Array.from({ length: draw(2) }, () => action(draw))

function target(draw: Draw, node: Plot, all: Plot[]): unknown {
  const forms: (() => unknown)[] = [
    () => undefined,
    () => `#${pick(draw, all).id}`,
    () => `#${pick(draw, all).id}`,
    () => `#${node.id}`,
    () => twoRegions(draw, all) ?? `#${node.id}`,
  ]
  if (node.children.length > 0) forms.push(() => `.${pick(draw, node.children).key}`)
  if (node.parent) forms.push(() => pick(draw, node.parent!.children).key)
  return pick(draw, forms)()
}

/** One target in each of two regions of a parallel state. */
function twoRegions(draw: Draw, all: Plot[]): string[] | undefined {
  const parallels = all.filter(({ type, children }) => type === 'parallel' && children.length > 1)
  if (parallels.length === 0) return undefined
  const [first, second] = pick(draw, parallels).children
  return [first!, second!].map((region) => `#${pick(draw, flat(region)).id}`)
}

const transition = (draw: Draw, node: Plot, all: Plot[], guarded: boolean) => ({
  target: target(draw, node, all),
  reenter: draw(2) === 0,
  actions: actions(draw),
  ...(guarded || draw(1) === 0 ? { guard: guard(draw, all) } : {}),
})

const transitions = (draw: Draw, node: Plot, all: Plot[], guarded = false) => Array.from({ length: 1 + draw(1) }, () => transition(draw, node, all, guarded))

function config(draw: Draw, node: Plot, all: Plot[]): Record<string, unknown> {
  const made: Record<string, unknown> = { id: node.id, type: node.type, entry: actions(draw), exit: actions(draw) }
  if (draw(3) === 0) made['tags'] = [`tag ${node.key}`]
  if (node.children.length > 0) {
    const initial = pick(draw, node.children).key
    if (node.type === 'compound') made['initial'] = draw(1) === 0 ? initial : { target: initial, actions: actions(draw) }
    made['states'] = Object.fromEntries(node.children.map((child) => [child.key, config(draw, child, all)]))
    if (draw(1) === 0) made['onDone'] = transitions(draw, node, all)
  }
  const descriptors = [...eventTypes.slice(0, 6), 'a.*', 'a.b.*', 'b.*', '*']
  const chosen = new Set(Array.from({ length: draw(3) }, () => pick(draw, descriptors)))
  made['on'] = Object.fromEntries([...chosen].map((descriptor) => [descriptor, transitions(draw, node, all)]))
  if (draw(3) === 0) made['always'] = transitions(draw, node, all, true)
  if (draw(3) === 0) {
    const delay = pick(draw, ['100', 'fixed', 'byCount'])
    made['after'] = { [delay]: transitions(draw, node, all) }
  }
  return made
}

/** A machine of nested and parallel states with all the transitions, guards and actions that the plans cover. */
export function randomMachine(draw: Draw): AnyStateMachine {
  const root = plot(draw, 'm', null)
  const all = flat(root)
  const context = { n: draw(5), log: [] }
  const made = setup({
    guards: {
      even: ({ context: { n } }: Given) => n % 2 === 0,
      divides: ({ context: { n } }: Given, { m, r }: { m: number; r: number }) => n % m === r,
      aliased: not('even'),
    },
    actions: {
      count: assign({ n: ({ context: { n } }: Given) => n + 1 }),
      add: assign(({ context: { n } }: Given, { k }: { k: number }) => ({ n: n + k })),
      note: () => {},
    },
    delays: { fixed: 50, byCount: ({ context: { n } }: Given) => 100 + n },
  } as never).createMachine({ ...config(draw, root, all), context, options: { maxIterations: 30 } } as never)
  return made as unknown as AnyStateMachine
}
