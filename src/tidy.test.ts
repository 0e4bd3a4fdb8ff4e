/**
 * Our own style as an ordinary test. A rule reads the whole tree and answers a line for each fault; each is first shown
 * finding one in a bad snippet. Who may import what stands in ARCHITECTURE.md alone, and is read there.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const linesMax = 320

/** Longer than `linesMax`, and why. */
const longer = new Map([
  ['src/sim/oracle.ts', 'the contract told a second time; it is read in one piece, beside the prose'],
  ['src/studio/api.ts', 'all that the pages and their server say to each other; shapes only'],
])

/** Begun by something other than an import: `npm run`, a browser, the loader of machines. */
const entries =
  /^src\/(?:cli\/beckon\.js|(?:sim\/sim|bench\/bench|sdk\/client)\.ts|web\/(?:studio|demo)\.tsx|web\/vite\.config\.ts)$|^machines\/(?:customer|settings)\.ts$/

/** For tests alone, though not named so. */
const standIns = new Set([
  'src/sim/browser.ts',
  'src/core/step/random-machine.ts',
  'src/core/step/xstate-judge.ts',
  'src/gateway/fake.ts',
  'src/bounces/fixtures.ts',
  'src/doctor/fake.ts',
])

/** Where real time and chance may be used. The client and the pages run in somebody else's process, which has no `main.ts` to pass them in. */
const ownTime = /^src\/(?:main\.ts|(?:cli|bench|sim|sdk|web)\/|store\/checkpoint)/

const pure = new Set(['machines', 'policy', 'recommend', 'core', 'profile', 'kit'])
const purePackages = new Set(['xstate', '#kit'])
const wiring = new Map([
  ['main.ts', ['cli', 'bench', 'sim', 'serve.ts']],
  ['serve.ts', ['cli', 'bench', 'sim']],
])

type Import = { line: number; what: string; typesOnly: boolean }
/** `code` is the text without its comments, line for line. */
type File = { path: string; text: string; code: string; imports: Import[] }
type Rule = (files: readonly File[]) => string[]

type Row = { rooms: string[]; files: string[]; packages: string[] }
type Table = ReadonlyMap<string, Row>

const root = fileURLToPath(new URL('..', import.meta.url))
const house = readTree()
const document = readFileSync(posix.join(root, 'ARCHITECTURE.md'), 'utf8')
const table = parseTable(document)

const rules: [promise: string, rule: Rule, bad: Record<string, string>, found: string[]][] = [
  [
    'every import keeps to the table',
    keepsTo(table),
    {
      'src/core/step.ts': "import { createLog } from '../store/log.ts'\nimport { join } from 'node:path'\nimport { learn } from '../profile/profile.ts'",
      'src/mail/links.ts': "import type { Intake } from '../actors/intake.ts'\nimport { createBatch } from '../actors/intake.ts'",
      'machines/cart.ts': "import { region } from '#kit'\nimport { x } from '../src/core/event.ts'",
      'src/lab/why.ts': "const { start } = await import('../serve.ts')",
    },
    [
      'src/core/step.ts:1 imports store/log.ts, which core may not',
      'src/core/step.ts:2 imports node:path, which core may not',
      'src/mail/links.ts:2 imports more than types from actors/intake.ts',
      'machines/cart.ts:2 imports core/event.ts, which machines may not',
      'src/lab/why.ts:1 imports serve.ts, which lab may not',
    ],
  ],
  [
    'no product file imports a test or a stand-in',
    leavesTestsAlone,
    { 'src/gateway/http.ts': "import { FakeClock } from './fake.ts'", 'src/gateway/http.test.ts': "import { FakeClock } from './fake.ts'" },
    ['src/gateway/http.ts:1 imports src/gateway/fake.ts'],
  ],
  [
    'files do not import each other in a circle',
    goesInNoCircle,
    {
      'src/core/a.ts': "import { b } from './b.ts'",
      'src/core/b.ts': "import { c } from './c.ts'",
      'src/core/c.ts': "import { a } from './a.ts'",
      'src/core/d.ts': "import type { e } from './e.ts'",
      'src/core/e.ts': "import { d } from './d.ts'",
    },
    ['src/core/a.ts → src/core/b.ts → src/core/c.ts → src/core/a.ts'],
  ],
  [
    'every file is imported by the product, or is begun by other means',
    isReached,
    {
      'src/core/step.ts': '',
      'src/core/plan.ts': '',
      'src/core/run.ts': "import './plan.ts'",
      'src/core/run.test.ts': "import './step.ts'",
      'src/cli/beckon.js': "await import('../core/run.ts')",
      'src/sim/shop.ts': '',
      'src/sim/shop.test.ts': "import './shop.ts'",
      'src/bench/load.ts': 'const config = configOf()',
    },
    ['src/core/step.ts is imported by nobody'],
  ],
  [
    'only the store speaks SQL',
    leavesSqlToTheStore,
    {
      'src/mail/drain.ts': "const begin = db.prepare('BEGIN')\n/^a/.exec(text)",
      'src/lab/check.ts': "store.db.pragma('integrity_check')",
      'src/store/log.ts': "db.prepare('SELECT 1')",
    },
    ['src/mail/drain.ts:1 speaks SQL', 'src/lab/check.ts:1 speaks SQL'],
  ],
  [
    'no file is too long',
    isShort,
    { 'src/core/step.ts': 'x\n'.repeat(321), 'src/core/plan.ts': 'x\n'.repeat(320), 'src/core/step.test.ts': 'x\n'.repeat(999) },
    ['src/core/step.ts has 321 lines'],
  ],
  [
    'names say what is in a file',
    hasAName,
    { 'src/mail/utils.ts': '', 'src/core/step-helpers.ts': '', 'src/common/time.ts': '', 'src/mail/DrainImpl.ts': '', 'src/core/step.ts': '' },
    ['src/mail/utils.ts', 'src/core/step-helpers.ts', 'src/common/time.ts', 'src/mail/DrainImpl.ts'],
  ],
  ['nothing is left for later', isFinished, { 'src/core/step.ts': 'const a = 1\n// TO' + 'DO: later' }, ['src/core/step.ts:2']],
  [
    'nobody prints but the commands',
    isSilent,
    { 'src/core/step.ts': 'console.log(1)\n// console.log(2)', 'src/cli/why.ts': 'console.log(1)', 'src/core/step.test.ts': 'console.log(1)' },
    ['src/core/step.ts:1 prints'],
  ],
  [
    'time and chance are passed in',
    takesTimeAsGiven,
    {
      'src/mail/drain.ts': 'const a = Date.now()\nconst b = new Date()\nconst c = new Date(at)\nsetTimeout(f, 1)\nMath.random()\nrandomBytes(9)',
      'src/main.ts': 'Date.now()',
      'src/store/checkpoint-worker.ts': 'setInterval(f, 1)',
      'src/mail/drain.test.ts': 'performance.now()',
    },
    [1, 2, 4, 5, 6].map((line) => `src/mail/drain.ts:${line} uses ${['', 'Date.now', 'new Date()', '', 'setTimeout', 'Math.random', 'randomBytes'][line]}`),
  ],
  [
    'imports name the file with its extension',
    namesWholeFiles,
    { 'src/core/step.ts': "import { plan } from './plan'\nimport x from './x.js'\nimport { y } from './y.ts'\nimport { z } from 'xstate'" },
    ['src/core/step.ts:1 imports ./plan', 'src/core/step.ts:2 imports ./x.js'],
  ],
  [
    'no file only hands on what others make',
    makesSomething,
    {
      'src/core/index.ts': "/** All. */\nexport * from './step.ts'\nexport { a } from './a.ts'",
      'src/core/all.ts': "import { a } from './a.ts'\n\nexport { a }",
      'src/kit/kit.ts': "export { a } from './a.ts'\nexport const b = 1",
    },
    ['src/core/index.ts', 'src/core/all.ts'],
  ],
  [
    'every code stands in the table, and every code of the table is used',
    usesTheCodes,
    {
      'src/core/errors.ts':
        "export const codes = {\n  'event.big': [413, ''],\n  stopping: [503, ''],\n  'event.never': [400, ''],\n  'node.old': [500, ''],\n}",
      'src/mail/drain.ts': "return { refused: 'event.big' }\nthrow new BeckonError(\n  'event.odd', x)\nconst code = busy ? 'stopping' : ''",
      'src/cli/beckon.js': "'too old [node.old]' // event.never",
    },
    ['src/mail/drain.ts:2 uses event.odd, which has no row', 'event.never is used nowhere'],
  ],
]

test('the whole tree is read', () => {
  expect(house.length).toBeGreaterThan(100)
  expect(house.filter(isProduct).length).toBeGreaterThan(60)
  expect(house.flatMap(({ imports }) => imports).length).toBeGreaterThan(300)
  expect(table.size).toBeGreaterThan(10)
})

describe('each rule finds what it is for', () => {
  test.each(rules)('%s', (_promise, rule, bad, found) => {
    expect(rule(Object.entries(bad).map(([path, text]) => toFile(path, text)))).toEqual(found)
  })
})

describe('the tree keeps to each', () => {
  test.each(rules)('%s', (_promise, rule) => {
    expect(rule(house)).toEqual([])
  })
})

test('the table names every room, only what is used, and only what stands below', () => {
  const bad =
    '## The import table\n| `core` | `store` `mail/links.ts` `nowhere` | `eta` |\n| `store` | `main.ts` | `better-sqlite3` |\n| `main.ts` | `core` | |\n| `ghost` | | |'
  const files = [
    toFile('src/core/step.ts', "import '../store/log.ts'"),
    toFile('src/store/log.ts', "import '../main.ts'"),
    toFile('src/main.ts', ''),
    toFile('src/mail/links.ts', ''),
  ]
  expect(faultsOf(parseTable(bad), files)).toEqual([
    'mail has no row',
    'ghost is no room',
    'core is pure and may import store',
    'core is pure and may import nowhere',
    'core is pure and may import eta',
    'core may import nowhere, which does not stand below it',
    'core may import mail/links.ts, and does not',
    'core may import nowhere, and does not',
    'core may import eta, and does not',
    'store may import main.ts, which is for cli, bench, sim, serve.ts',
    'store may import better-sqlite3, and does not',
    'main.ts may import core, which does not stand below it',
    'main.ts may import core, and does not',
  ])
  expect(faultsOf(table, house)).toEqual([])
})

test('the map shows every room', () => {
  const map = document.split('## The map')[1]?.split('\n## ')[0] ?? ''
  expect([...table.keys()].filter((room) => !new RegExp(`^ *${RegExp.escape(room)}/? `, 'm').test(map))).toEqual([])
})

// the rules

function keepsTo(table: Table): Rule {
  return (files) =>
    files.filter(isProduct).flatMap(({ path, imports }) => {
      const room = roomOf(path)
      const row = table.get(room) ?? { rooms: [], files: [], packages: [] }
      return imports.flatMap(({ line, what, typesOnly }) => {
        const target = targetOf(path, what)
        const name = target === null ? what : target.replace(/^src\//, '')
        if (target === null ? row.packages.some((allowed) => isOf(what, allowed)) : [room, ...row.rooms].includes(roomOf(target))) return []
        if (row.files.includes(name)) return typesOnly ? [] : [`${path}:${line} imports more than types from ${name}`]
        return [`${path}:${line} imports ${name}, which ${room} may not`]
      })
    })
}

function leavesTestsAlone(files: readonly File[]): string[] {
  return linksOf(files.filter(isProduct)).flatMap(({ from, line, to }) => (isTest(to) ? [`${from}:${line} imports ${to}`] : []))
}

/** Types alone may point back: they are gone when the program runs. */
function goesInNoCircle(files: readonly File[]): string[] {
  const links = Map.groupBy(
    linksOf(files).filter(({ typesOnly }) => !typesOnly),
    ({ from }) => from,
  )
  const circles = new Set<string>()
  const done = new Set<string>()
  const visit = (path: string, trail: string[]) => {
    if (trail.includes(path)) circles.add([...trail.slice(trail.indexOf(path)), path].join(' → '))
    if (done.has(path)) return
    done.add(path)
    for (const { to } of links.get(path) ?? []) visit(to, [...trail, path])
  }
  for (const { path } of files) visit(path, [])
  return [...circles]
}

/** The simulator serves the tests, so there a test is reason enough. A measure that asks for its configuration is a process of its own. */
function isReached(files: readonly File[]): string[] {
  const imported = new Set(linksOf(files).flatMap(({ from, to }) => (isTest(from) && roomOf(to) !== 'sim' ? [] : [to])))
  const isScript = ({ path, code }: File) => roomOf(path) === 'bench' && /^const .*\bconfigOf\b/m.test(code)
  return files.flatMap((file) =>
    isProduct(file) && !imported.has(file.path) && !entries.test(file.path) && !isScript(file) ? [`${file.path} is imported by nobody`] : [],
  )
}

function leavesSqlToTheStore(files: readonly File[]): string[] {
  const elsewhere = files.filter((file) => isProduct(file) && !/^src\/(?:store|bench|sim)\//.test(file.path))
  return found(elsewhere, /\.(?:prepare|pragma)\(|\b(?:db|database)\.(?:exec|transaction)\(/, () => ' speaks SQL')
}

function isShort(files: readonly File[]): string[] {
  return files.flatMap(({ path, text }) => {
    const lines = text.replace(/\n$/, '').split('\n').length
    return isTestName(path) || longer.has(path) || lines <= linesMax ? [] : [`${path} has ${lines} lines`]
  })
}

function hasAName(files: readonly File[]): string[] {
  const empty = /(?:^|[-./])(?:utils?|helpers?|common|misc|managers?|services?)(?=[-./])|(?:Utils?|Helpers?|Manager|Service|Impl)\./
  return files.flatMap(({ path }) => (empty.test(path) ? [path] : []))
}

function isFinished(files: readonly File[]): string[] {
  return files.flatMap(({ path, text }) => [...text.matchAll(/\b(?:FIX[M]E|TO[D]O|X[X]X)\b/g)].map(({ index }) => `${path}:${lineAt(text, index)}`))
}

function isSilent(files: readonly File[]): string[] {
  const quiet = files.filter((file) => isProduct(file) && !/^src\/(?:cli\/|bench\/|sim\/sim\.ts$)/.test(file.path))
  return found(quiet, /\bconsole\.\w+\(/, () => ' prints')
}

function takesTimeAsGiven(files: readonly File[]): string[] {
  const told = files.filter((file) => isProduct(file) && !ownTime.test(file.path))
  const real =
    /\bDate\.now\b|\bnew Date\(\)|\bTemporal\.Now\b|\bperformance\.now\b|\bhrtime\b|\bset(?:Timeout|Interval)\b|\bMath\.random\b|\brandom(?:UUID|Bytes|Int)(?=\()|\bgetRandomValues\b/
  return found(told, real, (what) => ` uses ${what}`)
}

function namesWholeFiles(files: readonly File[]): string[] {
  return files.flatMap(({ path, imports }) =>
    imports.flatMap(({ line, what }) => (what.startsWith('.') && !/\.(?:tsx?|css|json)$/.test(what) ? [`${path}:${line} imports ${what}`] : [])),
  )
}

function makesSomething(files: readonly File[]): string[] {
  const handsOn = /^export\s+(?:type\s+)?(?:\{[^}]*\}|\*(?:\s+as\s+\w+)?)(?:\s+from\s+'[^']+')?/gm
  return files.flatMap(({ path, code }) => {
    const rest = code.replace(handsOn, '')
    const own = rest.replace(/^import\b[^'"]*'[^']+'/gm, '').trim()
    return rest !== code && own === '' ? [path] : []
  })
}

function usesTheCodes(files: readonly File[]): string[] {
  const isTable = ({ path }: File) => path === 'src/core/errors.ts'
  const codes = [...(files.find(isTable)?.code ?? '').matchAll(/^ {2}'?([a-z_.]+)'?: \[\d{3},/gm)].map((match) => match[1]!)
  if (codes.length === 0) return ['there is no table of codes']
  const users = files.filter((file) => isProduct(file) && !isTable(file))
  const unknown = users.flatMap(({ path, code }) =>
    [...code.matchAll(/(?:\brefused:|\bBeckonError\()\s*'([^']+)'/g)].flatMap(({ 1: used, index }) =>
      codes.includes(used!) ? [] : [`${path}:${lineAt(code, index)} uses ${used}, which has no row`],
    ),
  )
  const all = users.map(({ code }) => code).join('\n')
  return [...unknown, ...codes.filter((code) => !all.includes(`'${code}'`) && !all.includes(`[${code}]`)).map((code) => `${code} is used nowhere`)]
}

// the table

function parseTable(markdown: string): Table {
  const section = markdown.split('## The import table')[1]?.split('\n## ')[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| `'))
  const names = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!)
  const rooms = rows.map((line) => names(line.split('|')[1]!)[0]!)
  return new Map(
    rows.map((line, index) => {
      const [, , inside = '', packages = ''] = line.split('|')
      const allowed = inside.includes('all below') ? rooms.slice(index + 1) : names(inside)
      return [
        rooms[index]!,
        { rooms: allowed.filter((name) => !name.includes('/')), files: allowed.filter((name) => name.includes('/')), packages: names(packages) },
      ]
    }),
  )
}

function faultsOf(table: Table, files: readonly File[]): string[] {
  const product = files.filter(isProduct)
  const rooms = new Set(product.map(({ path }) => roomOf(path)))
  const order = [...table.keys()]
  const missing = [...rooms].filter((room) => !table.has(room)).map((room) => `${room} has no row`)
  const ghosts = order.filter((room) => !rooms.has(room)).map((room) => `${room} is no room`)
  return [...missing, ...ghosts, ...order.filter((room) => rooms.has(room)).flatMap((room) => faultsOfRow(room, table.get(room)!, order, product))]
}

function faultsOfRow(room: string, row: Row, order: string[], product: readonly File[]): string[] {
  const uses = product.filter(({ path }) => roomOf(path) === room).flatMap(({ path, imports }) => imports.map(({ what }) => targetOf(path, what) ?? what))
  const isUsed = (name: string) => uses.some((used) => used === `src/${name}` || roomOf(used) === name || isOf(used, name))
  const isFree = order.slice(order.indexOf(room) + 1).every((below) => row.rooms.includes(below)) && row.rooms.length > 0
  const impure = pure.has(room) ? [...row.rooms.filter((name) => !pure.has(name)), ...row.packages.filter((name) => !purePackages.has(name))] : []
  return [
    ...impure.map((name) => `${room} is pure and may import ${name}`),
    ...row.rooms
      .filter((name) => wiring.has(name) && !wiring.get(name)!.includes(room))
      .map((name) => `${room} may import ${name}, which is for ${wiring.get(name)!.join(', ')}`),
    ...row.rooms.filter((name) => order.indexOf(name) <= order.indexOf(room)).map((name) => `${room} may import ${name}, which does not stand below it`),
    ...(isFree ? row.packages : [...row.files, ...row.rooms, ...row.packages])
      .filter((name) => !isUsed(name))
      .map((name) => `${room} may import ${name}, and does not`),
  ]
}

// the tree

function readTree(): File[] {
  return ['src', 'machines'].flatMap((folder) =>
    readdirSync(posix.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(?:[jt]s|tsx)$/.test(name))
      .sort()
      .map((name) => toFile(`${folder}/${name}`, readFileSync(posix.join(root, folder, name), 'utf8'))),
  )
}

function toFile(path: string, text: string): File {
  const code = withoutComments(text)
  const statement =
    /^(?:import\s+(?<type>type\s)?[^'"`]*?|export\s+(?<types>type\s)?(?:\{[^}]*\}|\*(?:\s+as\s+\w+)?)\s*)\bfrom\s+'(?<from>[^']+)'|^import\s+'(?<bare>[^']+)'|\bimport\(\s*'(?<later>[^']+)'|\bnew URL\(\s*'(?<url>\.[^']+\.ts)',\s*import\.meta/gm
  const imports = [...code.matchAll(statement)].map((match) => {
    const { type, types, from, bare, later, url } = match.groups!
    return { line: lineAt(code, match.index), what: (from ?? bare ?? later ?? url)!, typesOnly: (type ?? types) !== undefined }
  })
  return { path, text, code, imports }
}

/** A comment begins after white space or a bracket, so that neither a URL nor a path such as '/v1/*' is one. */
function withoutComments(text: string): string {
  return text.replace(/(?<=^|[\s({[,])(?:\/\*[^]*?\*\/|\/\/.*$)/gm, (comment) => comment.replace(/[^\n]/g, ''))
}

function linksOf(files: readonly File[]) {
  return files
    .flatMap(({ path, imports }) => imports.flatMap(({ line, what, typesOnly }) => [{ from: path, line, to: targetOf(path, what), typesOnly }]))
    .filter((link): link is typeof link & { to: string } => link.to !== null)
}

function found(files: readonly File[], what: RegExp, say: (match: string) => string): string[] {
  return files.flatMap(({ path, code }) => [...code.matchAll(new RegExp(what, 'g'))].map((match) => `${path}:${lineAt(code, match.index)}${say(match[0])}`))
}

function isTestName(path: string): boolean {
  return path.endsWith('.test.ts')
}

function isTest(path: string): boolean {
  return isTestName(path) || standIns.has(path)
}

function isProduct({ path }: File): boolean {
  return !isTest(path)
}

function roomOf(path: string): string {
  return path.replace(/^src\//, '').split('/')[0]!
}

/** The path of what a file imports; null for a package. */
function targetOf(path: string, what: string): string | null {
  return what.startsWith('.') ? posix.join(posix.dirname(path), what) : null
}

function isOf(what: string, name: string): boolean {
  return what === name || what.startsWith(`${name}/`) || (name === 'node:*' && what.startsWith('node:'))
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}
