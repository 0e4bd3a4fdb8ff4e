/** When to try again: one letter after a refusal for now, and everything after a relay fell silent. Pure of clocks and chance. */
import type { Receipt } from '../core/world.ts'
import type { Advice } from './refusal.ts'

const firstMs = 120_000
/** Most greylists let a letter in after one to five minutes. */
const greylistMs = 300_000
const longestMs = 4 * 3_600_000

/**
 * How long a letter waits after its `attempt`th attempt (from 1): about 2 minutes, long enough for greylisting, then
 * twice as long each time up to 4 hours, half as much either way by letter, so that a burst does not come back as one.
 * Twelve attempts take most of a day.
 */
export function backoffMs(letter: number, attempt: number): number {
  return Math.round(Math.min(firstMs * 2 ** (attempt - 1), longestMs) * (0.5 + spread(letter, attempt)))
}

/**
 * How long a letter waits after its `attempt`th attempt, by what the other side said: at least as long as they asked, and
 * somewhat longer by letter; after a greylist about 5 minutes, then longer; else as `backoffMs` says.
 */
export function retryMs(letter: number, attempt: number, advice: Advice | null): number {
  const jitter = 1 + spread(letter, attempt) / 5
  const asked = advice?.waitMs ?? null
  // Whoever asks for little again and again does not mean it.
  if (asked !== null) return Math.round(Math.max(asked, attempt > 3 ? backoffMs(letter, attempt - 2) : 0) * jitter)
  if (advice?.kind === 'greylisted') return Math.round(Math.min(greylistMs * 2 ** (attempt - 1), longestMs) * jitter)
  return backoffMs(letter, attempt)
}

/** From 0 to 1, always the same for the same two. */
function spread(letter: number, attempt: number): number {
  let x = Math.imul(letter % 2 ** 32, 0x9e3779b1) ^ Math.imul(attempt, 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32
}

/** So many letters in a row to which no server said a word: then the relay is taken to be down. */
const silentMax = 8
const pauseFirstMs = 1_000
const pauseMaxMs = 60_000

/**
 * How many letters to risk at once. While a relay answers nothing, one at a time, after pauses that grow to a minute:
 * an outage then costs few letters an attempt, and none of the rest its turn when the relay is back.
 */
export function createPatience() {
  let silent = 0
  let pause = 0
  let until = 0

  return {
    /** Hears of every receipt. */
    hear(receipt: Receipt, now: number) {
      if (receipt.state === 'sent' || receipt.state === 'failed' || /^\d{3}\b/.test(receipt.reply)) {
        silent = pause = until = 0
        return
      }
      silent++
      if (silent < silentMax || now < until) return
      pause = Math.min(Math.max(pause * 2, pauseFirstMs), pauseMaxMs)
      until = now + pause
    },
    /** Whether the relay is taken to be down. */
    isCautious: (): boolean => silent >= silentMax,
    /** How many more letters may go now. */
    room(width: number, inFlight: number, now: number): number {
      if (silent < silentMax) return Math.max(width - inFlight, 0)
      // A clock that was set back must not make a minute's pause one of years.
      return (now < until && until - now <= pauseMaxMs) || inFlight > 0 ? 0 : 1
    },
    /** When there may be room where there is none; Infinity: when a letter under way has come to an end. */
    until: (inFlight: number): number => (silent < silentMax || inFlight > 0 ? Infinity : until),
  }
}
