import { afterEach, beforeEach, expect, test } from 'vitest'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from './database.ts'
import type { Db } from './database.ts'
import { createSuppressions, hashAddress } from './suppressions.ts'

let directory: string
let db: Db
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'beckon-'))
  db = openDatabase(join(directory, 'beckon.db'))
})
afterEach(() => {
  db.close()
  rmSync(directory, { recursive: true })
})

test('an address is known by its hash in whatever case it is written, under this secret only', () => {
  const hash = hashAddress('secret', 'anna@example.com')
  expect(hashAddress('secret', ' Anna@EXAMPLE.com')).toBe(hash)
  expect(hashAddress('other', 'anna@example.com')).not.toBe(hash)
  expect(hashAddress('secret', 'anna@example.org')).not.toBe(hash)
  expect(hash).not.toContain('anna')
})

test('a suppression stays, once and again', () => {
  const suppressions = createSuppressions(db)
  expect(suppressions.has('a')).toBeUndefined()
  suppressions.add('a', 'bounce', 1)
  suppressions.add('a', 'bounce', 2)
  expect(suppressions.count()).toBe(1)
  expect(createSuppressions(db).has('a')).toBe('bounce')
  expect(suppressions.has('b')).toBeUndefined()
})

test('what somebody asked for outlasts what merely happened to the address', () => {
  const suppressions = createSuppressions(db)
  suppressions.add('a', 'bounce', 1)
  suppressions.add('a', 'unsubscribed', 2)
  suppressions.add('a', 'bounce', 3)
  expect(suppressions.has('a')).toBe('unsubscribed')
})

test('the address itself is nowhere in the database', () => {
  createSuppressions(db).add(hashAddress('secret', 'anna@example.com'), 'unsubscribed', 1)
  expect(JSON.stringify(db.prepare('SELECT * FROM suppression').all())).not.toContain('anna')
})

test('a complaint outlasts everything, and lifting takes back an unsubscription of before, nothing else', () => {
  const suppressions = createSuppressions(db)
  suppressions.add('a', 'unsubscribed', 1)
  suppressions.add('a', 'complaint', 2)
  suppressions.add('a', 'unsubscribed', 3)
  expect([suppressions.has('a'), suppressions.lift('a', 9)]).toEqual(['complaint', false])
  suppressions.add('b', 'unsubscribed', 1)
  suppressions.add('b', 'unsubscribed', 5)
  expect([suppressions.since('b'), suppressions.lift('b', 5), suppressions.has('b')]).toEqual([5, false, 'unsubscribed'])
  expect([suppressions.lift('b', 6), suppressions.has('b')]).toEqual([true, undefined])
  suppressions.add('c', 'bounce', 1)
  expect(suppressions.lift('c', 9)).toBe(false)
})
