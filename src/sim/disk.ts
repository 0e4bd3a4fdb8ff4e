/**
 * A disk that fails on command: every statement of a database opened here is counted, and at the one that was chosen the
 * process dies or SQLite reports an error. The file itself is real; after a death it is copied as it lies there, with its
 * write-ahead log, and the copy is opened again, as after kill -9.
 */
import Database from 'better-sqlite3'
import { copyFileSync, existsSync, appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Random } from './world.ts'

/** Thrown by every statement of a process that has died. */
export class Death extends Error {
  constructor() {
    super('the process is dead')
  }
}

/**
 * `crash`: dies before the statement; `crash-after`: once it is done; the others are what SQLite says. `commit-full`:
 * no room at the COMMIT. `commit-lost`: the COMMIT is done, but its answer is an I/O error.
 */
export type FaultKind = 'crash' | 'crash-after' | 'full' | 'ioerr' | 'busy' | 'commit-full' | 'commit-lost'

/** As a seed draws them: the plain crash most often. */
export const faults: readonly FaultKind[] = ['crash', 'crash', 'crash-after', 'full', 'ioerr', 'busy', 'commit-full', 'commit-lost']

/** What stands between a process and its statements. */
export type Guard = { count: number; faultAt: number; fault: FaultKind; isDead: boolean; hit: FaultKind | null; rolls: boolean; isPaused: boolean }

type Statement = Record<'run' | 'get' | 'all' | 'iterate', (...given: unknown[]) => unknown> & { raw: unknown }
type Prepare = (this: object, sql: string) => Statement

const guards = new WeakMap<object, Guard>()
let opening: Guard | null = null
let isInstalled = false

/** Opens a database through `open` so that `guard` watches all its statements. */
export function guarded<T>(guard: Guard, open: () => T): T {
  install()
  opening = guard
  try {
    return open()
  } finally {
    opening = null
  }
}

export const newGuard = (): Guard => ({ count: 0, faultAt: Infinity, fault: 'crash', isDead: false, hit: null, rolls: false, isPaused: false })

/** For those who only look: what they read neither counts nor fails. */
export function looking<T>(guard: Guard, look: () => T): T {
  guard.isPaused = true
  try {
    return look()
  } finally {
    guard.isPaused = false
  }
}

function install() {
  if (isInstalled) return
  isInstalled = true
  const prototype = Database.prototype as unknown as { prepare: Prepare; transaction: (this: object, work: (...given: unknown[]) => unknown) => unknown }
  const { prepare, transaction } = prototype
  prototype.prepare = function (sql) {
    const statement = prepare.call(this, sql)
    const guard = guardOf(this)
    if (guard !== undefined) watch(this as Database.Database, statement, sql, guard)
    return statement
  }
  prototype.transaction = function (work) {
    const guard = guardOf(this)
    if (guard === undefined) return transaction.call(this, work)
    const db = this as Database.Database
    const inner = (...given: unknown[]) => {
      around(db, guard, 'BEGIN', () => null)
      const result = work(...given)
      around(db, guard, 'COMMIT', () => null, true)
      return result
    }
    const native = transaction.call(this, inner) as Record<string, (...given: unknown[]) => unknown> & ((...given: unknown[]) => unknown)
    const outer =
      (run: (...given: unknown[]) => unknown) =>
      (...given: unknown[]) => {
        const result = run(...given)
        around(db, guard, 'COMMITTED', () => null)
        return result
      }
    return Object.assign(outer(native), {
      immediate: outer(native['immediate']!),
      deferred: outer(native['deferred']!),
      exclusive: outer(native['exclusive']!),
    })
  }
}

function guardOf(db: object): Guard | undefined {
  if (opening !== null && !guards.has(db)) guards.set(db, opening)
  return guards.get(db)
}

function watch(db: Database.Database, statement: Statement, sql: string, guard: Guard) {
  for (const method of ['run', 'get', 'all', 'iterate'] as const) {
    const native = statement[method]
    statement[method] = (...given) => {
      if (guard.isPaused) return native.apply(statement, given)
      guard.count++
      if (!guard.isDead && guard.count < guard.faultAt) return native.apply(statement, given)
      return around(db, guard, sql, () => native.apply(statement, given), false, true)
    }
  }
}

/** Does the work, unless this is where the fault strikes. */
function around(db: Database.Database, guard: Guard, sql: string, work: () => unknown, isInner = false, isCounted = false): unknown {
  if (guard.isDead) throw new Death()
  if (!isCounted) guard.count++
  if (guard.count < guard.faultAt || !suits(guard.fault, sql, isInner)) return work()
  guard.faultAt = Infinity
  guard.hit = guard.fault
  switch (guard.fault) {
    case 'crash':
      return die(guard)
    case 'crash-after':
      work()
      return die(guard)
    case 'commit-lost':
      work()
      throw said('SQLITE_IOERR_FSYNC', 'disk I/O error')
    case 'full':
    case 'commit-full':
    case 'ioerr':
      // SQLite may have rolled the transaction back by itself.
      if (guard.rolls && !isInner && db.inTransaction) db.exec('ROLLBACK')
      throw guard.fault !== 'ioerr' ? said('SQLITE_FULL', 'database or disk is full') : said('SQLITE_IOERR_WRITE', 'disk I/O error')
    case 'busy':
      throw said('SQLITE_BUSY', 'database is locked')
  }
}

function die(guard: Guard): never {
  guard.isDead = true
  throw new Death()
}

/** Where SQLite may say this at all; otherwise the fault waits for the next statement. */
function suits(fault: FaultKind, sql: string, isInner: boolean): boolean {
  if (fault === 'commit-lost' || fault === 'commit-full') return sql === 'COMMIT' && !isInner
  if (fault === 'busy') return sql.startsWith('BEGIN')
  if (fault === 'full') return /^\s*(INSERT|UPDATE|DELETE|COMMIT)/.test(sql)
  return true
}

const said = (code: string, message: string) => new Database.SqliteError(message, code)

/** A fresh directory in memory where there is one. */
export const scratchDirectory = (): string => mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'beckon-sim-'))

/** What is on the disk at this moment, under another name; sometimes the log's end is torn, as a power cut leaves it. */
export function copyAsItLies(from: string, to: string, random: Random) {
  copyFileSync(from, to)
  if (!existsSync(`${from}-wal`)) return
  copyFileSync(`${from}-wal`, `${to}-wal`)
  if (random.chance(0.3)) appendFileSync(`${to}-wal`, Buffer.from(Array.from({ length: random.between(1, 5_000) }, () => random.between(0, 255))))
}

/** Flips a bit in one stored life, where it shows: the text cannot be read as a life any more. */
export function spoilSnapshot(path: string, random: Random, spoiled: Map<number, string>) {
  const db = new Database(path)
  try {
    const stored = db.prepare<[], { id: number; life: string }>('SELECT id, life FROM customer ORDER BY id').all()
    if (stored.length === 0) return
    const { id, life } = random.pick(stored)
    const places = [...life.matchAll(/[[{"]/g)].map(({ index }) => index)
    const at = random.pick(places)
    const flipped = life.slice(0, at) + String.fromCharCode(life.charCodeAt(at) ^ 1) + life.slice(at + 1)
    db.prepare('UPDATE customer SET life = ? WHERE id = ?').run(flipped, id)
    spoiled.set(id, flipped)
  } finally {
    db.close()
  }
}

export function removeDatabase(path: string) {
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true })
}
