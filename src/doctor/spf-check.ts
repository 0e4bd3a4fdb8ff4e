/** SPF: whether the relay may send for the domain of the envelope, and whether receivers can read who may. */
import { bad, toCheck, txtRecord, warn } from './check.ts'
import type { Fault } from './check.ts'
import type { DoctorCheck } from '../studio/api-doctor.ts'
import { isPrivate } from './patient.ts'
import type { Patient } from './patient.ts'
import { providerOf } from './providers.ts'
import type { Resolver } from './resolver.ts'
import { faultsOfWalk, judgeSpf, lookupsMax, walkSpf } from './spf.ts'
import type { Spf } from './spf.ts'

export const aboutSpf = {
  id: 'spf',
  title: 'SPF: who may send',
  why: 'Gmail, Yahoo and Microsoft want SPF or DKIM of everybody, and both from 5,000 letters a day; Microsoft answers 550 5.7.515 without.',
}

export async function checkSpf({ bounceDomain, relay, ip }: Patient, resolver: Resolver): Promise<DoctorCheck> {
  const walk = await walkSpf(resolver, bounceDomain)
  const { top } = walk
  const senders = ip !== null ? [ip] : relay === null || providerOf(relay.host) !== null ? [] : (await resolver.a(relay.host)).filter((ip) => !isPrivate(ip))
  const provider = relay === null ? null : providerOf(relay.host)
  const wanted = provider?.spf ?? (senders.length > 0 ? senders.slice(0, 4).map(toMechanism).join(' ') : null)

  if (top.records.length === 0) {
    const value = `v=spf1 ${wanted ?? 'a mx'} ~all`
    const todo =
      wanted === null ? 'Add it; where letters leave by another machine than the domain’s own, put that in the place of "a mx" (or give --ip).' : 'Add it.'
    return toCheck(aboutSpf, { found: [], faults: [bad(`${bounceDomain} has no SPF record.`)], todo, records: [txtRecord(bounceDomain, value)] })
  }
  const missing = top.isInvalid ? null : missingFrom(top, { senders, isSure: ip !== null, provider })
  const faults = [
    ...(top.records.length > 1 ? [bad(`There are ${top.records.length} SPF records, and receivers then take none of them.`)] : []),
    ...faultsOfWalk(walk),
    ...(missing ?? []),
  ]
  const value = mended(top, missing === null && !top.isInvalid ? null : wanted)
  const isChanged = top.records.length > 1 || value !== top.records[0]!.split(/\s+/).filter(Boolean).join(' ')
  const found = [
    `${top.records.join(' and ')} (${walk.lookups} of ${lookupsMax} lookups)`,
    ...(missing === null && senders.length > 0 && !top.isInvalid ? [`${senders.join(', ')} may send.`] : []),
  ]
  return toCheck(aboutSpf, {
    found,
    faults,
    todo: faults.length === 0 ? null : isChanged ? 'Put this in its place; a domain has one SPF record.' : todoFor(walk.lookups),
    records: isChanged ? [txtRecord(bounceDomain, value, top.records)] : [],
  })
}

const todoFor = (lookups: number): string =>
  lookups > lookupsMax
    ? 'Take out what you no longer send by, or send by another subdomain with a record of its own.'
    : 'Mend the record named, or ask whoever keeps it.'

/** What is wrong with the senders, or null. */
function missingFrom(
  top: Spf,
  { senders, isSure, provider }: { senders: string[]; isSure: boolean; provider: { name: string; spf: string } | null },
): Fault[] | null {
  if (senders.length === 0) {
    if (provider === null || includes(top, provider.spf.replace('include:', ''))) return null
    // Most providers have an envelope domain of their own, so this alone turns nobody away.
    return [warn(`${provider.name} is not in it (${provider.spf}); that is right only where ${provider.name} uses an envelope domain of its own.`)]
  }
  const faults = senders.flatMap((sender) => {
    const result = judgeSpf(top, sender)
    if (result === 'pass') return []
    if (result === 'unknown') return [warn(`Whether ${sender} may send depends on the letter (macros, ptr).`)]
    return [
      isSure
        ? bad(`${sender} may not send: the answer for it is "${result}".`)
        : warn(`The relay’s own address ${sender} may not send ("${result}"); if it sends from another, give that with --ip.`),
    ]
  })
  return faults.length === 0 ? null : faults
}

const includes = (spf: Spf, domain: string): boolean =>
  spf.domain === domain ||
  spf.terms.some(({ inner }) => inner !== null && includes(inner, domain)) ||
  (spf.redirect !== null && includes(spf.redirect.inner, domain))

/** One record that says what these say, with the sender in it. */
function mended(top: Spf, wanted: string | null): string {
  const words = top.records.flatMap((record) => record.split(/\s+/).slice(1)).filter(Boolean)
  const isAll = (word: string) => /^[+?~-]?all$/i.test(word)
  const end = words.find(isAll)
  const redirect = words.find((word) => /^redirect=/i.test(word))
  const kept = words.filter((word) => !isAll(word) && !/^[+?~-]?ptr\b/i.test(word) && !(redirect !== undefined && word === redirect))
  const more = wanted === null ? [] : wanted.split(' ').filter((word) => !kept.includes(word))
  const last = end === undefined ? (redirect ?? '~all') : /^[~-]/.test(end) ? end : '~all'
  return ['v=spf1', ...new Set([...kept, ...more]), last].join(' ')
}

const toMechanism = (ip: string): string => `${ip.includes(':') ? 'ip6' : 'ip4'}:${ip}`
