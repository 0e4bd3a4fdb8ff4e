/** Small parts that every page uses. */
import type { ComponentChildren, TargetedKeyboardEvent } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { LetterState, Priority } from '../../studio/api.ts'
import { Refused } from '../ask.ts'
import { exactly, fromNow, when } from '../words.ts'

/** An instant: short on the page, exact to the millisecond on hover. */
export function Time({ at, now, relative = false }: { at: number; now: number; relative?: boolean }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={exactly(at)} class="numbers">
      {relative ? fromNow(at, now) : when(at, now)}
    </time>
  )
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  )
}

export function Spinner({ what }: { what: string }) {
  return (
    <div class="empty" role="status">
      <div class="spin" />
      <span class="out-of-sight">{what}</span>
    </div>
  )
}

/** What went wrong, and what to do about it. */
export function Fault({ fault, again }: { fault: Error; again?: () => void }) {
  return (
    <div class="notice bad" role="alert">
      <strong>{fault instanceof Refused ? fault.message : 'The server cannot be reached.'}</strong> {fault instanceof Refused ? fault.hint : 'Is it running?'}
      {again && (
        <button class="button small" type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  )
}

export const PriorityChip = ({ priority }: { priority: Priority }) => <span class={`chip ${priority}`}>{priority}</span>

const stateTints: Record<LetterState, string> = { queued: '', attempting: '', flushing: '', sent: 'good', deferred: 'warn', failed: 'bad', unknown: 'warn' }
const stateWords: Record<LetterState, string> = {
  queued: 'queued',
  attempting: 'being sent',
  flushing: 'being sent',
  sent: 'sent',
  deferred: 'tried, will try again',
  failed: 'failed',
  unknown: 'held: may have arrived',
}
export const StateChip = ({ state }: { state: LetterState }) => <span class={`chip ${stateTints[state]}`}>{stateWords[state]}</span>

/** Asks before something that cannot be undone. `onYes` may be slow; what it throws is shown. */
export function Confirm({
  title,
  children,
  yes,
  bad = false,
  onYes,
  onClose,
}: {
  title: string
  children: ComponentChildren
  yes: string
  bad?: boolean
  onYes: () => Promise<void>
  onClose: () => void
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState<Error | null>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const act = async () => {
    setBusy(true)
    try {
      await onYes()
      onClose()
    } catch (error) {
      setFault(error as Error)
      setBusy(false)
    }
  }
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="confirm-title">
      <div class="stack">
        <h2 id="confirm-title">{title}</h2>
        <div>{children}</div>
        {fault && <Fault fault={fault} />}
        <div class="actions">
          <button class="button" type="button" onClick={onClose}>
            Cancel
          </button>
          <button class={`button ${bad ? 'bad' : 'strong'}`} type="button" disabled={busy} onClick={() => void act()}>
            {yes}
          </button>
        </div>
      </div>
    </dialog>
  )
}

/** Tabs with the keys that people expect: arrows, Home, End. The panel is the caller's. */
export function Tabs<T extends string>({
  label,
  tabs,
  value,
  onChange,
}: {
  label: string
  tabs: readonly (readonly [T, string])[]
  value: T
  onChange: (to: T) => void
}) {
  const move = (event: TargetedKeyboardEvent<HTMLElement>) => {
    const at = tabs.findIndex(([id]) => id === value)
    const to =
      event.key === 'ArrowRight' ? at + 1 : event.key === 'ArrowLeft' ? at - 1 : event.key === 'Home' ? 0 : event.key === 'End' ? tabs.length - 1 : null
    if (to === null) return
    event.preventDefault()
    const next = tabs[(to + tabs.length) % tabs.length]!
    onChange(next[0])
    event.currentTarget.querySelector<HTMLElement>(`[data-tab="${next[0]}"]`)?.focus()
  }
  return (
    <div class="tabs" role="tablist" aria-label={label} onKeyDown={move}>
      {tabs.map(([id, words]) => (
        <button key={id} type="button" role="tab" data-tab={id} aria-selected={id === value} tabIndex={id === value ? 0 : -1} onClick={() => onChange(id)}>
          {words}
        </button>
      ))}
    </div>
  )
}

/**
 * A list of any length of which only what is seen is drawn. Every row is `rowPx` high. `onSeen` hears which rows are on
 * screen, so that more can be fetched; the parts of a row that is not here yet are the caller's to draw.
 */
export function LongList({
  count,
  rowPx,
  heightPx,
  label,
  row,
  onSeen,
  scrollTo: target,
}: {
  count: number
  rowPx: number
  heightPx: number | string
  label: string
  row: (index: number) => ComponentChildren
  onSeen?: (from: number, to: number) => void
  scrollTo?: number | undefined
}) {
  const box = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ from: 0, to: 40 })
  const look = () => {
    const element = box.current
    if (element === null) return
    const from = Math.max(0, Math.floor(element.scrollTop / rowPx) - 8)
    const to = Math.min(count, Math.ceil((element.scrollTop + element.clientHeight) / rowPx) + 8)
    setView((before) => (before.from === from && before.to === to ? before : { from, to }))
  }
  useEffect(look, [count, rowPx])
  useEffect(() => {
    if (target === undefined || box.current === null) return
    const { scrollTop, clientHeight } = box.current
    const top = target * rowPx
    if (top < scrollTop || top + rowPx > scrollTop + clientHeight) box.current.scrollTop = top - clientHeight / 2 + rowPx / 2
  }, [target, rowPx])
  useEffect(() => onSeen?.(view.from, Math.min(view.to, count)), [view.from, view.to, count])
  const rows = []
  for (let index = view.from; index < Math.min(view.to, count); index++)
    rows.push(
      <li
        key={index}
        style={{ position: 'absolute', top: `${index * rowPx}px`, left: 0, right: 0, height: `${rowPx}px` }}
        aria-setsize={count}
        aria-posinset={index + 1}
      >
        {row(index)}
      </li>,
    )
  return (
    <div
      ref={box}
      onScroll={look}
      style={{ height: typeof heightPx === 'number' ? `${heightPx}px` : heightPx, overflow: 'auto', position: 'relative' }}
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      <ul style={{ height: `${count * rowPx}px`, position: 'relative' }}>{rows}</ul>
    </div>
  )
}
