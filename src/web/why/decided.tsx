/** One time a letter was asked for: the answer as a sentence, what led there, and every question of the policy. */
import type { LetterState, WhyDecision, WhyStep } from '../../studio/api.ts'
import type { Life } from '../life/life.ts'
import { useMoment } from '../life/looking.ts'
import { LetterMark, Path, sentence } from '../life/told.tsx'
import { Value } from '../life/value.tsx'
import { PriorityChip, StateChip } from '../parts/basics.tsx'
import { clockOf, dayOf, duration, exactly, when } from '../words.ts'

export function WhyDecided({ decision, life, open }: { decision: WhyDecision; life: Life; open: boolean }) {
  const queued = decision.decision === 'queued'
  return (
    <details class="why-decided" open={open}>
      <summary>
        <LetterMark queued={queued} />
        <span class="verdict break">{verdictOf(decision)}</span>
        <span class="soft small numbers" title={exactly(decision.at)}>
          {when(decision.at, life.now())}
        </span>
      </summary>
      <div class="reasons">
        <p class="line small">
          <PriorityChip priority={decision.priority} />
          {decision.variant !== null && <span class="chip">written as {decision.variant}</span>}
          {decision.letter && <StateChip state={decision.letter.state} />}
          {decision.letter && (
            <a class="break" href={`/studio/inbox/${decision.id}`}>
              {decision.letter.subject}
            </a>
          )}
        </p>
        {decision.letter?.reply && decision.letter.state !== 'sent' && (
          <p class="break">
            The mail server said: <q>{decision.letter.reply}</q>
          </p>
        )}
        {queued && <p class="small soft">{sentence(decision.words)}.</p>}
        {decision.different !== null && (
          <p class="different">
            <strong>What would have had to be different:</strong> {decision.different}
          </p>
        )}
        <Steps steps={decision.steps} life={life} journey={decision.journey} />
        <Questions policy={decision.policy} queued={queued} />
      </div>
    </details>
  )
}

/** A letter that may go may still not arrive. */
const fates: Partial<Record<LetterState, string>> = {
  sent: 'Sent: nothing stood against it',
  deferred: 'Not sent yet: nothing stood against it, but the mail server asked to try again later',
  failed: 'Not delivered: nothing stood against it, but it could not be handed over',
  unknown: 'Held: nothing stood against it, but the connection broke, and it may have arrived',
}

function verdictOf({ decision, letter, words }: WhyDecision): string {
  if (decision === 'skipped') return `Not sent: ${words}`
  return (letter && fates[letter.state]) ?? 'Queued: nothing stood against it'
}

function Steps({ steps, life, journey }: { steps: readonly WhyStep[]; life: Life; journey: string }) {
  const { index: here, now } = useMoment(life)
  if (steps.length === 0) return null
  return (
    <>
      <h3>How it came up</h3>
      <ol class="why-steps">
        {steps.map((step, at) => (
          <li key={`${step.index} ${at}`} aria-current={!now && step.index === here ? 'step' : undefined}>
            {at > 0 && step.at - steps[at - 1]!.at >= 60_000 && <div class="pause soft small">{duration(step.at - steps[at - 1]!.at)} later</div>}
            <button type="button" class="step" onClick={() => life.go(step.index)}>
              <span class="numbers small soft" title={exactly(step.at)}>
                {dayOf(step.at)}, {clockOf(step.at)}
              </span>
              <span class="break">
                <strong>{step.name}</strong>
                {step.about && <span class="soft"> · {step.about.slice(0, 200)}</span>}
              </span>
              {step.from === step.to ? (
                <span class="small soft">
                  {journey} stayed <Path path={step.to} />
                </span>
              ) : (
                <span class="small">
                  {journey} <Path path={step.from} /> →{' '}
                  <strong>
                    <Path path={step.to} />
                  </strong>
                </span>
              )}
            </button>
            {step.guards.length > 0 && <Guards guards={step.guards} />}
          </li>
        ))}
      </ol>
    </>
  )
}

/** Ways out of the state that were tried in this step, and what their guards saw. */
function Guards({ guards }: { guards: WhyStep['guards'] }) {
  return (
    <ul class="guards">
      {guards.map((guard) => (
        <li key={guard.key}>
          <details>
            <summary class="small">
              <span class={guard.held ? 'yes' : 'no'} aria-hidden="true">
                {guard.held ? '✓' : '✗'}
              </span>{' '}
              <span class="break">
                {guard.guard === null ? (
                  guard.words
                ) : (
                  <>
                    {guard.words}, if {guard.guard}
                  </>
                )}
                : {outcomeOf(guard)}
              </span>
            </summary>
            <Saw saw={guard.saw} />
          </details>
        </li>
      ))}
    </ul>
  )
}

/** What has no condition can only be taken. */
function outcomeOf({ guard, held, taken }: WhyStep['guards'][number]): string {
  if (guard === null && taken) return 'taken'
  return held ? (taken ? 'held, and was taken' : 'held') : 'did not hold'
}

function Saw({ saw }: { saw: Record<string, unknown> }) {
  const seen = Object.entries(saw)
  if (seen.length === 0) return <p class="soft small">It looked at nothing.</p>
  return (
    <dl class="facts small saw">
      {seen.map(([name, value]) => (
        <div class="fact" key={name}>
          <dt>{name}</dt>
          <dd>
            <Value value={value} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

const answers = { passed: ['✓', 'yes'], objected: ['✗', 'no'], 'not asked': ['·', 'soft'] } as const

function Questions({ policy, queued }: { policy: WhyDecision['policy']; queued: boolean }) {
  if (policy.length === 0) return null
  const asked = policy.filter(({ answer }) => answer !== 'not asked')
  const rest = policy.filter(({ answer }) => answer === 'not asked')
  return (
    <>
      <h3>{queued ? 'What was asked, and nothing stood against it' : 'What was asked, until something stood against it'}</h3>
      <ul class="questions">
        {asked.map((question, index) => (
          <li key={index} class={question.answer}>
            <span class={answers[question.answer][1]} aria-hidden="true">
              {answers[question.answer][0]}
            </span>
            <div>
              <span class="break">{question.question}</span> <span class="out-of-sight">{question.answer}: </span>
              <span class="soft break">{sentence(question.words)}</span>
              <Numbers numbers={question.numbers} />
            </div>
          </li>
        ))}
      </ul>
      {rest.length > 0 && <p class="soft small break">Not asked any more: {rest.map(({ question }) => question).join(' ')}</p>}
    </>
  )
}

/** `ageMs` and `queuedAt` as people read them. */
function readable(name: string, value: unknown): [string, unknown] {
  if (typeof value !== 'number') return [name, value]
  if (name.endsWith('Ms')) return [name.slice(0, -2), duration(value)]
  if (name.endsWith('At')) return [name, `${dayOf(value)}, ${clockOf(value)}`]
  return [name, value]
}

function Numbers({ numbers }: { numbers: Record<string, unknown> }) {
  const seen = Object.entries(numbers).map(([name, value]) => readable(name, value))
  if (seen.length === 0) return null
  return (
    <details class="small">
      <summary class="soft">the numbers</summary>
      <Saw saw={Object.fromEntries(seen)} />
    </details>
  )
}
