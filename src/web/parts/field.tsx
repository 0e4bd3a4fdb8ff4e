/** A labelled input with its fault beside it, and what the server finds wrong in words. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { Refused } from '../ask.ts'

export type Spoken = {
  /** The field it is about; null: the form as a whole. */
  field: string | null
  words: string
  /** How long to wait before the next try, s. */
  waitS: number
}

/** What a server that would not take a form has to say; `fields`: what its fields are called in a sentence. */
export function spoken(fault: Error, fields: Record<string, string>): Spoken {
  if (!(fault instanceof Refused)) return { field: null, words: 'The server cannot be reached. Is it running?', waitS: 0 }
  if (fault.code === 'studio.sign_in_paused') {
    const waitS = Number(/(\d+) s\.$/.exec(fault.message)?.[1] ?? 1)
    return { field: null, words: `Too many wrong tries. Try again in ${inWords(waitS)}.`, waitS }
  }
  const [, field = '', words = ''] = /: (\w+) (.+)\.$/.exec(fault.message) ?? []
  if (fault.code === 'studio.input_invalid' && field in fields) return { field, words: `${fields[field]} ${words}.`, waitS: 0 }
  return { field: null, words: fault.hint || fault.message, waitS: 0 }
}

const inWords = (s: number) => (s < 60 ? `${s} s` : `${Math.ceil(s / 60)} min`)

export function Field({
  name,
  label,
  value,
  onChange,
  autoComplete,
  fault,
  hint,
  isSecret = false,
  isFirst = false,
}: {
  name: string
  label: string
  value: string
  onChange: (to: string) => void
  autoComplete: 'username' | 'current-password' | 'new-password'
  fault: string | null
  hint?: string
  isSecret?: boolean
  isFirst?: boolean
}) {
  const input = useRef<HTMLInputElement>(null)
  const [isShown, setShown] = useState(false)
  useEffect(() => {
    if (isFirst) input.current?.focus()
  }, [])
  useEffect(() => {
    if (fault !== null) input.current?.focus()
  }, [fault])
  const about = [hint !== undefined && `${name}-hint`, fault !== null && `${name}-fault`].filter((id) => id !== false).join(' ')
  const kind = isSecret && !isShown ? { type: 'password' as const } : { type: 'text' as const }
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <div class="typed">
        <input
          ref={input}
          id={name}
          name={name}
          {...kind}
          autoComplete={autoComplete}
          autoCapitalize="none"
          spellcheck={false}
          maxLength={256}
          value={value}
          onInput={(event) => onChange(event.currentTarget.value)}
          aria-invalid={fault !== null}
          aria-describedby={about || undefined}
        />
        {isSecret && (
          <button class="button quiet small" type="button" aria-pressed={isShown} aria-controls={name} onClick={() => setShown(!isShown)}>
            {isShown ? 'Hide' : 'Show'}
            <span class="out-of-sight"> {label.toLowerCase()}</span>
          </button>
        )}
      </div>
      {hint !== undefined && (
        <p class="soft small" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      {fault !== null && (
        <p class="fault" id={`${name}-fault`} role="alert">
          {fault}
        </p>
      )}
    </div>
  )
}

/** Counts down from `waitS` s to 0, anew for each `key`. */
export function useCountdown(waitS: number, key: unknown): number {
  const [left, setLeft] = useState(waitS)
  useEffect(() => {
    setLeft(waitS)
    if (waitS === 0) return
    const end = Date.now() + waitS * 1_000
    const timer = setInterval(() => {
      const rest = Math.max(0, Math.ceil((end - Date.now()) / 1_000))
      setLeft(rest)
      if (rest === 0) clearInterval(timer)
    }, 250)
    return () => clearInterval(timer)
  }, [key])
  return left
}
