/**
 * Who takes part in which experiment, and which experiments there are. Pure.
 * Who takes part is known when the question comes up, not by what followed: held out or not, every customer who came so
 * far counts, also one whose letter then fell to a window, a cap or a missing word (intention to treat). Comparing with
 * those alone who got a letter would compare the eager with everybody.
 */
import type { LetterRule } from '../kit/letter-rule.ts'
import { everywhere, heldBy, variantFor } from './holdout.ts'
import type { Trials } from './holdout.ts'
import { reasons } from './policy.ts'
import type { Reason, Rules, Verdict } from './policy.ts'

/** That a customer came to stand in an arm of an experiment. `about`: a journey, `*` for all; or a letter. */
export type Exposure = { kind: 'holdout' | 'variant'; about: string; arm: string }

/** Arms of a holdout; those of a letter are its templates. */
export const held = 'held out'
export const treated = 'treated'

/** The arms that a customer came to stand in by this verdict. */
export function exposures(customer: number, template: string, rule: LetterRule, rules: Trials, verdict: Verdict): Exposure[] {
  if (!isPast(verdict)) return []
  const found: Exposure[] = []
  const by = heldBy(customer, rule, rules)
  for (const about of rule.asksConsent ? [] : [everywhere, rule.journey]) {
    const share = rules.holdout[about] ?? 0
    if (share > 0) found.push({ kind: 'holdout', about, arm: by === about ? held : treated })
    if (by === about) break
  }
  if ('send' in verdict && verdict.send && rule.variants !== undefined)
    found.push({ kind: 'variant', about: template, arm: variantFor(customer, template, rule, rules.salt) ?? template })
  return found
}

/** Whether the question of the holdout came up: nothing before it stood against the letter. */
const isPast = (verdict: Verdict): boolean => 'wait' in verdict || verdict.send || asked.has(verdict.reason)

const asked: ReadonlySet<Reason> = new Set(reasons.slice(reasons.indexOf('holdout')))

/** Every experiment that these settings run. */
export function plansOf(letters: Rules['letters'], { holdout, salt = '' }: Trials) {
  const holdouts = Object.entries(holdout)
    .filter(([, share]) => share > 0)
    .map(([about, share]) => ({ kind: 'holdout' as const, about, shares: { [treated]: round(1 - share), [held]: share }, salt }))
  const variants = Object.entries(letters).flatMap(([about, { variants }]) => {
    if (variants === undefined) return []
    const own = round(1 - Object.values(variants).reduce((sum, share) => sum + share, 0))
    return [{ kind: 'variant' as const, about, shares: { [about]: own, ...variants }, salt }]
  })
  return [...holdouts, ...variants]
}

const round = (share: number) => Math.round(share * 1e6) / 1e6
