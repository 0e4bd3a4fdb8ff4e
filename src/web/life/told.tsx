/** Small parts that tell what a turn did: moves, letters, timers. */
import { Fragment } from 'preact'
import type { Decision, Foreseen, Turn } from '../../studio/api.ts'
import { PriorityChip, StateChip } from '../parts/basics.tsx'

/** `cart active → abandoned.reminded`. */
export function Moves({ moves }: { moves: Turn['moves'] }) {
  return (
    <ul class="moves">
      {moves.map(({ region, from, to }) => (
        <li key={region}>
          <span class="soft">{region}</span> <Path path={from} /> <span aria-hidden="true">→</span>
          <span class="out-of-sight">to</span>{' '}
          <strong>
            <Path path={to} />
          </strong>
        </li>
      ))}
    </ul>
  )
}

/** A state's path, which may break after its dots; parts side by side come with a plus between. */
export const Path = ({ path }: { path: string }) => (
  <span class="path">
    {path.split(/(?<=[.+])/).map((part, index) => (
      <Fragment key={index}>
        {index > 0 && <wbr />}
        {part}
      </Fragment>
    ))}
  </span>
)

/** A sentence beginning with a capital. Pure. */
export const sentence = (words: string) => (words === '' ? '' : words[0]!.toUpperCase() + words.slice(1))

/** A letter that was asked for: what became of it, in words, with ways to it and to its why. */
export function Decided({ decision, customer }: { decision: Decision; customer: number }) {
  const queued = decision.decision === 'queued'
  return (
    <div class={`decided ${queued ? 'queued' : 'skipped'}`}>
      <div class="line">
        <LetterMark queued={queued} />
        <strong class="break">{decision.template}</strong>
        <PriorityChip priority={decision.priority} />
        {decision.letter && <StateChip state={decision.letter.state} />}
      </div>
      {decision.letter && <div class="break">“{decision.letter.subject}”</div>}
      <div class="soft small break">{queued ? sentence(decision.words) : `Not sent: ${decision.words}`}</div>
      <div class="line small">
        <a href={`/studio/customers/${customer}?why=${encodeURIComponent(decision.template)}&decision=${decision.id}`}>Why?</a>
        {decision.letter && <a href={`/studio/inbox/${decision.id}`}>Open the letter</a>}
      </div>
    </div>
  )
}

const foreseenWords = { queued: 'will be queued', skipped: 'will not be sent', waits: 'will wait' } as const

/** A letter that will come up, and what becomes of it then. */
export const Foretold = ({ letter }: { letter: Foreseen }) => (
  <div class={`decided ${letter.decision === 'skipped' ? 'skipped' : 'queued'}`}>
    <div class="line">
      <LetterMark queued={letter.decision !== 'skipped'} />
      <strong class="break">{letter.template}</strong>
      <PriorityChip priority={letter.priority} />
      <span class="small">{foreseenWords[letter.decision]}</span>
    </div>
    {letter.subject && <div class="break">“{letter.subject}”</div>}
    <div class="soft small break">{sentence(letter.words)}</div>
  </div>
)

/** An envelope, struck through when no letter came of it. */
export const LetterMark = ({ queued }: { queued: boolean }) => (
  <svg class={`letter-mark ${queued ? 'queued' : 'skipped'}`} viewBox="0 0 16 12" width="16" height="12" aria-hidden="true">
    <rect x="1" y="1" width="14" height="10" rx="2" />
    {queued ? <path d="m3.500 4 4.500 3.200L12.500 4" /> : <path d="m4.500 9 7-6" />}
  </svg>
)
