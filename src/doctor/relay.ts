/** The way out: whether the relay answers, and whether letters and the password travel sealed. */
import type { DoctorCheck } from '../studio/api-doctor.ts'
import { bad, toCheck, warn } from './check.ts'
import type { Fault } from './check.ts'
import { isPrivate } from './patient.ts'
import type { Patient } from './patient.ts'
import type { Probed, RelayProbe } from './probe.ts'

export const aboutRelay = {
  id: 'relay',
  title: 'TLS: the way to the relay',
  why: 'Gmail wants letters carried under TLS, and a password said in the clear is anybody’s.',
}

export async function checkRelay({ relay }: Patient, probe: RelayProbe, now: number): Promise<DoctorCheck> {
  if (relay === null)
    return toCheck(aboutRelay, {
      found: ['There is no relay: letters stay in the inbox.'],
      faults: [warn('Nothing is sent for real.')],
      todo: 'Set BECKON_SMTP_URL=smtp://user:password@host:587',
    })
  const where = `${relay.host}:${relay.port}`
  const probed = await probe(relay)
  if ('fault' in probed)
    return toCheck(aboutRelay, {
      found: [],
      faults: [bad(`${where} cannot be used: ${probed.fault}.`)],
      todo: 'Check host, port and firewall; many hosters block port 25, so use 587 or 465.',
    })
  const faults = isLoopback(relay.host) ? [] : tlsFaults(probed, relay, now)
  const { tls } = probed
  const seal =
    tls === null
      ? `plain text, since ${probed.plainBecause}`
      : `${tls.protocol}${Number.isFinite(tls.validTo) ? `, certificate valid until ${new Date(tls.validTo).toISOString().slice(0, 10)}` : ''}`
  return toCheck(aboutRelay, {
    found: [
      `${where} answers: ${firstLine(probed.greeting)}`,
      `It speaks ${seal}.`,
      ...(isLoopback(relay.host) ? ['It is this machine, so nobody listens in between.'] : []),
    ],
    faults,
    todo: faults.length === 0 ? null : 'Have the relay’s certificate or its TLS settings mended, or name it by the host that its certificate is for.',
  })
}

function tlsFaults({ tls, plainBecause }: Exclude<Probed, { fault: string }>, relay: NonNullable<Patient['relay']>, now: number): Fault[] {
  // With a password we insist on TLS and a good certificate, so that what is wrong here sends nothing.
  const blame = relay.hasPassword || relay.secure ? bad : warn
  if (tls === null)
    return [blame(`Letters${relay.hasPassword ? '' : ' travel in the clear'}${relay.hasPassword ? ' do not leave' : ''}, since ${plainBecause}.`)]
  const faults: Fault[] = []
  const days = Math.floor((tls.validTo - now) / 86_400_000)
  if (days < 0) faults.push(blame(`Its certificate ended ${-days} ${-days === 1 ? 'day' : 'days'} ago.`))
  else if (tls.distrust !== null)
    faults.push(
      blame(
        `Its certificate is not trusted (${tls.distrust})${/ALTNAME/.test(tls.distrust) ? `: it is for ${tls.names.join(', ') || 'nobody'}, not for ${relay.host}` : ''}.`,
      ),
    )
  else if (days < 14) faults.push(warn(`Its certificate ends in ${days} days.`))
  if (/^(?:SSLv|TLSv1$|TLSv1\.1)/.test(tls.protocol)) faults.push(warn(`${tls.protocol} is out of date; TLS 1.2 is the least that receivers like.`))
  return faults
}

const firstLine = (text: string): string => text.split(/\r?\n/, 1)[0] ?? ''

const isLoopback = (host: string): boolean => isPrivate(host) && /^(?:localhost|127\.|::1|\[::1\])/.test(host)
