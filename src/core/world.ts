/**
 * The outside world, as everything else sees it. `main.ts` passes the real one in; `sim/` passes fakes.
 * Nothing else in the product may read a clock, draw a random number or open a connection.
 */

/** Time: what it is, and a call back when some of it has passed. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls `fire` once after `ms` (clamped to what a timer can hold); the returned function calls it off. */
  after(ms: number, fire: () => void): () => void
}

/** Secrets and randomness. */
export interface Ids {
  /** `bytes` random bytes in base64url. */
  random(bytes: number): string
}

/** What became of one attempt to hand a letter over; `via`: the name of the post it was handed to. */
export type Receipt = { via?: string } &
  /** The other side took responsibility. */
  (
    | { state: 'sent'; reply: string }
    /** Not taken now (4xx, no connection before the first body byte): try again later. `of`: the post itself is not well, or takes none of our letters. */
    | { state: 'deferred'; reply: string; of?: 'transport' }
    /** Refused for good (5xx). `hard` when the address itself is bad. */
    | { state: 'failed'; reply: string; hard: boolean }
    /** The connection was lost after the first body byte: it may or may not have arrived. */
    | { state: 'unknown'; reply: string }
  )

export type Envelope = { from: string; to: string }

/** A way out for letters: an SMTP relay, or the embedded inbox. */
export interface Post {
  readonly name: string
  /** How many letters it can take at once; 0 while it takes none. */
  readonly width: number
  /**
   * Hands one letter over. Never throws and never rejects.
   * Awaits `flushing()` before the first body byte leaves; when that resolves to false the letter
   * must not leave (it was suppressed meanwhile) and the receipt is `failed` with reply `withdrawn`.
   * A post of several ways names the one that it leaves by.
   */
  send(envelope: Envelope, mime: Uint8Array, flushing: (via?: string) => Promise<boolean>): Promise<Receipt>
  /** Whether the other side can be reached and lets us in, without a letter: null, or why not. */
  probe?(): Promise<string | null>
  close(): Promise<void>
}
