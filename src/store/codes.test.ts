import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { steps } from './schema.ts'
import { openStore } from './store.ts'

const step = steps.findIndex((sql) => sql.includes('TEMP TABLE old_code'))

/** A database as it was before codes had a life of their own. */
function older(): { path: string; db: Database.Database } {
  const path = join(mkdtempSync(join(tmpdir(), 'beckon-')), 'beckon.db')
  const db = new Database(path)
  for (const sql of steps.slice(0, step)) db.exec(sql)
  db.pragma(`user_version = ${step}`)
  const letter = (id: number, state: string, code: string) => {
    db.prepare(
      `INSERT INTO letter (id, token, customer, template, recipient, subject, message_id, at, state, changed)
       VALUES (?, ?, 7, 'cart-discount', 'ann@example.test', 's', 'm', 1000, ?, 2000)`,
    ).run(id, `t${id}`, state)
    db.prepare("INSERT INTO letter_content (id, data, links, mime) VALUES (?, ?, '[]', x'')").run(
      id,
      JSON.stringify({ code: { code, percent: 15, expiresAt: 9_000 } }),
    )
    db.prepare('INSERT INTO code (code, letter, at) VALUES (?, ?, 1000)').run(code, id)
  }
  letter(1, 'sent', 'ZZZZZZZZ22')
  letter(2, 'queued', 'AAAAAAAA22')
  letter(3, 'unknown', 'BBBBBBBB22')
  db.prepare("INSERT INTO code (code, letter, at) VALUES ('GONE222222', 99, 500)").run()
  return { path, db }
}

test('the codes of an older database stay with their letters, with what the letters say of them', () => {
  const { path, db } = older()
  db.close()
  const { codes, close } = openStore(path)
  expect(
    [...codes.all()].map(({ code, letter, percent, expiresAt, leftAt, pool, customer }) => [code, letter, percent, expiresAt, leftAt, pool, customer]),
  ).toEqual([
    ['ZZZZZZZZ22', 1, 15, 9_000, 2_000, null, 7],
    ['AAAAAAAA22', 2, 15, 9_000, null, null, 7],
    ['BBBBBBBB22', 3, 15, 9_000, 2_000, null, 7],
    ['GONE222222', 99, null, null, null, null, null],
  ])
  expect(codes.find('ZZZZZZZZ22')).toMatchObject({ letter: 1, template: 'cart-discount', state: 'sent' })
  close()
})

test('a code is kept once, whoever tries', () => {
  const { codes, close } = openStore(':memory:')
  const drawn = { folded: 'A1', code: 'A-1', pool: 'spring', percent: 10, expiresAt: 9_000 }
  expect(codes.upload('A1', 'A-1', 'spring', 1)).toBe(true)
  expect(codes.upload('A1', 'a1', 'summer', 2)).toEqual({ in: 'spring' })
  codes.keep(drawn, 1, 'cart-discount', 5)
  expect(() => codes.keep(drawn, 2, 'cart-discount', 6)).toThrow(/another/)
  expect(() => codes.keep({ ...drawn, folded: 'B1', pool: null }, 1, 'cart-discount', 6)).toThrow(/UNIQUE/)
  expect([...codes.all()]).toHaveLength(1)
  close()
})
