/** Hosts and their names: where bounces and answers arrive, and how the address that sends is called. */
import type { DoctorCheck } from '../studio/api-doctor.ts'
import { bad, mxRecord, ptrRecord, toCheck, toUnknown, warn } from './check.ts'
import type { Fault } from './check.ts'
import { isIP } from 'node:net'
import { isPrivate } from './patient.ts'
import type { Patient } from './patient.ts'
import { providerOf } from './providers.ts'
import { arpaOf } from './resolver.ts'
import type { Resolver } from './resolver.ts'
import type { DnsRecord } from '../studio/api-doctor.ts'

export const aboutMx = {
  id: 'mx',
  title: 'MX: where bounces and answers arrive',
  why: 'A domain that takes no mail is refused as a sender by many (RFC 7505), and bounces that arrive nowhere let bad addresses pile up.',
}

export const aboutPtr = {
  id: 'ptr',
  title: 'PTR: the sending address has a name',
  why: 'Gmail answers 550 5.7.25 where the address has no name, or where the name does not lead back to it.',
}

export async function checkMx({ domain, bounceDomain, own }: Patient, resolver: Resolver): Promise<DoctorCheck> {
  const found: string[] = []
  const faults: Fault[] = []
  const records: DnsRecord[] = []
  for (const name of new Set([bounceDomain, domain])) {
    const mx = (await resolver.mx(name)).sort((a, b) => a.priority - b.priority)
    if (mx.length === 0) {
      const hosts = await addressesOf(name, resolver)
      if (hosts.length > 0) faults.push(warn(`${name} has no MX; mail for it goes to its own address ${hosts[0]}, if anything listens there.`))
      else faults.push(bad(`${name} has neither an MX nor an address, so no bounce and no answer arrives.`))
      const host = own === null ? null : URL.parse(own.publicUrl)?.hostname
      if (host && !isPrivate(host) && isIP(host.replace(/^\[|\]$/g, '')) === 0) records.push(mxRecord(name, host))
      continue
    }
    if (mx.some(({ exchange }) => exchange === '')) {
      faults.push(bad(`${name} says that it takes no mail (null MX).`))
      continue
    }
    found.push(`${name}: ${mx.map(({ exchange }) => exchange).join(', ')}`)
    for (const { exchange } of mx.slice(0, hostsMax)) faults.push(...(await exchangeFaults(exchange, resolver)))
  }
  return toCheck(aboutMx, {
    found,
    faults,
    todo: faults.length === 0 ? null : 'Give the domain an MX that names a host with an address, where your mailboxes are.',
    records,
  })
}

async function exchangeFaults(exchange: string, resolver: Resolver): Promise<Fault[]> {
  if (isIP(exchange) !== 0) return [bad(`The MX ${exchange} is an address; it has to be a name.`)]
  if ((await resolver.cname(exchange)).length > 0) return [warn(`The MX ${exchange} is an alias (CNAME), which the standard forbids and some refuse.`)]
  return (await addressesOf(exchange, resolver)).length > 0 ? [] : [bad(`The MX ${exchange} has no address.`)]
}

export async function checkPtr({ ip, relay, domain }: Patient, resolver: Resolver): Promise<DoctorCheck> {
  const provider = relay === null ? null : providerOf(relay.host)
  if (ip === null && provider !== null)
    return toCheck(aboutPtr, { found: [`Letters leave from addresses of ${provider.name}, which keeps their names; --ip looks at one of them.`] })
  const ips =
    ip !== null ? [ip] : relay === null ? [] : (isIP(relay.host) ? [relay.host] : await addressesOf(relay.host, resolver)).filter((one) => !isPrivate(one))
  if (ips.length === 0) return toUnknown(aboutPtr, 'The address that letters leave from is not known here.', 'Give it: --ip 192.0.2.1')

  const found: string[] = []
  const faults: Fault[] = []
  const records: DnsRecord[] = []
  for (const one of ips.slice(0, hostsMax)) {
    const names = await resolver.ptr(one)
    const back = (
      await Promise.all(
        names.slice(0, hostsMax).map(async (name) => ((await addressesOf(name, resolver)).some((other) => arpaOf(other) === arpaOf(one)) ? [name] : [])),
      )
    ).flat()
    // The relay's own address is often not the one it sends from.
    const blame = ip === null ? warn : bad
    if (names.length === 0) faults.push(blame(`${one} has no name.`))
    else if (back.length === 0) faults.push(blame(`${one} is called ${names.join(', ')}, which does not lead back to it.`))
    else found.push(`${one} is called ${back[0]}, and back.`)
    const generic = back.length > 0 && back.every((name) => isGeneric(name, one))
    if (generic) faults.push(warn(`${back[0]} looks like the name of a customer’s line, which many receivers distrust.`))
    if (back.length === 0 || generic) records.push(ptrRecord(arpaOf(one), relay !== null && isIP(relay.host) === 0 ? relay.host : `mail.${domain}`, names))
  }
  const todo =
    faults.length === 0
      ? null
      : 'Whoever gave you the address (the hosting provider) sets this, usually in its panel; the name has to have the address in return.'
  return toCheck(aboutPtr, { found, faults, todo, records })
}

/** A name made of the address's own numbers. */
function isGeneric(name: string, ip: string): boolean {
  const parts = ip.split('.')
  return parts.length === 4 && new RegExp(`(?:${parts.join('[-.x]')}|${parts.toReversed().join('[-.x]')})`).test(name)
}

const addressesOf = async (name: string, resolver: Resolver): Promise<string[]> => (await Promise.all([resolver.a(name), resolver.aaaa(name)])).flat()

const hostsMax = 4
