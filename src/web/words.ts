/** Instants, durations and amounts as people read them. All in ms, in the reader's own time zone and language. */

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

/** 93,600,000 → `1 d 2 h`; under a second `0 s`. */
export function duration(ms: number): string {
  let rest = Math.max(0, ms)
  const parts: string[] = []
  for (const [unit, size] of units) {
    const n = Math.floor(rest / size)
    rest -= n * size
    if (n > 0) parts.push(`${n} ${unit}`)
  }
  return parts.slice(0, 2).join(' ') || '0 s'
}

/** `just now`, `3 min ago`, `in 2 h`. */
export function fromNow(at: number, now: number): string {
  const gap = at - now
  if (Math.abs(gap) < 5_000) return 'just now'
  return gap < 0 ? `${first(duration(-gap))} ago` : `in ${first(duration(gap))}`
}

const first = (text: string) => text.split(' ').slice(0, 2).join(' ')

const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' })
const shortDay = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
const clockMs = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23' })

export const dayOf = (at: number) => day.format(at)
export const clockOf = (at: number) => clock.format(at)
/** To the millisecond. */
export const exactly = (at: number) => `${day.format(at)}, ${clockMs.format(at)}`
/** `23 Nov, 14:05:10`; today only the time. */
export function when(at: number, now: number): string {
  return new Date(at).toDateString() === new Date(now).toDateString() ? clock.format(at) : `${shortDay.format(at)}, ${clock.format(at)}`
}

export function money(amount: number, currency: string | null | undefined): string {
  if (!currency) return amount.toLocaleString(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
  try {
    return new Intl.NumberFormat(undefined, { style: 'currency', currency }).format(amount)
  } catch {
    return `${amount} ${currency}`
  }
}

export const number = (n: number) => n.toLocaleString()
/** 12,345 → `12.3k`. */
export const short = (n: number) =>
  n < 10_000 ? n.toLocaleString() : new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 }).format(n)
export const bytes = (n: number) => (n < 1024 ? `${n} B` : n < 1_048_576 ? `${(n / 1024).toFixed(1)} KB` : `${(n / 1_048_576).toFixed(1)} MB`)
export const count = (n: number, one: string, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`
