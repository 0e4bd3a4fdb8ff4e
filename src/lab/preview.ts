/** A letter as it would look today, whether or not it is about to be sent. Nothing in it works: no link, no code. */
import type { Ask, Life } from '../core/life.ts'
import type { Prepare } from '../actors/deciding.ts'
import { BeckonError } from '../core/errors.ts'
import { orderOf } from '../kit/lines.ts'
import type { Order } from '../kit/lines.ts'
import { createPrepare } from '../mail/prepare.ts'
import { render } from '../mail/render.ts'
import type { LetterData } from '../mail/view.ts'
import { eventOf } from './about.ts'
import { lastSeen } from './ahead.ts'
import { madeUpSecret } from './future.ts'
import type { Stage } from './future.ts'
import { shapeOf } from './shape.ts'
import type { ToldLife } from './told.ts'
import { cartOf } from './turns.ts'

/** `lacks`: what the letter would need, in words. */
export type Preview = { html: string } | { lacks: string }

const looksBackMax = 500
const rendersMax = 8

/** For whom no address is known: the letter is shown as if it were for somebody. */
const nobody = 'someone@example.com'

/** What a letter would be rendered from, or what it would need, in words. */
export type Draft = { data: LetterData } | { lacks: string }

/**
 * The letter as the machine would ask for it from what it remembers now; else from what it remembered when it last could
 * have; else from what the customer last looked at, had in the cart, or ordered. `at`: the customer's own time.
 */
export function createDrafting(stage: Stage): (told: ToldLife, template: string, at: number) => Draft {
  const prepare = createPrepare({ ...stage.letters, secret: madeUpSecret })
  return (told, template, at) => {
    let lacks = 'anything to say'
    for (const ask of asksFor(stage, told, template, at)) {
      const draft = drafted(stage, prepare, told, ask, at)
      if ('data' in draft) return draft
      lacks = draft.lacks
    }
    return { lacks }
  }
}

export function previewOf(stage: Stage, told: ToldLife, template: string, at: number): Preview {
  const draft = createDrafting(stage)(told, template, at)
  if ('lacks' in draft) return draft
  const shown = render(stage.letters.templates, template, draft.data)
  return 'html' in shown ? { html: shown.html } : { lacks: shown.missing }
}

/** The letters that a preview can be had of. */
export const previewsOf = (stage: Stage, told: ToldLife, at: number): string[] =>
  Object.keys(told.machine.letters).filter((template) => 'html' in previewOf(stage, told, template, at))

function drafted({ machine }: Stage, prepare: Prepare, { life, customer }: ToldLife, ask: Ask, at: number): Draft {
  const rule = machine.letters[ask.template]
  if (rule === undefined) return { lacks: 'a rule in machines/settings.ts' }
  const profile = life.profile.email === undefined ? { ...life.profile, email: nobody } : life.profile
  try {
    const prepared = prepare({ ask, rule, key: `${customer}/${rule.journey}/${ask.run}/${ask.template}`, customer, life: { ...life, profile }, at })
    return 'missing' in prepared ? { lacks: prepared.missing } : { data: JSON.parse(prepared.letter.data) as LetterData }
  } catch (error) {
    if (error instanceof BeckonError && error.code.startsWith('template.')) return { lacks: error.message.split('\n')[0]! }
    throw error
  }
}

function* asksFor(stage: Stage, told: ToldLife, template: string, at: number): Generator<Ask> {
  const { version, turns, life } = told
  const waiting = life.waiting.find((ask) => ask.template === template)
  if (waiting !== undefined) yield waiting
  const own = ownAsk(stage, template)
  if (own !== null) {
    const seen = new Set<string>()
    for (let index = turns.length; index >= Math.max(0, turns.length - looksBackMax) && seen.size < rendersMax; index--) {
      // Memory of an older machine may have another shape.
      if (index < turns.length && turns[index]!.machine !== version) break
      const ask = own(index === turns.length ? life : turns[index]!.after)
      const text = JSON.stringify(ask)
      if (ask === null || seen.has(text)) continue
      seen.add(text)
      yield ask
    }
  }
  yield madeUp(stage, told, template, at)
}

/** How the machine itself asks for the letter, given what it remembers. */
function ownAsk({ machine }: Stage, template: string): ((life: Life) => Ask | null) | null {
  const entry = shapeOf(machine).asking.get(template)?.entry as readonly unknown[] | undefined
  const letter = entry?.find((action) => (action as { type?: string }).type === 'letter') as { params?: unknown } | undefined
  const params = letter?.params
  if (typeof params !== 'function') return null
  return (life) => {
    try {
      return params({ context: life.snapshot.context, event: { type: 'preview', at: life.at, properties: {} } }) as Ask
    } catch {
      // It cannot ask from here: what it would speak of is not known yet.
      return null
    }
  }
}

/** What letters show, from whatever the customer left. */
function madeUp(stage: Stage, told: ToldLife, template: string, at: number): Ask {
  const product = lastSeen(stage, told)
  const cart = cartOf(told.life)
  const lines = cart.length > 0 ? cart : product === null ? [] : [product]
  return { template, run: at, ...(lines.length === 0 ? {} : { lines }), product, orders: lastOrders(stage, told) }
}

function lastOrders({ store }: Stage, { turns }: ToldLife): Order[] {
  for (let index = turns.length - 1; index >= Math.max(0, turns.length - looksBackMax); index--) {
    const { kind, seq, event, at } = turns[index]!
    if (kind !== 0 || event !== 'site.order_completed') continue
    const heard = eventOf(store.log.get(seq)!)
    if (heard !== null) return [orderOf((heard['properties'] ?? {}) as Record<string, unknown>, at)]
  }
  return []
}
