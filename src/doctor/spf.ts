/**
 * SPF records as RFC 7208 reads them: parsed, walked through every include and redirect, and held against an address.
 * 1. A walk ends: after so many lookups, or where a domain includes itself.
 * 2. What costs a lookup is counted whether or not an earlier term would match: receivers count so at worst.
 */
import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { bad, warn } from './check.ts'
import type { Fault } from './check.ts'
import type { Resolver } from './resolver.ts'

export type Term = {
  text: string
  qualifier: '+' | '-' | '~' | '?'
  kind: string
  value: string
  /** Lookups it costs, with all below it. */
  cost: number
  /** The addresses it names; null where they depend on the letter. */
  nets: BlockList | null
  inner: Spf | null
}

export type Spf = {
  domain: string
  /** All records of that kind there; more than one is as bad as none. */
  records: string[]
  terms: Term[]
  redirect: { cost: number; inner: Spf } | null
  faults: Fault[]
  /** Receivers take it as an error, whatever the letter. */
  isInvalid: boolean
}

export type SpfResult = 'pass' | 'fail' | 'softfail' | 'neutral' | 'none' | 'permerror' | 'unknown'

export const lookupsMax = 10
const voidsMax = 2
/** Beyond this nothing more is learnt. */
const walkedMax = 40

/** A domain's record with all that it leads to. Rejects when the DNS does not answer. */
export async function walkSpf(resolver: Resolver, domain: string): Promise<{ top: Spf; lookups: number; voids: number }> {
  const count = { lookups: 0, voids: 0 }
  const spend = () => ++count.lookups <= walkedMax

  async function visit(domain: string, path: readonly string[]): Promise<Spf> {
    const spf: Spf = { domain, records: [], terms: [], redirect: null, faults: [], isInvalid: false }
    if (path.includes(domain)) return { ...spf, isInvalid: true, faults: [bad(`${domain} includes itself.`)] }
    spf.records = (await resolver.txt(domain)).filter((text) => /^v=spf1(?: |$)/i.test(text))
    if (spf.records.length !== 1) {
      spf.isInvalid = spf.records.length > 1
      if (path.length > 0) {
        if (spf.records.length === 0) count.voids++
        spf.faults.push(
          bad(
            `${domain}, named in the record of ${path.at(-1)}, has ${spf.records.length === 0 ? 'no' : 'more than one'} SPF record, which makes the whole invalid.`,
          ),
        )
      }
      return spf
    }
    const { terms, redirect, faults, isInvalid } = parseSpf(spf.records[0]!, domain)
    spf.faults = faults
    spf.isInvalid = isInvalid
    for (const term of terms) spf.terms.push(await resolve(term, domain, path))
    if (redirect !== null && !terms.some(({ kind }) => kind === 'all')) {
      const before = count.lookups
      const inner = spend() ? await visit(redirect, [...path, domain]) : null
      if (inner !== null) spf.redirect = { cost: count.lookups - before, inner }
    }
    return spf
  }

  async function resolve(term: Term, domain: string, path: readonly string[]): Promise<Term> {
    if (!costly.has(term.kind)) return term
    const before = count.lookups
    if (spend() && !term.value.includes('%')) {
      const [, name = '', four, six] = /^([^/]*)(?:\/(\d+))?(?:\/\/(\d+))?$/.exec(term.value) ?? []
      const target = name === '' ? domain : name
      if (term.kind === 'include') term.inner = await visit(target, [...path, domain])
      else if (term.kind === 'a') term.nets = await netsOf([target], four, six)
      else if (term.kind === 'mx')
        term.nets = await netsOf(
          (await resolver.mx(target)).slice(0, 10).map(({ exchange }) => exchange),
          four,
          six,
        )
    }
    return { ...term, cost: count.lookups - before }
  }

  async function netsOf(hosts: string[], four = '32', six = '128'): Promise<BlockList> {
    const nets = new BlockList()
    let any = false
    for (const host of hosts) {
      for (const ip of await resolver.a(host)) any = addNet(nets, ip, Number(four)) || any
      for (const ip of await resolver.aaaa(host)) any = addNet(nets, ip, Number(six)) || any
    }
    if (!any) count.voids++
    return nets
  }

  return { top: await visit(domain, []), ...count }
}

/** All faults of a walk, the top record's own first. */
export function faultsOfWalk({ top, lookups, voids }: { top: Spf; lookups: number; voids: number }): Fault[] {
  const all = new Set<Fault>()
  const gather = (spf: Spf) => {
    for (const fault of spf.faults) all.add(fault)
    for (const { inner } of spf.terms) if (inner !== null) gather(inner)
    if (spf.redirect !== null) gather(spf.redirect.inner)
  }
  gather(top)
  const dear = [...top.terms.map(({ text, cost }) => ({ text, cost })), ...(top.redirect === null ? [] : [{ text: 'redirect', cost: top.redirect.cost }])]
    .filter(({ cost }) => cost > 0)
    .sort((a, b) => b.cost - a.cost)
    .map(({ text, cost }) => `${text} ${cost}`)
  const many = lookups > walkedMax ? `more than ${walkedMax}` : String(lookups)
  return [
    ...all,
    ...(lookups > lookupsMax ? [bad(`It costs ${many} DNS lookups, and receivers stop at ${lookupsMax} and call it invalid: ${dear.join(', ')}.`)] : []),
    ...(voids > voidsMax ? [warn(`${voids} of its lookups find nothing; some receivers stop at ${voidsMax}.`)] : []),
  ]
}

/** What the record says of a letter from this address. Pure. */
export function judgeSpf(spf: Spf, ip: string): SpfResult {
  if (spf.records.length === 0) return 'none'
  if (spf.isInvalid) return 'permerror'
  let isUnsure = false
  for (const term of spf.terms) {
    if (term.kind === 'include') {
      const inner = term.inner === null ? 'unknown' : judgeSpf(term.inner, ip)
      if (inner === 'permerror' || inner === 'none') return 'permerror'
      if (inner === 'unknown') isUnsure = true
      if (inner === 'pass') return isUnsure ? 'unknown' : results[term.qualifier]
    } else if (term.kind === 'all') return isUnsure ? 'unknown' : results[term.qualifier]
    else if (term.nets === null) isUnsure = true
    else if (term.nets.check(ip, isIPv6(ip) ? 'ipv6' : 'ipv4')) return isUnsure ? 'unknown' : results[term.qualifier]
  }
  if (spf.redirect !== null) {
    const inner = judgeSpf(spf.redirect.inner, ip)
    return inner === 'none' ? 'permerror' : isUnsure ? 'unknown' : inner
  }
  return isUnsure ? 'unknown' : 'neutral'
}

/** The terms of one record; nothing is asked yet. Pure. */
function parseSpf(record: string, domain: string): { terms: Term[]; redirect: string | null; faults: Fault[]; isInvalid: boolean } {
  const terms: Term[] = []
  const faults: Fault[] = []
  let redirect: string | null = null
  for (const text of record.split(/\s+/).slice(1).filter(Boolean)) {
    const modifier = /^([a-z][a-z0-9_.-]*)=(.*)$/i.exec(text)
    if (modifier !== null) {
      if (modifier[1]!.toLowerCase() === 'redirect') redirect = modifier[2]!.toLowerCase()
      continue
    }
    const [, qualifier = '', word = '', rest = ''] = /^([+?~-]?)([a-z0-9]*)(.*)$/i.exec(text) ?? []
    const kind = word.toLowerCase()
    const value = rest.replace(/^:/, '').toLowerCase()
    const fault = faultOf(kind, value, rest)
    const nets = fault === null && kind.startsWith('ip') ? netOf(value) : null
    const term: Term = { text, qualifier: (qualifier || '+') as Term['qualifier'], kind, value, cost: 0, nets, inner: null }
    if (fault !== null) faults.push(bad(`"${text}" in the record of ${domain} ${fault}.`))
    else if (terms.at(-1)?.kind === 'all') faults.push(warn(`"${text}" stands after "all" in the record of ${domain}, where nobody reads it.`))
    else terms.push(term)
  }
  const isInvalid = faults.some(({ state }) => state === 'bad')
  const all = terms.find(({ kind }) => kind === 'all')
  if (all?.qualifier === '+') faults.push(bad(`"${all.text}" in the record of ${domain} lets the whole world send as you; receivers count it against you.`))
  if (all?.qualifier === '?') faults.push(warn(`"?all" in the record of ${domain} says nothing about anybody else: write ~all.`))
  if (all === undefined && redirect === null) faults.push(warn(`The record of ${domain} does not end in ~all or -all, so it says nothing about anybody else.`))
  if (terms.some(({ kind }) => kind === 'ptr')) faults.push(warn(`"ptr" in the record of ${domain} is slow, unsafe and no longer to be used (RFC 7208).`))
  return { terms, redirect, faults, isInvalid }
}

function faultOf(kind: string, value: string, rest: string): string | null {
  if (!kinds.has(kind)) return 'is no mechanism of SPF'
  if (kind === 'all') return rest === '' ? null : 'takes no value'
  if (kind === 'include' || kind === 'exists') return /^:[^\s/]+$/.test(rest) ? null : 'names no domain'
  if (kind === 'ip4' || kind === 'ip6') return isNet(kind, value) ? null : 'is no address or network'
  return /^(?::[^\s/]+)?(?:\/\d{1,3})?(?:\/\/\d{1,3})?$/.test(rest) ? null : 'cannot be read'
}

function isNet(kind: string, value: string): boolean {
  const [ip = '', bits, ...more] = value.split('/')
  const isIp = kind === 'ip4' ? isIPv4(ip) : isIPv6(ip)
  return isIp && more.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (kind === 'ip4' ? 32 : 128)))
}

function netOf(value: string): BlockList {
  const nets = new BlockList()
  const [ip = '', bits] = value.split('/')
  addNet(nets, ip, Number(bits ?? (isIPv6(ip) ? 128 : 32)))
  return nets
}

function addNet(nets: BlockList, ip: string, bits: number): boolean {
  const family = isIPv6(ip) ? 'ipv6' : 'ipv4'
  if (bits <= (family === 'ipv4' ? 32 : 128)) nets.addSubnet(ip, bits, family)
  return true
}

const kinds = new Set(['all', 'include', 'a', 'mx', 'ptr', 'ip4', 'ip6', 'exists'])
const costly = new Set(['include', 'a', 'mx', 'ptr', 'exists'])
const results = { '+': 'pass', '-': 'fail', '~': 'softfail', '?': 'neutral' } as const
