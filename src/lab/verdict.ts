/** A decision put before the policy once more: every question in its order, with what it saw then. */
import { lastOrderAt } from '../actors/deciding.ts'
import type { Config } from '../actors/deciding.ts'
import type { Machine } from '../actors/load-machine.ts'
import type { Life, Past } from '../core/life.ts'
import { judge, questions } from '../policy/policy.ts'
import type { Facts, Numbers, Outside, Question, Trial } from '../policy/policy.ts'
import type { DecisionRow } from '../store/decisions.ts'
import type { WhyDecision } from '../studio/api.ts'
import { differentWords, passedWords, questionWords, skippedWords } from './reasons.ts'
import type { Frees } from './reasons.ts'
import type { ToldTurn } from './told.ts'

/** The record says who objected; the life says what the others saw. */
export function verdictOf(machine: Machine, config: Config, row: DecisionRow, turn: ToldTurn | undefined): Pick<WhyDecision, 'policy' | 'different'> {
  const numbers = JSON.parse(row.numbers) as Numbers & { outside?: Outside }
  const told = turn === undefined ? null : trialOf(machine, config, row, turn, numbers.outside ?? {})
  // One half of a joined life decided it before they were joined, or the rules were others: what was seen is not known then.
  const trial = told !== null && agrees(told, row, numbers) ? told : null
  const objector = row.decision === 'queued' ? questions.length : questions.findIndex((question) => question === objectorOf(row.reason, numbers, trial))
  const policy = questions.map((question, index): WhyDecision['policy'][number] => {
    const asked = { question: questionWords(question.name) }
    if (index > objector) return { ...asked, answer: 'not asked', words: 'not asked any more', numbers: {} }
    if (index === objector) return { ...asked, answer: 'objected', words: skippedWords(question.reason, numbers), numbers: withoutOutside(numbers) }
    const seen = trial === null ? recorded(question, row, numbers) : question.sees(trial)
    return { ...asked, answer: 'passed', words: passedWords(question.name, seen), numbers: seen ?? {} }
  })
  const isOpen = row.decision === 'queued'
  const hours: WhyDecision['policy'][number] = {
    question: 'Is it an hour in which it may not leave?',
    answer: isOpen ? 'passed' : 'not asked',
    words: isOpen ? hoursWords(machine, row.template) : 'not asked any more',
    numbers: {},
  }
  const different = row.decision === 'queued' ? null : differentWords(row.reason ?? '', numbers, trial === null ? null : freesOf(trial))
  return { policy: [...policy, hours], different }
}

/** Why a letter that left was not kept back. */
function hoursWords({ quietHours, letters }: Machine, template: string): string {
  const { sendBetween, asksConsent } = letters[template] ?? {}
  if (asksConsent) return 'no, since whoever asks for letters waits for this one'
  if (sendBetween !== undefined) return `no, it was between ${sendBetween.from} and ${sendBetween.to} for them`
  return quietHours === null ? 'no, there are no quiet hours' : 'no, it is day for them'
}

/** The numbers kept with a letter that was queued are the cap's. */
const recorded = ({ name }: Question, { decision }: DecisionRow, numbers: Numbers & { outside?: Outside }): Numbers | null =>
  decision === 'queued' && name === 'cap' ? withoutOutside(numbers) : null

/** Whether the policy would say again what it said. */
function agrees({ template, facts, rules }: Trial, row: DecisionRow, numbers: Numbers & { outside?: Outside }): boolean {
  const verdict = judge({ template, run: 0 }, facts, rules)
  if ('wait' in verdict || verdict.send !== (row.decision === 'queued')) return false
  if (!verdict.send && verdict.reason !== row.reason) return false
  const kept = Object.entries(withoutOutside(numbers))
  return kept.length === Object.keys(verdict.numbers).length && kept.every(([key, value]) => verdict.numbers[key] === value)
}

function withoutOutside({ outside: _, ...numbers }: Numbers & { outside?: unknown }): Numbers {
  return numbers
}

/** Which of the questions that give this reason it was: by what its numbers say, else by what the life said then. */
function objectorOf(reason: string | null, numbers: Numbers, trial: Trial | null): Question | undefined {
  const possible = questions.filter((question) => question.reason === reason)
  const marked = possible.find(({ mark }) => mark !== undefined && Object.entries(mark).every(([key, value]) => numbers[key] === value))
  // A letter without a rule is skipped before any question is asked.
  if (numbers['missing'] === 'template') return undefined
  return (
    marked ??
    possible.find((question) => question.mark === undefined && (trial === null || question.objects(trial))) ??
    possible.find(({ mark }) => mark === undefined)
  )
}

/** What the policy was told then: the life as it stood in the middle of the turn, where the letter was asked for. */
function trialOf(machine: Machine, config: Config, row: DecisionRow, turn: ToldTurn, outside: Outside): Trial | null {
  const rule = machine.letters[row.template]
  const heard = turn.steps.find(({ event }) => event !== null && event.type.startsWith('letter.') && event['template'] === row.template)
  if (rule === undefined || heard === undefined) return null
  const { after } = turn
  const facts: Facts = {
    at: row.at,
    customer: Number(row.key.split('/')[0]),
    profile: after.profile,
    dormant: heard.snapshot.states.tags.has('dormant'),
    lastOrderAt: lastOrderAt(heard),
    past: pastBefore(turn.before, after, row),
    outside,
  }
  return { template: row.template, facts, rule, rules: { letters: machine.letters, caps: machine.caps, quietHours: machine.quietHours, ...config } }
}

/** What stood on record when the letter was asked for: of what the turn itself added, only what came first. */
function pastBefore(before: Life, after: Life, { template, at }: DecisionRow): readonly Past[] {
  const own = after.past.findIndex((past) => past[0] === template && past[2] === at && !before.past.includes(past))
  return own === -1 ? before.past : after.past.slice(0, own)
}

/** When enough of the letters that a cap counts are too old to count. */
function freesOf(trial: Trial): Frees {
  const { facts, rules, rule, template } = trial
  const own = questions.find(({ name }) => name === 'own-cap')!.objects(trial) ? rule.cap : undefined
  const window = own?.within ?? rules.caps.window
  const counting = facts.past
    .filter(([name, , when, queued]) => queued === 1 && facts.at - when < window && (own === undefined || name === template))
    .map(([, , when]) => when)
  const allowed = own?.most ?? (facts.profile.verified ? rules.caps[rule.priority] : 1)
  const last = counting.sort((a, b) => a - b)[counting.length - allowed]
  return last === undefined ? null : { inMs: last + window - facts.at }
}
