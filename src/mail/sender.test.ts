import { expect, test } from 'vitest'
import { composeMime } from './compose.ts'
import { senderOf } from './sender.ts'

const rows: [from: string, sender: string][] = [
  ['From: hello@fern.example', 'hello@fern.example'],
  ['From: "Fern & Co" <hello@fern.example>', 'hello@fern.example'],
  ['From: =?utf-8?B?Rsi?=\r\n <hello@fern.example>', 'hello@fern.example'],
  ['To: <ann@example.com>\r\nfrom: <hello@fern.example>', 'hello@fern.example'],
  ['Subject: none', ''],
]
test.each(rows)('%j is sent by %j', (head, sender) => {
  expect(senderOf(Buffer.from(`${head}\r\nTo: ann@example.com\r\n\r\nFrom: <body@evil.example>\r\n`))).toBe(sender)
})

test('the sender of a letter as it is composed is its From, whatever the name', () => {
  for (const name of [undefined, 'Fern & Co', 'Žluťoučký kůň <a@b.c>', 'A'.repeat(90)]) {
    const mime = composeMime({
      from: { ...(name === undefined ? {} : { name }), address: 'hello@fern.example' },
      to: { address: 'ann@example.com' },
      subject: 's',
      html: '<p>h</p>',
      text: 't',
      messageId: 'm@x',
      date: 0,
      unsubscribeUrl: 'https://x.example/u/1',
    })
    expect(senderOf(mime)).toBe('hello@fern.example')
  }
})
