/**
 * Is a domain ready to send? Looks at SPF, DKIM, DMARC, MX, PTR, the relay's TLS and what the server was told, and names
 * the exact record to add. Never sends a letter, never changes anything.
 * 1. It ends within `limitMs`: what has not ended by then is `unknown`.
 * 2. What could not be found out is `unknown`, never `ok`: no answer from the DNS is no answer.
 */
import type { Clock } from '../core/world.ts'
import type { DoctorCheck, DoctorReport } from '../studio/api-doctor.ts'
import { toUnknown, worst } from './check.ts'
import { aboutDkim, checkDkim } from './dkim.ts'
import { aboutAlignment, aboutDmarc, checkAlignment, checkDmarc } from './dmarc.ts'
import { aboutMx, aboutPtr, checkMx, checkPtr } from './hosts.ts'
import type { Patient } from './patient.ts'
import type { RelayProbe } from './probe.ts'
import { aboutRelay, checkRelay } from './relay.ts'
import { sparing } from './resolver.ts'
import type { Resolver } from './resolver.ts'
import { aboutSetup, aboutSite, aboutUnsubscribe, checkSetup, checkSite, checkUnsubscribe } from './setup.ts'
import type { Reach } from './setup.ts'
import { aboutSpf, checkSpf } from './spf-check.ts'

export type Instruments = { resolver: Resolver; probe: RelayProbe; reach: Reach; clock: Clock; limitMs?: number }

type Check = [about: { id: string; title: string; why: string }, check: () => DoctorCheck | Promise<DoctorCheck>]

/** The report on a patient. Never rejects. */
export async function examine(patient: Patient, { resolver, probe, reach, clock, limitMs = 20_000 }: Instruments): Promise<DoctorReport> {
  const at = clock.now()
  const dns = sparing(resolver, questionsMax)
  const ofServer: Check[] = [
    [aboutRelay, () => checkRelay(patient, probe, at)],
    [aboutSite, () => checkSite(patient, dns, reach)],
    [aboutUnsubscribe, () => checkUnsubscribe(patient)],
    [aboutSetup, () => checkSetup(patient)],
  ]
  const all: Check[] = [
    [aboutSpf, () => checkSpf(patient, dns)],
    [aboutDkim, () => checkDkim(patient, dns)],
    [aboutDmarc, () => checkDmarc(patient, dns)],
    [aboutAlignment, () => checkAlignment(patient, dns)],
    [aboutMx, () => checkMx(patient, dns)],
    [aboutPtr, () => checkPtr(patient, dns)],
    ...(patient.own === null ? [] : ofServer),
  ]

  let cancel = () => {}
  const late = new Promise<'late'>((resolve) => (cancel = clock.after(limitMs, () => resolve('late'))))
  const checks = await Promise.all(
    all.map(async ([about, check]) => {
      try {
        const ended = await Promise.race([check(), late])
        return ended === 'late' ? toUnknown(about, `It took longer than ${limitMs / 1_000} s.`, 'Look again later.') : ended
      } catch (error) {
        return toUnknown(about, `It could not be found out: ${(error as Error).message}.`, 'Look again later, or from another network.')
      }
    }),
  )
  cancel()
  return { domain: patient.domain, at, tookMs: clock.now() - at, state: worst(checks.map(({ state }) => state)), checks }
}

/** All of a deep SPF record, and the rest. */
const questionsMax = 250
