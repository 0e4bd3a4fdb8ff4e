/**
 * A turn: one event and one customer's life in, the next life and what it asks of the world out. Pure.
 * 1. Effects are applied in XState's order; a timer's list order is the order it was set in.
 * 2. A letter is decided in the turn that asks for it, and the machine hears the answer (`letter.queued` or
 *    `letter.skipped`) before the turn ends.
 * 3. "Now" is the event's time.
 */
import { BeckonError } from './errors.ts'
import type { MachineEvent } from './event.ts'
import type { Ask, Life, Past, Timer } from './life.ts'
import { limits } from './limits.ts'
import type { Action, Stepper } from './step/step.ts'

/** What the shell answers when a letter is asked for. */
export type Answer = 'queued' | 'skipped' | { wait: number }

/** Decides a letter: policy, content, code. Called with the life as it stands at that moment. */
export type Decide = (ask: Ask, life: Life, at: number) => Answer

/** Decisions older than this are forgotten by the life (the log and the decision table keep them). */
const pastMs = 31 * 86_400_000

const waitPrefix = 'letter.wait/'

/** The life after `event`. Throws what the machine throws, and `turn.endless`; the life passed in stays as it was. */
export function turn(stepper: Stepper, life: Life, event: MachineEvent, decide: Decide): Life {
  const step = stepper.step(life.snapshot, event)
  if (step.actions.length === 0) {
    if (step.snapshot === life.snapshot && event.at === life.at) return life
    return { at: event.at, snapshot: step.snapshot, timers: life.timers, past: life.past, waiting: life.waiting, profile: life.profile }
  }
  const draft = { ...life, at: event.at, snapshot: step.snapshot }
  perform(stepper, draft, step.actions, event.at, decide)
  return draft
}

/**
 * The life after a message or an outcome: what it taught (`profile`) is known first, then `event` is heard, then, if it
 * changed a consent, that (`change`). All of it is one turn. Throws as `turn` does.
 */
export function hear(
  stepper: Stepper,
  life: Life,
  profile: Life['profile'],
  event: MachineEvent | null,
  change: string | null,
  at: number,
  decide: Decide,
): Life {
  const learnt = profile === life.profile ? life : { ...life, profile }
  if (event === null) return { ...learnt, at }
  const heard = turn(stepper, learnt, event, decide)
  return change === null ? heard : turn(stepper, heard, { type: change, at }, decide)
}

type Draft = { -readonly [K in keyof Life]: Life[K] }

function perform(stepper: Stepper, draft: Draft, first: readonly Action[], at: number, decide: Decide) {
  let actions = first
  for (let i = 0; i < actions.length; i++) {
    if (i >= limits.turnEffectsMax) throw new BeckonError('turn.endless', `one event asked for more than ${limits.turnEffectsMax} effects`)
    const { type, params } = actions[i]!
    switch (type) {
      case 'xstate.raise': {
        const { event, delay } = params as { event: { type: string }; delay?: number }
        // Raised for at once: the step has taken it already.
        if (delay === undefined) break
        draft.timers = [...draft.timers, [event.type, at + delay]]
        break
      }
      case 'xstate.cancel':
        draft.timers = without(draft.timers, (params as { sendId: string }).sendId)
        break
      case 'letter': {
        const heard = ask(draft, params as Ask, at, decide)
        if (heard === null) break
        const step = stepper.step(draft.snapshot, heard)
        draft.snapshot = step.snapshot
        if (step.actions.length > 0) actions = [...actions, ...step.actions]
        break
      }
      case 'withdraw':
        withdraw(draft, (params as { template: string }).template)
        break
    }
  }
}

/** Asks the shell; returns what the machine hears of it, or null while the letter waits. */
function ask(draft: Draft, letter: Ask, at: number, decide: Decide): MachineEvent | null {
  const answer = decide(letter, draft, at)
  if (typeof answer === 'object') {
    draft.waiting = [...draft.waiting, letter]
    draft.timers = [...draft.timers, [waitPrefix + letter.template, answer.wait]]
    return null
  }
  const entry: Past = [letter.template, letter.run, at, answer === 'queued' ? 1 : 0]
  draft.past = [...draft.past.filter(([, , when]) => at - when < pastMs), entry]
  return { type: `letter.${answer}`, at, template: letter.template }
}

function withdraw(draft: Draft, template: string) {
  if (!draft.waiting.some((letter) => letter.template === template)) return
  draft.waiting = draft.waiting.filter((letter) => letter.template !== template)
  draft.timers = without(draft.timers, waitPrefix + template)
}

/** The timer that fires next, if it is due by `now`: the earliest, and of those due together the one set first. */
export function dueTimer(life: Life, now: number): Timer | null {
  const { timers } = life
  let next: Timer | null = null
  for (let i = 0; i < timers.length; i++) {
    const timer = timers[i]!
    if (timer[1] <= now && (next === null || timer[1] < next[1])) next = timer
  }
  return next
}

/** The life after one of its timers fired, at the instant it was due. Throws as `turn` does. */
export function fire(stepper: Stepper, life: Life, timer: Timer, decide: Decide): Life {
  const [event, at] = timer
  const disarmed: Life = { ...life, timers: life.timers.filter((other) => other !== timer) }
  if (!event.startsWith(waitPrefix)) return turn(stepper, disarmed, { type: event, at }, decide)
  return askAgain(stepper, disarmed, event.slice(waitPrefix.length), at, decide)
}

function askAgain(stepper: Stepper, life: Life, template: string, at: number, decide: Decide): Life {
  const letter = life.waiting.find((waiting) => waiting.template === template)
  if (letter === undefined) return { ...life, at }
  const draft = { ...life, at, waiting: life.waiting.filter((waiting) => waiting !== letter) }
  perform(stepper, draft, [{ type: 'letter', params: letter }], at, decide)
  return draft
}

/** A customer nobody has heard of yet. */
export function birth(stepper: Stepper, at: number): Life {
  const { snapshot, actions } = stepper.initial()
  const draft: Draft = { at, snapshot, timers: [], past: [], waiting: [], profile: {} }
  perform(stepper, draft, actions, at, () => 'skipped')
  return draft
}

function without(timers: readonly Timer[], id: string): readonly Timer[] {
  for (let at = 0; at < timers.length; at++) if (timers[at]![0] === id) return timers.toSpliced(at, 1)
  return timers
}
