import { describe, expect, test } from 'vitest'
import { checkSpf } from './spf-check.ts'
import { shop, zoneResolver } from './fake.ts'
import type { Zone } from './fake.ts'
import { judgeSpf, walkSpf } from './spf.ts'

const ip = '203.0.113.7'
const walk = (zone: Zone) => walkSpf(zoneResolver(zone), 'shop.shop')
const judged = async (zone: Zone, from = ip) => judgeSpf((await walk(zone)).top, from)
const check = (zone: Zone, more = {}) => checkSpf({ ...shop, ...more }, zoneResolver(zone))

describe('held against an address, as RFC 7208 says', () => {
  test.each<[string, Zone, string]>([
    ['no record', {}, 'none'],
    ['ip4', { 'TXT shop.shop': 'v=spf1 ip4:203.0.113.7 -all' }, 'pass'],
    ['a network', { 'TXT shop.shop': 'v=spf1 ip4:203.0.113.0/24 -all' }, 'pass'],
    ['a network written by one of its hosts', { 'TXT shop.shop': 'v=spf1 ip4:203.0.113.99/24 -all' }, 'pass'],
    ['another network', { 'TXT shop.shop': 'v=spf1 ip4:203.0.112.0/24 -all' }, 'fail'],
    ['softly', { 'TXT shop.shop': 'v=spf1 ~all' }, 'softfail'],
    ['neutral where it ends in nothing', { 'TXT shop.shop': 'v=spf1 ip4:192.0.2.1' }, 'neutral'],
    ['a', { 'TXT shop.shop': 'v=spf1 a -all', 'A shop.shop': ip }, 'pass'],
    ['a of another, with a mask', { 'TXT shop.shop': 'v=spf1 a:mail.net/24 -all', 'A mail.net': '203.0.113.250' }, 'pass'],
    ['mx', { 'TXT shop.shop': 'v=spf1 mx -all', 'MX shop.shop': '10 mx.net', 'A mx.net': ip }, 'pass'],
    ['an include', { 'TXT shop.shop': 'v=spf1 include:a.net -all', 'TXT a.net': 'v=spf1 ip4:203.0.113.7 -all' }, 'pass'],
    ['an include that does not name it goes on', { 'TXT shop.shop': 'v=spf1 include:a.net ~all', 'TXT a.net': 'v=spf1 -all' }, 'softfail'],
    ['an include without a record', { 'TXT shop.shop': 'v=spf1 include:a.net ~all' }, 'permerror'],
    ['a redirect', { 'TXT shop.shop': 'v=spf1 redirect=a.net', 'TXT a.net': 'v=spf1 ip4:203.0.113.7 -all' }, 'pass'],
    ['two records', { 'TXT shop.shop': ['v=spf1 +all', 'v=spf1 -all'] }, 'permerror'],
    ['an unknown mechanism', { 'TXT shop.shop': 'v=spf1 ipv4:203.0.113.7 -all' }, 'permerror'],
    ['upper case', { 'TXT shop.shop': 'V=SPF1 IP4:203.0.113.7 -ALL' }, 'pass'],
    ['a minus before what matches', { 'TXT shop.shop': 'v=spf1 -ip4:203.0.113.7 +all' }, 'fail'],
    ['a macro nobody can tell beforehand', { 'TXT shop.shop': 'v=spf1 exists:%{i}.a.net -all' }, 'unknown'],
    ['a circle', { 'TXT shop.shop': 'v=spf1 include:a.net -all', 'TXT a.net': 'v=spf1 include:shop.shop -all' }, 'permerror'],
  ])('%s', async (_, zone, result) => {
    expect(await judged(zone)).toBe(result)
  })

  test('IPv6 has networks of its own', async () => {
    const zone = { 'TXT shop.shop': 'v=spf1 ip6:2001:db8::/32 a//64 -all', 'AAAA shop.shop': '2001:db9::1' }
    expect(await judged(zone, '2001:db8:5::1')).toBe('pass')
    expect(await judged(zone, '2001:db9::ffff')).toBe('pass')
    expect(await judged(zone, '2001:db9:1::1')).toBe('fail')
    expect(await judged(zone, ip)).toBe('fail')
  })
})

describe('lookups', () => {
  const five = (from: string) => Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`A ${from}${i}.net`, '192.0.2.1']))
  const terms = (from: string) => Array.from({ length: 5 }, (_, i) => `a:${from}${i}.net`).join(' ')

  test('ten are fine, through includes and redirect; eleven are not, and it says what they are spent on', async () => {
    const ten = {
      'TXT shop.shop': `v=spf1 ip4:${ip} include:one.net ${terms('x').split(' ').slice(0, 4).join(' ')} ~all`,
      'TXT one.net': `v=spf1 ${terms('y').split(' ').slice(0, 5).join(' ')} ~all`,
      ...five('x'),
      ...five('y'),
    }
    expect((await walk(ten)).lookups).toBe(10)
    expect((await check(ten)).state).toBe('ok')

    const eleven = { ...ten, 'TXT one.net': `v=spf1 mx ${terms('y')} ~all`, 'MX one.net': '10 x0.net' }
    expect((await walk(eleven)).lookups).toBe(11)
    expect(await check(eleven)).toMatchObject({
      state: 'bad',
      found: expect.arrayContaining([expect.stringMatching(/11 DNS lookups.*include:one\.net 7/)]),
      records: [],
    })
  })

  test('an endless chain is left', async () => {
    const zone: Zone = { 'TXT shop.shop': 'v=spf1 include:i0.net ~all' }
    for (let i = 0; i < 200; i++) zone[`TXT i${i}.net`] = `v=spf1 include:i${i + 1}.net ~all`
    const asked: string[] = []
    const { lookups } = await walkSpf(
      zoneResolver(zone, (question) => asked.push(question)),
      'shop.shop',
    )
    expect(lookups).toBeGreaterThan(10)
    expect(asked.length).toBeLessThan(60)
  })
})

describe('the record proposed', () => {
  test.each<[string, Zone, object, string, string]>([
    ['where there is none', {}, {}, 'bad', `v=spf1 ip4:${ip} ~all`],
    [
      'where there is none, by a known provider',
      { 'TXT amazonses.com': 'v=spf1 ip4:192.0.2.0/24 -all' },
      { ip: null, relay: { host: 'email-smtp.eu-west-1.amazonaws.com', port: 587, secure: false, hasPassword: true } },
      'bad',
      'v=spf1 include:amazonses.com ~all',
    ],
    [
      'where the sender is missing',
      { 'TXT shop.shop': 'v=spf1 mx -all', 'MX shop.shop': '10 x.net', 'A x.net': '192.0.2.1' },
      {},
      'bad',
      `v=spf1 mx ip4:${ip} -all`,
    ],
    ['for two records', { 'TXT shop.shop': ['v=spf1 ip4:192.0.2.1 ~all', 'v=spf1 ip4:203.0.113.7 -all'] }, {}, 'bad', `v=spf1 ip4:192.0.2.1 ip4:${ip} ~all`],
    ['for an open door', { 'TXT shop.shop': `v=spf1 ip4:${ip} +all` }, {}, 'bad', `v=spf1 ip4:${ip} ~all`],
    ['for ?all', { 'TXT shop.shop': `v=spf1 ip4:${ip} ?all` }, {}, 'warn', `v=spf1 ip4:${ip} ~all`],
    ['for a missing end', { 'TXT shop.shop': `v=spf1 ip4:${ip}` }, {}, 'warn', `v=spf1 ip4:${ip} ~all`],
    ['for ptr', { 'TXT shop.shop': `v=spf1 ptr ip4:${ip} -all` }, {}, 'warn', `v=spf1 ip4:${ip} -all`],
  ])('%s', async (_, zone, more, state, value) => {
    const found = await check(zone, more)
    expect(found.state).toBe(state)
    expect(found.records[0]).toMatchObject({ name: 'shop.shop', type: 'TXT', value })
    expect((await check({ ...zone, 'TXT shop.shop': value }, more)).state).toBe('ok')
  })

  test('a guess about the sending address is a warning, a told one an alarm', async () => {
    const zone = { 'TXT shop.shop': 'v=spf1 -all', 'A mail.shop.shop': ip }
    expect((await check(zone, { ip: null })).state).toBe('warn')
    expect((await check(zone, { ip })).state).toBe('bad')
  })
})
