/**
 * Decides the letters that machines ask for: policy, then content, then the rows to write with the turn.
 * 1. One decision a key (customer / journey / run / template), ever (R3).
 * 2. Rows are only collected here; the engine writes them once the turn has succeeded, in the batch's transaction, so
 *    that the slot in a cap and the letter stand or fall together (R6).
 */
import { BeckonError } from '../core/errors.ts'
import type { Ask, Life } from '../core/life.ts'
import { pastAnswer } from '../core/retell.ts'
import type { Answer, Decide } from '../core/turn.ts'
import { exposures } from '../policy/experiments.ts'
import type { Exposure } from '../policy/experiments.ts'
import { variantFor } from '../policy/holdout.ts'
import { judge } from '../policy/policy.ts'
import type { LetterRule } from '../kit/letter-rule.ts'
import type { Facts, Outside, Rules, Verdict } from '../policy/policy.ts'
import type { NewLetter } from '../store/letters.ts'
import type { DecisionRow } from '../store/decisions.ts'
import type { Machine } from './load-machine.ts'

export type Prepared = { letter: Omit<NewLetter, 'id'>; code?: string } | { missing: string }

/** `variant`: the template to write it by, where it is not its own. */
export type Asked = { ask: Ask; rule: LetterRule; key: string; customer: number; life: Life; at: number; variant?: string | null }

/** Writes a letter's content, or says what it lacks. */
export type Prepare = (asked: Asked) => Prepared

export type Decided = { decision: Omit<DecisionRow, 'id'>; letter: Omit<NewLetter, 'id'> | null; code: string | null }

export type Config = { consentRequired: boolean; holdout: Rules['holdout']; salt?: string }

type Options = {
  machine: Machine
  config: Config
  prepare: Prepare
  /** What stands outside the customer's own life. */
  outside: (asked: Omit<Asked, 'rule' | 'key'>) => Outside
}

const unknownRule: LetterRule = { journey: 'unknown', priority: 'low', window: 0, allowClaimed: false, unknown: 'hold' }

/** A decider for one customer at a time: set `customer`, run the turn, take `decided`. */
export function createDeciding({ machine, config, prepare, outside }: Options) {
  const rules: Rules = { letters: machine.letters, caps: machine.caps, quietHours: machine.quietHours, ...config }
  let customer = 0
  let decided: Decided[] = []
  let exposed: Exposure[] = []
  const isTried = Object.values(rules.holdout).some((share) => share > 0) || Object.values(rules.letters).some(({ variants }) => variants !== undefined)

  const decide: Decide = (ask, life, at): Answer => {
    const before = pastAnswer(life, ask)
    if (before !== null) return before
    const rule = rules.letters[ask.template] ?? unknownRule
    const asked: Asked = { ask, rule, key: `${customer}/${rule.journey}/${ask.run}/${ask.template}`, customer, life, at }
    const facts: Facts = {
      at,
      customer,
      profile: life.profile,
      dormant: life.snapshot.states.tags.has('dormant'),
      lastOrderAt: lastOrderAt(life),
      past: life.past,
      outside: outside(asked),
    }
    const verdict = judge(ask, facts, rules)
    if (isTried) exposed.push(...exposures(customer, ask.template, rule, rules, verdict))
    if ('wait' in verdict) return verdict
    if (!verdict.send) return note(asked, verdict, facts.outside, null)
    asked.variant = variantFor(customer, ask.template, rule, rules.salt)
    const prepared = attempted(prepare, asked)
    if ('missing' in prepared) {
      const missing: Outside = { ...facts.outside, missing: prepared.missing }
      return note(asked, judge(ask, { ...facts, outside: missing }, rules), missing, null)
    }
    return note(asked, verdict, facts.outside, prepared)
  }

  function note(asked: Asked, verdict: Verdict, seen: Outside, prepared: Exclude<Prepared, { missing: string }> | null): Answer {
    const { key, rule, ask, at } = asked
    const queued = prepared !== null
    const numbers = Object.keys(seen).length === 0 ? verdict.numbers : { ...verdict.numbers, outside: seen }
    decided.push({
      decision: {
        customer: asked.customer,
        key,
        journey: rule.journey,
        template: ask.template,
        priority: rule.priority,
        at,
        decision: queued ? 'queued' : 'skipped',
        reason: 'reason' in verdict ? verdict.reason : null,
        numbers: JSON.stringify(numbers),
        variant: asked.variant ?? null,
      },
      letter: prepared?.letter ?? null,
      code: prepared?.code ?? null,
    })
    return queued ? 'queued' : 'skipped'
  }

  return {
    decide,
    /** Whose turn it is. */
    begin(id: number) {
      customer = id
      if (decided.length > 0) decided = []
      if (exposed.length > 0) exposed = []
    },
    /** What the turn decided. */
    taken: (): readonly Decided[] => decided,
    /** The arms of experiments that the turn put its customer into, by letters that wait as well. */
    exposed: (): readonly Exposure[] => exposed,
  }
}

/** A broken template costs its own letter, not the customer's turn (R10): the decision says what was wrong. */
function attempted(prepare: Prepare, asked: Asked): Prepared {
  try {
    return prepare(asked)
  } catch (error) {
    if (error instanceof BeckonError && error.code.startsWith('template.')) return { missing: error.message.split('\n')[0]! }
    throw error
  }
}

/** When the customer last ordered, ms; null when never. */
export const lastOrderAt = (life: Pick<Life, 'snapshot'>): number | null => {
  const at = (life.snapshot.context as { purchase?: { at?: number } }).purchase?.at
  return at === undefined || at === 0 ? null : at
}
