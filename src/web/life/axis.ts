/**
 * Where the instants of a life lie on a line. Time runs from left to right, idle stretches are pressed together: a gap
 * takes room with the third root of its length, so that minutes within a visit and months between two can both be seen.
 * All of it is pure.
 */

export type Axis = {
  /** Instants of the turns, and now at the end. */
  at: readonly number[]
  /** Where each lies, 0 to 1. */
  place: readonly number[]
}

/** What each turn takes at least, as a share of what a minute of nothing takes. */
const least = 0.5
const root = 0.3

export function toAxis(turns: readonly number[], now: number): Axis {
  const at = [...turns, Math.max(now, turns.at(-1) ?? now)]
  const place = [0]
  for (let i = 1; i < at.length; i++) place.push(place[i - 1]! + least + (Math.max(0, at[i]! - at[i - 1]!) / 60_000) ** root)
  const whole = place.at(-1)! || 1
  return { at, place: place.map((x) => x / whole) }
}

/** The last turn at or before a place; 0 before the first. */
export function turnAt({ place }: Axis, where: number): number {
  let low = 0
  let high = place.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (place[middle]! <= where) low = middle
    else high = middle - 1
  }
  return low
}

/** The instant at a place, and the last turn before it; `now` past the last gap. */
export function instantAt(axis: Axis, where: number): { index: number; at: number; now: boolean } {
  const last = axis.at.length - 1
  const index = turnAt(axis, Math.min(1, Math.max(0, where)))
  if (index >= last) return { index: Math.max(0, last - 1), at: axis.at[last]!, now: true }
  const [from, to] = [axis.place[index]!, axis.place[index + 1]!]
  const share = to > from ? Math.max(0, where - from) / (to - from) : 0
  return { index, at: Math.round(axis.at[index]! + share * (axis.at[index + 1]! - axis.at[index]!)), now: false }
}

/** Where an instant after the turn `index` lies. */
export function placeOf(axis: Axis, index: number, at: number): number {
  const [from, to] = [axis.at[index]!, axis.at[index + 1] ?? axis.at[index]!]
  const share = to > from ? Math.min(1, Math.max(0, (at - from) / (to - from))) : 0
  return axis.place[index]! + share * ((axis.place[index + 1] ?? axis.place[index]!) - axis.place[index]!)
}

/** What is shown of the whole, 0 to 1. */
export type View = { from: number; to: number }
export const whole: View = { from: 0, to: 1 }

/** A view `by` times as wide around a place, never wider than the whole nor narrower than `least` of it. */
export function zoomed({ from, to }: View, by: number, around: number, narrowest: number): View {
  const width = Math.min(1, Math.max(narrowest, (to - from) * by))
  const share = to > from ? Math.min(1, Math.max(0, (around - from) / (to - from))) : 0.5
  return within(around - share * width, width)
}

/** The view moved just so far that it shows a place with some room around it. */
export function following(view: View, where: number): View {
  const width = view.to - view.from
  const room = width * 0.08
  const next = where < view.from + room ? within(where - room * 3, width) : where > view.to - room ? within(where - width + room * 3, width) : view
  return Math.abs(next.from - view.from) < 1e-9 ? view : next
}

function within(from: number, width: number): View {
  const start = Math.min(1 - width, Math.max(0, from))
  return { from: start, to: start + width }
}

export type Tick = { index: number; x: number }

/** Turns that dates are written at: about every `spacePx`, each the one after the longest pause thereabouts. */
export function ticksOf(axis: Axis, view: View, widthPx: number, spacePx: number): Tick[] {
  const ticks: Tick[] = []
  const toPx = widthPx / (view.to - view.from)
  const last = axis.at.length - 1
  let next = 0
  const end = widthPx - spacePx * 0.8
  while (next < end) {
    const from = Math.max(0, turnAt(axis, view.from + (next - 1) / toPx))
    let best: Tick | null = null
    let longest = -1
    for (let index = from; index < last; index++) {
      const x = (axis.place[index]! - view.from) * toPx
      if (x < next - 0.5) continue
      if (x > Math.min(next + spacePx, end)) break
      const pause = index === 0 ? Infinity : axis.at[index]! - axis.at[index - 1]!
      if (pause > longest) [best, longest] = [{ index, x }, pause]
    }
    if (best !== null) ticks.push(best)
    next = (best?.x ?? next) + spacePx
  }
  return ticks
}
