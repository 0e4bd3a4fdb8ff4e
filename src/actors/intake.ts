/** The door between those who bring events (gateway, mail) and the batch that takes them. */
import type { Message, Trust } from '../core/event.ts'
import type { Refusal } from '../core/errors.ts'

/** Whoever waits for answers. The batch settles each tag after the commit, then flushes each sender once. */
export interface Sender {
  /** `refusal` null: the event is durable (or was already, as a duplicate). */
  settle(tag: number, refusal: Refusal | null): void
  flush(): void
}

export type Offer = {
  message: Message
  /** The id of the key it came by. */
  source: number
  trust: Trust
  receivedAt: number
  sender: Sender
  tag: number
}

/** What happened to a letter, on its way back to its customer as an event. */
export type Outcome = {
  type:
    | 'mail.sent'
    | 'mail.failed'
    | 'mail.bounced'
    | 'mail.complained'
    | 'mail.opened'
    | 'mail.clicked'
    | 'mail.unsubscribed'
    | 'mail.confirmed'
    | 'mail.preferences'
  letter: number
  customer: number
  at: number
  /** The same id is taken once. */
  messageId: string
  /** Seen by a scanner, a proxy or a prefetcher: kept in the log, never a transition. */
  machine?: boolean
  url?: string
  /** Of what was confirmed or chosen: the address that the letter went to, and the choice. */
  recipient?: string
  consent?: 'subscribed' | 'unsubscribed'
  topics?: Readonly<Record<string, boolean>>
}

export interface Intake {
  /** Changes when the database does: what was acked under another epoch is not ours. */
  readonly epoch: string
  /** Takes the event into the next batch, or says why not (`overload`, `stopping`). */
  offer(offer: Offer): Refusal | null
  /** Takes an outcome into the next batch; the promise settles after its commit. */
  tell(outcome: Outcome): Promise<void>
}
