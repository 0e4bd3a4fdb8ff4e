/**
 * Counts tries to sign in, for each name and each address, and makes whoever failed often wait: 2, 4, 8 … seconds, up to
 * 15 minutes. Kept in memory and bounded.
 * 1. A try counts as failed from its beginning: a hundred at once get no further than a hundred in a row.
 * 2. Names that nobody bears count like any other.
 */

const freeTries = 5
const waitMsMax = 15 * 60_000
/** After so long without a try all is forgotten; longer than any wait. */
const memoryMs = 60 * 60_000
const toldEveryMs = 60_000

type Count = { failed: number; last: number; until: number }

export class Tries {
  readonly #keysMax: number
  readonly #counts = new Map<string, Count>()
  readonly #told = new Map<string, number>()

  constructor(keysMax = 10_000) {
    this.#keysMax = keysMax
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#counts.size
  }

  /** Lets a try by all these keys begin and answers 0, or answers how many ms to wait. */
  begin(keys: readonly string[], now: number): number {
    const waitMs = Math.max(...keys.map((key) => (this.#counts.get(key)?.until ?? 0) - now))
    if (waitMs > 0) return waitMs
    for (const key of keys) this.#count(key, now)
    return 0
  }

  /** The right password was given. */
  succeed(keys: readonly string[]): void {
    for (const key of keys) this.#counts.delete(key)
  }

  /** Takes back a try that came to no verdict. */
  withdraw(keys: readonly string[]): void {
    for (const key of keys) {
      const count = this.#counts.get(key)
      if (count !== undefined) this.#counts.set(key, { ...count, failed: count.failed - 1, until: 0 })
    }
  }

  /** Whether a failure by these keys is worth a row in the log: one a minute for each. */
  mayTell(keys: readonly string[], now: number): boolean {
    if (keys.some((key) => now - (this.#told.get(key) ?? -Infinity) < toldEveryMs)) return false
    for (const key of keys) remember(this.#told, key, now, this.#keysMax)
    return true
  }

  #count(key: string, now: number) {
    const before = this.#counts.get(key)
    const failed = before === undefined || now - before.last > memoryMs ? 1 : before.failed + 1
    const waitMs = failed < freeTries ? 0 : Math.min(waitMsMax, 1_000 * 2 ** (failed - freeTries + 1))
    remember(this.#counts, key, { failed, last: now, until: now + waitMs }, this.#keysMax)
  }
}

/** As the latest of at most `max`; the one that was left alone the longest makes room. */
function remember<V>(map: Map<string, V>, key: string, value: V, max: number) {
  map.delete(key)
  const oldest = map.keys().next()
  if (map.size >= max && !oldest.done) map.delete(oldest.value)
  map.set(key, value)
}
