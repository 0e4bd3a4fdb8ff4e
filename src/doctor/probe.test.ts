import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { SMTPServer } from 'smtp-server'
import type { SMTPServerOptions } from 'smtp-server'
import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../main.ts'
import { createRelayProbe } from './probe.ts'

/** For localhost, signed by itself, valid for a hundred years; it guards nothing. */
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg56x+Z73GdnLhnGE5
KedethAfOyqZ1g7fSrGmW8EwSkqhRANCAASGP8ZuHq2icAXkEN1JN3E7E8pPLx2/
0ocp5OQOszXffFrfuecacw56sn9wCR8wjZSl1nMG+boCRvX00156IbRg
-----END PRIVATE KEY-----`
const cert = `-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIUUbzI1z4gsGYNmGri11y4ExlYgi0wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzIzNDY1OVoYDzIxMjYxMDMw
MjM0NjU5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASGP8ZuHq2icAXkEN1JN3E7E8pPLx2/0ocp5OQOszXffFrfuecacw56
sn9wCR8wjZSl1nMG+boCRvX00156IbRgo2kwZzAdBgNVHQ4EFgQUFE1iAqOkP55E
c+PSpW2VDEde54YwHwYDVR0jBBgwFoAUFE1iAqOkP55Ec+PSpW2VDEde54YwFAYD
VR0RBA0wC4IJbG9jYWxob3N0MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwID
SAAwRQIgR6EHDi9jT+VHI4mNXtEdL+i7xXn+RHT9YGQM4tPc8BwCIQDnmU7swh6Z
Zm15eckr2rTlYzpZoxnLcQLjf1Nv0WHjTQ==
-----END CERTIFICATE-----`

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

type Said = { commands: string[]; letters: number }

/** A real mail server that remembers what it was asked. */
async function relay(options: SMTPServerOptions): Promise<{ port: number; said: Said }> {
  const said: Said = { commands: [], letters: 0 }
  const server = new SMTPServer({
    key,
    cert,
    authOptional: true,
    onMailFrom: (_address, _session, done) => (said.letters++, done()),
    ...options,
  })
  server.on('error', () => {})
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  closing.push(() => new Promise<void>((done) => server.close(done)))
  return { port: (server.server.address() as AddressInfo).port, said }
}

const look = createRelayProbe({ clock: systemClock, timeoutMs: 3_000 })
const trusting = createRelayProbe({ clock: systemClock, timeoutMs: 3_000, ca: cert })

test('the certificate behind STARTTLS is seen, with protocol, names and end; no letter is begun', async () => {
  const { port, said } = await relay({})
  const probed = await trusting({ host: 'localhost', port, secure: false })
  expect(probed).toMatchObject({
    greeting: expect.stringMatching(/^220 /),
    plainBecause: null,
    tls: { protocol: 'TLSv1.3', distrust: null, names: ['localhost'] },
  })
  expect('tls' in probed && new Date(probed.tls!.validTo).getUTCFullYear()).toBe(2126)
  expect(said.letters).toBe(0)
})

test('TLS from the first byte is seen as well', async () => {
  const { port } = await relay({ secure: true })
  expect(await trusting({ host: 'localhost', port, secure: true })).toMatchObject({ tls: { distrust: null } })
})

test('a certificate that nobody signed is named as such, and one for another host too', async () => {
  const { port } = await relay({})
  expect(await look({ host: 'localhost', port, secure: false })).toMatchObject({ tls: { distrust: 'DEPTH_ZERO_SELF_SIGNED_CERT' } })
  expect(await trusting({ host: '127.0.0.1', port, secure: false })).toMatchObject({ tls: { distrust: 'ERR_TLS_CERT_ALTNAME_INVALID' } })
})

test('a relay without STARTTLS is told apart', async () => {
  const { port } = await relay({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] })
  expect(await look({ host: '127.0.0.1', port, secure: false })).toMatchObject({ tls: null, plainBecause: 'it does not offer STARTTLS' })
})

test('whatever else is there, or is not, is a fault in words and never a wait without end', async () => {
  const quick = createRelayProbe({ clock: systemClock, timeoutMs: 200 })
  const behaving = async (deed: (socket: Socket) => void) => {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      deed(socket)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    closing.push(() => server.close())
    return quick({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, secure: false })
  }
  expect(await behaving(() => {})).toEqual({ fault: 'no answer within 0.2 s' })
  expect(await behaving((socket) => socket.end())).toEqual({ fault: 'the connection was closed' })
  expect(await behaving((socket) => socket.write('x'.repeat(40_000)))).toEqual({ fault: 'it talks without end' })
  expect(await behaving((socket) => socket.write('220-slowly\r\n'))).toEqual({ fault: 'no answer within 0.2 s' })
  expect(await quick({ host: '127.0.0.1', port: 1, secure: false })).toEqual({ fault: expect.stringMatching(/ECONNREFUSED/) })
  // Answers everything, TLS too, with what is no TLS.
  const rubbish = await behaving((socket) => {
    socket.write('220 hello\r\n')
    socket.on('data', (data) => socket.write(String(data).startsWith('EHLO') ? '250-me\r\n250 STARTTLS\r\n' : '220 go\r\n'))
  })
  expect(rubbish).toHaveProperty('fault')
})
