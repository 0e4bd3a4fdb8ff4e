import { scryptSync, randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { afterEach, expect, test } from 'vitest'
import { FakeClock } from '../gateway/fake.ts'
import { openStore } from '../store/store.ts'
import { createAccess } from './access.ts'
import type { AccessOptions } from './access.ts'
import type { AuditRow, Me, Person } from './api.ts'
import { fold } from './names.ts'

const publicUrl = 'https://beckon.shop.example'
const minute = 60_000
const day = 86_400_000
const good = 'a heron at dawn'
const ids = { random: (bytes: number) => randomBytes(bytes).toString('base64url') }

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A password as it is kept, hashed at a price that tests can pay. */
function cheap(password: string): string {
  const salt = ids.random(16)
  return ['scrypt', 16, 1, 1, salt, scryptSync(password, Buffer.from(salt, 'base64url'), 32, { N: 16, r: 1, p: 1 }).toString('base64url')].join(':')
}

type Given = Partial<AccessOptions> & { people?: [name: string, role: 'owner' | 'reader'][] }

function open({ people = [], ...given }: Given = {}) {
  const store = openStore(':memory:')
  const clock = new FakeClock()
  for (const [name, role] of people) {
    store.people.invite(`for ${name}`, role, null, clock.now() + 1, clock.now())
    store.people.join(`for ${name}`, { name, folded: fold(name), password: cheap(good), at: clock.now() })
  }
  const options = { store, clock, ids, publicUrl, isOpen: false, proxies: 1, shop: { name: 'Fern & Co', url: 'https://shop.example' }, isDemo: false, ...given }
  const start = () => {
    const access = createAccess(options)
    const app = fastify()
    void app.register(
      async (scope) => {
        access.guard(scope)
        access.addRoutes(scope)
        scope.get('/letters', () => ({ letters: [] }))
        scope.post('/letters/7/retry', (request) => {
          access.audit(request, 'sent a letter again', 'letter 7')
          return {}
        })
      },
      { prefix: '/studio/api' },
    )
    closers.push(() => app.close())
    return { access, app, ...asking(app) }
  }
  closers.push(() => void store.close())
  return { store, clock, start, ...start() }
}

type Asked = { cookie?: string | undefined; origin?: string | null; host?: string; from?: string; headers?: Record<string, string> }

function asking(app: FastifyInstance) {
  const ask = async (
    line: string,
    body: unknown = undefined,
    { cookie, origin = publicUrl, host = 'beckon.shop.example', from = '203.0.113.9', headers }: Asked = {},
  ) => {
    const [method, path] = line.split(' ') as ['GET', string]
    const response = await app.inject({
      method,
      url: `/studio/api/${path}`,
      headers: {
        host,
        'x-forwarded-for': from,
        ...(origin === null ? {} : { origin }),
        ...(cookie === undefined ? {} : { cookie }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: body as object }),
    })
    const set = String(response.headers['set-cookie'] ?? '')
    const json = response.body.startsWith('{') || response.body.startsWith('[') ? response.json() : undefined
    return {
      status: response.statusCode,
      code: json?.code as string | undefined,
      json,
      text: response.body,
      headers: response.headers,
      set,
      cookie: set.split(';')[0]!,
    }
  }
  const signIn = (name: string, password = good, asked: Asked = {}) => ask('POST sign-in', { name, password }, asked)
  const cookieOf = async (name: string) => (await signIn(name)).cookie
  return { ask, signIn, cookieOf }
}

const tokenOf = (link: string) => link.split('#token=')[1]!
const staff: Given['people'] = [
  ['Ann', 'owner'],
  ['Rob', 'reader'],
]

test('readers look and change nothing, owners change, and nobody else gets in', async () => {
  const { ask, cookieOf } = open({ people: staff })
  const owner = await cookieOf('Ann')
  const reader = await cookieOf('Rob')
  const who = [undefined, '__Host-beckon=not-a-session', `__Host-beckon=${ids.random(32)}`, reader, owner]
  const table: [line: string, body: unknown, statuses: number[]][] = [
    ['GET me', undefined, [200, 200, 200, 200, 200]],
    ['GET letters', undefined, [401, 401, 401, 200, 200]],
    ['GET people', undefined, [401, 401, 401, 200, 200]],
    ['GET audit', undefined, [401, 401, 401, 200, 200]],
    ['POST letters/7/retry', {}, [401, 401, 401, 403, 200]],
    ['POST people', { role: 'reader' }, [401, 401, 401, 403, 200]],
    ['DELETE people/99', {}, [401, 401, 401, 403, 400]],
    ['POST password', { old: 'x', new: 'y' }, [401, 401, 401, 400, 400]],
    ['POST sign-out', {}, [401, 401, 401, 200, 200]],
  ]
  for (const [line, body, statuses] of table) {
    const found = []
    for (const cookie of who) {
      const { status, headers } = await ask(line, body, { cookie })
      expect(headers['cache-control']).toBe('no-store')
      found.push(status)
    }
    expect([line, ...found]).toEqual([line, ...statuses])
  }
})

test('me says who is here, and nothing else about anybody', async () => {
  const { ask, cookieOf } = open({ people: staff, isDemo: true })
  const shop = { name: 'Fern & Co', url: 'https://shop.example' }
  expect((await ask('GET me')).json).toEqual({ open: false, name: null, role: null, demo: true, shop } satisfies Me)
  expect((await ask('GET me', undefined, { cookie: await cookieOf('rob') })).json).toEqual({
    open: false,
    name: 'Rob',
    role: 'reader',
    demo: true,
    shop,
  } satisfies Me)
})

test('a change from a foreign page is refused, whoever’s cookie it comes with', async () => {
  const { ask, cookieOf, store } = open({ people: staff })
  const cookie = await cookieOf('Ann')
  const before = store.people.audits(1e9, 99).length
  const same = { 'sec-fetch-site': 'same-origin' }
  const table: [Asked, number][] = [
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ origin: 'https://beckon.shop.example.evil.example' }, 403],
    [{ origin: 'http://beckon.shop.example' }, 403],
    [{ origin: 'https://evil.example', headers: { 'sec-fetch-site': 'cross-site' } }, 403],
    [{ origin: 'https://evil.example', headers: { 'sec-fetch-site': 'same-site' } }, 403],
    [{ origin: null }, 403],
    [{ origin: null, headers: same }, 403],
    [{ origin: 'https://inside.example', headers: same }, 200],
    [{ origin: publicUrl }, 200],
  ]
  for (const [asked, status] of table) expect([asked, (await ask('POST letters/7/retry', {}, { cookie, ...asked })).status]).toEqual([asked, status])
  expect(store.people.audits(1e9, 99)).toHaveLength(before + 2)
  for (const line of ['POST sign-in', 'POST set-up', 'POST sign-out'])
    expect((await ask(line, { name: 'Ann', password: good }, { origin: 'https://evil.example', cookie })).code).toBe('studio.origin_foreign')
  expect((await ask('GET letters', undefined, { cookie, origin: null })).status).toBe(200)
})

test('open to its own machine: everybody is an owner, under loopback names and from loopback pages only', async () => {
  const { ask, access, store } = open({ isOpen: true, publicUrl: 'http://127.0.0.1:4650', proxies: 0 })
  const direct: Asked = { host: '127.0.0.1:4650', origin: null, headers: {} }
  const app = fastify()
  void app.register(async (scope) => {
    access.guard(scope)
    access.addRoutes(scope)
    scope.post('/thing', (request) => {
      access.audit(request, 'did a thing')
      return {}
    })
  })
  closers.push(() => app.close())
  const status = async (method: 'GET' | 'POST', url: string, headers: Record<string, string>) => (await app.inject({ method, url, headers })).statusCode
  for (const host of ['127.0.0.1:4650', 'localhost:4650', 'LOCALHOST', '[::1]:4650', '127.0.0.53'])
    expect([host, await status('GET', '/people', { host })]).toEqual([host, 200])
  for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:4650', '192.168.1.5:4650'])
    expect([host, await status('GET', '/me', { host })]).toEqual([host, 403])
  const host = 'localhost:4650'
  for (const origin of ['http://localhost:4650', 'http://127.0.0.1:5173', 'http://[::1]:1'])
    expect([origin, await status('POST', '/thing', { host, origin })]).toEqual([origin, 200])
  for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example', 'file://localhost'])
    expect([origin, await status('POST', '/thing', { host, origin })]).toEqual([origin, 403])
  expect(await status('POST', '/thing', { host })).toBe(200)
  expect(await status('GET', '/me', { host, 'x-forwarded-for': '203.0.113.9' })).toBe(403)
  expect((await ask('GET me', undefined, direct)).code).toBe('studio.origin_foreign')
  expect((await app.inject({ method: 'GET', url: '/me', headers: { host } })).json()).toMatchObject({ open: true, name: null, role: 'owner' })
  expect(access.setUpLink()).toBeNull()
  expect(store.people.audits(1e9, 9).map(({ who, did }) => `${who} ${did}`)).toEqual(Array(4).fill('this machine did a thing'))
  expect((await app.inject({ method: 'POST', url: '/people', headers: { host }, payload: { role: 'owner' } })).statusCode).toBe(400)
})

test('the live feed goes to who may look, on our own pages, as long as they may', async () => {
  const { access, ask, cookieOf } = open({ people: staff })
  const upgrade = (cookie: string | undefined, origin: string | undefined) =>
    ({ method: 'GET', headers: { upgrade: 'websocket', host: 'beckon.shop.example', cookie, origin } }) as unknown as IncomingMessage
  const owner = await cookieOf('Ann')
  const reader = await cookieOf('Rob')
  expect(access.mayWatch(upgrade(owner, publicUrl))).toBe('owner')
  expect(access.mayWatch(upgrade(reader, publicUrl))).toBe('reader')
  expect(access.mayWatch(upgrade(undefined, publicUrl))).toBeNull()
  expect(access.mayWatch(upgrade(owner, 'https://evil.example'))).toBeNull()
  expect(access.mayWatch(upgrade(owner, undefined))).toBeNull()
  const { json } = await ask('GET people', undefined, { cookie: owner })
  await ask(`DELETE people/${(json as Person[])[1]!.id}`, {}, { cookie: owner })
  expect(access.mayWatch(upgrade(reader, publicUrl))).toBeNull()
  const local = open({ isOpen: true, publicUrl: 'http://127.0.0.1:4650' }).access
  const at = (host: string, origin?: string) => ({ method: 'GET', headers: { upgrade: 'websocket', host, origin } }) as unknown as IncomingMessage
  expect([local.mayWatch(at('localhost:4650')), local.mayWatch(at('localhost:4650', 'http://127.0.0.1:4650'))]).toEqual(['owner', 'owner'])
  expect([local.mayWatch(at('evil.example')), local.mayWatch(at('localhost:4650', 'http://evil.example'))]).toEqual([null, null])
})

test('the first start prints a link that makes one owner, once; the secret in it is kept nowhere', async () => {
  const { access, ask, store } = open()
  const link = access.setUpLink()!
  expect(link).toMatch(/^https:\/\/beckon\.shop\.example\/studio\/set-up#token=[\w-]{43}$/)
  expect(JSON.stringify(store.db.prepare('SELECT * FROM invitation').all())).not.toContain(tokenOf(link))
  const body = { token: tokenOf(link), name: '  Ann Fern ', password: good }
  const done = await ask('POST set-up', body)
  expect([done.status, done.json]).toMatchObject([200, { name: 'Ann Fern', role: 'owner' }])
  expect((await ask('GET me', undefined, { cookie: done.cookie })).json).toMatchObject({ name: 'Ann Fern', role: 'owner' })
  expect((await ask('POST set-up', { ...body, name: 'Eve' })).code).toBe('studio.link_spent')
  expect([access.setUpLink(), store.people.count()]).toEqual([null, 1])
  expect(store.db.prepare('SELECT password FROM person').get()).toMatchObject({ password: expect.stringMatching(/^scrypt:32768:8:1:[\w-]{22}:[\w-]{43}$/) })
})

test('a link is good for a day, a new start voids the one before, and where somebody is there is none', async () => {
  const { access, ask, clock, start } = open()
  const first = tokenOf(access.setUpLink()!)
  const next = start()
  expect((await ask('POST set-up', { token: first, name: 'Ann', password: good })).code).toBe('studio.link_spent')
  const second = tokenOf(next.access.setUpLink()!)
  clock.time += day
  expect(next.access.setUpLink()).toBeNull()
  expect((await ask('POST set-up', { token: second, name: 'Ann', password: good })).code).toBe('studio.link_spent')
  const third = start()
  expect((await ask('POST set-up', { token: tokenOf(third.access.setUpLink()!), name: 'Ann', password: good })).status).toBe(200)
  expect(start().access.setUpLink()).toBeNull()
})

test('of two people who use one link at once, one comes in', async () => {
  const { access, ask, store } = open()
  const token = tokenOf(access.setUpLink()!)
  const answers = await Promise.all(['Ann', 'Eve'].map((name) => ask('POST set-up', { token, name, password: good })))
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 410])
  expect(store.people.count()).toBe(1)
})

test('a bad name or password is refused in words and leaves the link as it was', async () => {
  const { access, ask, store } = open({ people: [] })
  const token = tokenOf(access.setUpLink()!)
  const table: [name: unknown, password: unknown, about: RegExp][] = [
    ['Ann', 'short', /password has fewer than 10 characters/],
    ['Ann', 'x'.repeat(300), /password has more than 256/],
    ['Annabel Lee', ' ANNABEL lee', /password is the name/],
    ['Ann', 'Password123', /password is one of the first/],
    ['Ann', 'aaaaaaaaaaaaaaaa', /password is one of the first/],
    ['', good, /name is empty/],
    ['x'.repeat(65), good, /name has more than 64/],
    ['Ann\u202Egnif', good, /name has characters that cannot be seen/],
    ['This Machine', good, /name stands for somebody else/],
    [7, good, /name is no text/],
    ['Ann', { $ne: 1 }, /password is no text/],
    ['Ann', 'x'.repeat(2_000), /password is no text of at most/],
  ]
  for (const [name, password, about] of table) {
    const { code, json } = await ask('POST set-up', { token, name, password })
    expect([name, code, json.message]).toEqual([name, 'studio.input_invalid', expect.stringMatching(about)])
  }
  expect([store.people.count(), access.setUpLink()]).toEqual([0, expect.any(String)])
})

test('a body that is no object, or holds more than 16 KB, is refused in words', async () => {
  const { app, signIn } = open({ people: staff })
  const send = (payload: string, type = 'application/json') =>
    app.inject({ method: 'POST', url: '/studio/api/sign-in', headers: { origin: publicUrl, 'content-type': type }, payload })
  for (const [payload, type] of [['{'], ['[]'], ['"x"'], ['null'], ['{}', 'text/plain'], ['a=b', 'application/x-www-form-urlencoded']] as const) {
    const response = await send(payload, type)
    expect([payload, response.statusCode, response.json().code]).toEqual([payload, 400, 'studio.input_invalid'])
  }
  const big = await signIn('Ann', 'x'.repeat(17_000))
  expect([big.status, big.json.message]).toEqual([400, expect.stringContaining('16 KB')])
})

test('the cookie is for this host, this site and no script; the database knows its hash only', async () => {
  const { signIn, ask, store } = open({ people: staff })
  const { set, cookie } = await signIn('ann')
  expect(set).toMatch(/^__Host-beckon=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=1209600$/)
  expect(JSON.stringify(store.db.prepare('SELECT * FROM session').all())).not.toContain(cookie.split('=')[1])
  const out = await ask('POST sign-out', {}, { cookie })
  expect([out.json.role, out.set]).toEqual([null, '__Host-beckon=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0'])
  expect((await ask('GET letters', undefined, { cookie })).code).toBe('studio.signed_out')
})

test('a session lasts two weeks from its last use, and the cookie is given anew once an hour at most', async () => {
  const { ask, cookieOf, clock } = open({ people: staff })
  const cookie = await cookieOf('Ann')
  const use = async () => (await ask('GET letters', undefined, { cookie })).set !== ''
  clock.time += 59 * minute
  expect(await use()).toBe(false)
  clock.time += minute
  expect([await use(), await use()]).toEqual([true, false])
  clock.time += 14 * day - 1
  expect((await ask('GET letters', undefined, { cookie })).set).toContain(cookie)
  clock.time += 14 * day
  expect((await ask('GET letters', undefined, { cookie })).status).toBe(401)
})

test('signing in anew ends the session that the browser had', async () => {
  const { ask, cookieOf, signIn } = open({ people: staff })
  const before = await cookieOf('Ann')
  await signIn('Rob', good, { cookie: before })
  expect((await ask('GET letters', undefined, { cookie: before })).status).toBe(401)
})

test('a wrong password and a name that nobody bears get the same answer', async () => {
  const { signIn } = open({ people: staff })
  const [wrong, unknown] = [await signIn('Ann', 'not her password'), await signIn('Nobody', good)]
  expect([wrong.status, wrong.text, wrong.set]).toEqual([401, unknown.text, ''])
})

test('after five wrong tries a name waits, from wherever it is tried, twice as long each time, and nobody is told whether the sixth was right', async () => {
  const { signIn, clock } = open({ people: staff })
  for (let n = 1; n <= 5; n++) expect((await signIn('Ann', 'wrong password', { from: `198.51.100.${n}` })).status).toBe(401)
  const sixth = await signIn('ANN', good, { from: '192.0.2.1' })
  expect([sixth.code, sixth.headers['retry-after'], sixth.json.message]).toEqual(['studio.sign_in_paused', '2', expect.stringContaining(': 2 s.')])
  expect((await signIn('Rob')).status).toBe(200)
  clock.time += 2_000
  expect((await signIn('Ann', 'wrong password', { from: '192.0.2.2' })).status).toBe(401)
  expect((await signIn('Ann', good, { from: '192.0.2.1' })).headers['retry-after']).toBe('4')
  for (let n = 0; n < 12; n++) {
    clock.time += 15 * minute
    await signIn('Ann', 'wrong password', { from: '192.0.2.3' })
  }
  expect((await signIn('Ann', good, { from: '192.0.2.1' })).headers['retry-after']).toBe('900')
  clock.time += 15 * minute
  expect((await signIn('Ann', good, { from: '192.0.2.1' })).status).toBe(200)
  expect((await signIn('Ann', 'wrong password', { from: '192.0.2.1' })).status).toBe(401)
})

test('after five wrong tries an address waits, whatever names it tries; a hundred at once get no further', async () => {
  const { signIn } = open({ people: staff })
  const statuses = (await Promise.all(Array.from({ length: 20 }, (_, n) => signIn(`name ${n}`, 'wrong password', { from: '2001:db8::1' })))).map(
    ({ status }) => status,
  )
  expect(statuses.filter((status) => status === 401)).toHaveLength(5)
  expect(statuses.filter((status) => status === 429)).toHaveLength(15)
  expect((await signIn('Ann', good, { from: '2001:db8::2:7' })).status).toBe(429)
  expect((await signIn('Ann', good, { from: '2001:db8:0:1::1' })).status).toBe(200)
})

test('an owner invites by a link for one person and one role, good once for a day', async () => {
  const { ask, cookieOf, clock, store } = open({ people: staff })
  const cookie = await cookieOf('Ann')
  const invite = async (role: unknown) => ask('POST people', { role }, { cookie })
  expect((await invite('king')).code).toBe('studio.input_invalid')
  const { link } = (await invite('reader')).json as { link: string }
  const taken = await ask('POST set-up', { token: tokenOf(link), name: 'ANN', password: good })
  expect(taken.json.message).toMatch(/name is taken/)
  const joined = await ask('POST set-up', { token: tokenOf(link), name: 'Lea', password: good })
  expect(joined.json).toMatchObject({ name: 'Lea', role: 'reader' })
  expect((await ask('POST letters/7/retry', {}, { cookie: joined.cookie })).code).toBe('studio.role_too_low')
  expect((await ask('POST set-up', { token: tokenOf(link), name: 'Max', password: good })).code).toBe('studio.link_spent')
  const late = (await invite('owner')).json as { link: string }
  clock.time += day
  expect((await ask('POST set-up', { token: tokenOf(late.link), name: 'Max', password: good })).code).toBe('studio.link_spent')
  expect(store.people.list().map(({ name, role }) => `${name} ${role}`)).toEqual(['Ann owner', 'Rob reader', 'Lea reader'])
})

test('whoever is removed is out at once, and so are the links they made; the last owner stays', async () => {
  const { ask, cookieOf } = open({ people: [...staff!, ['Oda', 'owner']] })
  const ann = await cookieOf('Ann')
  const oda = await cookieOf('Oda')
  const rob = await cookieOf('Rob')
  const people = (await ask('GET people', undefined, { cookie: ann })).json as Person[]
  const idOf = (name: string) => people.find((person) => person.name === name)!.id
  const { link } = (await ask('POST people', { role: 'owner' }, { cookie: oda })).json as { link: string }
  expect((await ask(`DELETE people/${idOf('Rob')}`, {}, { cookie: ann })).status).toBe(200)
  expect((await ask('GET letters', undefined, { cookie: rob })).status).toBe(401)
  expect((await ask(`DELETE people/${idOf('Oda')}`, {}, { cookie: ann })).status).toBe(200)
  expect((await ask('GET letters', undefined, { cookie: oda })).status).toBe(401)
  expect((await ask('POST set-up', { token: tokenOf(link), name: 'Max', password: good })).code).toBe('studio.link_spent')
  const last = await ask(`DELETE people/${idOf('Ann')}`, {}, { cookie: ann })
  expect([last.status, last.json.message]).toEqual([400, expect.stringContaining('the last owner stays')])
  expect((await ask('GET letters', undefined, { cookie: ann })).status).toBe(200)
})

test('an owner who leaves of their own accord is named in the log', async () => {
  const { ask, cookieOf, store } = open({ people: [...staff!, ['Oda', 'owner']] })
  const cookie = await cookieOf('Oda')
  const people = (await ask('GET people', undefined, { cookie })).json as Person[]
  expect((await ask(`DELETE people/${people.at(-1)!.id}`, {}, { cookie })).status).toBe(200)
  expect((await ask('GET me', undefined, { cookie })).json).toMatchObject({ name: null, role: null })
  expect(store.people.audits(1e9, 1)).toMatchObject([{ who: 'Oda', did: 'removed', about: 'Oda' }])
})

test('a changed role counts from the next request on', async () => {
  const { ask, cookieOf, store } = open({ people: staff })
  const cookie = await cookieOf('Ann')
  store.db.exec("UPDATE person SET role = 'reader' WHERE name = 'Ann'")
  expect((await ask('POST letters/7/retry', {}, { cookie })).code).toBe('studio.role_too_low')
})

test('a reader changes their own password, which ends their other sessions and not this one', async () => {
  const { ask, cookieOf, signIn } = open({ people: staff })
  const here = await cookieOf('Rob')
  const there = await cookieOf('Rob')
  const change = (old: string, fresh: string) => ask('POST password', { old, new: fresh }, { cookie: here })
  expect((await change('not it at all', 'another heron')).json.message).toMatch(/old is not your password/)
  expect((await change(good, 'short')).json.message).toMatch(/password has fewer/)
  expect((await change(good, 'another heron')).status).toBe(200)
  expect((await ask('GET letters', undefined, { cookie: here })).status).toBe(200)
  expect((await ask('GET letters', undefined, { cookie: there })).status).toBe(401)
  expect([(await signIn('Rob', good)).status, (await signIn('Rob', 'another heron')).status]).toEqual([401, 200])
})

test('whoever holds a session guesses the old password no faster than one who signs in', async () => {
  const { ask, cookieOf } = open({ people: staff })
  const cookie = await cookieOf('Rob')
  const statuses = []
  for (let n = 0; n < 6; n++) statuses.push((await ask('POST password', { old: `guess ${n}`, new: 'another heron' }, { cookie })).status)
  expect(statuses).toEqual([400, 400, 400, 400, 400, 429])
})

test('no answer holds a hash or a secret of anybody', async () => {
  const { ask, cookieOf, store } = open({ people: staff })
  const cookie = await cookieOf('Ann')
  await ask('POST people', { role: 'reader' }, { cookie })
  const texts = await Promise.all(['GET me', 'GET people', 'GET audit'].map(async (line) => (await ask(line, undefined, { cookie })).text))
  const secrets = ['SELECT password AS secret FROM person', 'SELECT hash AS secret FROM session', 'SELECT hash AS secret FROM invitation'].flatMap((sql) =>
    store.db.prepare<[], { secret: string }>(sql).all(),
  )
  expect(secrets.length).toBe(4)
  for (const { secret } of secrets) expect(texts.join()).not.toContain(secret)
  expect(texts.join()).not.toMatch(/scrypt|password"|folded/)
})

test('the log says who did what, about whom and from where, the latest first', async () => {
  const { ask, cookieOf, signIn } = open({ people: staff })
  const cookie = await cookieOf('Ann')
  await signIn('my-secret-typed-as-a-name')
  await signIn('rob', 'wrong password', { from: '192.0.2.7' })
  const { link } = (await ask('POST people', { role: 'reader' }, { cookie })).json as { link: string }
  await ask('POST set-up', { token: tokenOf(link), name: 'Lea', password: good })
  await ask('POST letters/7/retry', {}, { cookie })
  const people = (await ask('GET people', undefined, { cookie })).json as Person[]
  await ask(`DELETE people/${people.at(-1)!.id}`, {}, { cookie })
  await ask('POST sign-out', {}, { cookie })
  const { rows, before } = (await ask('GET audit', undefined, { cookie: await cookieOf('Rob') })).json as { rows: AuditRow[]; before: number | null }
  expect(rows.map(({ who, did, about, from }) => [who, did, about, from].join(' · '))).toEqual([
    'Rob · signed in ·  · 203.0.113.9',
    'Ann · signed out ·  · 203.0.113.9',
    'Ann · removed · Lea · 203.0.113.9',
    'Ann · sent a letter again · letter 7 · 203.0.113.9',
    'Lea · joined as reader · invited by Ann · 203.0.113.9',
    'Ann · made a link for a reader ·  · 203.0.113.9',
    'Rob · failed to sign in ·  · 192.0.2.7',
    'somebody · failed to sign in ·  · 203.0.113.9',
    'Ann · signed in ·  · 203.0.113.9',
  ])
  expect(before).toBeNull()
})

test('a storm of wrong tries leaves one row a minute, not one each', async () => {
  const { signIn, store, clock } = open({ people: staff })
  const rows = () => store.people.audits(1e9, 99).length
  await Promise.all(Array.from({ length: 15 }, (_, n) => signIn(`name ${n}`, 'wrong password', { from: `192.0.2.${n}` })))
  expect(rows()).toBe(1)
  clock.time += minute
  await signIn('yet another', 'wrong password', { from: '192.0.2.77' })
  expect(rows()).toBe(2)
})

test('a long log comes in pages that neither miss nor repeat a row', async () => {
  const { ask, cookieOf, store } = open({ people: staff })
  const cookie = await cookieOf('Ann')
  for (let n = 1; n <= 119; n++) store.people.audit(n, 'Ann', `did ${n}`, null, null)
  const ids: number[] = []
  let path = 'audit'
  for (;;) {
    const { rows, before } = (await ask(`GET ${path}`, undefined, { cookie })).json as { rows: AuditRow[]; before: number | null }
    ids.push(...rows.map(({ id }) => id))
    if (before === null) break
    path = `audit?before=${before}`
  }
  expect(ids).toEqual(Array.from({ length: 120 }, (_, n) => 120 - n))
  for (const before of ['x', '-1', '0', '1e99']) expect((await ask(`GET audit?before=${before}`, undefined, { cookie })).json.rows).toHaveLength(50)
})

test('somebody who forgot their password starts the server open to its own machine, removes themselves, and is set up anew', async () => {
  const { store, clock } = open({ people: [['Ann', 'owner']] })
  const world = { store, clock, ids, proxies: 0, shop: { name: '', url: '' }, isDemo: false }
  const app = fastify()
  const local = createAccess({ ...world, publicUrl: 'http://127.0.0.1:4650', isOpen: true })
  void app.register(async (scope) => {
    local.guard(scope)
    local.addRoutes(scope)
  })
  closers.push(() => app.close())
  const [ann] = store.people.list()
  expect((await app.inject({ method: 'DELETE', url: `/people/${ann!.id}`, headers: { host: 'localhost' } })).statusCode).toBe(200)
  expect(createAccess({ ...world, publicUrl, isOpen: false }).setUpLink()).toMatch(/#token=/)
})
