/** Why a customer got a letter, or did not: recomputed from the log, nothing of it is stored. */
import { nextDue } from '../core/life.ts'
import type { Life } from '../core/life.ts'
import type { DecisionRow } from '../store/decisions.ts'
import type { Dossier } from './dossier.ts'
import { decisionWords } from './reasons.ts'
import { statesOf } from './turns.ts'

/** One step on the way to a decision: what happened, and how the journey moved. */
export type Step = { at: number; what: string; from: string; to: string }

export type Explained = {
  template: string
  variant: string | null
  journey: string
  at: number
  decision: 'queued' | 'skipped'
  reason: string | null
  words: string
  numbers: Record<string, unknown>
  steps: Step[]
}

/** A letter that was never asked for: where its journey stands and what would move it. */
export type Never = { template: string; journey: string; state: string; words: string; listensTo: string[]; timers: { timer: string; due: number }[] }

export type Why = { at: number; states: Record<string, string>; timers: { timer: string; due: number }[]; decisions: Explained[]; never: Never[] }

export function explain(dossier: Dossier, template?: string): Why {
  const { machine, life, decisions } = dossier
  const wanted = Object.keys(machine.letters).filter((name) => template === undefined || name === template)
  const asked = decisions.filter(({ template: name }) => wanted.includes(name))
  return {
    at: life.at,
    states: statesOf(life),
    timers: timersOf(life),
    decisions: asked.map((decision) => explained(dossier, decision)),
    never: wanted.filter((name) => !asked.some((decision) => decision.template === name)).map((name) => never(dossier, name)),
  }
}

function explained(dossier: Dossier, row: DecisionRow): Explained {
  const numbers = JSON.parse(row.numbers) as Record<string, unknown>
  const run = Number(row.key.split('/')[2])
  return {
    template: row.template,
    variant: row.variant ?? null,
    journey: row.journey,
    at: row.at,
    decision: row.decision,
    reason: row.reason,
    words: decisionWords(row),
    numbers,
    steps: stepsOf(dossier, row.journey, run, row.at),
  }
}

/** The moves of a journey from the start of its run to the decision. */
function stepsOf({ turns }: Dossier, journey: string, from: number, to: number): Step[] {
  return turns
    .filter(({ at }) => at >= from && at <= to)
    .map((turned) => ({ at: turned.at, what: turned.name, from: statesOf(turned.before)[journey] ?? '', to: statesOf(turned.after)[journey] ?? '' }))
    .filter((step, index) => step.from !== step.to || index === 0)
}

function never({ machine, life }: Dossier, template: string): Never {
  const journey = machine.letters[template]!.journey
  const state = statesOf(life)[journey] ?? ''
  const timers = timersOf(life).filter(({ timer }) => timer.includes(` in ${journey}`) || timer.startsWith('quietFor'))
  const next = nextDue(life)
  return {
    template,
    journey,
    state,
    words: `The ${journey} journey never asked for it: it stands in "${state}"${next === null ? ', and no timer is armed' : ''}.`,
    listensTo: machine.stepper.accepts(life.snapshot).filter((name) => !name.startsWith('xstate.')),
    timers,
  }
}

function timersOf(life: Life): { timer: string; due: number }[] {
  return life.timers
    .map(([event, due]) => ({ timer: event.replace(/^xstate\.after\.([^.]+)\.(?:customer\.)?(.*)$/, '$1 in $2'), due }))
    .sort((a, b) => a.due - b.due)
}
