/** Why a customer got a letter, or did not: recomputed from the log, nothing of it is stored. */
import { nextDue } from '../core/life.ts'
import type { Life } from '../core/life.ts'
import type { DecisionRow } from '../store/decisions.ts'
import type { Dossier } from './dossier.ts'

/** One step on the way to a decision: what happened, and how the journey moved. */
export type Step = { at: number; what: string; from: string; to: string }

export type Explained = {
  template: string
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
    journey: row.journey,
    at: row.at,
    decision: row.decision,
    reason: row.reason,
    words: row.decision === 'queued' ? queuedWords(numbers) : skippedWords(row.reason ?? '', numbers),
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

/** Each region's active state, as a path. */
function statesOf(life: Life): Record<string, string> {
  return Object.fromEntries(Object.entries(life.snapshot.states.value).map(([region, value]) => [region, pathOf(value)]))
}

function pathOf(value: unknown): string {
  if (typeof value === 'string') return value
  return Object.entries(value as Record<string, unknown>)
    .map(([state, inner]) => {
      const rest = pathOf(inner)
      return rest === '' ? state : `${state}.${rest}`
    })
    .join(' + ')
}

function timersOf(life: Life): { timer: string; due: number }[] {
  return life.timers
    .map(([event, due]) => ({ timer: event.replace(/^xstate\.after\.([^.]+)\.(?:customer\.)?(.*)$/, '$1 in $2'), due }))
    .sort((a, b) => a.due - b.due)
}

const count = (n: unknown, one: string) => `${n} ${one}${n === 1 ? '' : 's'}`

function queuedWords({ queued, allowed, priority }: Record<string, unknown>): string {
  return `${count(queued, 'letter')} in the last 24 h, fewer than the ${allowed} that a ${priority} letter allows`
}

/** Each reason in a marketer's words, with its numbers, and what would have had to be different. */
function skippedWords(reason: string, n: Record<string, unknown>): string {
  switch (reason) {
    case 'no-address':
      return 'no e-mail address was known; one from identify, an order or a checkout would have done'
    case 'erased':
      return 'this customer asked to be erased'
    case 'unsubscribed':
      return n['by'] === 'customer' ? 'they had unsubscribed' : `the address is suppressed (${n['by']})`
    case 'no-consent':
      return n['address'] === 'claimed'
        ? 'the address was only typed in a browser; a signed token or a secret key would vouch for it'
        : 'they had not said yes to letters'
    case 'dormant':
      return 'they have shown no sign of life for two months; an open, a click or an order wakes them'
    case 'recent-purchase':
      return `an order ${duration(n['ageMs'])} before; not within ${duration(n['notAfterOrderMs'])} of one`
    case 'holdout':
      return 'they are in the holdout group of this journey'
    case 'window':
      return `the same letter was queued ${duration(n['ageMs'])} before; not again within ${duration(n['windowMs'])}`
    case 'cap':
      return `${count(n['queued'], 'letter')} in the last ${duration(n['capWindowMs'])}; a ${n['priority']} letter needs fewer than ${n['allowed']}`
    case 'nothing-to-say':
      return `the letter lacks ${n['missing']}`
    default:
      return reason
  }
}

/** 93,600,000 → "1 d 2 h". */
export function duration(ms: unknown): string {
  let rest = Number(ms)
  const parts: string[] = []
  for (const [unit, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1_000],
  ] as const) {
    const n = Math.floor(rest / size)
    rest -= n * size
    if (n > 0) parts.push(`${n} ${unit}`)
  }
  return parts.slice(0, 2).join(' ') || '0 s'
}
