/** What the other side said of a letter, in the transaction that books it: counted, told to its domain's pace, and made into the letter's next state. */
import type { Receipt } from '../core/world.ts'
import type { DueLetter } from '../store/letters.ts'
import type { Pace } from './pace.ts'
import { adviceOf } from './refusal.ts'
import { settle } from './settle.ts'
import type { Settlement } from './settle.ts'
import { outcomeOf } from './tally.ts'
import type { Tally } from './tally.ts'

/** `post`: the name of the one it was handed to, where the receipt does not say. */
export function hear({ pace, tally }: { pace: Pace; tally: Tally }, post: string, letter: DueLetter, receipt: Receipt, now: number): Settlement {
  const advice = receipt.state === 'deferred' ? adviceOf(receipt, letter.attempts === 0 && pace.isStranger(letter)) : null
  const outcome = outcomeOf(receipt, advice)
  if (outcome !== null) tally.note(letter.recipient, receipt.via ?? post, outcome, now)
  pace.heard(letter, receipt, advice, now)
  return settle(letter, receipt, now, advice)
}
