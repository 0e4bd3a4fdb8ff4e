/**
 * The doctor for whoever asks over the studio: what was asked is checked first, an answer holds for a minute, and no more
 * than so many examinations begin in one.
 */
import { isIP } from 'node:net'
import type { Refusal } from '../core/errors.ts'
import type { DoctorReport } from '../studio/api-doctor.ts'
import { examine } from './doctor.ts'
import type { Instruments } from './doctor.ts'
import { toDomain, toPatient } from './patient.ts'
import type { PostSettings } from './patient.ts'

export type Visit = { domain?: string; selector?: string; ip?: string }
export type Visits = (visit: Visit) => Promise<DoctorReport | Refusal>

const holdsMs = 60_000
const begunMax = 8

/** `sampleAddress`: the postal address that stands there when nobody gave one. */
export function createVisits({ settings, sampleAddress, instruments }: { settings: PostSettings; sampleAddress: string; instruments: Instruments }): Visits {
  const { clock } = instruments
  const kept = new Map<string, { at: number; report: Promise<DoctorReport> }>()

  return async ({ domain: name, selector, ip }) => {
    const domain = name === undefined ? undefined : toDomain(name)
    if (domain === null) return { refused: 'studio.input_invalid', about: 'domain is none such as shop.example' }
    if (ip !== undefined && isIP(ip) === 0) return { refused: 'studio.input_invalid', about: 'ip is no address such as 192.0.2.1' }
    if (selector !== undefined && !isSelector(selector)) return { refused: 'studio.input_invalid', about: 'selector is none such as beckon' }

    const now = clock.now()
    for (const [key, { at }] of kept) if (now - at >= holdsMs || now < at) kept.delete(key)
    const key = JSON.stringify([domain, selector, ip])
    const before = kept.get(key)
    if (before !== undefined) return before.report
    if (kept.size >= begunMax) return { refused: 'rate.exceeded', retryAfterMs: holdsMs - (now - Math.min(...[...kept.values()].map(({ at }) => at))) }
    const asked = { ...(domain === undefined ? {} : { domain }), ...(selector === undefined ? {} : { selector }), ...(ip === undefined ? {} : { ip }) }
    const report = examine(toPatient(settings, asked, sampleAddress), instruments)
    kept.set(key, { at: now, report })
    return report
  }
}

/** What may stand before `._domainkey`. Pure. */
export const isSelector = (text: string): boolean => /^[a-z0-9_](?:[a-z0-9_.-]{0,61}[a-z0-9_])?$/i.test(text)
