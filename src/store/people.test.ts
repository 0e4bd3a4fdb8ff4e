import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { steps } from './schema.ts'
import { openStore } from './store.ts'

/** A database as the first Beckon left it, with a key in it. */
function ofSchemaOne(): string {
  const path = join(mkdtempSync(join(tmpdir(), 'beckon-')), 'beckon.db')
  const db = new Database(path)
  db.exec(steps[0]!)
  db.prepare("INSERT INTO api_key (token, kind, at) VALUES ('pk_old', 'public', 1)").run()
  db.pragma('user_version = 1')
  db.close()
  return path
}

test('a database of schema 1 gets the tables for people and keeps what it has', () => {
  const store = openStore(ofSchemaOne())
  store.people.audit(1, 'Ann', 'looked', null, null)
  expect([store.people.count(), store.people.list(), store.people.audits(9, 9).length]).toEqual([0, [], 1])
  expect(store.meta.keys()).toMatchObject([{ token: 'pk_old' }])
  expect(store.db.pragma('user_version', { simple: true })).toBe(steps.length)
  store.close()
})

test('`why` reads a database of schema 1 as it is', () => {
  const store = openStore(ofSchemaOne(), { readonly: true })
  expect(store.meta.keys()).toHaveLength(1)
  store.close()
})

test('a person is made, or a link spent, together or not at all', () => {
  const { people } = openStore(':memory:')
  const ann = { name: 'Ann', folded: 'ann', password: 'hash', at: 1 }
  people.invite('a', 'owner', null, 100, 1)
  expect(people.join('a', ann)).toBe(1)
  people.invite('b', 'reader', 1, 100, 2)
  expect(people.join('b', ann)).toBe('taken')
  expect(people.invitation('b', 2)).toEqual({ role: 'reader', inviter: 'Ann' })
  expect(people.join('b', { ...ann, name: 'Bo', folded: 'bo', at: 100 })).toBe('spent')
  expect(people.join('b', { ...ann, name: 'Bo', folded: 'bo', at: 99 })).toEqual(expect.any(Number))
  expect(people.join('b', { ...ann, name: 'Cy', folded: 'cy', at: 99 })).toBe('spent')
})

test('the number of a person who left is given to nobody else, and no session outlives them', () => {
  const { people } = openStore(':memory:')
  people.invite('a', 'owner', null, 100, 1)
  people.join('a', { name: 'Ann', folded: 'ann', password: 'hash', at: 1 })
  people.beginSession('s', 1, 50, 1)
  expect(people.session('s', 49)).toMatchObject({ person: 1, role: 'owner' })
  expect(people.session('s', 50)).toBeUndefined()
  expect([people.remove(1, true), people.remove(1, false), people.remove(1, false)]).toEqual(['last owner', 'removed', 'unknown'])
  people.beginSession('t', 1, 50, 1)
  expect([people.session('s', 2), people.session('t', 2)]).toEqual([undefined, undefined])
  people.invite('b', 'owner', null, 100, 1)
  expect(people.join('b', { name: 'Bo', folded: 'bo', password: 'hash', at: 1 })).toBe(2)
})
