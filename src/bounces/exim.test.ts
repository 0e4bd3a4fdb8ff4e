/** A real exim between our server and a mailbox that refuses: what it sends back is a bounce that nobody here wrote. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SMTPServer } from 'smtp-server'
import { afterEach, expect, test } from 'vitest'
import { readConfig } from '../cli/config.ts'
import { startServer } from '../serve.ts'
import type { Server } from '../serve.ts'
import type { CustomerList, CustomerPage, LetterList, LetterPage } from '../studio/api.ts'
import type { BounceReport, BounceSetup } from '../studio/api-bounces.ts'

const exim = ['/usr/sbin/exim4', '/usr/sbin/exim'].find((path) => existsSync(path))

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const directory = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'beckon-exim-'))
  closing.push(() => rmSync(made, { recursive: true, force: true, maxRetries: 5 }))
  return made
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

/** A mail server that knows nobody, and says so at RCPT. */
async function refusing(): Promise<number> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onRcptTo: ({ address }, _session, done) =>
      done(Object.assign(new Error(`5.1.1 <${address}>: Recipient address rejected: User unknown`), { responseCode: 550 })),
  })
  server.on('error', () => {})
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  closing.push(() => new Promise<void>((done) => server.close(() => done())))
  return (server.server.address() as AddressInfo).port
}

/** An exim of our own: its configuration, spool and port; the machine's is neither used nor needed. */
async function startExim(port: number, refusingPort: number, bouncePort: number): Promise<() => string> {
  // exim gives up root for a configuration of somebody's own; where we are root, it is nobody's from the start.
  const isRoot = process.getuid!() === 0
  const nobody = { uid: isRoot ? 65_534 : process.getuid!(), gid: isRoot ? 65_534 : process.getgid!() }
  const home = directory()
  const config = join(home, 'exim.conf')
  mkdirSync(join(home, 'log'))
  mkdirSync(join(home, 'spool'))
  const toPort = (name: string, to: number) =>
    `${name}:\n  driver = smtp\n  hosts = 127.0.0.1\n  hosts_override\n  allow_localhost\n  port = ${to}\n  hosts_try_auth =\n  tls_tempfail_tryclear\n`
  writeFileSync(
    config,
    `primary_hostname = relay.fern.example
spool_directory = ${home}/spool
log_file_path = ${home}/log/%slog
keep_environment =
tls_advertise_hosts =
host_lookup =
deliver_drop_privilege = true
exim_user = ${nobody.uid}
exim_group = ${nobody.gid}
untrusted_set_sender = *
local_from_check = false
log_selector = +all
acl_smtp_rcpt = accept
begin routers
back:
  driver = accept
  domains = bounces.fern.example
  transport = to_us
out:
  driver = accept
  transport = to_them
begin transports
${toPort('to_us', bouncePort)}${toPort('to_them', refusingPort)}`,
    { mode: 0o644 },
  )
  for (const path of ['', 'log', 'spool', 'exim.conf']) chownSync(join(home, path), nobody.uid, nobody.gid)
  // Only an administrator may have it listen; anybody may speak SMTP with it, so each connection gets one of its own.
  const children = new Set<Promise<unknown>>()
  const listener = createServer((socket) => {
    const child = spawn(exim!, ['-C', config, '-odi', '-bs'], { ...(isRoot ? nobody : {}), stdio: ['pipe', 'pipe', 'inherit'] })
    socket.pipe(child.stdin)
    child.stdout.pipe(socket)
    socket.on('error', () => child.stdin.end())
    child.stdin.on('error', () => {})
    const ended: Promise<unknown> = once(child, 'close').then(() => children.delete(ended))
    children.add(ended)
  })
  listener.listen(port, '127.0.0.1')
  await once(listener, 'listening')
  closing.push(async () => {
    listener.close()
    await Promise.all(children)
  })
  return () =>
    ['mainlog', 'paniclog']
      .map((name) => join(home, 'log', name))
      .filter((path) => existsSync(path))
      .map((path) => readFileSync(path, 'utf8'))
      .join('')
}

async function until<T>(look: () => Promise<T | undefined | false>, what: string, more = () => ''): Promise<T> {
  for (let n = 0; n < 300; n++) {
    const seen = await look()
    if (seen !== undefined && seen !== false) return seen
    await new Promise((go) => setTimeout(go, 50))
  }
  throw new Error(`waited in vain for ${what}\n${more()}`)
}

const get = async <T>(server: Server, path: string) => (await (await fetch(`${server.url}/studio/api/${path}`)).json()) as T

test.skipIf(exim === undefined)(
  `a letter that a relay took and could not deliver comes back, and its customer gets no more${exim === undefined ? ' (skipped: no exim here)' : ''}`,
  async () => {
    const [relayPort, bouncePort] = [await freePort(), await freePort()]
    const log = await startExim(relayPort, await refusing(), bouncePort)
    const config = readConfig({ port: 0, host: '127.0.0.1', data: directory(), settings: 'quietFor=20ms,abandonAfter=60ms,followUpAfter=3s' })
    const server = await startServer(
      {
        ...config,
        log: 'silent',
        smtp: { host: '127.0.0.1', port: relayPort, secure: false },
        bounces: { smtp: { domain: 'bounces.fern.example', port: bouncePort, host: '127.0.0.1' } },
      },
      (error) => {
        throw error
      },
    )
    closing.push(() => server.stop())
    const key = server.keys.find(({ kind }) => kind === 'secret')!.token
    const cart = { product_id: 'mug', name: 'Blue mug', price: 12, currency: 'EUR', email: 'anna@shop.test' }
    await fetch(`${server.url}/v1/track`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${key}:`)}` },
      body: JSON.stringify({ type: 'track', userId: 'anna', event: 'Product Added', properties: cart }),
    })

    const report = await until(
      async () => {
        const { latest, ...rest } = await get<BounceReport>(server, 'bounces')
        return latest[0] && { ...rest, first: latest[0] }
      },
      'the bounce',
      log,
    )
    expect(report.first).toMatchObject({
      kind: 'hard',
      reason: 'no-mailbox',
      status: '5.1.1',
      source: 'dsn',
      hint: 'an•••@shop.test',
      words: '550 5.1.1 <***@shop.test>: Recipient address rejected: User unknown',
    })
    expect(report.suppressed).toEqual([{ reason: 'bounce', n: 1 }])

    // The relay had said yes: the letter is sent, and what came back stands beside it.
    const { letters } = await get<LetterList>(server, 'letters')
    expect(letters).toMatchObject([{ state: 'sent' }])
    const letter = await get<LetterPage>(server, `letters/${letters[0]!.id}`)
    expect(letter.cameBack).toMatchObject([{ kind: 'hard', meaning: 'There is no such mailbox.', status: '5.1.1' }])
    expect(await get<CustomerPage>(server, `customers/${letters[0]!.customer}`)).toMatchObject({ suppressed: 'bounce' })
    expect((await get<CustomerList>(server, 'customers')).customers).toHaveLength(1)
    const setup = await get<BounceSetup>(server, 'bounces/setup')
    expect(setup.sources.find(({ name }) => name === 'smtp')).toMatchObject({ isOn: true, said: [{ what: 'bounce', n: 1 }] })

    // The second letter of the journey is decided, and refused by the policy.
    await until(async () => /beckon_letters_skipped_total 1/.test(await (await fetch(`${server.url}/metrics`)).text()), 'the skip')
    expect((await get<LetterList>(server, 'letters')).letters).toHaveLength(1)
  },
  30_000,
)
