import { generateKeyPairSync } from 'node:crypto'
import { dkimVerify } from 'mailauth/lib/dkim/verify.js'
import { expect, test } from 'vitest'
import { composeMime } from './compose.ts'
import { signer } from './dkim.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})

const resolver = async (name: string, type: string): Promise<string[][]> => {
  if (type === 'TXT' && name === 'beckon._domainkey.fern.example') return [[`v=DKIM1; k=rsa; p=${publicKey.toString('base64')}`]]
  throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
}

const mime = composeMime({
  from: { name: 'Fern & Fable', address: 'hello@fern.example' },
  to: { address: 'ann@example.com' },
  subject: 'Grüße aus dem Laden',
  html: '<p>Grüße</p>',
  text: '.Grüße \n',
  messageId: 'Zk3vQ9tLw2@fern.example',
  date: Date.UTC(2026, 10, 23),
  unsubscribeUrl: 'https://fern.example/u/Zk3vQ9tLw2',
  unsubscribeMailto: 'leave@fern.example',
})

test('a signed letter verifies, with both unsubscribe headers under the signature', async () => {
  const signed = await signer({ domain: 'fern.example', selector: 'beckon', privateKey })(mime)
  expect(Buffer.from(signed).subarray(-mime.length)).toEqual(Buffer.from(mime))

  const verdict = await verify(signed)
  expect(verdict.status.result).toBe('pass')
  expect(verdict.status.aligned).toBe('fern.example')
  const headers = verdict.signingHeaders.keys.toLowerCase().split(/[:\s]+/)
  expect(headers).toEqual(expect.arrayContaining(['list-unsubscribe', 'list-unsubscribe-post', 'from', 'to', 'subject', 'date', 'message-id', 'mime-version']))
})

test('a changed unsubscribe header breaks the signature', async () => {
  const signed = Buffer.from(await signer({ domain: 'fern.example', selector: 'beckon', privateKey })(mime)).toString('latin1')
  for (const [from, to] of [
    ['List-Unsubscribe=One-Click', 'List-Unsubscribe=Two-Click'],
    ['/u/Zk3vQ9tLw2', '/u/elsewhere01'],
  ] as const) {
    const verdict = await verify(Buffer.from(signed.replace(from, to), 'latin1'))
    expect(verdict.status.result).not.toBe('pass')
  }
})

test('a key that cannot sign is refused when the signer is made, not when the first letter leaves unsigned', () => {
  const ed25519 = generateKeyPairSync('ed25519', { publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
  expect(() => signer({ domain: 'fern.example', selector: 'beckon', privateKey: ed25519.privateKey })).toThrow(/RSA/)
  expect(() => signer({ domain: 'fern.example', selector: 'beckon', privateKey: 'rubbish' })).toThrow()
})

type Verdict = { status: { result: string; aligned?: string | false }; signingHeaders: { keys: string } }

async function verify(message: Uint8Array): Promise<Verdict> {
  const { results } = await dkimVerify(Buffer.from(message), { resolver } as never)
  return results[0] as unknown as Verdict
}
