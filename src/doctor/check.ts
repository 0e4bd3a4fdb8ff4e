/** A finding and its remedy as values. Pure. What comes from the DNS or a relay is anybody's text: it is made plain here. */
import type { DnsRecord, DoctorCheck, DoctorState } from '../studio/api-doctor.ts'

/** One thing wrong (or worth a word), and how much. */
export type Fault = { state: 'warn' | 'bad'; words: string }

export const warn = (words: string): Fault => ({ state: 'warn', words })
export const bad = (words: string): Fault => ({ state: 'bad', words })

/** A check that ended: as bad as its worst fault. */
export function toCheck(
  about: { id: string; title: string; why: string },
  { found, faults = [], todo = null, records = [] }: { found: string[]; faults?: Fault[]; todo?: string | null; records?: DnsRecord[] },
): DoctorCheck {
  const state = worst(faults.map((fault) => fault.state))
  return { ...about, state, found: [...found, ...faults.map(({ words }) => words)].map(plain), todo, records: state === 'ok' ? [] : records }
}

/** A check that came to no end. */
export const toUnknown = (about: { id: string; title: string; why: string }, words: string, todo: string | null = null): DoctorCheck => ({
  ...about,
  state: 'unknown',
  found: [plain(words)],
  todo,
  records: [],
})

export function worst(states: readonly DoctorState[]): Exclude<DoctorState, 'unknown'> {
  return states.includes('bad') ? 'bad' : states.includes('warn') ? 'warn' : 'ok'
}

export function txtRecord(name: string, value: string, instead: readonly string[] = []): DnsRecord {
  const parts = value.match(/.{1,255}/gs) ?? ['']
  const quoted = parts.map((part) => `"${part.replaceAll(/["\\]/g, '\\$&')}"`)
  return toRecord(name, 'TXT', value, quoted.length === 1 ? quoted[0]! : `( ${quoted.join(' ')} )`, instead)
}

export const mxRecord = (name: string, exchange: string): DnsRecord => toRecord(name, 'MX', `10 ${exchange}.`, `10 ${exchange}.`, [])

export const ptrRecord = (name: string, host: string, instead: readonly string[]): DnsRecord => toRecord(name, 'PTR', `${host}.`, `${host}.`, instead)

const toRecord = (name: string, type: DnsRecord['type'], value: string, written: string, instead: readonly string[]): DnsRecord => ({
  name,
  type,
  value,
  line: `${name}. 3600 IN ${type} ${written}`,
  instead: instead.map(plain),
})

/** Without control characters, and of a length that somebody reads. */
function plain(text: string): string {
  const one = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
  return one.length > shownCharsMax ? `${one.slice(0, shownCharsMax)}…` : one
}

const shownCharsMax = 600

/** `a, b and c`. */
export const listed = (words: readonly string[]): string => (words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`)
