/**
 * What would happen next: turns on a copy of a life, with the policy and the letters as they are, and nothing written.
 * The letters are made with a made-up secret, so that no working link and no working code leaves.
 */
import { createDeciding } from '../actors/deciding.ts'
import type { Asked, Config } from '../actors/deciding.ts'
import type { Machine } from '../actors/load-machine.ts'
import type { MachineEvent } from '../core/event.ts'
import type { Life, Timer as Armed } from '../core/life.ts'
import { pastAnswer } from '../core/retell.ts'
import { fire, turn } from '../core/turn.ts'
import type { Decide } from '../core/turn.ts'
import type { Snapshot } from '../core/step/step.ts'
import { createPrepare } from '../mail/prepare.ts'
import type { PrepareOptions } from '../mail/prepare.ts'
import type { Outside } from '../policy/policy.ts'
import type { Store } from '../store/store.ts'
import { hashAddress } from '../store/suppressions.ts'
import type { Foreseen, Priority } from '../studio/api.ts'
import { decisionWords } from './reasons.ts'
import { recordingStepper } from './told.ts'
import { duration } from './wording.ts'

export const madeUpSecret = 'preview'

export type Stage = { store: Store; machine: Machine; config: Config; letters: Omit<PrepareOptions, 'secret'> }

/** A turn that did not happen. `steps`: what the machine was asked, in order. */
export type Imagined = { before: Life; after: Life; decisions: Foreseen[]; steps: { snapshot: Snapshot; event: MachineEvent }[] }

export type Future = { hear(life: Life, event: MachineEvent): Imagined; fire(life: Life, timer: Armed): Imagined }

/** For one customer. What a turn throws comes out. */
export function createFuture(stage: Stage, customer: number): Future {
  const { machine, config } = stage
  const prepare = createPrepare({ ...stage.letters, secret: madeUpSecret })
  const deciding = createDeciding({ machine, config, prepare, outside: createOutside(stage) })
  let steps: Imagined['steps'] = []
  const stepper = recordingStepper(machine.stepper, (step) => steps.push(step))

  function imagine(before: Life, run: (decide: Decide) => Life): Imagined {
    steps = []
    deciding.begin(customer)
    const waits: Foreseen[] = []
    const after = run((ask, life, at) => {
      const isKnown = pastAnswer(life, ask) !== null
      const answer = deciding.decide(ask, life, at)
      if (typeof answer === 'object' && !isKnown) waits.push(waiting(machine, ask.template, answer.wait - at))
      return answer
    })
    const decisions = deciding.taken().map(({ decision, letter }): Foreseen => ({
      template: decision.template,
      priority: decision.priority as Priority,
      decision: decision.decision,
      reason: decision.reason,
      words: decisionWords(decision),
      subject: letter?.subject ?? null,
    }))
    return { before, after, decisions: [...waits, ...decisions], steps }
  }

  return {
    hear: (life, event) => imagine(life, (decide) => turn(stepper, life, event, decide)),
    fire: (life, timer) => imagine(life, (decide) => fire(stepper, life, timer, decide)),
  }
}

function waiting(machine: Machine, template: string, ms: number): Foreseen {
  const priority = machine.letters[template]?.priority ?? 'low'
  return {
    template,
    priority,
    decision: 'waits',
    reason: null,
    words: `${machine.letters[template]?.sendBetween === undefined ? 'it is night for them' : 'it is not one of its hours for them'}: it is asked for again in ${duration(ms)}`,
    subject: null,
  }
}

/** As the engine looks beyond a life. */
function createOutside({ store, machine }: Stage) {
  const secret = String(store.meta.get('secret') ?? '')
  return ({ customer, life, at }: Omit<Asked, 'rule' | 'key'>): Outside => {
    const { email, verified } = life.profile
    const outside: Outside = {}
    if (email === undefined) return outside
    const suppressed = store.suppressions.has(hashAddress(secret, email))
    if (suppressed !== undefined) outside.suppressed = suppressed
    if (!verified && store.letters.wasWrittenBy(email, customer, at - machine.caps.window)) outside.claimedTaken = true
    return outside
  }
}
