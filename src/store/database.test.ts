import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { openDatabase } from './database.ts'
import { lockDirectory } from './lock.ts'
import { steps } from './schema.ts'
import { createSeen, hashId } from './seen.ts'
import { openStore } from './store.ts'

const temporary = () => mkdtempSync(join(tmpdir(), 'beckon-'))
const codeOf = (work: () => unknown) => {
  try {
    work()
    return 'no error'
  } catch (error) {
    return (error as { code: string }).code
  }
}

test('synchronous is FULL at the first open and at every later one, which SQLite forgets', () => {
  const path = join(temporary(), 'beckon.db')
  for (let n = 0; n < 3; n++) {
    const db = openDatabase(path)
    expect([db.pragma('synchronous', { simple: true }), db.pragma('journal_mode', { simple: true })]).toEqual([2, 'wal'])
    db.close()
  }
})

test('the schema is made once and kept', () => {
  const path = join(temporary(), 'beckon.db')
  openDatabase(path).close()
  const db = openDatabase(path)
  expect(db.pragma('user_version', { simple: true })).toBe(steps.length)
  db.close()
})

test('a database of a newer Beckon is refused and not touched', () => {
  const path = join(temporary(), 'beckon.db')
  const newer = new Database(path)
  newer.pragma(`user_version = ${steps.length + 1}`)
  newer.close()
  expect(codeOf(() => openDatabase(path))).toBe('store.newer')
  expect(new Database(path).pragma('user_version', { simple: true })).toBe(steps.length + 1)
})

test('a file that is no database is named as damaged', () => {
  const path = join(temporary(), 'beckon.db')
  writeFileSync(path, 'this is a letter, not a database'.repeat(100))
  expect(codeOf(() => openDatabase(path))).toBe('store.corrupt')
})

test('a lock held by another process is waited for, then named', () => {
  const path = join(temporary(), 'beckon.db')
  const one = openDatabase(path)
  one.exec('BEGIN EXCLUSIVE')
  const two = openStore(path, { busyMs: 10 })
  expect(codeOf(() => two.begin())).toBe('SQLITE_BUSY')
  one.exec('COMMIT')
  two.close()
  one.close()
})

test('a directory has one server, and is free again when that one ends', () => {
  const dir = temporary()
  const release = lockDirectory(dir)
  expect(codeOf(() => lockDirectory(dir))).toBe('store.busy')
  release()
  lockDirectory(dir)()
})

test('seen ids are known from memory, while they are written behind, and from the database', () => {
  const store = openStore(':memory:')
  const seen = createSeen(store.db)
  const add = (source: number, id: string, seq: number) => seen.add(hashId(source, id), seq)
  for (let n = 1; n <= 100; n++) add(n % 3, `id-${n}`, n)
  const known = () => Array.from({ length: 100 }, (_, n) => seen.candidates(hashId((n + 1) % 3, `id-${n + 1}`))?.includes(n + 1))
  const all = Array(100).fill(true)
  expect(known()).toEqual(all)
  seen.beginLeaving()
  add(1, 'another', 101)
  expect(seen.leave(30)).toBe(false)
  expect(known()).toEqual(all)
  while (!seen.leave(30)) continue
  seen.left()
  expect(known()).toEqual(all)
  expect(createSeen(store.db).candidates(hashId(1, 'id-1'))).toEqual([1])
  expect(seen.candidates(hashId(1, 'another'))).toEqual([101])
  expect(seen.candidates(hashId(2, 'id-1'))).toBeUndefined()
})

test('ids of an earlier run are known before, while and after their marks are read back', () => {
  const store = openStore(':memory:')
  const before = createSeen(store.db)
  const hashes = Array.from({ length: 500 }, (_, n) => hashId(1, `id-${n}`))
  hashes.forEach((hash, n) => before.add(hash, n + 1))
  before.beginLeaving()
  before.leave(1_000)
  before.left()
  const after = createSeen(store.db)
  const all = () => hashes.every((hash, n) => after.candidates(hash)?.includes(n + 1)) && after.candidates(hashId(1, 'other')) === undefined
  for (let round = 0; round < 5; round++) {
    expect(all()).toBe(true)
    after.warm(150)
  }
})

test('two ids that share a hash are both candidates', () => {
  const store = openStore(':memory:')
  const seen = createSeen(store.db)
  seen.add(77, 1)
  seen.beginLeaving()
  seen.leave(9)
  seen.left()
  seen.add(77, 2)
  expect(seen.candidates(77)!.sort()).toEqual([1, 2])
})

test('hashes of ids spread over all 53 bits', () => {
  const hashes = new Set(Array.from({ length: 100_000 }, (_, n) => hashId(1, `message-${n}`)))
  expect(hashes.size).toBe(100_000)
  expect(Math.max(...hashes)).toBeLessThanOrEqual(2 ** 53)
  expect([...hashes].filter((hash) => hash > 2 ** 52).length).toBeGreaterThan(45_000)
})
