import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { DoctorCheck, DoctorReport } from '../studio/api-doctor.ts'
import { makeDkim } from './dkim.ts'
import { examine } from './doctor.ts'
import type { Instruments } from './doctor.ts'
import { dayMs, goodZone, instruments, now, shop, testKey, zoneResolver } from './fake.ts'
import type { Zone } from './fake.ts'
import { toPatient } from './patient.ts'
import type { Patient } from './patient.ts'
import type { Probed } from './probe.ts'

const look = (zone: Zone, patient: Partial<Patient> = {}, more: Partial<Instruments> = {}) => examine({ ...shop, ...patient }, instruments(zone, more))
const of = ({ checks }: DoctorReport, id: string): DoctorCheck => checks.find((check) => check.id === id)!
const with_ = (changes: Zone): Zone => ({ ...goodZone, ...changes })

test('a domain where all is in order is told so, with nothing to do and no record to add', async () => {
  const report = await look(goodZone)
  expect(report.checks.filter(({ state }) => state !== 'ok')).toEqual([])
  expect(report.state).toBe('ok')
  expect(report.checks.flatMap(({ records, todo }) => [...records, ...(todo === null ? [] : [todo])])).toEqual([])
  expect(report.checks.map(({ id }) => id)).toEqual(['setup', 'relay', 'site', 'unsubscribe', 'spf', 'dkim', 'dmarc', 'alignment', 'mx', 'ptr'])
})

test('a domain without anything gets records which, added as they are, leave nothing bad', async () => {
  const bare: Zone = { 'MX gmail.com': '5 gmail-smtp-in.l.google.com', 'A mail.shop.shop': '203.0.113.7', 'A beckon.shop.shop': '203.0.113.8' }
  const before = await look(bare)
  expect(before.state).toBe('bad')
  for (const id of ['spf', 'dkim', 'dmarc', 'mx', 'ptr']) expect(of(before, id).state).toBe('bad')

  const zone = { ...bare }
  for (const { name, type, value } of before.checks.flatMap(({ records }) => records)) zone[`${type} ${name}`] = value.replace(/\.$/, '')
  const after = await look(zone)
  expect(after.checks.filter(({ state }) => state === 'bad')).toEqual([])
  expect(of(after, 'spf').state).toBe('ok')
  expect(of(after, 'dkim').state).toBe('ok')
  expect(of(after, 'ptr').state).toBe('ok')
})

describe('DKIM', () => {
  test('the record is the public half of our own key, cut into strings a zone file takes', async () => {
    const [record] = of(await look(with_({ [`TXT ${testKey.record.name}`]: [] })), 'dkim').records
    expect(record).toMatchObject({ name: 'beckon._domainkey.shop.shop', type: 'TXT', value: testKey.record.value })
    const strings = [...record!.line.matchAll(/"([^"]*)"/g)].map((match) => match[1]!)
    expect(strings.length).toBe(2)
    expect(strings.every((part) => part.length <= 255)).toBe(true)
    expect(strings.join('')).toBe(record!.value)
  })

  const other = makeDkim('shop.shop', 'beckon').record.value
  const rsa = (bits: number) =>
    `v=DKIM1; k=rsa; p=${generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`
  test.each<[string, string | string[], string, RegExp]>([
    ['another key', other, 'bad', /not the public half/],
    ['a revoked key', 'v=DKIM1; p=', 'bad', /revoked/],
    ['a key of 512 bits', rsa(512), 'bad', /512 bits/],
    ['a damaged key', 'v=DKIM1; k=rsa; p=MIIBIjANBg', 'bad', /damaged/],
    ['no DKIM record at all', 'google-site-verification=1', 'bad', /cannot be read/],
    ['two records', [testKey.record.value, other], 'bad', /2 records/],
    ['a key that is being tried out', `${testKey.record.value}; t=y`, 'warn', /trying it out/],
    ['an unknown kind of key', 'v=DKIM1; k=dsa; p=AAAA', 'bad', /k=dsa/],
    ['sha1 alone', testKey.record.value.replace('k=rsa', 'k=rsa; h=sha1'), 'bad', /sha256/],
  ])('%s is found', async (_, record, state, words) => {
    const check = of(await look(with_({ [`TXT ${testKey.record.name}`]: record })), 'dkim')
    expect(check).toMatchObject({ state, found: expect.arrayContaining([expect.stringMatching(words)]) })
    expect(check.records[0]).toMatchObject({ value: testKey.record.value, instead: [record].flat() })
  })

  test('a key of 1,024 bits still works, and 2,048 are asked for', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 1_024,
      publicKeyEncoding: { type: 'spki', format: 'der' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    })
    const check = of(await look(with_({ [`TXT ${testKey.record.name}`]: `p=${publicKey.toString('base64')}` }), { dkim: { ...shop.dkim, privateKey } }), 'dkim')
    expect(check).toMatchObject({ state: 'warn', found: expect.arrayContaining([expect.stringMatching(/1024 bits: Gmail/)]) })
  })

  test('a key of ours that cannot sign is named before anything is published for it', async () => {
    const pem = (pair: { privateKey: string }) => pair.privateKey
    const short = pem(
      generateKeyPairSync('rsa', {
        modulusLength: 512,
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      }),
    )
    const curved = pem(
      generateKeyPairSync('ed25519', { publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } }),
    )
    for (const [privateKey, words] of [
      [short, /512 bits/],
      [curved, /type ed25519/],
      ['rubbish', /cannot be read/],
    ] as const)
      expect(of(await look(goodZone, { dkim: { ...shop.dkim, privateKey } }), 'dkim')).toMatchObject({
        state: 'bad',
        found: [expect.stringMatching(words)],
        records: [],
        todo: expect.stringMatching(/--make-dkim/),
      })
  })

  test('a wildcard that answers for every name is no key', async () => {
    const check = of(await look({ ...with_({ 'TXT *.shop.shop': 'v=spf1 -all' }), [`TXT ${testKey.record.name}`]: 'v=spf1 -all' }), 'dkim')
    expect(check).toMatchObject({ state: 'bad', found: expect.arrayContaining([expect.stringMatching(/wildcard/)]) })
  })

  test('an alias that leads nowhere has to go before the record can stand there', async () => {
    const check = of(await look(with_({ [`TXT ${testKey.record.name}`]: [], [`CNAME ${testKey.record.name}`]: 'k1.elsewhere.net' })), 'dkim')
    expect(check.found.join(' ')).toMatch(/alias .* of k1\.elsewhere\.net.*leads to no record/)
    expect(check.records[0]!.instead).toEqual(['CNAME k1.elsewhere.net'])
  })

  test('where we have no key the relay may sign, so that is a warning and not an alarm', async () => {
    const check = of(await look(goodZone, { dkim: { ...shop.dkim, privateKey: null } }), 'dkim')
    expect(check.state).toBe('warn')
    expect(check.todo).toMatch(/--make-dkim/)
    expect(check.records).toEqual([])
  })
})

describe('DMARC', () => {
  test.each<[string, string | string[], string, RegExp]>([
    ['p=none', 'v=DMARC1; p=none; rua=mailto:a@shop.shop', 'warn', /reports only/],
    ['no reports', 'v=DMARC1; p=reject', 'warn', /no rua=/],
    ['reports to somebody who did not agree', 'v=DMARC1; p=reject; rua=mailto:a@reports.net', 'warn', /reports\.net has not said/],
    ['a weaker policy for subdomains', 'v=DMARC1; p=reject; sp=none; rua=mailto:a@shop.shop', 'warn', /sp=none/],
    ['no policy', 'v=DMARC1; rua=mailto:a@shop.shop', 'bad', /no policy/],
    ['an odd policy', 'v=DMARC1; p=block; rua=mailto:a@shop.shop', 'bad', /p=block/],
    ['commas between the parts', 'v=DMARC1; p=reject; rubbish; rua=mailto:a@shop.shop', 'bad', /"rubbish" cannot be read/],
    ['rua without mailto', 'v=DMARC1; p=reject; rua=a@shop.shop', 'bad', /no mailto/],
    ['two records', ['v=DMARC1; p=reject; rua=mailto:a@shop.shop', 'v=DMARC1; p=none'], 'bad', /2 DMARC records/],
    ['a record that begins otherwise', 'p=reject; v=DMARC1', 'bad', /counts for nothing|no DMARC/],
    ['an odd tag', 'v=DMARC1; p=reject; rua=mailto:a@shop.shop; colour=red', 'warn', /colour=/],
  ])('%s is found', async (_, record, state, words) => {
    const check = of(await look(with_({ 'TXT _dmarc.shop.shop': record })), 'dmarc')
    expect(check).toMatchObject({ state, found: expect.arrayContaining([expect.stringMatching(words)]) })
  })

  test('what it proposes keeps what is there, and is itself without a fault', async () => {
    const check = of(await look(with_({ 'TXT _dmarc.shop.shop': 'v=DMARC1; p=reject; adkim=s; rua=a@shop.shop' })), 'dmarc')
    expect(check.records[0]!.value).toBe('v=DMARC1; p=reject; adkim=s; rua=mailto:dmarc@shop.shop')
    expect(of(await look(with_({ 'TXT _dmarc.shop.shop': check.records[0]!.value })), 'dmarc').state).toBe('ok')
  })

  test('a subdomain is under the record of the domain above it', async () => {
    const check = of(await look(with_({}), { domain: 'news.shop.shop' }), 'dmarc')
    expect(check).toMatchObject({ state: 'ok', found: [expect.stringMatching(/\(from shop\.shop\)/)] })
  })

  test('a provider that agreed to take the reports is fine', async () => {
    const zone = with_({ 'TXT _dmarc.shop.shop': 'v=DMARC1; p=reject; rua=mailto:a@reports.net', 'TXT shop.shop._report._dmarc.reports.net': 'v=DMARC1' })
    expect(of(await look(zone), 'dmarc').state).toBe('ok')
  })
})

describe('alignment', () => {
  const strict = with_({ 'TXT _dmarc.shop.shop': 'v=DMARC1; p=reject; adkim=s; aspf=s; rua=mailto:a@shop.shop' })
  test.each<[string, Zone, string, string, string]>([
    ['both are one with From', goodZone, 'shop.shop', 'bounce.shop.shop', 'ok'],
    ['only the envelope is', goodZone, 'relay.net', 'shop.shop', 'warn'],
    ['only the signature is', goodZone, 'shop.shop', 'relay.net', 'warn'],
    ['neither is', goodZone, 'relay.net', 'relay.net', 'bad'],
    ['neither is, where the very same is asked for', strict, 'mail.shop.shop', 'bounce.shop.shop', 'bad'],
  ])('%s', async (_, zone, signs, bounceDomain, state) => {
    expect(of(await look(zone, { bounceDomain, dkim: { ...shop.dkim, domain: signs } }), 'alignment').state).toBe(state)
  })

  test('shops under one public suffix are not one', async () => {
    expect(
      of(await look(goodZone, { domain: 'one.co.uk', bounceDomain: 'other.co.uk', dkim: { ...shop.dkim, domain: 'other.co.uk' } }), 'alignment').state,
    ).toBe('bad')
  })
})

describe('MX and PTR', () => {
  test.each<[string, Zone, string, RegExp]>([
    ['a null MX', { 'MX shop.shop': '0 .' }, 'bad', /takes no mail/],
    ['an MX without an address', { 'MX shop.shop': '10 gone.shop.shop' }, 'bad', /gone\.shop\.shop has no address/],
    ['an MX that is an address', { 'MX shop.shop': '10 203.0.113.7' }, 'bad', /has to be a name/],
    ['an MX that is an alias', { 'MX shop.shop': '10 alias.shop.shop', 'CNAME alias.shop.shop': 'x.net' }, 'warn', /alias/],
    ['only an address', { 'MX shop.shop': [], 'A shop.shop': '203.0.113.9' }, 'warn', /own address/],
    ['neither', { 'MX shop.shop': [] }, 'bad', /neither/],
  ])('%s is found', async (_, changes, state, words) => {
    expect(of(await look(with_(changes)), 'mx')).toMatchObject({ state, found: expect.arrayContaining([expect.stringMatching(words)]) })
  })

  test.each<[string, Zone, string, RegExp]>([
    ['no name', { 'PTR 7.113.0.203.in-addr.arpa': [] }, 'bad', /has no name/],
    ['a name that does not lead back', { 'PTR 7.113.0.203.in-addr.arpa': 'other.net', 'A other.net': '203.0.113.99' }, 'bad', /does not lead back/],
    [
      'a name made of the address',
      { 'PTR 7.113.0.203.in-addr.arpa': '203-0-113-7.dsl.net', 'A 203-0-113-7.dsl.net': '203.0.113.7' },
      'warn',
      /customer’s line/,
    ],
  ])('%s is found', async (_, changes, state, words) => {
    const check = of(await look(with_(changes)), 'ptr')
    expect(check).toMatchObject({ state, found: expect.arrayContaining([expect.stringMatching(words)]) })
    expect(check.records[0]).toMatchObject({ name: '7.113.0.203.in-addr.arpa', type: 'PTR', value: 'mail.shop.shop.' })
  })

  test('an IPv6 address is asked for by its nibbles', async () => {
    const name = 'PTR 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa'
    const zone = with_({ [name]: 'six.shop.shop', 'AAAA six.shop.shop': '2001:db8:0:0::1' })
    expect(of(await look(zone, { ip: '2001:db8::1' }), 'ptr').state).toBe('ok')
  })

  test('without the sending address nothing is made up', async () => {
    expect(of(await look(goodZone, { ip: null, relay: null }), 'ptr')).toMatchObject({ state: 'unknown', todo: expect.stringMatching(/--ip/) })
    expect(of(await look(goodZone, { ip: null, relay: { host: 'smtp.sendgrid.net', port: 587, secure: false, hasPassword: true } }), 'ptr')).toMatchObject({
      state: 'ok',
      found: [expect.stringMatching(/SendGrid/)],
    })
  })
})

describe('the relay', () => {
  const probed = (changes: object): Probed => ({
    greeting: '220 mail',
    tls: { protocol: 'TLSv1.3', distrust: null, names: ['mail.shop.shop'], validTo: now + 60 * dayMs, ...changes },
    plainBecause: null,
  })
  test.each<[string, Probed, string, RegExp]>([
    ['nobody there', { fault: 'connect ECONNREFUSED' }, 'bad', /ECONNREFUSED/],
    ['no STARTTLS', { greeting: '220 mail', tls: null, plainBecause: 'it does not offer STARTTLS' }, 'bad', /does not offer STARTTLS/],
    ['a certificate that ended', probed({ validTo: now - 3 * dayMs, distrust: 'CERT_HAS_EXPIRED' }), 'bad', /ended 3 days ago/],
    [
      'a certificate for another host',
      probed({ distrust: 'ERR_TLS_CERT_ALTNAME_INVALID', names: ['other.net'] }),
      'bad',
      /for other\.net, not for mail\.shop\.shop/,
    ],
    ['a certificate that nobody signed', probed({ distrust: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'bad', /SELF_SIGNED/],
    ['a certificate that ends soon', probed({ validTo: now + 5 * dayMs }), 'warn', /ends in 5 days/],
    ['an old protocol', probed({ protocol: 'TLSv1.1' }), 'warn', /out of date/],
  ])('%s is found', async (_, answer, state, words) => {
    expect(of(await look(goodZone, {}, { probe: async () => answer }), 'relay')).toMatchObject({
      state,
      found: expect.arrayContaining([expect.stringMatching(words)]),
    })
  })

  test('on this machine plain text is as good', async () => {
    const relay = { host: '127.0.0.1', port: 25, secure: false, hasPassword: false }
    expect(
      of(await look(goodZone, { relay }, { probe: async () => ({ greeting: '220 me', tls: null, plainBecause: 'it does not offer STARTTLS' }) }), 'relay')
        .state,
    ).toBe('ok')
  })
})

describe('what the server was told', () => {
  test.each<[string, string, string, RegExp]>([
    ['plain http', 'http://beckon.shop.shop', 'bad', /plain http/],
    ['loopback', 'http://127.0.0.1:4650', 'bad', /from here only/],
    ['a private network', 'https://10.0.0.4', 'bad', /from here only/],
    ['a host without an address', 'https://gone.shop.shop', 'bad', /no address/],
  ])('a public address that is %s is found', async (_, publicUrl, state, words) => {
    expect(of(await look(goodZone, { own: { ...shop.own!, publicUrl } }), 'site')).toMatchObject({
      state,
      found: expect.arrayContaining([expect.stringMatching(words)]),
    })
  })

  test('a fresh server that sends nothing yet is warned, not failed, for what only sending needs', async () => {
    const settings = { publicUrl: 'http://127.0.0.1:4650', from: { address: 'hello@fern.example' }, shop: { address: 'sample' } }
    const report = await examine(toPatient(settings, {}, 'sample'), instruments({}))
    expect(report.checks.map(({ id, state }) => `${id} ${state}`)).toEqual(['setup warn', 'relay warn', 'site warn', 'unsubscribe warn'])
    expect(of(report, 'setup').found.join(' ')).toMatch(/BECKON_FROM.*BECKON_SHOP_ADDRESS/)
  })

  test('of a domain it does not send from, only the DNS is looked at, and our key is not laid against it', async () => {
    const settings = {
      publicUrl: 'https://beckon.shop.shop',
      from: { address: 'hello@shop.shop' },
      shop: { address: 'here' },
      smtp: shop.relay!,
      dkim: { domain: 'shop.shop', selector: 'beckon', privateKey: testKey.privateKey },
    }
    let probes = 0
    const report = await examine(
      toPatient(settings, { domain: 'other.shop' }, 'sample'),
      instruments(
        { 'MX gmail.com': '5 a.net', 'TXT beckon._domainkey.other.shop': makeDkim('other.shop', 'beckon').record.value },
        { probe: async () => (probes++, { fault: 'x' }) },
      ),
    )
    expect(report.checks.map(({ id }) => id)).toEqual(['spf', 'dkim', 'dmarc', 'alignment', 'mx', 'ptr'])
    expect(of(report, 'dkim').state).toBe('ok')
    expect(probes).toBe(0)
  })
})

describe('what cannot be found out', () => {
  test('a DNS that does not answer is unknown: neither fine nor a fault, and no record is proposed', async () => {
    const report = await look(with_({ 'TXT shop.shop': new Error('the DNS did not answer (ETIMEOUT)') }))
    expect(of(report, 'spf')).toMatchObject({ state: 'unknown', records: [], found: [expect.stringMatching(/ETIMEOUT/)] })
    expect(of(report, 'dkim').state).toBe('ok')
    expect(report.state).toBe('ok')
  })

  test('a DNS that knows nothing of the world is not believed when it knows nothing of the domain', async () => {
    const report = await look({})
    for (const id of ['spf', 'dkim', 'dmarc', 'alignment', 'mx', 'ptr']) expect(of(report, id)).toMatchObject({ state: 'unknown', records: [] })
    expect(of(await look({ 'MX gmail.com': '5 a.net' }), 'spf').state).toBe('bad')
  })

  test('what takes too long is left, and the rest is told', async () => {
    let fire = () => {}
    const clock = { now: () => now, after: (_ms: number, call: () => void) => ((fire = call), () => {}) }
    const asked = look(goodZone, {}, { clock, probe: () => new Promise(() => {}) })
    setTimeout(() => fire(), 20)
    const report = await asked
    expect(of(report, 'relay')).toMatchObject({ state: 'unknown', found: [expect.stringMatching(/longer than 20 s/)] })
    expect(of(report, 'spf').state).toBe('ok')
  })

  test('no question is asked twice, and a record that leads to ever more is left', async () => {
    const asked: string[] = []
    await look(goodZone, {}, { resolver: zoneResolver(goodZone, (question) => asked.push(question)) })
    expect(new Set(asked).size).toBe(asked.length)

    const many = Array.from({ length: 400 }, (_, i) => `10 mx${i}.shop.shop`)
    const endless: Zone = { 'TXT shop.shop': 'v=spf1 include:i0.shop.shop ~all' }
    for (let i = 0; i < 400; i++) endless[`TXT i${i}.shop.shop`] = `v=spf1 mx include:i${i + 1}.shop.shop ~all`
    for (let i = 0; i < 400; i++) endless[`MX i${i}.shop.shop`] = many
    const questions: string[] = []
    const report = await look({ ...goodZone, ...endless }, {}, { resolver: zoneResolver({ ...goodZone, ...endless }, (question) => questions.push(question)) })
    expect(['bad', 'unknown']).toContain(of(report, 'spf').state)
    expect(questions.length).toBeLessThanOrEqual(250)
  })

  test('what a stranger’s DNS says is shown as plain text of bounded length', async () => {
    const report = await look(with_({ 'TXT shop.shop': `v=spf1 \u001b[31m${'x'.repeat(3_000)}\r\n ~all` }))
    const shown = of(report, 'spf').found.join('')
    expect(shown).not.toMatch(/\p{Cc}/u)
    expect(Math.max(...of(report, 'spf').found.map((text) => text.length))).toBeLessThan(700)
  })
})
