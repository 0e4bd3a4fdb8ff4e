/** Wrong guesses by key and address: after so many in a minute, nothing of the kind is answered until the minute is over. */

const minuteMs = 60_000
const rememberedMax = 20_000

export class Guesses {
  readonly #most: number
  readonly #wrong = new Map<string, { times: number; since: number }>()

  constructor(most: number) {
    this.#most = most
  }

  /** How long to wait, ms; 0: ask. */
  wait(who: string, now: number): number {
    const found = this.#wrong.get(who)
    if (found === undefined || found.times < this.#most) return 0
    return Math.max(0, found.since + minuteMs - now)
  }

  /** One more that was wrong. */
  note(who: string, now: number): void {
    const found = this.#wrong.get(who)
    if (found !== undefined && now - found.since < minuteMs) {
      found.times++
      return
    }
    this.#wrong.delete(who)
    if (this.#wrong.size >= rememberedMax) this.#wrong.delete(this.#wrong.keys().next().value!)
    this.#wrong.set(who, { times: 1, since: now })
  }
}
