import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { startServer } from '../serve.ts'
import { steps } from '../store/schema.ts'
import { openStore } from '../store/store.ts'
import { readConfig } from './config.ts'

const entry = fileURLToPath(new URL('./beckon.js', import.meta.url))
const temporary = () => mkdtempSync(join(tmpdir(), 'beckon-'))

const beckon = (...args: string[]) =>
  new Promise<{ code: number; out: string; err: string }>((done) =>
    execFile(process.execPath, [entry, ...args], (error, out, err) => done({ code: typeof error?.code === 'number' ? error.code : 0, out, err })),
  )

test('replay without a file replays the sample: letters in order of time, a summary on stderr, nothing on stdout', async () => {
  const letters = join(temporary(), 'letters.ndjson')
  const { code, out, err } = await beckon('replay', '--letters', letters, '--until', '+40d')
  expect([code, out]).toEqual([0, ''])
  const lines = readFileSync(letters, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(Object.keys(lines[0])).toEqual(['at', 'customer', 'journey', 'template', 'priority', 'decision', 'reason', 'key', 'to', 'subject'])
  expect(lines.map(({ at }) => at)).toEqual(lines.map(({ at }) => at).sort())
  expect(new Set(lines.map(({ template }) => template)).size).toBe(5)
  expect(lines.find(({ reason }) => reason === 'no-address')).toMatchObject({ decision: 'skipped', to: null, subject: null })
  for (const word of ['events', 'customers', 'transitions', 'events/s', 'cart-abandoned', 'queued']) expect(err).toContain(word)
})

test('a replayed database can be kept, explained and checked', async () => {
  const data = temporary()
  const summary = await beckon('replay', '--json', '--data', data)
  expect(JSON.parse(summary.out)).toMatchObject({ events: 267, duplicates: 0, customers: 20 })
  const why = await beckon('why', 'ada', '--data', data, '--json')
  expect(JSON.parse(why.out).states).toHaveProperty('cart')
  const check = await beckon('check', '--data', data, '--json')
  const checked = JSON.parse(check.out)
  expect(checked).toMatchObject({ ok: true, customers: 20, compared: 20, findings: [], sample: { customers: 20 } })
  expect(checked.sample.letters.find(({ template }: { template: string }) => template === 'order-thanks')).toMatchObject({
    written: 12,
    languages: { de: 7, en: 5 },
    lacking: [{ what: 'order', times: 8 }],
    faults: [],
  })
  expect((await beckon('check', '--data', data, '--sample', '3')).out).toMatch(/letters as 3 customers would get them now:\n {2}browse-reminder: 3 written/)
  expect(await beckon('replay', '--data', data)).toMatchObject({ code: 1, err: expect.stringContaining('already holds a database') })
}, 60_000)

test('an audit exits with 0 while nothing is wrong, and with 1 when a promise is broken, and says about whom', async () => {
  const data = temporary()
  await beckon('replay', '--data', data)
  const fine = await beckon('audit', '--data', data, '--json')
  expect([fine.code, JSON.parse(fine.out)]).toMatchObject([0, { ok: true, looked: { customers: 20, compared: 20 } }])
  const store = openStore(join(data, 'beckon.db'))
  store.db.exec("DELETE FROM identity WHERE customer = (SELECT customer FROM identity WHERE key = 'u:ada')")
  store.close()
  const { code, out } = await beckon('audit', '--data', data)
  expect(code).toBe(1)
  expect(out).toMatch(/^wrong +1 +Lives that no id leads to/m)
  expect(out).toMatch(/#\d+ ada/)
  expect(await beckon('audit', '--data', temporary())).toMatchObject({ code: 1, err: expect.stringContaining('no database') })
}, 60_000)

test('turns can be written, one a line', async () => {
  const turns = join(temporary(), 'turns.ndjson')
  await beckon('replay', '--turns', turns)
  const lines = readFileSync(turns, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines.find(({ event }) => event === 'Product Added')).toMatchObject({ customer: expect.any(String), from: { cart: 'empty' }, to: { cart: 'active' } })
})

test.each<[string, string[], number, string]>([
  ['a missing file', ['replay', '/nowhere.ndjson'], 1, '[file.missing]'],
  ['an unknown setting', ['replay', '--settings', 'colour=red'], 1, '[setting.unknown]'],
  ['a setting that is none', ['replay', '--settings', 'colour'], 2, '[usage]'],
  ['an instant that is none', ['replay', '--until', 'tomorrow'], 2, '[usage]'],
  ['an unknown format', ['replay', '--format', 'xml'], 2, 'argument'],
  ['an unknown command', ['dance'], 2, 'unknown command'],
  ['an unknown option', ['start', '--speed', '9'], 2, 'unknown option'],
  ['a port that is none', ['start', '--port', '99999'], 2, '0 to 65535'],
  ['a directory without a database', ['why', 'ann', '--data', '/nowhere'], 1, '[file.missing]'],
])('%s fails with one clear sentence', async (_, args, code, words) => {
  const result = await beckon(...args)
  expect(result.code).toBe(code)
  expect(result.err).toContain(words)
  expect(result.err).not.toContain('    at ')
})

test('help says what there is and exits 0', async () => {
  const { code, out } = await beckon('--help')
  expect(code).toBe(0)
  for (const command of ['start', 'replay', 'why', 'check']) expect(out).toContain(command)
})

test('a feed is taken whether or not a server runs, what it refuses is named, and one that names nothing takes nothing away', async () => {
  const data = temporary()
  const feed = join(data, 'feed.tsv')
  writeFileSync(feed, 'id\ttitle\tprice\nfern\tBoston fern\t24.50 EUR\nivy\tIvy\tfree\nold\tOld\t5 EUR\n')
  expect(await beckon('catalog', feed, '--data', data)).toEqual({
    code: 0,
    out: '2 products taken, 1 refused\n',
    err: 'line 3 refused: product.invalid, ivy: price\n',
  })
  const server = await startServer({ ...readConfig({ port: 0, host: '127.0.0.1', data, settings: '' }), log: 'silent' }, () => {})
  writeFileSync(feed, '{"id":"fern","name":"Boston fern","price":19}\n')
  const { port } = new URL(server.url)
  expect(await beckon('catalog', feed, '--whole', '--data', data, '--port', port)).toMatchObject({
    code: 0,
    out: '1 products taken, 0 refused, 1 taken away\n',
  })
  const headers = { authorization: `Bearer ${server.keys.find(({ kind }) => kind === 'secret')!.token}` }
  expect(await (await fetch(`${server.url}/v1/products/fern`, { headers })).json()).toMatchObject({ name: 'Boston fern', price: 19 })
  expect((await fetch(`${server.url}/v1/products/old`, { headers })).status).toBe(404)
  await server.stop()
  writeFileSync(feed, '')
  expect(await beckon('catalog', feed, '--whole', '--data', data)).toMatchObject({ code: 1, err: expect.stringContaining('nothing was taken away') })
  expect(await beckon('catalog', 'ftp://feed.example/x', '--data', data)).toMatchObject({ code: 2 })
})

test('codes go into a pool from a file, beside a running server or without one, and come out as a CSV', async () => {
  const data = temporary()
  const file = join(data, 'codes.csv')
  writeFileSync(file, 'Code,Note\nA-1,x\n=A2,y\na1,z\n\u00c4,\n')
  const first = await beckon('codes', 'import', 'spring', file, '--data', data)
  expect([first.code, first.out]).toEqual([0, '2 codes added to spring, 1 known already, 1 refused; 2 free\n'])
  expect(first.err).toContain('code.invalid')
  const server = await startServer({ ...readConfig({ port: 0, host: '127.0.0.1', data, settings: '' }), log: 'silent' }, () => {})
  try {
    writeFileSync(file, 'A-1\nA-3\n')
    const second = await beckon('codes', 'import', 'spring', file, '--data', data, '--port', new URL(server.url).port, '--json')
    expect(JSON.parse(second.out)).toMatchObject({ added: 1, known: 1, free: 3, rejected: [] })
    const list = await beckon('codes', 'list', '--data', data, '--json')
    expect(JSON.parse(list.out)).toEqual([{ pool: 'spring', all: 3, free: 3, reserved: 0, redeemed: 0, expired: 0 }])
    const csv = await beckon('codes', 'export', 'spring', '--data', data)
    expect(csv.out.split('\n').map((line) => line.split(',')[0])).toEqual(['code', 'A-1', '"\'=A2"', 'A-3', ''])
  } finally {
    await server.stop()
  }
  expect((await beckon('codes', 'reclaim', 'autumn', '--data', data)).code).toBe(1)
  expect((await beckon('codes', 'import', 'spring')).code).toBe(2)
})

test('a database of before is not taken for a broken one: its codes are shown once the server has brought it up to date', async () => {
  const data = temporary()
  const db = new Database(join(data, 'beckon.db'))
  for (const step of steps.slice(0, 3)) db.exec(step)
  db.pragma('journal_mode = WAL')
  db.pragma('user_version = 3')
  db.close()
  const before = await beckon('codes', 'list', '--data', data)
  expect([before.code, before.out]).toEqual([1, ''])
  expect(before.err).toMatch(/written before.*store\.older/s)
  openStore(join(data, 'beckon.db')).close()
  expect((await beckon('codes', 'list', '--data', data)).out).toBe('no codes yet\n')
})
