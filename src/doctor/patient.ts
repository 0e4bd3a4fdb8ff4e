/** Who is examined: a domain, and what this server would send for it with. */
import { BlockList, isIP, isIPv6 } from 'node:net'
import { addressOf } from '../mail/address.ts'

export type Patient = {
  /** In the letters' From. */
  domain: string
  /** Of the envelope sender, where bounces go. */
  bounceDomain: string
  relay: { host: string; port: number; secure: boolean; hasPassword: boolean } | null
  /** `privateKey` null: none of ours. */
  dkim: { domain: string; selector: string; privateKey: string | null }
  /** The address that letters leave from, where it is known. */
  ip: string | null
  /** What the server has of its own; null where the domain is not the one it sends from. */
  own: { from: string; postalAddress: string | null; publicUrl: string } | null
}

/** What a server is told about its post, as far as it matters here. */
export type PostSettings = {
  publicUrl: string
  from: { address: string }
  shop: { address: string }
  smtp?: { host: string; port: number; secure: boolean; pass?: string }
  dkim?: { domain: string; selector: string; privateKey: string }
}

export type Asked = { domain?: string; selector?: string; bounceDomain?: string; ip?: string }

/**
 * The patient for what was asked. Of a domain that the server does not send from, only the DNS is looked at.
 * `sampleAddress`: the postal address that stands there when nobody gave one.
 */
export function toPatient(settings: PostSettings, asked: Asked, sampleAddress: string): Patient {
  const own = domainOf(settings.from.address)
  const domain = asked.domain ?? own
  const isOwn = domain === own || domain === settings.dkim?.domain
  const { smtp, dkim } = settings
  return {
    domain,
    bounceDomain: asked.bounceDomain ?? domain,
    relay: !isOwn || smtp === undefined ? null : { host: smtp.host, port: smtp.port, secure: smtp.secure, hasPassword: smtp.pass !== undefined },
    dkim: {
      domain: isOwn ? (dkim?.domain ?? domain) : domain,
      selector: asked.selector ?? dkim?.selector ?? 'beckon',
      privateKey: isOwn ? (dkim?.privateKey ?? null) : null,
    },
    ip: asked.ip ?? null,
    own: isOwn
      ? { from: settings.from.address, postalAddress: settings.shop.address === sampleAddress ? null : settings.shop.address, publicUrl: settings.publicUrl }
      : null,
  }
}

/** Names that are for documentation and tests, and exist nowhere. Pure. */
export const isReserved = (domain: string): boolean => /(?:^|\.)(?:example|test|invalid|localhost)$/.test(domain)

/** The domain that somebody typed, alone or in an address; null where it is none. Pure. */
export function toDomain(text: string): string | null {
  const bare = text.trim().replace(/\.$/, '')
  const address = addressOf(bare.includes('@') ? bare : `anybody@${bare}`)
  return address === null ? null : domainOf(address)
}

export const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase()

/**
 * The domain that somebody registered: `mail.shop.co.uk` → `shop.co.uk`. Pure; by the shape of the name, since the list
 * of all public suffixes would be larger than the rest of the doctor.
 */
export function organizationOf(domain: string): string {
  const labels = domain.split('.')
  const isSecondLevel = labels.length > 2 && labels.at(-1)!.length === 2 && /^(?:ac|co|com|edu|gob|gov|gouv|net|ne|or|org|nom|plc|ltd)$/.test(labels.at(-2)!)
  return labels.slice(isSecondLevel ? -3 : -2).join('.')
}

/** Whether two domains count as one sender. Pure. */
export const isAligned = (one: string, other: string, isStrict: boolean): boolean => (isStrict ? one === other : organizationOf(one) === organizationOf(other))

/** Whether an address, or a host that is one, is nobody's on the internet. Pure. */
export function isPrivate(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '')
  if (isIP(bare) === 0) return /^(?:localhost|[^.]+)$|\.(?:localhost|local|internal|lan|test|example|invalid)$/i.test(bare)
  return privateNets.check(bare, isIPv6(bare) ? 'ipv6' : 'ipv4')
}

const privateNets = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  privateNets.addSubnet(net, bits, 'ipv4')
for (const [net, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  privateNets.addSubnet(net, bits, 'ipv6')
