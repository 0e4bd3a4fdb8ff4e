/**
 * Draws a life on a canvas: dates, what they did above the line and what the clock and the post did below it, letters,
 * and a lane for each region. Drawn anew only when the life, the view, the size or the light changes, never while a hand moves.
 */
import type { Track } from '../../studio/api.ts'
import { clockOf, dayOf, duration } from '../words.ts'
import { ticksOf } from './axis.ts'
import type { Axis, View } from './axis.ts'
import type { Lane } from './lanes.ts'

export type Sheet = { track: Track; axis: Axis; lanes: readonly Lane[]; view: View; widthPx: number }

/** Heights in px, from the top. */
export const rows = { dates: 20, events: 26, timers: 13, letters: 20, lane: 16, gap: 4 } as const
const line = rows.dates + rows.events
const lettersAt = line + rows.timers
export const lanesAt = lettersAt + rows.letters + rows.gap
export const heightOf = (lanes: number) => lanesAt + lanes * (rows.lane + rows.gap)

const colours = ['ink', 'soft', 'line', 'strong-line', 'sunk', 'accent', 'medium', 'low', 'high', 'card', 'accent-tint', 'medium-tint', 'low-tint'] as const
type Colours = Record<(typeof colours)[number], string>

/** Each lane's tints: what fills a state, and what it begins with. */
const laneTints = [
  ['accent-tint', 'accent'],
  ['low-tint', 'low'],
  ['medium-tint', 'medium'],
  ['sunk', 'strong-line'],
] as const

/** The tokens as the canvas can use them, in the light of the moment. */
function coloursOf(element: HTMLElement): Colours {
  const kept = element.style.color
  const read = colours.map((name) => {
    element.style.color = `var(--${name})`
    return [name, getComputedStyle(element).color] as const
  })
  element.style.color = kept
  return Object.fromEntries(read) as Colours
}

export function paint(canvas: HTMLCanvasElement, sheet: Sheet): void {
  const { widthPx } = sheet
  const heightPx = heightOf(sheet.lanes.length)
  const sharp = devicePixelRatio || 1
  canvas.width = Math.round(widthPx * sharp)
  canvas.height = Math.round(heightPx * sharp)
  canvas.style.width = `${widthPx}px`
  canvas.style.height = `${heightPx}px`
  const pen = canvas.getContext('2d')
  if (pen === null) return
  const ink = coloursOf(canvas)
  pen.scale(sharp, sharp)
  pen.textBaseline = 'middle'
  const toX = (place: number) => ((place - sheet.view.from) / (sheet.view.to - sheet.view.from)) * widthPx
  paintDates(pen, sheet, ink)
  paintTurns(pen, sheet, ink, toX)
  paintLetters(pen, sheet, ink, toX)
  for (const [index, lane] of sheet.lanes.entries()) paintLane(pen, sheet, ink, toX, lane, lanesAt + index * (rows.lane + rows.gap))
}

const font = (px: number) => `${px}px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif`

function paintDates(pen: CanvasRenderingContext2D, { axis, view, widthPx }: Sheet, ink: Colours) {
  pen.font = font(11)
  let before: string | null = null
  for (const { index, x } of ticksOf(axis, view, widthPx, 112)) {
    const day = dayOf(axis.at[index]!)
    pen.fillStyle = ink['strong-line']
    pen.fillRect(Math.round(x), 4, 1, line - 4)
    pen.fillStyle = ink.soft
    pen.fillText(day === before ? clockOf(axis.at[index]!) : day, Math.round(x) + 5, 9)
    before = day
  }
}

/** Bars by pixel: what the customer did rises from the line, what the clock and the post brought hangs from it. */
function paintTurns(pen: CanvasRenderingContext2D, { track, axis, widthPx }: Sheet, ink: Colours, toX: (place: number) => number) {
  const counts = [0, 1, 2, 3].map(() => new Uint16Array(Math.ceil(widthPx) + 1))
  pen.strokeStyle = ink['strong-line']
  pen.fillStyle = ink['strong-line']
  pen.fillRect(0, line, widthPx, 1)
  pen.font = font(10.5)
  for (let index = 0; index <= track.count; index++) {
    const x = toX(axis.place[index]!)
    if (index < track.count && x >= -1 && x <= widthPx) counts[track.kinds[index]!]![Math.max(0, Math.round(x))]!++
    const from = index === 0 ? x : toX(axis.place[index - 1]!)
    if (x - from > 54 && x > 0 && from < widthPx) paintPause(pen, ink, from, x, axis.at[index]! - axis.at[index - 1]!, widthPx)
  }
  bars(pen, counts[0]!, ink.ink, line, -(rows.events - 4))
  bars(pen, counts[3]!, ink.high, line, -(rows.events - 4))
  bars(pen, counts[1]!, ink.medium, line + 1, rows.timers - 2)
  bars(pen, counts[2]!, ink.low, line + 1, rows.timers - 2)
}

/** As high as `highest` where there are most, and never too low to be seen. */
function bars(pen: CanvasRenderingContext2D, counts: Uint16Array, colour: string, from: number, highest: number) {
  const most = Math.max(4, ...counts)
  pen.fillStyle = colour
  for (const [x, n] of counts.entries()) if (n > 0) pen.fillRect(x - 0.75, from, 1.5, highest * (0.4 + (0.6 * Math.log(n)) / Math.log(most)))
}

/** How long nothing happened, where there is room to say so. */
function paintPause(pen: CanvasRenderingContext2D, ink: Colours, from: number, to: number, ms: number, widthPx: number) {
  const words = duration(ms).split(' ').slice(0, 2).join(' ')
  const middle = (Math.max(0, from) + Math.min(widthPx, to)) / 2
  const room = pen.measureText(words).width / 2
  if (Math.min(widthPx, to) - Math.max(0, from) < room * 2 + 20) return
  pen.fillStyle = ink.soft
  pen.textAlign = 'center'
  pen.fillText(words, middle, line - 9)
  pen.textAlign = 'start'
}

/** Envelopes; where they would cover each other, bars. */
function paintLetters(pen: CanvasRenderingContext2D, { track, axis, widthPx }: Sheet, ink: Colours, toX: (place: number) => number) {
  const middle = lettersAt + rows.letters / 2
  const seen: [x: number, isQueued: boolean][] = []
  for (let index = 0; index < track.count; index++) {
    const x = toX(axis.place[index]!)
    if (track.letters[index] !== 0 && x > -8 && x < widthPx + 8) seen.push([x, track.letters[index] === 1])
  }
  const isDense = seen.length * 9 > widthPx
  pen.lineWidth = 1.4
  for (const [x, isQueued] of seen) {
    pen.fillStyle = isQueued ? ink.accent : ink.high
    if (isDense) pen.fillRect(x - 0.75, isQueued ? middle - 6 : middle + 1, 1.5, isQueued ? 6 : 5)
    else if (isQueued) paintEnvelope(pen, ink, x, middle)
    else paintCross(pen, ink, x, middle)
  }
}

function paintEnvelope(pen: CanvasRenderingContext2D, ink: Colours, x: number, y: number) {
  pen.fillStyle = ink.accent
  pen.beginPath()
  pen.roundRect(x - 6.5, y - 4.5, 13, 9, 2)
  pen.fill()
  pen.strokeStyle = ink.card
  pen.beginPath()
  pen.moveTo(x - 4.5, y - 2)
  pen.lineTo(x, y + 1.2)
  pen.lineTo(x + 4.5, y - 2)
  pen.stroke()
}

function paintCross(pen: CanvasRenderingContext2D, ink: Colours, x: number, y: number) {
  pen.strokeStyle = ink.high
  pen.fillStyle = ink.card
  pen.beginPath()
  pen.roundRect(x - 6, y - 4.2, 12, 8.4, 2)
  pen.fill()
  pen.stroke()
  pen.beginPath()
  pen.moveTo(x - 3, y + 2.4)
  pen.lineTo(x + 3, y - 2.4)
  pen.stroke()
}

function paintLane(pen: CanvasRenderingContext2D, { track, axis, widthPx }: Sheet, ink: Colours, toX: (place: number) => number, lane: Lane, top: number) {
  const middle = top + rows.lane / 2
  pen.fillStyle = ink.line
  pen.fillRect(Math.max(0, toX(0)), middle, widthPx, 1)
  pen.font = font(10.5)
  let index = 0
  while (index < track.count) {
    const stand = lane.stands[track.states[index]!]!
    const from = toX(axis.place[index]!)
    let end = index + 1
    while (end < track.count && lane.stands[track.states[end]!]!.path === stand.path) end++
    const to = toX(axis.place[end]!)
    index = end
    if (to < 0 || from > widthPx || stand.tint === null) continue
    const [fill, edge] = laneTints[stand.tint]!
    const left = Math.max(from, -4)
    const width = Math.max(0.75, Math.min(to, widthPx + 4) - left)
    pen.fillStyle = width < 3 ? ink[edge] : ink[fill]
    pen.fillRect(left, top, width, rows.lane)
    if (width < 3) continue
    pen.fillStyle = ink[edge]
    pen.fillRect(left, top, 2, rows.lane)
    paintStand(pen, ink, stand.path, Math.max(0, left) + 6, middle, Math.min(to, widthPx) - Math.max(0, left) - 8)
  }
}

/** A state's name where it fits: the whole path, else its last part, else nothing. */
function paintStand(pen: CanvasRenderingContext2D, ink: Colours, path: string, x: number, y: number, room: number) {
  if (room < 22) return
  const fits = [path, path.slice(path.lastIndexOf('.') + 1)].find((words) => pen.measureText(words).width <= room)
  if (fits === undefined) return
  pen.fillStyle = ink.ink
  pen.fillText(fits, x, y + 0.5)
}
