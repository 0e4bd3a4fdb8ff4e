/** The turns of one life as they are fetched: 100 a page, those looked at first, then the rest, up to `pagesMax`. */
import type { Turn } from '../../studio/api.ts'

export const pageTurns = 100
/** A page of long carts is half a megabyte: lives beyond 3,200 turns are kept around the reader. */
const pagesMax = 32
const underWayMax = 2
const againMs = 2_000
/** A hand that flies over pages is not followed to each: reading them would make it stutter. */
const restMs = 80

export type Fetch = (from: number, count: number, signal: AbortSignal) => Promise<Turn[]>

/** What is fetched first: the page looked at, those on screen, their neighbours, then whatever is nearest. Pure. */
export function inOrder(focus: number, seen: readonly [from: number, to: number], last: number): number[] {
  const order = new Set<number>([focus])
  for (let page = seen[0]; page <= seen[1]; page++) order.add(page)
  for (let away = 1; away <= last && order.size < pagesMax; away++) order.add(focus + away).add(focus - away)
  return [...order].filter((page) => page >= 0 && page <= last)
}

export class Pages {
  readonly #fetch: Fetch
  readonly #onPage: () => void
  readonly #kept = new Map<number, Turn[]>()
  readonly #underWay = new Set<number>()
  readonly #failed = new Set<number>()
  readonly #stop = new AbortController()
  #count: number
  #focus = 0
  #rested: ReturnType<typeof setTimeout> | null = null
  #seen: readonly [number, number] = [0, -1]

  constructor(count: number, fetch: Fetch, onPage: () => void) {
    this.#count = count
    this.#fetch = fetch
    this.#onPage = onPage
  }

  /** A turn, when its page is here. */
  turn(index: number): Turn | null {
    return this.#kept.get(Math.floor(index / pageTurns))?.[index % pageTurns] ?? null
  }

  look(index: number): void {
    const focus = Math.floor(index / pageTurns)
    if (focus === this.#focus) return this.#rested === null ? this.#pump() : undefined
    this.#focus = focus
    this.#restless()
  }

  /** Turns on screen elsewhere than at the instant looked at. */
  see(from: number, to: number): void {
    this.#seen = [Math.floor(from / pageTurns), Math.floor(Math.max(from, to) / pageTurns)]
    this.#restless()
  }

  /** Takes turns that followed the last known one. */
  append(turns: readonly Turn[]): void {
    for (const turn of turns) {
      const page = Math.floor(turn.index / pageTurns)
      const kept = this.#kept.get(page)
      if (kept?.length === turn.index % pageTurns) kept.push(turn)
      else if (turn.index % pageTurns === 0) this.#kept.set(page, [turn])
    }
    this.#count += turns.length
  }

  stop(): void {
    this.#stop.abort()
    if (this.#rested !== null) clearTimeout(this.#rested)
  }

  #restless(): void {
    if (this.#rested !== null) clearTimeout(this.#rested)
    this.#rested = setTimeout(() => {
      this.#rested = null
      this.#pump()
    }, restMs)
  }

  #pump(): void {
    if (this.#stop.signal.aborted || this.#count === 0) return
    const last = Math.floor((this.#count - 1) / pageTurns)
    const order = inOrder(Math.min(this.#focus, last), [this.#seen[0], Math.min(this.#seen[1], last)], last)
    for (const page of order) {
      if (this.#underWay.size >= underWayMax) return
      if (!this.#isWhole(page) && !this.#underWay.has(page) && !this.#failed.has(page)) void this.#get(page, order)
    }
  }

  #isWhole(page: number): boolean {
    return this.#kept.get(page)?.length === Math.min(pageTurns, this.#count - page * pageTurns)
  }

  async #get(page: number, order: readonly number[]): Promise<void> {
    this.#underWay.add(page)
    try {
      const turns = await this.#fetch(page * pageTurns, pageTurns, this.#stop.signal)
      this.#kept.set(page, turns)
      if (!this.#isWhole(page)) this.#rest(page)
      const wanted = new Set(order)
      for (const other of this.#kept.keys()) if (this.#kept.size > pagesMax && !wanted.has(other)) this.#kept.delete(other)
      this.#onPage()
    } catch {
      this.#rest(page)
    }
    this.#underWay.delete(page)
    if (this.#rested === null) this.#pump()
  }

  /** A page that did not come, or not whole, is asked for again a little later. */
  #rest(page: number): void {
    this.#failed.add(page)
    setTimeout(() => {
      this.#failed.delete(page)
      if (this.#rested === null) this.#pump()
    }, againMs)
  }
}
