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
import { isReserved } from './patient.ts'
import type { Patient } from './patient.ts'
import { createRelayProbe } from './probe.ts'
import type { RelayProbe } from './probe.ts'
import { aboutRelay, checkRelay } from './relay.ts'
import { createResolver, sparing } from './resolver.ts'
import type { Resolver } from './resolver.ts'
import { aboutSetup, aboutSite, aboutUnsubscribe, checkSetup, checkSite, checkUnsubscribe, createReach } from './setup.ts'
import type { Reach } from './setup.ts'
import { aboutSpf, checkSpf } from './spf-check.ts'

export type Instruments = { resolver: Resolver; probe: RelayProbe; reach: Reach; clock: Clock; limitMs?: number }

/** This machine's DNS and network. */
export const createInstruments = (clock: Clock): Instruments => ({
  clock,
  resolver: createResolver(),
  probe: createRelayProbe({ clock }),
  reach: createReach(),
})

type Check = [about: { id: string; title: string; why: string }, check: () => DoctorCheck | Promise<DoctorCheck>]

/** The report on a patient. Never rejects. */
export async function examine(patient: Patient, { resolver, probe, reach, clock, limitMs = 20_000 }: Instruments): Promise<DoctorReport> {
  const at = clock.now()
  const dns = sparing(resolver, questionsMax)
  const ofServer: Check[] = [
    [aboutSetup, () => checkSetup(patient)],
    [aboutRelay, () => checkRelay(patient, probe, at)],
    [aboutSite, () => checkSite(patient, dns, reach)],
    [aboutUnsubscribe, () => checkUnsubscribe(patient)],
  ]
  const ofDomain: Check[] = [
    [aboutSpf, () => checkSpf(patient, dns)],
    [aboutDkim, () => checkDkim(patient, dns)],
    [aboutDmarc, () => checkDmarc(patient, dns)],
    [aboutAlignment, () => checkAlignment(patient, dns)],
    [aboutMx, () => checkMx(patient, dns)],
    [aboutPtr, () => checkPtr(patient, dns)],
  ]
  // A server that was given no sender yet has no domain to look at.
  const isSample = patient.own !== null && isReserved(patient.domain)
  const asked = ofDomain.map(([about, check]): Check => [about, async () => ((await isBlind(patient.domain, dns)) ? blind(about) : check())])
  const all = [...(patient.own === null ? [] : ofServer), ...(isSample ? [] : asked)]

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

/** Whether the DNS here knows neither the domain nor what everybody knows: then its "no such name" says nothing. */
async function isBlind(domain: string, dns: Resolver): Promise<boolean> {
  for (const known of [() => dns.txt(domain), () => dns.mx(domain), () => dns.a(domain), () => dns.mx(everybodyKnows)]) {
    // No answer is another matter, which each check names for itself.
    const answers = await known().catch(() => null)
    if (answers === null || answers.length > 0) return false
  }
  return true
}

const blind = (about: Check[0]): DoctorCheck =>
  toUnknown(about, `The DNS that this machine asks does not even know ${everybodyKnows}.`, 'Look from a machine whose DNS reaches the internet.')

const everybodyKnows = 'gmail.com'

/** All of a deep SPF record, and the rest. */
const questionsMax = 250
