/** A life as Preact components look at it. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { RefObject } from 'preact'
import type { Life, Moment } from './life.ts'

/** Details go with a moving hand at this pace; the scrubber, its states and its words with every frame. */
export const detailMs = 80

/** The instant looked at; the component is drawn again in the frame in which it changes. */
export function useMoment(life: Life): Moment {
  const [, redraw] = useState(0)
  useEffect(() => life.onMoment(() => redraw((n) => n + 1)), [life])
  return life.moment
}

/** How many times turns have come; the component is drawn again when more do. */
export function useTold(life: Life): number {
  const [times, redraw] = useState(0)
  useEffect(() => life.onTold(() => redraw((n) => n + 1)), [life])
  return times
}

/** The instant looked at, drawn again every `ms` at most while a hand moves: for what costs too much in every frame. */
export function useUnhurried(life: Life, ms: number): Moment {
  const [moment, setMoment] = useState(life.moment)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null
    let drawnAt = -Infinity
    const draw = () => {
      timer = null
      drawnAt = performance.now()
      setMoment(life.moment)
    }
    const stop = life.onMoment(() => {
      const rest = drawnAt + ms - performance.now()
      if (rest <= 0) draw()
      else timer ??= setTimeout(draw, rest)
    })
    return () => {
      stop()
      if (timer !== null) clearTimeout(timer)
    }
  }, [life, ms])
  return moment
}

/** The customer's own clock, ms, drawn again every second. */
export function useClock(life: Life): number {
  const [now, setNow] = useState(() => life.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(life.now()), 1_000)
    return () => clearInterval(timer)
  }, [life])
  return now
}

/** Changes whenever light turns to dark or back: for what is drawn with colours of its own. */
export function useShade(): number {
  const [times, redraw] = useState(0)
  useEffect(() => {
    const change = () => redraw((n) => n + 1)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', change)
    const choice = new MutationObserver(change)
    choice.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
    return () => {
      dark.removeEventListener('change', change)
      choice.disconnect()
    }
  }, [])
  return times
}

/** Whether an element is on screen, or nearly. */
export function useInView(): [RefObject<HTMLElement | null>, boolean] {
  const box = useRef<HTMLElement>(null)
  const [inView, setInView] = useState(true)
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => setInView(entry?.isIntersecting ?? true), { rootMargin: '100px' })
    observer.observe(box.current!)
    return () => observer.disconnect()
  }, [])
  return [box, inView]
}

/** A value, or the last there was while the next is on its way: shown dimmed it keeps the page from jumping. */
export function useLatest<T>(value: T | null): T | null {
  const last = useRef(value)
  if (value !== null) last.current = value
  return last.current
}
