import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { arpaOf, createResolver, sparing } from './resolver.ts'
import { zoneResolver } from './fake.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const types: Record<number, string> = { 1: 'A', 5: 'CNAME', 12: 'PTR', 15: 'MX', 16: 'TXT', 28: 'AAAA' }
const nameBytes = (name: string) =>
  Buffer.concat([
    ...name
      .split('.')
      .filter(Boolean)
      .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0]),
  ])

/** A name server over UDP with these answers; `null`: says nothing at all. */
async function nameServer(zone: Record<string, Buffer[] | null>) {
  const socket = createSocket('udp4')
  socket.on('message', (query, from) => {
    const labels: string[] = []
    let at = 12
    for (let length = query[at]!; length > 0; length = query[at]!) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length))
      at += 1 + length
    }
    const type = query.readUInt16BE(at + 1)
    const answers = zone[`${types[type]} ${labels.join('.').toLowerCase()}`]
    if (answers === null) return
    const head = Buffer.from([query[0]!, query[1]!, 0x84, answers === undefined ? 3 : 0, 0, 1, 0, answers?.length ?? 0, 0, 0, 0, 0])
    const records = (answers ?? []).map((data) => {
      const record = Buffer.alloc(12)
      record.writeUInt16BE(0xc00c, 0)
      record.writeUInt16BE(type, 2)
      record.writeUInt16BE(1, 4)
      record.writeUInt32BE(60, 6)
      record.writeUInt16BE(data.length, 10)
      return Buffer.concat([record, data])
    })
    socket.send(Buffer.concat([head, query.subarray(12, at + 5), ...records]), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  closing.push(() => socket.close())
  return createResolver({ servers: [`127.0.0.1:${socket.address().port}`], timeoutMs: 150, tries: 1 })
}

test('a real name server is asked: texts come joined, names without their last dot', async () => {
  const text = (...parts: string[]) => Buffer.concat(parts.flatMap((part) => [Buffer.from([part.length]), Buffer.from(part)]))
  const resolver = await nameServer({
    'TXT shop.shop': [text('v=spf1 ', '-all'), text('other')],
    'A shop.shop': [Buffer.from([203, 0, 113, 7])],
    'AAAA shop.shop': [Buffer.from('20010db8000000000000000000000001', 'hex')],
    'MX shop.shop': [Buffer.concat([Buffer.from([0, 10]), nameBytes('Mail.Shop.Shop')]), Buffer.concat([Buffer.from([0, 0]), nameBytes('')])],
    'PTR 7.113.0.203.in-addr.arpa': [nameBytes('mail.shop.shop')],
    'CNAME alias.shop.shop': [nameBytes('shop.shop')],
    'TXT empty.shop': [],
  })
  expect(await resolver.txt('shop.shop')).toEqual(['v=spf1 -all', 'other'])
  expect(await resolver.a('shop.shop')).toEqual(['203.0.113.7'])
  expect(await resolver.aaaa('shop.shop')).toEqual(['2001:db8::1'])
  expect(await resolver.mx('shop.shop')).toEqual([
    { exchange: 'mail.shop.shop', priority: 10 },
    { exchange: '', priority: 0 },
  ])
  expect(await resolver.ptr('203.0.113.7')).toEqual(['mail.shop.shop'])
  expect(await resolver.cname('alias.shop.shop')).toEqual(['shop.shop'])
  expect(await resolver.txt('empty.shop')).toEqual([])
  expect(await resolver.txt('gone.shop')).toEqual([])
})

test('a name server that says nothing is no answer, and soon', async () => {
  const resolver = await nameServer({ 'TXT silent.shop': null })
  const began = performance.now()
  await expect(resolver.txt('silent.shop')).rejects.toThrow(/did not answer \(E?TIMEOUT\)/)
  expect(performance.now() - began).toBeLessThan(2_000)
})

test('an address is turned into its name in the DNS, IPv4 tails too', () => {
  expect(arpaOf('203.0.113.7')).toBe('7.113.0.203.in-addr.arpa')
  expect(arpaOf('2001:db8::1')).toBe(`1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`)
  expect(arpaOf('::ffff:203.0.113.7')).toBe(arpaOf('::ffff:cb00:7107'))
})

test('one examination asks a thing once, and no more than its share', async () => {
  const asked: string[] = []
  const resolver = sparing(
    zoneResolver({}, (question) => asked.push(question)),
    2,
  )
  await Promise.all([resolver.txt('shop.shop'), resolver.txt('SHOP.shop.'), resolver.a('shop.shop')])
  expect(asked).toEqual(['TXT shop.shop', 'A shop.shop'])
  await expect(resolver.mx('shop.shop')).rejects.toThrow(/more than 2/)
})
