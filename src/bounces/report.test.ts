import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { classify } from './classify.ts'
import * as mail from './fixtures.ts'
import { readReport } from './report.ts'

const shapes = { ...mail }

describe('a bounce says whether the address is bad, whoever wrote it', () => {
  test.each([
    ['gmail', 'hard', 'no-mailbox', '5.1.1', 'mx.example.com'],
    ['exchange', 'hard', 'no-mailbox', '5.1.10', 'AM0PR01.eurprd01.prod.exchange.example'],
    ['postfix', 'soft', 'full', '5.2.2', 'mx.example.com'],
    ['postfixNoDomain', 'hard', 'no-domain', '5.4.4', 'relay.fern.example'],
    ['exim', 'hard', 'no-mailbox', '5.1.1', 'mx.example.com'],
    ['sendmail', 'hard', 'disabled', '5.2.1', 'mx.example.com'],
    ['sloppy', 'hard', 'no-mailbox', '5.0.0', 'mx.example.com'],
    ['qmail', 'hard', 'no-mailbox', '5.1.1', null],
    ['eximWords', 'hard', 'no-mailbox', null, null],
  ] as const)('%s: %s, %s', async (name, kind, reason, status, mta) => {
    const report = await readReport(shapes[name])
    expect(report).toMatchObject({ what: 'bounce', status, mta })
    if (report.what !== 'bounce') return
    expect(report.words).not.toMatch(/anna@|^$/)
    expect(report.words.length).toBeLessThanOrEqual(300)
    expect(classify(report.status, report.words)).toEqual({ kind, reason })
  })
})

test('a warning that a letter is late is no bounce', async () => {
  expect(await readReport(mail.postfixDelayed)).toEqual({ what: 'delayed' })
  expect(await readReport(mail.eximDelayed)).toEqual({ what: 'delayed' })
})

test('somebody who is away is somebody', async () => {
  expect(await readReport(mail.vacation)).toEqual({ what: 'auto-reply' })
  expect(await readReport(mail.vacationGerman)).toEqual({ what: 'auto-reply' })
})

test('a report that a letter arrived is good news', async () => {
  const text = mail.postfix.toString().replace('Action: failed', 'Action: relayed').replace('Status: 5.2.2', 'Status: 2.0.0')
  expect(await readReport(Buffer.from(text))).toEqual({ what: 'delivered' })
})

test('a complaint names its letter; a report that something was no spam is no complaint', async () => {
  const report = await readReport(mail.complaint({ mailFrom: 'b+x@bounces.fern.example', messageId: 'id@beckon.example' }))
  expect(report).toMatchObject({ what: 'complaint', words: 'abuse', mta: 'fbl.mail.example' })
  expect(report).toHaveProperty('original', ['<b+x@bounces.fern.example>', '<id@beckon.example>'])
  expect(await readReport(mail.complaint({ type: 'not-spam' }))).toEqual({ what: 'ignored' })
  expect(await readReport(mail.complaint({ type: 'auth-failure' }))).toEqual({ what: 'ignored' })
})

test('a person who writes to the address is not taken for a mail server', async () => {
  const hello = Buffer.from('From: anna@example.com\r\nSubject: Hello\r\n\r\nMy old mailbox is full and 550 people know: user unknown.\r\n')
  expect(await readReport(hello)).toEqual({ what: 'unreadable' })
})

test('whatever comes, reading it ends with an answer', async () => {
  const all = Object.values(mail).filter((value) => Buffer.isBuffer(value))
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...all), fc.nat(), fc.nat(), fc.uint8Array({ maxLength: 40 }), async (raw, from, length, noise) => {
      const start = from % raw.length
      const torn = Buffer.concat([raw.subarray(0, start), noise, raw.subarray(start + (length % 200))])
      expect((await readReport(torn)).what).toMatch(/^(?:bounce|complaint|delayed|delivered|auto-reply|ignored|unreadable)$/)
    }),
    { numRuns: 150 },
  )
  expect(await readReport(new Uint8Array(0))).toEqual({ what: 'unreadable' })
  expect(await readReport(Buffer.alloc(200_000, 'a'))).toEqual({ what: 'unreadable' })
})

test('a message made to keep the reader busy does not', async () => {
  const begin = performance.now()
  for (const filler of ['\n', ' ', 'a@', '550 ', '\r\n ', '--\n']) expect((await readReport(Buffer.alloc(1_000_000, filler))).what).toBe('unreadable')
  expect(performance.now() - begin).toBeLessThan(2_000)
})
