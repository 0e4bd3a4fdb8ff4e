/** What socket.ts gives to each of its connections. */
import type { Intake } from '../actors/intake.ts'
import type { Clock } from '../core/world.ts'
import type { Counters } from './counters.ts'
import type { Keys } from './keys.ts'
import type { Rates } from './rate.ts'
import type { TokenReader } from './token.ts'

/** What all connections of a server share. */
export type Shared = {
  readonly clock: Clock
  readonly keys: Keys
  readonly intake: Intake
  readonly counters: Counters
  readonly rates: Rates
  readonly readToken: TokenReader
  /** An id for an event that came without one. */
  readonly messageId: () => string
  readonly limits: StreamLimits
  /** True once the server is stopping. */
  draining: boolean
  /** Called when, while draining, a connection has nothing under way any more. */
  drained(): void
}

export type StreamLimits = {
  helloMs: number
  pingMs: number
  inFlightMax: number
  bufferBytesMax: number
  perAddressMax: number
}
