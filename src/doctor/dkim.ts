/** DKIM: whether the key that signs our letters is the one that the DNS shows. */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import type { DnsRecord, DoctorCheck } from '../studio/api-doctor.ts'
import { bad, toCheck, txtRecord, warn } from './check.ts'
import type { Fault } from './check.ts'
import type { Patient } from './patient.ts'
import { providerOf } from './providers.ts'
import type { Resolver } from './resolver.ts'

export const aboutDkim = {
  id: 'dkim',
  title: 'DKIM: the signature',
  why: 'It is what receivers know a sender by, it survives forwarding where SPF does not, and one-click unsubscribing counts only under it (RFC 8058).',
}

/** A new key pair for a selector: the private half as PEM, the public half as the record to publish. */
export function makeDkim(domain: string, selector: string): { privateKey: string; record: DnsRecord } {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  return { privateKey, record: toDkimRecord(domain, selector, privateKey) }
}

/** The record that goes with a private key: what receivers verify its signatures by. */
const toDkimRecord = (domain: string, selector: string, privateKey: string, instead: readonly string[] = []): DnsRecord =>
  txtRecord(`${selector}._domainkey.${domain}`, `v=DKIM1; k=rsa; p=${publicHalf(privateKey)}`, instead)

export async function checkDkim({ dkim, relay, own }: Patient, resolver: Resolver): Promise<DoctorCheck> {
  const { domain, selector, privateKey } = dkim
  const name = `${selector}._domainkey.${domain}`
  const [texts, aliases, wild] = await Promise.all([resolver.txt(name), resolver.cname(name), resolver.txt(`no-such-selector-beckon._domainkey.${domain}`)])
  const isWild = wild.length > 0 && wild.every((text) => texts.includes(text))
  const records = isWild ? [] : texts
  const faults: Fault[] = []
  const found: string[] = []
  if (aliases.length > 0) found.push(`${name} is an alias (CNAME) of ${aliases[0]}.`)
  if (isWild) faults.push(bad(`${name} is answered by a wildcard TXT record (*.${domain}), which is no key.`))

  const fault = privateKey === null ? null : faultOfKey(privateKey)
  if (fault !== null) return toCheck(aboutDkim, { found, faults: [bad(fault)], todo: makeOther(domain, selector) })
  if (privateKey === null) faults.push(...withoutKey(relay, own !== null))
  if (records.length === 0 && !isWild) faults.push(bad(aliases.length > 0 ? `The alias leads to no record.` : `There is no record at ${name}.`))
  if (records.length > 1) faults.push(bad(`There are ${records.length} records at ${name}; receivers may take either, or none.`))
  if (records.length === 1) {
    const published = readKey(records[0]!)
    found.push(published.words)
    faults.push(...published.faults)
    if (privateKey !== null && published.key !== null && published.key !== publicHalf(privateKey))
      faults.push(bad('It is not the public half of the key that signs our letters, so every signature fails.'))
  }
  if (privateKey === null) return toCheck(aboutDkim, { found, faults, todo: faults.length === 0 ? null : todoWithoutKey(relay, domain, selector) })
  const record = toDkimRecord(domain, selector, privateKey, [...aliases.map((alias) => `CNAME ${alias}`), ...texts.filter(() => !isWild)])
  return toCheck(aboutDkim, {
    found,
    faults,
    todo: faults.length === 0 ? null : 'Publish it.',
    records: [record],
  })
}

const makeOther = (domain: string, selector: string) =>
  `Make another under another selector: beckon doctor ${domain} --selector ${selector}2 --make-dkim dkim.pem`

function withoutKey(relay: Patient['relay'], isOwn: boolean): Fault[] {
  if (!isOwn) return []
  const provider = relay === null ? null : providerOf(relay.host)
  return [
    warn(
      provider === null
        ? 'This server has no DKIM key (BECKON_DKIM_KEY_FILE), so its letters leave unsigned unless the relay signs them.'
        : `This server has no DKIM key; ${provider.name} signs for the domains that you verified there.`,
    ),
  ]
}

function todoWithoutKey(relay: Patient['relay'], domain: string, selector: string): string {
  const provider = relay === null ? null : providerOf(relay.host)
  const make = `beckon doctor ${domain} --selector ${selector} --make-dkim dkim.pem makes a key and its record.`
  return provider === null ? make : `Verify the domain at ${provider.name} and look again with --selector as it names it; or sign here: ${make}`
}

/** Why nothing that our key signs would count. */
function faultOfKey(pem: string): string | null {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(pem)
    if (asymmetricKeyType !== 'rsa') return `Our key is of type ${asymmetricKeyType}; an RSA key is needed.`
    const bits = asymmetricKeyDetails?.modulusLength ?? 0
    return bits < 1_024 ? `Our key has ${bits} bits: receivers ignore signatures by keys under 1,024.` : null
  } catch {
    return 'Our key (BECKON_DKIM_KEY) cannot be read: it has to be a private key in PEM.'
  }
}

/** What a record says, and the key in it (base64 of SPKI); null where there is none to use. */
function readKey(record: string): { words: string; faults: Fault[]; key: string | null } {
  const tags = new Map<string, string>()
  const parts = record.split(';').map((part) => part.trim())
  for (const part of parts) {
    const at = part.indexOf('=')
    if (at > 0) tags.set(part.slice(0, at).trim(), part.slice(at + 1).trim())
  }
  const p = tags.get('p')?.replaceAll(/\s+/g, '')
  const kind = tags.get('k') ?? 'rsa'
  const none = (words: string) => ({ words: record, faults: [bad(words)], key: null })
  if ((tags.has('v') && tags.get('v') !== 'DKIM1') || p === undefined) return none('The record cannot be read: it has to be v=DKIM1; k=rsa; p=… with the key.')
  if (p === '') return none('The key is revoked (p= is empty).')
  const faults: Fault[] = []
  if (tags.has('v') && !parts[0]!.startsWith('v=')) faults.push(bad('v=DKIM1 has to come first.'))
  if (tags.get('t')?.split(':').includes('y')) faults.push(warn('t=y says that you are only trying it out; receivers may ignore the signature.'))
  if (tags.has('h') && !tags.get('h')!.split(':').includes('sha256')) faults.push(bad('h= leaves out sha256, by which we sign.'))
  if (kind === 'ed25519')
    return { words: 'An Ed25519 key.', faults: [...faults, warn('Many receivers cannot verify Ed25519 yet; publish an RSA key as well.')], key: p }
  if (kind !== 'rsa') return none(`k=${kind} is no kind of key that receivers know.`)
  try {
    const bits = createPublicKey({ key: Buffer.from(p, 'base64'), format: 'der', type: 'spki' }).asymmetricKeyDetails?.modulusLength ?? 0
    if (bits < 1_024) faults.push(bad(`The key has ${bits} bits: receivers ignore keys under 1,024.`))
    else if (bits < 2_048) faults.push(warn(`The key has ${bits} bits: Gmail and others ask for 2,048.`))
    return { words: `An RSA key of ${bits} bits.`, faults, key: Buffer.from(p, 'base64').toString('base64') }
  } catch {
    return none('The key in p= is damaged: perhaps cut at 255 characters, or with spaces or quotes in it.')
  }
}

const publicHalf = (pem: string): string => createPublicKey(createPrivateKey(pem)).export({ type: 'spki', format: 'der' }).toString('base64')
