import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDatabase } from './database.ts'
import type { Db } from './database.ts'
import { createLetters, toTell } from './letters.ts'
import type { Letters, NewLetter, Settled } from './letters.ts'

const noon = Date.UTC(2026, 10, 23, 12)
let directory: string
let db: Db
let letters: Letters

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'beckon-'))
  db = openDatabase(join(directory, 'beckon.db'))
  letters = createLetters(db)
})
afterEach(() => {
  db.close()
  rmSync(directory, { recursive: true })
})

const letterOf = (id: number, changes: Partial<NewLetter> = {}): NewLetter => ({
  id,
  token: `token-${id}`,
  customer: 7,
  template: 'cart-abandoned',
  recipient: `anna-${id}@example.com`,
  subject: 'You left something',
  messageId: `<token-${id}@shop.example>`,
  at: noon,
  resend: 0,
  data: '{"lines":[]}',
  links: '["https://shop.example/a","https://shop.example/b"]',
  mime: Buffer.from('Subject: You left something\r\n\r\nHello'),
  ...changes,
})
const sent: Settled = { state: 'sent', nextAt: null, reply: '250 2.0.0 queued', resend: 0 }

test('a letter comes back with the very bytes, links and data it was queued with', () => {
  const letter = letterOf(1)
  letters.insert(letter)
  expect(letters.get(1)).toEqual({
    id: 1,
    token: 'token-1',
    customer: 7,
    template: 'cart-abandoned',
    variant: null,
    recipient: 'anna-1@example.com',
    subject: 'You left something',
    messageId: '<token-1@shop.example>',
    at: noon,
    resend: 0,
    state: 'queued',
    attempts: 0,
    nextAt: noon,
    changed: noon,
    reply: null,
  })
  expect(letters.byToken('token-1')?.id).toBe(1)
  expect(Buffer.from(letters.mime(1)!)).toEqual(letter.mime)
  expect(letters.frozen(1)).toMatchObject({ data: letter.data, links: letter.links })
  expect(letters.links(1)).toEqual(['https://shop.example/a', 'https://shop.example/b'])
})

test('there is at most one letter a decision and one a token', () => {
  letters.insert(letterOf(1))
  expect(() => letters.insert(letterOf(1, { token: 'other' }))).toThrow(/UNIQUE/)
  expect(() => letters.insert(letterOf(2, { token: 'token-1' }))).toThrow(/UNIQUE/)
  expect(letters.counts().queued).toBe(1)
})

test('queueing opens no transaction: what the batch rolls back leaves no letter', () => {
  db.exec('BEGIN IMMEDIATE')
  letters.insert(letterOf(1))
  db.exec('ROLLBACK')
  expect(letters.get(1)).toBeUndefined()
})

test('what is written together is written whole or not at all', () => {
  expect(letters.write(() => (letters.insert(letterOf(1)), 'done'))).toBe('done')
  expect(() =>
    letters.write(() => {
      letters.insert(letterOf(2))
      throw new Error('halfway')
    }),
  ).toThrow('halfway')
  expect(db.inTransaction).toBe(false)
  expect(letters.list({ limit: 9 }).map(({ id }) => id)).toEqual([1])
})

test('due letters come oldest first, and none before its time', () => {
  letters.insert(letterOf(1, { at: noon + 2 }))
  letters.insert(letterOf(2, { at: noon }))
  letters.insert(letterOf(3, { at: noon + 1 }))
  expect(letters.nextAt()).toBe(noon)
  expect(letters.due(noon + 1, 10).map(({ id }) => id)).toEqual([2, 3])
  expect(letters.due(noon + 9, 2).map(({ id }) => id)).toEqual([2, 3])
  expect(letters.due(noon - 1, 10)).toEqual([])
})

test('a letter goes queued, attempting, flushing, sent, and cannot skip a step or go back', () => {
  letters.insert(letterOf(1))
  expect(letters.flushing(1, noon)).toBe(false)
  expect(letters.settle(1, sent, noon)).toBe(false)
  expect(letters.attempting(1, noon + 1)).toBe(true)
  expect(letters.attempting(1, noon + 1)).toBe(false)
  expect(letters.due(noon + 9, 9)).toEqual([])
  expect(letters.flushing(1, noon + 2)).toBe(true)
  expect(letters.settle(1, sent, noon + 3)).toBe(true)
  expect(letters.get(1)).toMatchObject({ state: 'sent', attempts: 1, changed: noon + 3, reply: '250 2.0.0 queued', nextAt: null })
  expect(letters.settle(1, { ...sent, state: 'failed' }, noon + 4)).toBe(false)
  expect(letters.attempting(1, noon + 4)).toBe(false)
})

test('a settled letter is remembered as untold, across a restart, until its customer was told', () => {
  letters.insert(letterOf(1))
  letters.attempting(1, noon)
  letters.settle(1, { ...sent, nextAt: toTell }, noon)
  expect(letters.get(1)?.nextAt).toBeNull()
  expect(letters.nextAt()).toBeNull()
  expect(letters.due(noon + 1e12, 9)).toEqual([])
  expect(letters.tally().backlog).toBe(0)
  expect(
    createLetters(db)
      .untold()
      .map(({ id }) => id),
  ).toEqual([1])
  letters.told(1)
  expect(letters.untold()).toEqual([])
  expect(letters.get(1)?.reply).toBe('250 2.0.0 queued')
})

test('after a crash, what had not left is queued again, uncounted', () => {
  letters.insert(letterOf(1))
  letters.attempting(1, noon)
  expect(letters.recover(noon + 5)).toEqual({ requeued: 1, resent: 0, unknown: 0 })
  expect(letters.get(1)).toMatchObject({ state: 'queued', attempts: 0, nextAt: noon + 5 })
})

test('after a crash, what may have left is held, and only a letter that may be resent is queued once more', () => {
  letters.insert(letterOf(1))
  letters.insert(letterOf(2, { resend: 1 }))
  for (const id of [1, 2]) {
    letters.attempting(id, noon)
    letters.flushing(id, noon)
  }
  expect(letters.recover(noon + 5)).toEqual({ requeued: 0, resent: 1, unknown: 1 })
  expect(letters.get(1)).toMatchObject({ state: 'unknown', nextAt: null })
  expect(letters.get(2)).toMatchObject({ state: 'queued', resend: 0, messageId: '<token-2@shop.example>' })
  letters.attempting(2, noon + 6)
  letters.flushing(2, noon + 6)
  expect(letters.recover(noon + 7)).toEqual({ requeued: 0, resent: 0, unknown: 1 })
})

test('recovery leaves settled letters alone', () => {
  letters.insert(letterOf(1))
  letters.attempting(1, noon)
  letters.settle(1, sent, noon)
  letters.insert(letterOf(2))
  letters.attempting(2, noon)
  letters.settle(2, { state: 'deferred', nextAt: noon + 60_000, reply: '451 later', resend: 0 }, noon)
  const before = [letters.get(1), letters.get(2)]
  expect(letters.recover(noon + 5)).toEqual({ requeued: 0, resent: 0, unknown: 0 })
  expect([letters.get(1), letters.get(2)]).toEqual(before)
})

test('a letter set to wait for years by a wrong clock is due again after a restart, one that waits its hours is not', () => {
  letters.insert(letterOf(1, { at: noon + 365 * 86_400_000 }))
  letters.insert(letterOf(2, { at: noon + 6 * 3_600_000 }))
  letters.recover(noon)
  expect(letters.due(noon, 9).map(({ id }) => id)).toEqual([1])
  expect(letters.get(2)?.nextAt).toBe(noon + 6 * 3_600_000)
})

test('a dead letter can be retried and a held one released, and nothing else can', () => {
  for (const [id, state] of [
    [1, 'failed'],
    [2, 'unknown'],
    [3, 'sent'],
  ] as const) {
    letters.insert(letterOf(id))
    letters.attempting(id, noon)
    letters.settle(id, { state, nextAt: null, reply: 'x', resend: 0 }, noon)
  }
  expect([1, 2, 3].map((id) => letters.release(id, noon + 1))).toEqual([false, true, false])
  expect([1, 2, 3].map((id) => letters.retry(id, noon + 1))).toEqual([true, false, false])
  expect(letters.due(noon + 1, 9).map(({ id, attempts }) => [id, attempts])).toEqual([
    [1, 0],
    [2, 0],
  ])
})

test('letters are counted by state and listed by state, newest first, a page at a time', () => {
  const states = ['queued', 'sent', 'sent', 'failed', 'failed', 'failed', 'unknown', 'deferred', 'attempting', 'flushing'] as const
  states.forEach((state, n) => {
    letters.insert(letterOf(n + 1))
    if (state === 'queued') return
    letters.attempting(n + 1, noon)
    if (state === 'flushing') letters.flushing(n + 1, noon)
    else if (state !== 'attempting') letters.settle(n + 1, { state, nextAt: state === 'deferred' ? noon + 1 : null, reply: 'x', resend: 0 }, noon)
  })
  expect(letters.counts()).toEqual({ queued: 1, sent: 2, failed: 3, unknown: 1, deferred: 1, attempting: 1, flushing: 1 })
  expect(letters.tally()).toEqual({ backlog: 2, failed: 3, unknown: 1, attempting: 1, flushing: 1 })
  expect(letters.list({ state: 'failed', limit: 2 }).map(({ id }) => id)).toEqual([6, 5])
  expect(letters.list({ state: 'failed', limit: 2, before: 5 }).map(({ id }) => id)).toEqual([4])
  expect(letters.list({ state: 'sent', limit: 9 }).map(({ id }) => id)).toEqual([3, 2])
  expect(letters.list({ limit: 3 }).map(({ id }) => id)).toEqual([10, 9, 8])
})

test('recovery, counts and lists of dead letters read the index, not every letter', () => {
  const plan = (sql: string) => (db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]).map(({ detail }) => detail).join('; ')
  const indexed = "state IN ('attempting', 'flushing', 'failed', 'unknown')"
  expect(plan(`UPDATE letter SET changed = 1 WHERE ${indexed} AND state = 'attempting'`)).toContain('letter_state')
  expect(plan(`SELECT state, count(*) FROM letter WHERE ${indexed} GROUP BY state`)).toContain('letter_state')
  expect(plan('SELECT id, state FROM letter WHERE next_at <= 5 ORDER BY next_at, id LIMIT 5')).toBe('SEARCH letter USING INDEX letter_due (next_at<?)')
  expect(plan("SELECT 1 FROM letter WHERE recipient = 'a' AND at > 1 AND customer <> 2 LIMIT 1")).toContain('letter_recipient')
})

test('a reply is kept as one short line', () => {
  letters.insert(letterOf(1))
  letters.attempting(1, noon)
  letters.settle(1, { ...sent, reply: `451 ${'é\r\n'.repeat(400)}` }, noon)
  expect(letters.get(1)?.reply).toMatch(/^[ -~]{1,200}$/)
})

test('an address counts as written to by another customer only within the time, whatever its case', () => {
  letters.insert(letterOf(1, { recipient: 'anna@example.com', customer: 7 }))
  expect(letters.wasWrittenBy('Anna@Example.com', 8, noon - 1)).toBe(true)
  expect(letters.wasWrittenBy('anna@example.com', 8, noon)).toBe(false)
  expect(letters.wasWrittenBy('anna@example.com', 7, noon - 1)).toBe(false)
  expect(letters.customerOf('ANNA@example.com')).toBe(7)
  expect(letters.customerOf('ben@example.com')).toBeUndefined()
})

test('a merge moves letters to the surviving customer, and erasing leaves none and lets nothing be settled', () => {
  letters.insert(letterOf(1))
  letters.insert(letterOf(2, { customer: 8 }))
  letters.repoint(8, 7)
  expect(letters.of(7).map(({ id }) => id)).toEqual([1, 2])
  letters.attempting(1, noon)
  expect(letters.erase(7)).toBe(2)
  expect(letters.flushing(1, noon)).toBe(false)
  expect(letters.settle(1, sent, noon)).toBe(false)
  expect(letters.mime(1)).toBeUndefined()
  expect(db.prepare('SELECT count(*) AS n FROM letter_content').get()).toEqual({ n: 0 })
})

test('letters of one template are found alone or with a state, in pages from the newest', () => {
  for (let id = 1; id <= 6; id++) letters.insert(letterOf(id, { template: id % 2 === 0 ? 'win-back' : 'cart-abandoned' }))
  letters.attempting(2, noon)
  letters.settle(2, sent, noon)
  const ids = (question: Parameters<Letters['list']>[0]) => letters.list(question).map(({ id }) => id)
  expect(ids({ template: 'win-back', limit: 2 })).toEqual([6, 4])
  expect(ids({ template: 'win-back', before: 4, limit: 2 })).toEqual([2])
  expect(ids({ template: 'win-back', state: 'queued', limit: 9 })).toEqual([6, 4])
  expect(ids({ template: 'nothing', limit: 9 })).toEqual([])
})
