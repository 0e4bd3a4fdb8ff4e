/**
 * The scrubber: a whole life on one line, and the instant looked at. A slider for hands and for keys: arrows go turn by
 * turn, with shift by ten, Page Up and Down by a twentieth of the life, Home and End to its ends. The right end is now.
 */
import type { RefObject, TargetedKeyboardEvent, TargetedPointerEvent, TargetedWheelEvent } from 'preact'
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Chart } from '../../studio/api.ts'
import { number } from '../words.ts'
import { following, instantAt, placeOf, toAxis, whole, zoomed } from './axis.ts'
import type { Axis, View } from './axis.ts'
import { toLanes } from './lanes.ts'
import type { Lane } from './lanes.ts'
import type { Life } from './life.ts'
import { useShade, useTold } from './looking.ts'
import { heightOf, lanesAt, paint, rows } from './paint.ts'

/** Within so many px of a turn, a hand means the turn. */
const snapPx = 4
/** Turns are worth at least so many px at the closest look. */
const closestPx = 14
/** Lives of fewer turns are seen well enough as a whole. */
const zoomedFrom = 40

export function Scrubber({ life, chart }: { life: Life; chart: Chart | null }) {
  useTold(life)
  const { track } = life
  const canvas = useRef<HTMLCanvasElement>(null)
  const grip = useRef<HTMLDivElement>(null)
  const stands = useRef<HTMLUListElement>(null)
  const [view, setView] = useState<View>(whole)
  const widthPx = useWidth(canvas)
  const shade = useShade()
  const axis = useMemo(() => toAxis(track.at, life.now()), [track, life])
  const lanes = useMemo(() => (chart === null ? [] : toLanes(track.sets, chart)), [track.sets, chart])

  useLayoutEffect(() => {
    if (widthPx > 0) paint(canvas.current!, { track, axis, lanes, view, widthPx })
  }, [track, axis, lanes, view, widthPx, shade])

  // The grip goes its own way, past the drawing of components: nothing else has to move with it in time.
  useLayoutEffect(() => {
    const follow = () => {
      const x = placed(axis, life)
      const next = following(view, x)
      if (next !== view) setView(next)
      placeGrip(grip.current!, ((x - next.from) / (next.to - next.from)) * widthPx, life)
      placeStands(stands.current!, lanes, life)
    }
    follow()
    return life.onMoment(follow)
  }, [life, axis, lanes, view, widthPx])

  const zoom = (by: number, around = placed(axis, life)) =>
    setView((before) => zoomed(before, by, around, Math.min(1, widthPx / closestPx / Math.max(1, track.count))))
  const hands = useHands(life, axis, view, widthPx, grip)
  const onWheel = (event: TargetedWheelEvent<HTMLElement>) => {
    if (!event.ctrlKey && !event.metaKey) return
    event.preventDefault()
    const share = (event.clientX - event.currentTarget.getBoundingClientRect().left) / widthPx
    zoom(event.deltaY > 0 ? 1.25 : 0.8, view.from + share * (view.to - view.from))
  }

  return (
    <div class="scrubber">
      <LaneNames lanes={lanes} />
      <div class="track" style={{ height: `${heightOf(lanes.length)}px` }} {...hands} onWheel={onWheel}>
        <canvas ref={canvas} aria-hidden="true" />
        <div
          ref={grip}
          class="grip"
          role="slider"
          tabIndex={0}
          aria-label="Instant of this life"
          aria-orientation="horizontal"
          aria-valuemin={1}
          aria-valuemax={track.count + 1}
          onKeyDown={(event) => onKey(event, life)}
        />
      </div>
      <ul class="stands" ref={stands} aria-label="Where the machine stood at this instant">
        {lanes.map((lane, index) => (
          <li key={lane.id} style={{ '--top': `${lanesAt + index * (rows.lane + rows.gap)}px` }}>
            <span class="soft">{lane.label}</span> <strong />
          </li>
        ))}
      </ul>
      {track.count > zoomedFrom && <Zoom isWhole={view.to - view.from >= 1} onZoom={zoom} onWhole={() => setView(whole)} />}
    </div>
  )
}

/** How wide the track is, px; 0 before it is drawn. */
function useWidth(canvas: RefObject<HTMLCanvasElement | null>): number {
  const [widthPx, setWidthPx] = useState(0)
  useLayoutEffect(() => {
    const box = canvas.current!.parentElement!
    const measure = new ResizeObserver(() => setWidthPx(box.clientWidth))
    measure.observe(box)
    setWidthPx(box.clientWidth)
    return () => measure.disconnect()
  }, [])
  return widthPx
}

function LaneNames({ lanes }: { lanes: readonly Lane[] }) {
  const name = (words: string, top: number, height: number, title = words) => (
    <span key={title} style={{ top: `${top}px`, height: `${height}px` }} title={title}>
      {words}
    </span>
  )
  return (
    <div class="lane-names" aria-hidden="true">
      {name('events', rows.dates, rows.events)}
      {name('timers', rows.dates + rows.events, rows.timers)}
      {name('letters', rows.dates + rows.events + rows.timers, rows.letters)}
      {lanes.map(({ id, label }, index) => name(label, lanesAt + index * (rows.lane + rows.gap), rows.lane, id))}
    </div>
  )
}

function Zoom({ isWhole, onZoom, onWhole }: { isWhole: boolean; onZoom: (by: number) => void; onWhole: () => void }) {
  return (
    <div class="zoom">
      <button type="button" class="button quiet small" onClick={() => onZoom(0.5)} aria-label="Look closer">
        +
      </button>
      <button type="button" class="button quiet small" onClick={() => onZoom(2)} disabled={isWhole} aria-label="Step back">
        −
      </button>
      <button type="button" class="button quiet small" onClick={onWhole} disabled={isWhole}>
        whole life
      </button>
    </div>
  )
}

const placed = (axis: Axis, { moment }: Life) => (moment.now ? 1 : placeOf(axis, moment.index, moment.at))

function placeGrip(grip: HTMLDivElement, x: number, life: Life) {
  const { moment, track } = life
  grip.style.transform = `translateX(${x.toFixed(1)}px)`
  grip.setAttribute('aria-valuenow', String(moment.now ? track.count + 1 : moment.index + 1))
  const name = life.turn(moment.index)?.name ?? kindWords[track.kinds[moment.index] ?? 0]
  const turn = `turn ${number(moment.index + 1)} of ${number(track.count)}`
  grip.setAttribute('aria-valuetext', moment.now ? `now, after ${turn}` : `${turn}, ${spoken.format(moment.at)}, ${name}`)
}

function placeStands(list: HTMLUListElement, lanes: readonly Lane[], { moment, track }: Life) {
  const set = track.states[moment.index]!
  for (const [index, lane] of lanes.entries()) {
    const words = list.children[index]?.lastElementChild
    const { path, tint } = lane.stands[set]!
    if (!words || words.textContent === path) continue
    words.textContent = path
    words.className = tint === null ? 'begins' : ''
  }
}

const kindWords = ['an event', 'a timer', 'an outcome', 'a merge']
const spoken = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})

/** Pointers on the track: a press goes there, a drag follows. */
function useHands(life: Life, axis: Axis, view: View, widthPx: number, grip: { current: HTMLDivElement | null }) {
  const dragging = useRef(false)
  const to = (event: TargetedPointerEvent<HTMLElement>) => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left
    const perPx = (view.to - view.from) / widthPx
    const at = view.from + x * perPx
    const moment = instantAt(axis, at)
    if (moment.now) return life.go(life.track.count)
    const nearest = [moment.index, moment.index + 1].find((index) => Math.abs(axis.place[index]! - at) <= snapPx * perPx)
    if (nearest === undefined) life.goTo(moment)
    else life.go(nearest)
  }
  return {
    onPointerDown(event: TargetedPointerEvent<HTMLElement>) {
      if (event.button !== 0) return
      event.preventDefault()
      event.currentTarget.setPointerCapture(event.pointerId)
      dragging.current = true
      grip.current?.focus({ preventScroll: true })
      to(event)
    },
    onPointerMove(event: TargetedPointerEvent<HTMLElement>) {
      if (dragging.current) to(event)
    },
    onPointerUp() {
      dragging.current = false
    },
    onPointerCancel() {
      dragging.current = false
    },
  }
}

function onKey(event: TargetedKeyboardEvent<HTMLElement>, life: Life) {
  const by = event.shiftKey ? 10 : 1
  const far = Math.max(10, Math.round(life.track.count / 20))
  const steps: Record<string, number> = {
    ArrowLeft: -by,
    ArrowDown: -by,
    ArrowRight: by,
    ArrowUp: by,
    PageUp: far,
    PageDown: -far,
    Home: -Infinity,
    End: Infinity,
  }
  const step = steps[event.key]
  if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return
  event.preventDefault()
  life.step(step)
}
