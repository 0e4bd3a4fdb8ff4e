/**
 * What the studio asks about customers, letters and the machine. Read-only and free of clocks: answered in a thread of
 * its own (studio/reader.ts), so that no question ever holds up a turn.
 * Names are the questions, inputs and answers plain JSON; an expected refusal is an answer.
 */
import type { Config } from '../actors/deciding.ts'
import type { Machine } from '../actors/load-machine.ts'
import { because } from '../lab/because.ts'
import type { Stage } from '../lab/future.ts'
import { nextOf } from '../lab/ahead.ts'
import { previewOf, previewsOf } from '../lab/preview.ts'
import { createSearch, rowOf } from '../lab/search.ts'
import type { SearchInput } from '../lab/search.ts'
import { tellLife } from '../lab/told.ts'
import type { ToldLife } from '../lab/told.ts'
import { decisionOf, standingOf, trackOf, turnOf } from '../lab/turns.ts'
import { withAdvice } from '../lab/recommending.ts'
import type { Advise } from '../lab/recommending.ts'
import type { PrepareOptions } from '../mail/prepare.ts'
import { codePrefixOf } from '../mail/prepare.ts'
import { isSandbox } from '../profile/sandbox.ts'
import type { Product } from '../store/products.ts'
import type { Store } from '../store/store.ts'
import type { Chart, CustomerPage, CustomerList, Next, Track, Turn, WhyAnswer } from './api.ts'
import { createDeliveryQuestions } from './delivery-questions.ts'
import { createCodeQuestions } from './code-questions.ts'
import { createConsentQuestions } from './consent-questions.ts'
import { createCheckupQuestions } from './checkup-questions.ts'
import { createBounceQuestions } from './bounce-questions.ts'
import { createResults } from '../report/results.ts'
import { createLetterQuestions } from './letter-questions.ts'
import { createTemplateQuestions } from './template-questions.ts'
import { createProductQuestions } from './product-questions.ts'

export type QuestionsContext = {
  /** May be open for reading only. */
  store: Store
  of: (version: number) => Machine
  /** The version that runs now. */
  version: number
  config: Config
  letters: Omit<PrepareOptions, 'secret'>
  /** Asks for recommendations; where nobody can be asked there are none. */
  advise?: Advise
  /** What the demonstration sells, which is in no database. */
  lent?: readonly Product[]
  /** Lets other questions have their turn. */
  breathe?: () => Promise<void>
}

/** Whom a question is about. `head`: the last log row of their life, as memory has it; `now`: the wall clock; `lead`: how far their clock is ahead of it, ms. */
export type About = { id: number; head: number; now: number; lead: number }

type Unknown = { refused: 'customer.unknown' }
const unknown: Unknown = { refused: 'customer.unknown' }

export type Questions = ReturnType<typeof createQuestions>

/** Told lives are kept: whoever looks at one asks again and again. */
const toldMax = 6
const turnsMax = 500

export function createQuestions(context: QuestionsContext) {
  const { store, of, version, config, letters, advise = async () => [] } = context
  const machine = of(version)
  const stage: Stage = { store, machine, config, letters }
  const kept = new Map<number, ToldLife>()
  let chart: Promise<Chart> | null = null

  function tell({ id, head }: About): ToldLife | null {
    // A batch may not be committed yet: then the stored life is the latest there is to see.
    const last = store.log.get(head) === undefined ? store.customers.get(id)?.head : head
    if (last === undefined) return null
    const before = kept.get(id)
    // One of each life at most: a long one, told anew at every event, would fill the memory.
    kept.delete(id)
    const told = before?.head === last ? before : tellLife(store, of, version, id, last)
    if (told === null) return null
    kept.set(id, told)
    if (kept.size > toldMax) kept.delete(kept.keys().next().value!)
    return told
  }

  const about =
    <Input extends About, Answer>(answer: (told: ToldLife, input: Input) => Answer) =>
    (input: Input): Answer | Unknown => {
      const told = tell(input)
      return told === null ? unknown : answer(told, input)
    }

  return {
    ...createLetterQuestions({ store, letters: machine.letters }),
    ...createTemplateQuestions({ stage, of, version, tell, advise }),
    ...createDeliveryQuestions(store),
    ...createCodeQuestions({ store, letters: machine.letters, prefix: codePrefixOf(letters.shop) }),
    ...createConsentQuestions({ store, of, version, config }),
    ...createProductQuestions(context),
    ...createCheckupQuestions(context),
    ...createBounceQuestions({ store }),
    ...createResults(store, letters.shop),

    chart(_: object): Promise<Chart> {
      chart ??= drawn(machine).catch((error: unknown) => {
        chart = null
        throw error
      })
      return chart
    },

    customers: createSearch(store, of, version) as (input: SearchInput) => CustomerList,

    customer: about((told, { now, lead }: About): CustomerPage => {
      const { life, customer } = told
      const { profile } = life
      return {
        ...rowOf(customer, life),
        ids: store.customers.keysOf(customer),
        profile: { ...profile },
        consent: profile.consent ?? 'not asked',
        suppressed: profile.suppressed ?? null,
        sandbox: isSandbox(profile),
        lead,
        born: told.born,
        turns: told.turns.length,
        standing: standingOf(machine, life, told.setAt, Math.max(life.at, now + lead)),
        decisions: told.decisions.map((row) => decisionOf(store, row)).toReversed(),
      }
    }),

    track: about((told): Track => trackOf(told)),

    /** Those from number `from` on, at most `count`. */
    turns: about((told, { from, count }: About & { from: number; count: number }): Turn[] => {
      const first = Math.max(0, Math.trunc(from))
      const end = Math.min(told.turns.length, first + Math.min(count, turnsMax))
      return Array.from({ length: Math.max(0, end - first) }, (_, n) => turnOf(store, of, told, first + n))
    }),

    next: about((told, { now, lead }: About): Next => {
      const at = Math.max(told.life.at, now + lead)
      return { ...nextOf(stage, told, at), previews: previewsOf(stage, told, at) }
    }),

    /** A letter as it would look today; `words`: why there is nothing to show. */
    preview: about(async (told, { now, lead, template }: About & { template: string }): Promise<{ html: string } | { words: string }> => {
      const at = Math.max(told.life.at, now + lead)
      const preview = await withAdvice(letters.shelves, advise, (shelves) => previewOf({ ...stage, letters: { ...letters, shelves } }, told, template, at))
      return 'html' in preview ? preview : { words: `This letter needs ${preview.lacks}, and there is nothing of the kind to show for this customer yet.` }
    }),

    /** `template`: that letter; else the one of `decision`; else the last that was decided. */
    why: about(
      (told, { template, decision }: About & { template?: string; decision?: number }): WhyAnswer | { refused: 'studio.input_invalid'; about: string } => {
        const { decisions } = told
        const row = decision === undefined ? decisions.at(-1) : decisions.find(({ id }) => id === decision)
        const wanted = template ?? row?.template ?? Object.keys(machine.letters)[0] ?? ''
        const isKnown = Object.hasOwn(machine.letters, wanted) || decisions.some((one) => one.template === wanted)
        return isKnown ? because({ store, of, config, told }, wanted, decision) : { refused: 'studio.input_invalid', about: 'template' }
      },
    ),
  }
}

/** The layout comes with a megabyte of its own: only who asks for the chart waits for it. */
async function drawn({ stepper, letters, settings, hash }: Machine): Promise<Chart> {
  const { chartOf } = await import('../chart/layout.ts')
  return chartOf({ machine: stepper.machine, letters, settings }, hash)
}
