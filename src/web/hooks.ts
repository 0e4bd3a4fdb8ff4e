/** Stores, answers and the passing of time, as Preact components use them. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { ask, Refused } from './ask.ts'
import { serverNow } from './live.ts'
import { meet } from './session.ts'

type Readable<T> = { get: () => { context: T }; subscribe: (listen: (snapshot: { context: T }) => void) => { unsubscribe: () => void } }

/** What `select` takes from a store; the component is drawn again when it changes. */
export function useStore<T, S>(store: Readable<T>, select: (context: T) => S): S {
  const [, redraw] = useState(0)
  const selected = select(store.get().context)
  const latest = useRef({ select, selected })
  latest.current = { select, selected }
  useEffect(() => {
    const look = ({ context }: { context: T }) => {
      if (!Object.is(latest.current.select(context), latest.current.selected)) redraw((n) => n + 1)
    }
    const { unsubscribe } = store.subscribe(look)
    // It may have changed since the component was drawn.
    look(store.get())
    return unsubscribe
  }, [store])
  return selected
}

export type Asked<T> = { value: T | null; fault: Refused | Error | null; loading: boolean; again: () => void }

/** The answer to GET `/studio/api/…`, asked anew when `path` changes or on `again()`. The last answer stays until the next is here. null: not yet. */
export function useAsk<T>(path: string | null): Asked<T> {
  const [round, setRound] = useState(0)
  const [answer, setAnswer] = useState<{ path: string | null; value: T | null; fault: Error | null; loading: boolean }>({
    path: null,
    value: null,
    fault: null,
    loading: true,
  })
  useEffect(() => {
    if (path === null) return
    const stop = new AbortController()
    setAnswer((before) => ({ ...before, loading: true }))
    ask<T>(path, stop.signal).then(
      (value) => setAnswer({ path, value, fault: null, loading: false }),
      (fault: Error) => {
        if (stop.signal.aborted) return
        // The session ended: whoever looks is asked who they are.
        if (fault instanceof Refused && fault.code === 'studio.signed_out') void meet()
        setAnswer((before) => ({ path, value: before.path === path ? before.value : null, fault, loading: false }))
      },
    )
    return () => stop.abort()
  }, [path, round])
  return { value: answer.value, fault: answer.fault, loading: answer.loading, again: () => setRound((n) => n + 1) }
}

/** The server's clock, ms; the component is drawn again every `everyMs`. */
export function useNow(everyMs = 1_000): number {
  const [now, setNow] = useState(serverNow)
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNow()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}

/** `value` once it has stayed the same for `ms`. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms)
    return () => clearTimeout(timer)
  }, [value, ms])
  return settled
}

/** Names the page in the tab. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Beckon`
  }, [title])
}

/** Whether the window is as a media query says, now and later. */
export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches)
  useEffect(() => {
    const media = matchMedia(query)
    const look = () => setMatches(media.matches)
    look()
    media.addEventListener('change', look)
    return () => media.removeEventListener('change', look)
  }, [query])
  return matches
}
