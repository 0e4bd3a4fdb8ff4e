/** DMARC: what receivers are asked to do with letters that are not ours, and whether ours count as ours. */
import type { DoctorCheck } from '../studio/api-doctor.ts'
import { bad, listed, toCheck, txtRecord, warn } from './check.ts'
import type { Fault } from './check.ts'
import { domainOf, isAligned, organizationOf } from './patient.ts'
import type { Patient } from './patient.ts'
import type { Resolver } from './resolver.ts'

export const aboutDmarc = {
  id: 'dmarc',
  title: 'DMARC: what to do with forgeries',
  why: 'Gmail, Yahoo and Microsoft want a DMARC record, p=none at least, from whoever sends 5,000 letters a day.',
}

export const aboutAlignment = {
  id: 'alignment',
  title: 'Alignment: signature and From are one',
  why: 'DMARC passes only where the domain in From is that of the DKIM signature (d=) or of the envelope sender.',
}

type Found = { at: string; records: string[]; tags: Map<string, string> }

/** The record that counts for a domain: its own, else that of the nearest domain above it. */
async function findDmarc(domain: string, resolver: Resolver): Promise<Found> {
  const organization = organizationOf(domain)
  for (let at = domain; ; at = at.slice(at.indexOf('.') + 1)) {
    const records = (await resolver.txt(`_dmarc.${at}`)).filter((text) => /^v\s*=\s*DMARC1\b/i.test(text))
    if (records.length > 0 || at === organization || !at.includes('.')) return { at, records, tags: tagsOf(records[0] ?? '') }
  }
}

function tagsOf(record: string): Map<string, string> {
  return new Map(
    record
      .split(';')
      .map((part) => part.trim())
      .filter((part) => part.includes('='))
      .map((part) => [part.slice(0, part.indexOf('=')).trim().toLowerCase(), part.slice(part.indexOf('=') + 1).trim()] as const),
  )
}

export async function checkDmarc({ domain }: Patient, resolver: Resolver): Promise<DoctorCheck> {
  const found = await findDmarc(domain, resolver)
  const { at, records, tags } = found
  const organization = organizationOf(domain)
  const value = `v=DMARC1; p=none; rua=mailto:dmarc@${organization}`
  if (records.length === 0) {
    const near = (await resolver.txt(`_dmarc.${organization}`)).filter((text) => /dmarc/i.test(text))
    const words =
      near.length > 0 ? `What stands at _dmarc.${organization} does not begin with v=DMARC1, so it counts for nothing.` : `${domain} has no DMARC record.`
    return toCheck(aboutDmarc, {
      found: near,
      faults: [bad(words)],
      todo: 'Add it; dmarc@… is a mailbox (or a service) that takes the daily reports.',
      records: [txtRecord(`_dmarc.${organization}`, value, near)],
    })
  }
  const faults = [
    ...(records.length > 1 ? [bad(`There are ${records.length} DMARC records, and receivers then take none of them.`)] : []),
    ...policyFaults(found, domain),
    ...(await reportFaults(found, resolver)),
  ]
  const mended = mendedDmarc(tags, value, organization)
  const isChanged = records.length > 1 || mended !== null
  return toCheck(aboutDmarc, {
    found: [`${records.join(' and ')}${at === domain ? '' : ` (from ${at})`}`],
    faults,
    todo: faults.length === 0 ? null : isChanged ? 'Put this in its place.' : nextStep(tags),
    records: isChanged ? [txtRecord(`_dmarc.${at}`, mended ?? records[0]!, records)] : [],
  })
}

const nextStep = (tags: ReadonlyMap<string, string>): string =>
  tags.get('p') === 'none' ? 'When the reports show that all your mail passes, write p=quarantine, later p=reject.' : 'See what is named.'

const policies = ['none', 'quarantine', 'reject']

function policyFaults({ tags, records, at }: Found, domain: string): Fault[] {
  const faults: Fault[] = []
  const p = tags.get('p')?.toLowerCase()
  const sp = tags.get('sp')?.toLowerCase()
  if (p === undefined) faults.push(bad('It has no policy (p=).'))
  else if (!policies.includes(p)) faults.push(bad(`p=${p} is no policy: none, quarantine or reject.`))
  else if (p === 'none') faults.push(warn('p=none asks for reports only: whoever forges your From still gets through.'))
  if (sp !== undefined && !policies.includes(sp)) faults.push(bad(`sp=${sp} is no policy: none, quarantine or reject.`))
  else if (sp !== undefined && p !== undefined && policies.indexOf(sp) < policies.indexOf(p))
    faults.push(warn(`sp=${sp} protects subdomains${at === domain ? '' : ', yours among them,'} less than p=${p} protects ${at}.`))
  const odd = [...tags.keys()].filter((tag) => !known.has(tag))
  if (odd.length > 0) faults.push(warn(`Receivers do not know ${listed(odd.map((tag) => `${tag}=`))}.`))
  for (const mode of ['adkim', 'aspf'])
    if (tags.has(mode) && !/^[rs]$/i.test(tags.get(mode)!)) faults.push(bad(`${mode}=${tags.get(mode)} is neither r nor s.`))
  const broken = (records[0] ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '' && !part.includes('='))
  if (broken.length > 0) faults.push(bad(`"${broken[0]}" cannot be read; parts are name=value with ; between.`))
  return faults
}

async function reportFaults({ tags, at }: Found, resolver: Resolver): Promise<Fault[]> {
  const rua = tags.get('rua')
  if (rua === undefined || rua === '') return [warn('It has no rua=, so nobody tells you who sends as you.')]
  const faults: Fault[] = []
  for (const uri of rua
    .split(',')
    .map((one) => one.trim())
    .slice(0, 4)) {
    const address = /^mailto:([^\s!]+@[^\s!]+)(?:!\d+[kmgt]?)?$/i.exec(uri)?.[1]
    if (address === undefined) {
      faults.push(bad(`rua=${uri} is no mailto: address.`))
      continue
    }
    const to = domainOf(address)
    if (isAligned(to, at, false)) continue
    const leave = await resolver.txt(`${at}._report._dmarc.${to}`)
    if (!leave.some((text) => /^v=DMARC1/i.test(text))) faults.push(warn(`${to} has not said that it takes reports for ${at}, so receivers send it none.`))
  }
  return faults
}

/** The record with what is missing or unreadable put right, and nothing else changed; null: it stays. */
function mendedDmarc(tags: ReadonlyMap<string, string>, fallback: string, organization: string): string | null {
  const policy = tags.get('p')?.toLowerCase() ?? ''
  if (!policies.includes(policy)) return fallback
  const rua = tags.get('rua') ?? ''
  const isReadable = rua !== '' && rua.split(',').every((uri) => /^\s*mailto:[^\s!]+@/i.test(uri))
  const rest = [...tags].filter(
    ([tag, value]) =>
      known.has(tag) &&
      !['v', 'p', 'rua'].includes(tag) &&
      (!/^(?:adkim|aspf)$/.test(tag) || /^[rs]$/i.test(value)) &&
      (tag !== 'sp' || policies.includes(value.toLowerCase())),
  )
  const mended = new Map([['p', policy], ...rest, ['rua', isReadable ? rua : `mailto:dmarc@${organization}`]])
  const same = [...mended].length + 1 === tags.size && [...mended].every(([tag, value]) => tags.get(tag)?.toLowerCase() === value.toLowerCase())
  return same ? null : ['v=DMARC1', ...[...mended].map(([tag, value]) => `${tag}=${value}`)].join('; ')
}

const known = new Set(['v', 'p', 'sp', 'np', 'rua', 'ruf', 'adkim', 'aspf', 'fo', 'rf', 'ri', 'pct', 'psd', 't'])

export async function checkAlignment({ domain, bounceDomain, dkim, relay }: Patient, resolver: Resolver): Promise<DoctorCheck> {
  const { tags } = await findDmarc(domain, resolver)
  const [isDkimStrict, isSpfStrict] = [tags.get('adkim') === 's', tags.get('aspf') === 's']
  const signature = isAligned(dkim.domain, domain, isDkimStrict)
  const envelope = isAligned(bounceDomain, domain, isSpfStrict)
  const words = (what: string, is: boolean, isStrict: boolean) =>
    `${what} ${is ? 'is' : 'is not'} one with From (${domain})${isStrict ? ', which is asked to be the very same' : ''}.`
  const found = [words(`d=${dkim.domain}`, signature, isDkimStrict), words(`The envelope sender at ${bounceDomain}`, envelope, isSpfStrict)]
  const isSigned = dkim.privateKey !== null
  const faults: Fault[] = []
  if (!signature && !envelope) faults.push(bad('Neither is, so DMARC fails for every letter.'))
  else if (!signature) faults.push(warn('Only the envelope is, and a forwarded letter loses that.'))
  else if (!envelope) faults.push(warn('Only the signature is; that is enough for DMARC, though Yahoo likes both.'))
  if (!isSigned && signature && relay !== null) faults.push(warn('It is the relay that signs, if anybody does: see that it signs with this domain.'))
  return toCheck(aboutAlignment, {
    found,
    faults,
    todo: faults.length === 0 ? null : `Sign with d=${domain} (BECKON_DKIM_DOMAIN) and send from an address at ${domain} (BECKON_FROM).`,
  })
}
