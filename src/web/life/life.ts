/**
 * One customer's life as their page holds it: the whole track, turns as they come, and the instant that is looked at.
 * 1. The instant changes once a frame at most, however fast a hand moves, and at once for a key; each change is marked `scrub`.
 * 2. What comes in live moves only those who look at now.
 */
import type { CustomerPage, Standing, Track, Turn } from '../../studio/api.ts'
import { ask } from '../ask.ts'
import { serverNow } from '../live.ts'
import { pageTurns, Pages } from './pages.ts'

/** An instant of a life: after the turn `index` and before the next. */
export type Moment = { index: number; at: number; now: boolean }

export class Life {
  readonly id: number
  track: Track
  page: CustomerPage
  moment: Moment
  #pages: Pages
  #next: Moment | null = null
  #isDue = false
  #growing = false
  #growAgain = false
  #stopped = false
  readonly #onMoment = new Set<() => void>()
  readonly #onTold = new Set<() => void>()

  constructor(page: CustomerPage, track: Track, from: number | null) {
    this.id = page.id
    this.page = page
    this.track = track
    this.#pages = this.#newPages()
    this.moment = from === null || from >= track.count ? this.#nowMoment() : this.#atTurn(from)
    this.#pages.look(this.moment.index)
  }

  /** The customer's own clock, ms. */
  now(): number {
    return serverNow() + this.page.lead
  }

  /** A turn's detail, when it is here. */
  turn(index: number): Turn | null {
    return this.#pages.turn(index)
  }

  /** Goes to a turn; past the last one to now. */
  go(index: number): void {
    this.goTo(index >= this.track.count ? this.#nowMoment() : this.#atTurn(index))
  }

  /** Goes to an instant with the next frame. */
  goTo(moment: Moment): void {
    this.#next = moment
    if (this.#isDue) return
    this.#isDue = true
    requestAnimationFrame(() => {
      this.#isDue = false
      this.#apply()
    })
  }

  /** Where the hand already is, though the frame is not drawn yet. */
  get heading(): Moment {
    return this.#next ?? this.moment
  }

  /** By `turns` from where the hand is, at once; from between two turns, one back is the turn just passed. */
  step(turns: number): void {
    const { index, at, now } = this.heading
    const between = !now && at > (this.track.at[index] ?? at)
    const from = now ? this.track.count : turns < 0 && between ? index + 1 : index
    this.go(Math.max(0, Math.min(this.track.count, from + turns)))
    this.#apply()
  }

  /** Turns in view elsewhere, wanted soon. */
  see(from: number, to: number): void {
    this.#pages.see(from, to)
  }

  /** How they stood; null while the turn's detail is on its way. */
  standing(): Standing | null {
    return this.moment.now ? this.page.standing : (this.turn(this.moment.index)?.standing ?? null)
  }

  /** Ids of the active states, always here. */
  active(): readonly string[] {
    return this.moment.now ? this.page.standing.active : (this.track.sets[this.track.states[this.moment.index]!] ?? [])
  }

  onMoment(listen: () => void): () => void {
    this.#onMoment.add(listen)
    return () => this.#onMoment.delete(listen)
  }

  /** Turns came, of the past or new. */
  onTold(listen: () => void): () => void {
    this.#onTold.add(listen)
    return () => this.#onTold.delete(listen)
  }

  /** Something happened to them: asks for what is new. Calls while it asks lead to one more round. */
  async grow(): Promise<void> {
    if (this.#growing) {
      this.#growAgain = true
      return
    }
    this.#growing = true
    try {
      const page = await ask<CustomerPage>(`customers/${this.id}`)
      const fresh = await turnsOf(this.id, this.track.count, pageTurns)
      if (!this.#stopped) await this.#take(page, fresh)
    } catch {
      // The page keeps what it shows; the next thing that happens asks again.
    }
    this.#growing = false
    if (this.#growAgain && !this.#stopped) {
      this.#growAgain = false
      await this.grow()
    }
  }

  stop(): void {
    this.#stopped = true
    this.#pages.stop()
    this.#onMoment.clear()
    this.#onTold.clear()
  }

  async #take(page: CustomerPage, fresh: readonly Turn[]): Promise<void> {
    // A merge tells two lives as one from their beginning; what does not follow on the last known turn is told whole too.
    const known = this.track.count
    const isRetold = fresh.some(({ kind }) => kind === 'merge') || page.turns < known || page.turns > known + fresh.length
    if (isRetold) {
      const track = await ask<Track>(`customers/${this.id}/track`)
      if (this.#stopped) return
      this.#pages.stop()
      this.track = track
      this.#pages = this.#newPages()
    } else {
      this.#pages.append(fresh)
      this.track = grown(this.track, fresh)
    }
    this.page = page
    if (this.heading.now) this.goTo(this.#nowMoment())
    else if (isRetold) this.go(Math.min(this.heading.index, this.track.count - 1))
    this.#pages.look(this.moment.index)
    for (const listen of this.#onTold) listen()
  }

  #newPages(): Pages {
    return new Pages(
      this.track.count,
      (from, count, signal) => turnsOf(this.id, from, count, signal),
      () => {
        for (const listen of this.#onTold) listen()
      },
    )
  }

  #apply(): void {
    if (this.#next === null || this.#stopped) return
    this.moment = this.#next
    this.#next = null
    performance.mark('scrub')
    this.#pages.look(this.moment.index)
    for (const listen of this.#onMoment) listen()
  }

  #atTurn(index: number): Moment {
    return { index, at: this.track.at[index]!, now: false }
  }

  #nowMoment(): Moment {
    return { index: Math.max(0, this.track.count - 1), at: this.now(), now: true }
  }
}

const turnsOf = (id: number, from: number, count: number, signal?: AbortSignal) => ask<Turn[]>(`customers/${id}/turns?from=${from}&count=${count}`, signal)

const kindNumbers: Record<Turn['kind'], number> = { event: 0, timer: 1, outcome: 2, merge: 3 }

/** A track with turns after its end. Pure. */
export function grown(track: Track, fresh: readonly Turn[]): Track {
  const sets = [...track.sets]
  const numbers = new Map(sets.map((set, index) => [set.join(' '), index]))
  const states = fresh.map(({ standing: { active } }) => {
    const key = active.join(' ')
    const known = numbers.get(key) ?? sets.push(active) - 1
    numbers.set(key, known)
    return known
  })
  const letters = fresh.map(({ decisions }) => (decisions.some(({ decision }) => decision === 'queued') ? 1 : decisions.length > 0 ? 2 : 0))
  return {
    count: track.count + fresh.length,
    at: [...track.at, ...fresh.map(({ at }) => at)],
    states: [...track.states, ...states],
    sets,
    kinds: [...track.kinds, ...fresh.map(({ kind }) => kindNumbers[kind])],
    letters: [...track.letters, ...letters],
  }
}
