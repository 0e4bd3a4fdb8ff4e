/** How fast letters may go to a domain. Pure. */
import { BeckonError } from '../core/errors.ts'
import { domainOf } from './domains.ts'

/** `perMinute` Infinity: as fast as they go. `burst`: as many may go at once after a pause. */
export type Rate = { readonly perMinute: number; readonly burst: number }

/** The rate of a domain, as `domainOf` names it. */
export type Rates = (domain: string) => Rate

const perMinuteOf = { s: 60, m: 1, h: 1 / 60 } as const
export const unlimited: Rate = { perMinute: Infinity, burst: Infinity }

/** What the great ones take from a sender they know; the rest are small, and each has a rate of its own. */
const ratesDefault = 'gmail.com=1200/m,outlook.com=600/m,yahoo.com=600/m,icloud.com=600/m,*=3000/m'

/**
 * `gmail.com=600/m,shop.example=20/h,*=3000/m+200`: letters a second, minute or hour, and how many at once after a pause
 * where it is not a tenth of a minute's. `none`: no limit. `*`: every domain that is not named, each for itself.
 * Names of one provider mean all of it. What is not said stays as by default. Throws a BeckonError on anything else.
 */
export function parseRates(text: string): Rates {
  const named = new Map<string, Rate>()
  for (const part of `${ratesDefault},${text}`.split(',')) {
    if (part.trim() === '') continue
    const [name, value, ...more] = part.split('=').map((word) => word.trim().toLowerCase())
    const rate = more.length > 0 || name === '' || value === undefined ? null : rateOf(value)
    if (rate === null) throw new BeckonError('usage', `BECKON_RATES says "${part.trim()}": write domain=600/m, domain=20/h+5 or domain=none`)
    named.set(name === '*' ? '*' : domainOf(name!), rate)
  }
  const rest = named.get('*')!
  return (domain) => named.get(domain) ?? rest
}

function rateOf(value: string): Rate | null {
  if (value === 'none') return unlimited
  const [, count, unit, burst] = /^(\d{1,9})\/([smh])(?:\+(\d{1,6}))?$/.exec(value) ?? []
  const perMinute = Number(count) * perMinuteOf[unit as 's']
  if (!(perMinute > 0) || burst === '0') return null
  return { perMinute, burst: burst === undefined ? Math.max(1, Math.ceil(perMinute / 10)) : Number(burst) }
}
