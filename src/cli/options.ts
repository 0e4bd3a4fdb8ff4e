/** Reads what several commands take. */
import { BeckonError } from '../core/errors.ts'

/** `abandonAfter=45m,views=4` → { abandonAfter: '45m', views: '4' }. */
export function parseSettings(text: string): Record<string, string> {
  const settings: Record<string, string> = {}
  for (const part of text
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean)) {
    const at = part.indexOf('=')
    if (at < 1) throw new BeckonError('usage', `"${part}" is no setting: write name=value`)
    settings[part.slice(0, at).trim()] = part.slice(at + 1).trim()
  }
  return settings
}

const units: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** An ISO instant, or +30d from the last event; undefined: the last event itself. */
export function parseUntil(text: string | undefined): (last: number) => number {
  if (text === undefined) return (last) => last
  const ahead = /^\+(\d+(?:\.\d+)?)([smhd])$/.exec(text)
  if (ahead !== null) return (last) => last + Number(ahead[1]) * units[ahead[2]!]!
  const at = parseInstant(text)
  return () => at
}

export function parseInstant(text: string): number {
  const at = Date.parse(text)
  if (Number.isNaN(at)) throw new BeckonError('usage', `"${text}" is no instant: write 2026-11-23T12:00:00Z, or +30d`)
  return at
}
