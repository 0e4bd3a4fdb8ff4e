/**
 * What every template would say to a sample of real customers, and what they lack. Reads only; nothing is sent.
 * A letter is what the customer's journey would ask for now; where it would ask for none, the last one that was decided
 * for them, from its frozen data.
 */
import type { LetterRule } from '../kit/letter-rule.ts'
import { worriesOf } from '../lint/worries.ts'
import { BeckonError } from '../core/errors.ts'
import type { Machine } from '../actors/load-machine.ts'
import { render } from '../mail/render.ts'
import type { Templates } from '../mail/templates.ts'
import type { LetterData } from '../mail/view.ts'
import type { Sampled, TemplateSample } from '../studio/api-templates.ts'
import type { Stage } from './future.ts'
import { createDrafting } from './preview.ts'
import { tellLife } from './told.ts'
import type { ToldLife } from './told.ts'

/** Of whose life more was written, it is left out: telling it takes long. */
const rowsMax = 20_000

type Options = { stage: Stage; of: (version: number) => Machine; version: number; now: number; count: number }

/** The letter whose journey asks for a template: its own, or the one it may stand in for. Null: nobody asks. */
export function askedAs(template: string, rules: Readonly<Record<string, LetterRule>>): string | null {
  if (Object.hasOwn(rules, template)) return template
  return Object.keys(rules).find((name) => Object.hasOwn(rules[name]!.variants ?? {}, template)) ?? null
}

/** At most `count` customers, spread over all ids. Pure apart from reading. */
export function sampleLetters({ stage, of, version, now, count }: Options): TemplateSample {
  const { store, letters } = stage
  const ids = spread(store, count)
  const names = letters.templates.names().filter((name) => askedAs(name, stage.machine.letters) !== null)
  const tallies = new Map(names.map((name) => [name, createTally(name, letters.templates, letters.shelves?.recommend !== undefined)]))
  const drafting = createDrafting(stage)
  let customers = 0
  for (const id of ids) {
    const head = store.customers.get(id)?.head
    const told = head === undefined || store.log.life(head).length > rowsMax ? null : tellLife(store, of, version, id, head)
    if (told === null) continue
    customers++
    for (const [name, tally] of tallies) {
      const asked = askedAs(name, stage.machine.letters)!
      const draft = drafting(told, asked, Math.max(told.life.at, now))
      if ('data' in draft) tally.add(draft.data, false)
      else {
        const frozen = lastFrozen(stage, told, asked)
        if (frozen === null) tally.lack(draft.lacks)
        else tally.add(frozen, true)
      }
    }
  }
  return { asked: count, customers, letters: [...tallies.values()].map((tally) => tally.result()) }
}

/** Ids at even distances; each once. */
function spread(store: Stage['store'], count: number): number[] {
  const last = store.customers.lastId()
  const found = new Set<number>()
  for (let n = 0; n < Math.min(count, last); n++) {
    const [id] = store.customers.ids(Math.floor((n * last) / Math.min(count, last)), 1)
    if (id !== undefined) found.add(id)
  }
  return [...found]
}

function lastFrozen({ store }: Stage, { decisions }: ToldLife, template: string): LetterData | null {
  const decision = decisions.findLast((row) => row.template === template && row.decision === 'queued')
  const frozen = decision === undefined ? undefined : store.letters.frozen(decision.id)
  return frozen === undefined ? null : (JSON.parse(frozen.data) as LetterData)
}

function createTally(template: string, templates: Templates, isRecommending: boolean) {
  const languages: Record<string, number> = {}
  const lacking = new Map<string, number>()
  const fell = new Map<string, number>()
  const faults = new Set<string>()
  const worries = new Set<string>()
  let written = 0
  let htmlBytesMax = 0
  const more = (counts: Map<string, number>, key: string) => void counts.set(key, (counts.get(key) ?? 0) + 1)

  return {
    lack: (what: string) => more(lacking, what),
    add(data: LetterData, isFrozen: boolean) {
      try {
        const letter = render(templates, template, data)
        if ('missing' in letter) return more(lacking, letter.missing)
        // A few of each language are read closely: the rest have the same bones.
        const seen = (languages[letter.language] = (languages[letter.language] ?? 0) + 1)
        if (seen <= readMax) for (const { words } of worriesOf(letter)) worries.add(words)
        written++
        htmlBytesMax = Math.max(htmlBytesMax, Buffer.byteLength(letter.html))
        for (const { block, lacks } of letter.fellBack) {
          // What is recommended is known to a running server alone; its absence here says nothing.
          if (isFrozen || isRecommending || lacks !== 'recommended') more(fell, JSON.stringify([block, lacks]))
        }
      } catch (error) {
        if (!(error instanceof BeckonError)) throw error
        faults.add(error.message.split('\n')[0]!)
      }
    },
    result: (): Sampled => ({
      template,
      written,
      languages,
      lacking: mostFirst(lacking).map(([what, times]) => ({ what, times })),
      fell: mostFirst(fell).map(([key, times]) => {
        const [block, lacks] = JSON.parse(key) as [string, string]
        return { block, lacks, times }
      }),
      faults: [...faults],
      worries: [...worries],
      htmlBytesMax,
    }),
  }
}

const readMax = 5
const mostFirst = (counts: Map<string, number>): [string, number][] => [...counts].toSorted((a, b) => b[1] - a[1])
