/**
 * Books what came back of a letter, and tells its customer.
 * 1. Suppression is on disk before anything is told (R7), in one transaction with the letter's row.
 * 2. What `book` resolved for is durable; a repeat changes nothing, however often and by whichever way it comes.
 * 3. A bounce says something of an address: the customer hears of it while the address is still theirs. A complaint says
 *    something of the customer.
 */
import type { Intake } from '../actors/intake.ts'
import type { Clock } from '../core/world.ts'
import type { BounceKind, Bounces } from '../store/bounces.ts'
import type { Letters, StoredLetter } from '../store/letters.ts'
import type { Suppressions } from '../store/suppressions.ts'
import { isWornOut, softRun } from './classify.ts'
import type { Reason } from './classify.ts'

export type LedgerOptions = {
  bounces: Bounces
  letters: Letters
  suppressions: Suppressions
  hash: (address: string) => string
  intake: Pick<Intake, 'tell'>
  clock: Clock
  /** A customer's address as it is now; undefined when there is none, or no such customer. */
  addressOf: (customer: number) => string | undefined
}

/** `words`, `mta`: short and plain (bounces/fields.ts). `source`: `dsn`, `arf` or `webhook:` and a provider's name. */
export type CameBack = { kind: BounceKind; reason: Reason; status: string | null; words: string; mta: string | null; source: string }

export type Ledger = ReturnType<typeof createLedger>

/** Looked at for a run of soft bounces. */
const attemptsMax = softRun.letters * 4

export function createLedger({ bounces, letters, suppressions, hash, intake, clock, addressOf }: LedgerOptions) {
  const isTheirs = (letter: StoredLetter): boolean => addressOf(letter.customer)?.toLowerCase() === letter.recipient.toLowerCase()
  const tell = (type: 'mail.bounced' | 'mail.complained' | 'mail.unsubscribed', messageId: string, { id, customer }: StoredLetter, at: number) =>
    intake.tell({ type, letter: id, customer, at, messageId })

  return {
    /** Resolves after the commit: true when it was news. */
    async book(letter: StoredLetter, { kind, ...said }: CameBack): Promise<boolean> {
      const now = clock.now()
      let isBad = kind !== 'soft'
      const isNews = letters.write(() => {
        const added = bounces.add({ letter: letter.id, at: now, kind, ...said })
        isBad ||= isWornOut(bounces.attempts(letter.recipient, attemptsMax), now)
        if (isBad) suppressions.add(hash(letter.recipient), kind === 'complaint' ? 'complaint' : 'bounce', now)
        return added
      })
      // Also for a repeat: what came first may have been cut short between the two.
      if (kind === 'complaint') await tell('mail.complained', `complained:${letter.id}`, letter, now)
      else if (isBad && isTheirs(letter)) await tell('mail.bounced', `bounced:${letter.id}`, letter, now)
      return isNews
    },
    /** Somebody asked the provider for no more letters; resolves after the commit. */
    async unsubscribe(letter: StoredLetter): Promise<void> {
      const now = clock.now()
      suppressions.add(hash(letter.recipient), 'unsubscribed', now)
      await tell('mail.unsubscribed', `unsubscribe:${letter.id}`, letter, now)
    },
    /** Counts what a source said. */
    hear: (source: string, what: string, n = 1) => bounces.hear(source, what, n, clock.now()),
  }
}
