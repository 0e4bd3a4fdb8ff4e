/** Names and amounts in a marketer's words. */
import type { Machine } from '../actors/load-machine.ts'
import { delayWords } from '../chart/words.ts'
import { shapeOf } from './shape.ts'

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

/** 93,600,000 → "1 d 2 h". */
export function duration(ms: unknown): string {
  let rest = Number(ms)
  const parts: string[] = []
  for (const [unit, size] of units) {
    const n = Math.floor(rest / size)
    rest -= n * size
    if (n > 0) parts.push(`${n} ${unit}`)
  }
  return parts.slice(0, 2).join(' ') || '0 s'
}

export const counted = (n: unknown, one: string): string => `${n} ${one}${n === 1 ? '' : 's'}`

export const waitPrefix = 'letter.wait/'

/** What a timer waits for: `abandonAfter`, `quiet hours of cart-abandoned`. */
export function timerWords(machine: Machine, event: string): string {
  if (event.startsWith(waitPrefix)) {
    const template = event.slice(waitPrefix.length)
    return `${machine.letters[template]?.sendBetween === undefined ? 'quiet hours' : 'closed hours'} of ${template}`
  }
  const delay = shapeOf(machine).timers.get(event)?.delay ?? /^xstate\.after\.([^.]+)\./.exec(event)?.[1] ?? event
  return typeof delay === 'number' || /^\d+$/.test(delay) ? duration(delay) : delay
}

/** What has passed when a timer fires: `30 min passed (abandonAfter)`, `quiet hours of cart-abandoned passed`. */
export function passedWords(machine: Machine, event: string): string {
  const words = timerWords(machine, event)
  const ms = machine.settings[words]
  return ms === undefined ? `${words} passed` : `${delayWords(ms)} passed (${words})`
}

/** `text` as one line of at most `charsMax` characters. */
export function cut(text: string, charsMax: number): string {
  const line = text
    .slice(0, charsMax * 4)
    .replaceAll(/\s+/g, ' ')
    .trim()
  return line.length > charsMax ? `${line.slice(0, charsMax - 1).toWellFormed()}…` : line.toWellFormed()
}
