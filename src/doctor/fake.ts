/** For tests: a DNS made of zone lines, a relay and a site that answer as told. */
import { arpaOf } from './resolver.ts'
import type { Resolver } from './resolver.ts'
import type { Instruments } from './doctor.ts'
import type { Patient } from './patient.ts'
import { makeDkim } from './dkim.ts'

export type Zone = Record<string, string | string[] | Error>

/** `{ 'TXT shop.shop': 'v=spf1 -all', 'A mail.shop.shop': ['192.0.2.1'], 'MX shop.shop': '10 mail.shop.shop' }`; an Error is no answer. */
export function zoneResolver(zone: Zone, onAsked: (question: string) => void = () => {}): Resolver {
  const look = async (question: string): Promise<string[]> => {
    onAsked(question)
    const answer = zone[question] ?? wildcard(zone, question)
    if (answer instanceof Error) throw answer
    return answer === undefined ? [] : [answer].flat()
  }
  return {
    txt: (name) => look(`TXT ${name}`),
    a: (name) => look(`A ${name}`),
    aaaa: (name) => look(`AAAA ${name}`),
    cname: (name) => look(`CNAME ${name}`),
    ptr: (ip) => look(`PTR ${arpaOf(ip)}`),
    mx: async (name) => (await look(`MX ${name}`)).map((text) => ({ priority: Number(text.split(' ')[0]), exchange: text.split(' ')[1]!.replace(/\.$/, '') })),
  }
}

function wildcard(zone: Zone, question: string) {
  const [type, name = ''] = question.split(' ')
  const match = Object.keys(zone).find((key) => key.startsWith(`${type} *.`) && name.endsWith(key.slice(`${type} *`.length)))
  return match === undefined ? undefined : zone[match]
}

export const testKey = makeDkim('shop.shop', 'beckon')

/** A shop that sends by a machine of its own, with everything told. */
export const shop: Patient = {
  domain: 'shop.shop',
  bounceDomain: 'shop.shop',
  relay: { host: 'mail.shop.shop', port: 587, secure: false, hasPassword: true },
  dkim: { domain: 'shop.shop', selector: 'beckon', privateKey: testKey.privateKey },
  ip: '203.0.113.7',
  own: { from: 'hello@shop.shop', postalAddress: '1 Garden Row, London', publicUrl: 'https://beckon.shop.shop' },
}

/** Everything in order. */
export const goodZone: Zone = {
  'MX gmail.com': '5 gmail-smtp-in.l.google.com',
  'TXT shop.shop': ['v=spf1 ip4:203.0.113.7 ~all', 'some-verification=1'],
  [`TXT ${testKey.record.name}`]: testKey.record.value,
  'TXT _dmarc.shop.shop': 'v=DMARC1; p=quarantine; rua=mailto:dmarc@shop.shop',
  'MX shop.shop': '10 mail.shop.shop',
  'A mail.shop.shop': '203.0.113.7',
  'A beckon.shop.shop': '203.0.113.8',
  'PTR 7.113.0.203.in-addr.arpa': 'mail.shop.shop',
}

export const dayMs = 86_400_000
export const now = Date.UTC(2026, 10, 23)

export function instruments(zone: Zone, more: Partial<Instruments> = {}): Instruments {
  return {
    resolver: zoneResolver(zone),
    probe: async () => ({
      greeting: '220 mail.shop.shop ESMTP',
      tls: { protocol: 'TLSv1.3', distrust: null, names: ['mail.shop.shop'], validTo: now + 60 * dayMs },
      plainBecause: null,
    }),
    reach: async () => ({ status: 200 }),
    clock: { now: () => now, after: () => () => {} },
    ...more,
  }
}
