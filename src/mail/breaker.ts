/**
 * Whether a way out for letters is well. Pure.
 * - `well`: letters go. So many failures in a row, over a while, and it is `down`: a restart of the relay is no outage.
 * - `down`: it is probed after pauses that grow. One that answers is on `trial`.
 * - `trial`: one letter at a time; a few taken and it is well again, one failure and it is down for longer.
 */
export type Breaker = {
  readonly state: 'well' | 'down' | 'trial'
  /** Failures in a row, and when the first of those letters set out. */
  readonly failures: number
  readonly since: number
  /** Letters taken while on trial. */
  readonly taken: number
  readonly pauseMs: number
  /** When it is probed next, while down. */
  readonly probeAt: number
}

const failuresMin = 5
const whileMs = 10_000
export const pauseFirstMs = 30_000
export const pauseMaxMs = 600_000
const trialLetters = 3

export const wellBreaker: Breaker = { state: 'well', failures: 0, since: 0, taken: 0, pauseMs: 0, probeAt: 0 }

/** A letter set out at `begunAt` and met an answer, or failed by the way itself. */
export function heard(breaker: Breaker, isFailure: boolean, begunAt: number, now: number): Breaker {
  if (!isFailure) return answered(breaker)
  if (breaker.state === 'trial') return down(breaker, now)
  if (breaker.state === 'down') return breaker
  const failures = breaker.failures + 1
  const since = breaker.failures === 0 ? begunAt : Math.min(breaker.since, begunAt)
  const counted = { ...breaker, failures, since }
  return failures >= failuresMin && now - since >= whileMs ? down(counted, now) : counted
}

function answered(breaker: Breaker): Breaker {
  if (breaker.state === 'well') return breaker.failures === 0 ? breaker : wellBreaker
  const taken = breaker.state === 'trial' ? breaker.taken + 1 : 1
  return taken >= trialLetters ? wellBreaker : { ...breaker, state: 'trial', taken }
}

const down = (breaker: Breaker, now: number): Breaker => {
  const pauseMs = Math.min(Math.max(breaker.pauseMs * 2, pauseFirstMs), pauseMaxMs)
  return { ...breaker, state: 'down', taken: 0, pauseMs, probeAt: now + pauseMs }
}

/** What a probe of one that is down makes of it. */
export function probed(breaker: Breaker, isWell: boolean, now: number): Breaker {
  if (breaker.state !== 'down') return breaker
  return isWell ? { ...breaker, state: 'trial', taken: 0 } : down(breaker, now)
}
