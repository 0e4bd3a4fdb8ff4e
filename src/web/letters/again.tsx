/** Sending a dead letter again, or a held one on somebody's word: asked for, explained, then done. */
import { useState } from 'preact/hooks'
import type { LetterRow } from '../../studio/api.ts'
import { tell } from '../ask.ts'
import { Confirm } from '../parts/basics.tsx'

/** Nothing for letters that are on their way or have arrived. */
export function Again({ letter, onChanged }: { letter: LetterRow; onChanged: () => void }) {
  const [isAsking, ask] = useState(false)
  if (letter.state !== 'failed' && letter.state !== 'unknown') return null
  const isHeld = letter.state === 'unknown'
  const act = async () => {
    await tell(`letters/${letter.id}/${isHeld ? 'release' : 'retry'}`)
    onChanged()
  }
  return (
    <>
      <button type="button" class={`button ${isHeld ? '' : 'strong'}`} onClick={() => ask(true)}>
        {isHeld ? 'Release' : 'Send again'}
      </button>
      {isAsking && (
        <Confirm
          title={isHeld ? 'Release this held letter?' : 'Send this letter again?'}
          yes={isHeld ? 'Release it' : 'Send it again'}
          bad={isHeld}
          onYes={act}
          onClose={() => ask(false)}
        >
          {isHeld ? <Held letter={letter} /> : <Failed letter={letter} />}
        </Confirm>
      )}
    </>
  )
}

const Held = ({ letter }: { letter: LetterRow }) => (
  <div class="stack">
    <p>
      The connection was lost while it was handed over, so nobody knows whether it arrived. If it did, <strong class="break">{letter.recipient}</strong> gets it
      twice.
    </p>
    <p class="soft">It goes out with the same Message-ID; many mailboxes then show it once. This is written into the audit log.</p>
  </div>
)

const Failed = ({ letter }: { letter: LetterRow }) => (
  <div class="stack">
    <p>
      It goes to <strong class="break">{letter.recipient}</strong> as it was written, with the prices and products of then, and as many attempts as a new one.
    </p>
    {letter.reply !== null && (
      <p class="soft">
        The last answer was <span class="mono break">{letter.reply}</span>. If that still holds, it will fail again.
      </p>
    )}
  </div>
)
