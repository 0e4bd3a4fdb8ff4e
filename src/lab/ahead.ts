/** What is next for a customer: what their timers will bring, what would call them off, and what each event would do. */
import { dueTimer } from '../core/turn.ts'
import type { Life, Timer as Armed } from '../core/life.ts'
import type { Properties } from '../core/event.ts'
import { eventWords } from '../chart/words.ts'
import { lineOf } from '../kit/lines.ts'
import type { Line } from '../kit/lines.ts'
import type { Next } from '../studio/api.ts'
import { eventOf } from './about.ts'
import { createFuture } from './future.ts'
import type { Future, Imagined, Stage } from './future.ts'
import { leavers, shapeOf } from './shape.ts'
import type { ToldLife } from './told.ts'
import { timerKey } from './told.ts'
import { cartOf, movesOf, takenOf, timerChanges, timerOf } from './turns.ts'
import { passedWords, waitPrefix } from './wording.ts'

const aheadMs = 60 * 86_400_000
const aheadMax = 50
const looksBackMax = 300

/** `previews` is left to whoever writes letters. `at`: the customer's own time now. */
export function nextOf(stage: Stage, told: ToldLife, at: number): Omit<Next, 'previews'> {
  const { machine, setAt } = told
  const future = createFuture(stage, told.customer)
  return {
    at,
    timers: told.life.timers
      .map((timer) => ({ ...timerOf(machine, timer, setAt.get(timerKey(timer[0], timer[1])) ?? told.life.at), cancelledBy: cancelledBy(told, timer) }))
      .sort((a, b) => a.due - b.due),
    ahead: ahead(told, future, at),
    events: eventsOf(stage, told, future, at),
  }
}

/** The events, in words, that would leave the state which owns the timer; for a letter that waits, the state that asked. */
function cancelledBy({ machine }: ToldLife, [event]: Armed): string[] {
  const { timers, nodes, asking } = shapeOf(machine)
  const owner = event.startsWith(waitPrefix) ? asking.get(event.slice(waitPrefix.length)) : nodes.get(timers.get(event)?.state ?? '')
  if (owner === undefined) return []
  return leavers(owner)
    .filter((name) => !name.startsWith('letter.'))
    .map((name) => eventWords(name, machine.settings))
}

function ahead({ life, machine }: ToldLife, future: Future, at: number): Next['ahead'] {
  const turns: Next['ahead'] = []
  let now = life
  for (let timer = dueTimer(now, at + aheadMs); timer !== null && turns.length < aheadMax; timer = dueTimer(now, at + aheadMs)) {
    const turned = tried(() => future.fire(now, timer!))
    if (turned === null) break
    turns.push({ at: timer[1], name: passedWords(machine, timer[0]), moves: movesOf(turned.before, turned.after), decisions: turned.decisions })
    now = turned.after
  }
  return turns
}

/** A machine may throw on what it would hear: the engine sets such a turn aside, and here there is none to show. */
function tried(run: () => Imagined): Imagined | null {
  try {
    return run()
  } catch (error) {
    if (String((error as { code?: unknown }).code).startsWith('SQLITE_')) throw error
    return null
  }
}

/** The life at `at`: what is overdue fires first, as it would. */
function until(life: Life, future: Future, at: number): Life {
  let now = life
  for (let timer = dueTimer(now, at); timer !== null; timer = dueTimer(now, at)) {
    const turned = tried(() => future.fire(now, timer!))
    if (turned === null) break
    now = turned.after
  }
  return now
}

function eventsOf(stage: Stage, told: ToldLife, future: Future, at: number): Next['events'] {
  const { machine, setAt } = told
  const life = until(told.life, future, at)
  const sample = sampleOf(stage, told)
  return namesOf(machine.stepper.accepts(life.snapshot)).flatMap(({ event, words }) => {
    const imagined = tried(() => future.hear(life, { type: event, at: Math.max(at, life.at), properties: sample(event) }))
    if (imagined === null) return []
    const { before, after, decisions } = imagined
    return [
      { event, words, moves: movesOf(before, after), ...timerChanges(machine, before, after, null, at, setAt), taken: takenIn(told, imagined), decisions },
    ]
  })
}

const takenIn = ({ machine }: ToldLife, { steps }: Imagined): string[] =>
  takenOf(steps.flatMap(({ snapshot, event }) => machine.stepper.explain(snapshot, event)))

/** What is listened to, each once; a whole family by something of it that nobody listens to by name. */
function namesOf(accepted: readonly string[]): { event: string; words: string }[] {
  const heard = [...new Set(accepted)].filter((name) => !name.startsWith('xstate.') && !name.startsWith('letter.'))
  const named = heard.filter((name) => !name.endsWith('*')).map((event) => ({ event, words: eventWords(event) }))
  const families = heard.filter((name) => name === '*' || name.startsWith('site.*'))
  return families.length === 0 || heard.includes('site.page') ? named : [...named, { event: 'site.page', words: 'anything else they do' }]
}

/** Properties for an event that did not happen: of what they last looked at, or have in the cart. */
function sampleOf(stage: Stage, told: ToldLife): (event: string) => Properties {
  const cart = cartOf(told.life)
  const seen = lastSeen(stage, told) ?? cart.at(-1) ?? sampleLine
  return (event) => {
    if (/^site\.(page|screen)$/.test(event)) return { path: '/' }
    const one = event.includes('removed') ? (cart.at(-1) ?? seen) : seen
    if (event.startsWith('site.product')) return propertiesOf(one)
    const lines = cart.length > 0 ? cart : [seen]
    const currency = lines.find((line) => line.currency !== undefined)?.currency
    const total = Math.round(lines.reduce((sum, { price, quantity }) => sum + (price ?? 0) * quantity, 0) * 100) / 100
    return { order_id: 'preview', total, ...(currency === undefined ? {} : { currency }), products: lines.map(propertiesOf) }
  }
}

const sampleLine: Line = { id: 'sample', name: 'Something new', price: 10, quantity: 1 }

function propertiesOf({ id, image, ...rest }: Line): Properties {
  return { product_id: id, ...rest, ...(image === undefined ? {} : { image_url: image }) }
}

/** The product they last looked at; without one, the last they did anything with. */
export function lastSeen({ store }: Pick<Stage, 'store'>, { turns }: ToldLife): Line | null {
  let other: Line | null = null
  for (let index = turns.length - 1; index >= Math.max(0, turns.length - looksBackMax); index--) {
    const { kind, seq, event } = turns[index]!
    if (kind !== 0 || event === null || !event.startsWith('site.product') || (other !== null && event !== 'site.product_viewed')) continue
    const heard = eventOf(store.log.get(seq)!)
    const line = heard === null ? null : lineOf(heard['properties'])
    if (line !== null && event === 'site.product_viewed') return line
    other ??= line
  }
  return other
}
