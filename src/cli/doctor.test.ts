import { execFile } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { mkdtempSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const entry = fileURLToPath(new URL('./beckon.js', import.meta.url))

const doctor = (args: string[], env: Record<string, string> = {}) =>
  new Promise<{ code: number; out: string; err: string }>((done) =>
    execFile(process.execPath, [entry, 'doctor', ...args], { env: { PATH: process.env['PATH'], ...env } }, (error, out, err) =>
      done({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    ),
  )

test('a fresh server is told what it was not given yet, without asking anybody', async () => {
  const { code, out } = await doctor([])
  expect(code).toBe(0)
  for (const word of ['BECKON_FROM', 'BECKON_SHOP_ADDRESS', 'BECKON_SMTP_URL', 'BECKON_PUBLIC_URL']) expect(out).toContain(word)
  expect(out).not.toContain('SPF')
})

test('a relay that is not there makes it exit 1, soon', async () => {
  const began = performance.now()
  const { code, out } = await doctor(['--json'], { BECKON_SMTP_URL: 'smtp://user:secret-word@127.0.0.1:1' })
  expect(code).toBe(1)
  const { checks } = JSON.parse(out) as { checks: { id: string; state: string; found: string[] }[] }
  expect(checks.find(({ id }) => id === 'relay')).toMatchObject({ state: 'bad', found: [expect.stringMatching(/ECONNREFUSED/)] })
  expect(out).not.toContain('secret-word')
  expect(performance.now() - began).toBeLessThan(10_000)
})

test('a key is made for its owner’s eyes only, its record matches it, and none is written over', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'beckon-')), 'dkim.pem')
  const { code, out } = await doctor(['shop.shop', '--selector', 's2', '--make-dkim', file])
  expect(code).toBe(0)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const pem = readFileSync(file, 'utf8')
  expect(out).not.toContain(pem.split('\n')[1])
  expect(out).toContain('name   s2._domainkey.shop.shop')
  expect(out).toContain(`p=${createPublicKey(pem).export({ type: 'spki', format: 'der' }).toString('base64')}`)

  const again = await doctor(['shop.shop', '--make-dkim', file])
  expect([again.code, again.out]).toEqual([2, ''])
  expect(readFileSync(file, 'utf8')).toBe(pem)
})

test.each([[['a b']], [['127.0.0.1']], [['shop.shop', '--ip', 'mail']], [['shop.shop', '--selector', '../x']], [['shop.shop', 'more', 'more']]])(
  'wrong usage exits 2: %j',
  async (args) => {
    expect((await doctor(args)).code).toBe(2)
  },
)
