import { expect, test } from 'vitest'
import { SignJWT, exportSPKI, generateKeyPair } from 'jose'
import { FakeClock, keys, noon, publicKey, secretKey } from './fake.ts'
import { findKey, isLoopback, isOriginAllowed, type Credentials } from './keys.ts'
import { Bucket, Rates, toNeighbourhood } from './rate.ts'
import { checkTokenOptions, createTokenReader } from './token.ts'

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
const origin = 'https://shop.example'

const credentials: [what: string, given: Credentials, answer: object][] = [
  ['Basic with the key as user', { authorization: basic('pk_test:') }, publicKey],
  ['Basic without the colon', { authorization: basic('pk_test') }, publicKey],
  ['Bearer', { authorization: 'bearer  pk_test' }, publicKey],
  ['the body', { writeKey: 'pk_test', origin }, publicKey],
  ['the header before the body', { authorization: basic('pk_test:'), writeKey: 'pk_other' }, publicKey],
  ['a secret as Bearer', { authorization: 'Bearer sk_test' }, secretKey],
  ['a secret as Basic user', { authorization: basic('sk_test:') }, secretKey],
  ['a secret from a browser', { authorization: 'Bearer sk_test', origin }, { refused: 'key.secret_in_browser' }],
  ['an unknown secret from a browser gets the same answer', { authorization: 'Bearer sk_other', origin }, { refused: 'key.secret_in_browser' }],
  ['a secret in the body', { writeKey: 'sk_test' }, { refused: 'key.secret_required' }],
  ['a secret in a browser’s body', { writeKey: 'sk_test', origin }, { refused: 'key.secret_in_browser' }],
  ['an unknown key', { writeKey: 'pk_other' }, { refused: 'key.unknown' }],
  ['no key', {}, { refused: 'key.missing' }],
  ['an empty key', { writeKey: '', authorization: basic(':') }, { refused: 'key.missing' }],
  ['a key that is no string', { writeKey: ['pk_test'] }, { refused: 'key.missing' }],
  ['an unknown scheme', { authorization: 'Digest pk_test' }, { refused: 'key.missing' }],
]
test.each(credentials)('%s', (_what, given, answer) => {
  expect(findKey(keys, given)).toEqual(answer)
})

test('pages may send when they are listed, our own, or on this machine while nobody else can reach it', () => {
  const origins = { listed: new Set([origin]), own: new Set(['https://beckon.example']), loopback: false }
  for (const good of [origin, 'https://beckon.example']) expect(isOriginAllowed(good, origins)).toBe(true)
  const local = ['http://localhost:3000', 'http://127.0.0.1', 'https://[::1]:8443']
  for (const one of local) expect([isOriginAllowed(one, origins), isOriginAllowed(one, { ...origins, loopback: true })]).toEqual([false, true])
  for (const bad of [
    'http://shop.example',
    'https://shop.example.evil.example',
    'null',
    '',
    'http://localhost.evil.example',
    'http://127.0.0.1.evil.example',
    'http://localhost:3000/x',
  ]) {
    expect([bad, isOriginAllowed(bad, { ...origins, loopback: true })]).toEqual([bad, false])
  }
  expect(['127.0.0.1', '127.1.2.3', 'localhost', '::1'].every(isLoopback)).toBe(true)
  expect(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example'].some(isLoopback)).toBe(false)
})

const secret = 's'.repeat(32)
const claims = { sub: 'u1', jti: 't1', aud: 'beckon', email: 'a@example.test' }
const sign = (payload: object, key = secret, iat: number | undefined = noon / 1000, alg = 'HS256') => {
  const jwt = new SignJWT({ ...payload, ...(iat === undefined ? {} : { iat }) }).setProtectedHeader({ alg })
  return jwt.sign(new TextEncoder().encode(key))
}

test('a token signed by the shop says who it is', async () => {
  const read = createTokenReader({ audience: 'beckon', secret }, new FakeClock())
  expect(await read(await sign(claims))).toEqual({ userId: 'u1', tokenId: 't1', email: 'a@example.test' })
  expect(await read(await sign({ sub: 'u1', jti: 't1', aud: ['x', 'beckon'], exp: noon / 1000 + 60 }))).toEqual({ userId: 'u1', tokenId: 't1' })
})

test('a token that is forged, old, about nobody or for somebody else is refused', async () => {
  const read = createTokenReader({ audience: 'beckon', secret }, new FakeClock())
  const seconds = noon / 1000
  const bad: unknown[] = [
    undefined,
    7,
    'x.y.z',
    await sign(claims, 'x'.repeat(32)),
    await sign(claims, secret, seconds, 'HS512'),
    await sign(claims, secret, seconds - 15 * 60 - 10),
    await sign(claims, secret, seconds + 60),
    await sign({ ...claims, exp: seconds - 60 }),
    await new SignJWT({ ...claims, exp: seconds + 86_400 }).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret)),
    await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret)),
    await sign({ ...claims, aud: 'other' }),
    await sign({ ...claims, aud: undefined }),
    await sign({ ...claims, sub: undefined }),
    await sign({ ...claims, sub: 'a\nb' }),
    await sign({ ...claims, jti: undefined }),
    await sign({ ...claims, jti: 'j'.repeat(95) }),
    await sign({ ...claims, email: { a: 1 } }),
    `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`,
  ]
  for (const token of bad) expect([token, await read(token)]).toEqual([token, { refused: 'token.invalid' }])
})

test('each key is pinned to its algorithm', async () => {
  const pair = await generateKeyPair('EdDSA', { extractable: true })
  const publicPem = await exportSPKI(pair.publicKey)
  const read = createTokenReader({ audience: 'beckon', publicKey: publicPem }, new FakeClock())
  const good = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'EdDSA' })
    .setIssuedAt(noon / 1000)
    .sign(pair.privateKey)
  expect(await read(good)).toMatchObject({ userId: 'u1' })
  // The public key taken for an HMAC secret.
  expect(await read(await sign(claims, publicPem))).toEqual({ refused: 'token.invalid' })
  expect(await createTokenReader({ audience: 'beckon', secret }, new FakeClock())(good)).toEqual({ refused: 'token.invalid' })
  expect(await createTokenReader(undefined, new FakeClock())(good)).toEqual({ refused: 'token.invalid' })
})

test('token keys that cannot be any are named at start', async () => {
  expect(() => createTokenReader({ audience: 'b', secret: 'short' }, new FakeClock())).toThrow('at least 32 bytes')
  expect(await checkTokenOptions({ audience: 'b', secret: 'short' })).toContain('32 bytes')
  expect(await checkTokenOptions({ audience: 'b', publicKey: 'rubbish' })).toContain('PEM')
  expect(await checkTokenOptions({ audience: 'b', secret })).toBeNull()
})

test('a bucket gives a second’s worth at once, then what flows in', () => {
  const bucket = new Bucket(10, 0)
  expect(bucket.take(10, 0)).toBe(0)
  expect(bucket.take(1, 0)).toBe(100)
  expect(bucket.take(1, 99)).toBe(1)
  expect(bucket.take(1, 100)).toBe(0)
  expect(bucket.take(10, 10_000)).toBe(0)
})

test('more than a bucket holds is given by a full one and paid off after', () => {
  const bucket = new Bucket(10, 0)
  expect(bucket.take(30, 0)).toBe(0)
  expect(bucket.take(1, 0)).toBe(2_100)
  expect(bucket.take(1, 2_100)).toBe(0)
})

test('a clock set back neither fills a bucket nor blocks it for long', () => {
  const bucket = new Bucket(10, 100_000)
  expect(bucket.take(10, 100_000)).toBe(0)
  expect(bucket.take(1, 0)).toBe(100)
  expect(bucket.take(1, 100)).toBe(0)
})

test('key and address share a bucket, and no storm of addresses makes buckets without end', () => {
  const rates = new Rates(10, 100)
  expect(rates.bucket(1, 'a', 0)).toBe(rates.bucket(1, 'a', 0))
  expect(rates.bucket(1, 'a', 0)).not.toBe(rates.bucket(2, 'a', 0))
  const busy = rates.bucket(3, 'busy', 0)
  busy.take(10, 0)
  for (let index = 0; index < 90; index++) rates.bucket(1, `x${index}`, 0)
  expect(rates.bucket(3, 'busy', 0)).toBe(busy)
  for (let index = 0; index < 10_000; index++) rates.bucket(1, `y${index}`, 0)
  expect(rates.size).toBeLessThanOrEqual(100)
})

test('an IPv6 host counts by its /64, and a mapped IPv4 address as itself', () => {
  expect(toNeighbourhood('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64')
  expect(toNeighbourhood('2001:db8::1')).toBe('2001:db8:0:0::/64')
  expect(toNeighbourhood('::1')).toBe('0:0:0:0::/64')
  expect(toNeighbourhood('fe80::1%eth0')).toBe('fe80:0:0:0::/64')
  expect(toNeighbourhood('::ffff:10.0.0.1')).toBe('10.0.0.1')
  expect(toNeighbourhood('10.0.0.1')).toBe('10.0.0.1')
})
