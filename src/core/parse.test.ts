import { expect, test } from 'vitest'
import fc from 'fast-check'
import type { Message } from './event.ts'
import { parseMessage, parseTime, readMessage, sameBody, type Received } from './parse.ts'

const now = Date.UTC(2026, 5, 1, 12)
const received: Received = { now, ids: () => 'given' }
const track = { type: 'track', event: 'Product Added', messageId: 'm1', anonymousId: 'a1', properties: { product_id: 'p1' } }
const parsed = (body: unknown, more: Partial<Received> = {}, text?: string): Message => {
  const message = parseMessage(body, { ...received, ...more }, text)
  if ('refused' in message) throw new Error(JSON.stringify(message))
  return message
}
const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) })
const wide = (keys: number, prefix = 'k') => Object.fromEntries(Array.from({ length: keys }, (_, index) => [prefix + index, 1]))

test('a message says what it is, who it is about and when it was', () => {
  expect(parsed(track)).toEqual({ ...track, userId: undefined, previousId: undefined, traits: undefined, at: now, text: JSON.stringify(track) })
})

const refusals: [what: string, body: unknown, code: string][] = [
  ['no object', [], 'event.json_invalid'],
  ['null', null, 'event.json_invalid'],
  ['an unknown type', { ...track, type: 'rage' }, 'event.type_invalid'],
  ['a type that only an object’s prototype has', { ...track, type: 'toString' }, 'event.type_invalid'],
  ['a track without a name', { ...track, event: undefined }, 'event.name_invalid'],
  ['a name that begins with a space', { ...track, event: ' Product Added' }, 'event.name_invalid'],
  ['a name with a newline at its end', { ...track, event: 'Product Added\n' }, 'event.name_invalid'],
  ['a name of 129 characters', { ...track, event: 'x'.repeat(129) }, 'event.name_invalid'],
  ['a name in Greek', { ...track, event: 'Προϊόν' }, 'event.name_invalid'],
  ['nobody', { ...track, anonymousId: undefined }, 'event.id_missing'],
  ['an empty id', { ...track, anonymousId: '' }, 'event.id_missing'],
  ['an id with a control character', { ...track, userId: 'a\u0000b' }, 'event.id_invalid'],
  ['an id that UTF-8 cannot write', { ...track, userId: 'a\ud800' }, 'event.id_invalid'],
  ['an id of 256 characters', { ...track, userId: 'u'.repeat(256) }, 'event.id_invalid'],
  ['an id that is an object', { ...track, userId: {} }, 'event.id_invalid'],
  ['a number that JSON cannot tell from its neighbour', { ...track, userId: 2 ** 53 }, 'event.id_invalid'],
  ['a messageId of 101 characters', { ...track, messageId: 'm'.repeat(101) }, 'event.message_id_invalid'],
  ['a messageId that is a number', { ...track, messageId: 7 }, 'event.message_id_invalid'],
  ['an alias without previousId', { type: 'alias', userId: 'u' }, 'event.previous_id_missing'],
  ['a time that is none', { ...track, timestamp: 'yesterday' }, 'event.time_invalid'],
  ['the 30th of February', { ...track, timestamp: '2026-02-30T00:00:00Z' }, 'event.time_invalid'],
  ['a time before 1970', { ...track, timestamp: -1 }, 'event.time_invalid'],
  ['properties that are a list', { ...track, properties: [] }, 'event.properties_invalid'],
  ['traits that are a string', { ...track, traits: 'x' }, 'event.properties_invalid'],
  ['a context that is a number', { ...track, context: 1 }, 'event.properties_invalid'],
  ['__proto__ on top', JSON.parse('{"type":"page","anonymousId":"a","__proto__":{}}'), 'event.key_forbidden'],
  [
    '__proto__ written in escapes, deep inside',
    JSON.parse('{"type":"page","anonymousId":"a","properties":{"a":[{"\\u005f_proto__":1}]}}'),
    'event.key_forbidden',
  ],
  ['constructor', { ...track, context: { a: { constructor: 1 } } }, 'event.key_forbidden'],
  ['prototype', { ...track, traits: { prototype: 1 } }, 'event.key_forbidden'],
  ['17 levels', { ...track, properties: nested(16) }, 'event.too_deep'],
  ['17 levels of lists', { ...track, properties: { a: JSON.parse('['.repeat(15) + ']'.repeat(15)) } }, 'event.too_deep'],
  ['256 keys', { ...track, properties: wide(256) }, 'event.too_many_keys'],
  ['256 keys in two places', { ...track, properties: wide(128), context: wide(128) }, 'event.too_many_keys'],
  ['256 fields', { ...track, ...wide(256) }, 'event.too_many_keys'],
  ['33 KB', { ...track, properties: { a: 'x'.repeat(32_768) } }, 'event.too_large'],
  ['33 KB in fewer characters', { ...track, properties: { a: '€'.repeat(11_000) } }, 'event.too_large'],
]
test.each(refusals)('%s is refused', (_what, body, code) => {
  expect(parseMessage(body, received)).toMatchObject({ refused: code })
})

test('what is just within the limits is taken', () => {
  const event = `A${' _.:-9'.repeat(30)}`.slice(0, 128)
  expect(parsed({ ...track, event, messageId: 'm'.repeat(100), userId: 'u'.repeat(255) }).event).toBe(event)
  expect(parsed({ ...track, properties: nested(15) }).properties).toEqual(nested(15))
  expect(parsed({ ...track, properties: wide(255) }).properties).toEqual(wide(255))
  const full = { ...track, properties: { a: '' } }
  full.properties.a = 'x'.repeat(32_768 - JSON.stringify(full).length)
  expect(parsed(full).text).toHaveLength(32_768)
})

test('an order of a hundred products is not too many keys: the items of a list count as one', () => {
  const products = Array.from({ length: 100 }, () => wide(8))
  expect(parsed({ ...track, event: 'Order Completed', properties: { products } }).properties).toEqual({ products })
})

test('ids that are numbers become strings, and an empty id says nothing', () => {
  expect(parsed({ ...track, userId: 42, anonymousId: 7 })).toMatchObject({ userId: '42', anonymousId: '7' })
  expect(parsed({ ...track, userId: '' }).userId).toBeUndefined()
  expect(parsed({ type: 'alias', userId: 1, previousId: 2 })).toMatchObject({ userId: '1', previousId: '2' })
})

test('a message without messageId is given one, and its log text has it', () => {
  const message = parsed({ ...track, messageId: undefined })
  expect(message.messageId).toBe('given')
  expect(JSON.parse(message.text)).toMatchObject({ messageId: 'given' })
})

test('RudderStack’s identify keeps its traits in the context', () => {
  const body = { type: 'identify', userId: 'u', context: { traits: { email: 'a@example.test' } } }
  expect(parsed(body).traits).toEqual({ email: 'a@example.test' })
  expect(parsed({ ...body, type: 'page' }).traits).toBeUndefined()
})

const hour = 3_600_000
const iso = (ms: number) => new Date(ms).toISOString()
const times: [what: string, fields: object, at: number][] = [
  ['no time: now', {}, now],
  ['its own time', { timestamp: iso(now - hour) }, now - hour],
  ['in milliseconds', { timestamp: now - hour }, now - hour],
  ['a client an hour slow', { timestamp: iso(now - 2 * hour), sentAt: iso(now - hour) }, now - hour],
  ['a client an hour fast', { timestamp: iso(now + hour - 5), sentAt: iso(now + hour) }, now - 5],
  ['originalTimestamp comes first', { originalTimestamp: iso(now - 2 * hour), timestamp: iso(now), sentAt: iso(now - hour) }, now - hour],
  ['corrected already by another server', { originalTimestamp: iso(now - 9 * hour), timestamp: iso(now - 3), sentAt: iso(now), receivedAt: iso(now) }, now - 3],
  ['a sentAt that is none corrects nothing', { timestamp: iso(now - hour), sentAt: 'soon' }, now - hour],
  ['the future is now', { timestamp: iso(now + hour) }, now],
  ['an old event keeps its age', { timestamp: iso(now - 9_000 * hour) }, now - 9_000 * hour],
  ['null is no time', { timestamp: null, sentAt: null }, now],
]
test.each(times)('time: %s', (_what, fields, at) => {
  expect(parsed({ ...track, ...fields }).at).toBe(at)
})

test('without a clock, as in a replay, times are taken as told and one must be there', () => {
  expect(parsed({ ...track, timestamp: iso(now + hour), sentAt: iso(now) }, { now: Infinity }).at).toBe(now + hour)
  expect(parseMessage(track, { ...received, now: Infinity })).toMatchObject({ refused: 'event.time_invalid' })
})

test('instants in ISO 8601 are read in any of its usual forms', () => {
  const at = Date.UTC(2026, 1, 28, 10, 30)
  for (const text of [
    '2026-02-28T10:30:00.000Z',
    '2026-02-28T10:30:00Z',
    '2026-02-28T10:30Z',
    '2026-02-28T12:30:00+02:00',
    '2026-02-28T12:30:00.000000+0200',
    '2026-02-28 10:30:00',
    '2026-02-28t10:30:00z',
  ]) {
    expect([text, parseTime(text)]).toEqual([text, at])
  }
  expect(parseTime('2026-02-28')).toBe(Date.UTC(2026, 1, 28))
  expect(parseTime('2024-02-29')).toBe(Date.UTC(2024, 1, 29))
  for (const none of ['2026-02-29', '2026', 'Feb 28 2026', '2026-13-01', '2026-02-28T25:00:00Z', '', true, NaN, 1e18, Infinity])
    expect(parseTime(none)).toBeNaN()
})

test('the quick way to read a time gives what Date gives, or nothing', () => {
  const days = fc.integer({ min: 0, max: 40_000 }).map((day) => day * 86_400_000)
  const instant = fc.tuple(days, fc.integer({ min: 0, max: 86_399_999 })).map(([day, time]) => iso(day + time))
  fc.assert(
    fc.property(fc.array(instant, { minLength: 1, maxLength: 4 }), fc.nat(23), fc.constantFrom('x', ':', '/', '9', 'Z', ''), (instants, at, put) => {
      for (const text of [...instants, ...instants.map((one) => one.slice(0, 11) + instants[0]!.slice(11))]) {
        expect(parseTime(text)).toBe(Date.parse(text))
        const marred = text.slice(0, at) + put + text.slice(at + 1)
        const time = parseTime(marred)
        // Without its zone Date takes it for local time.
        if (!Number.isNaN(time) && marred.endsWith('Z')) expect([marred, time]).toEqual([marred, Date.parse(marred)])
      }
    }),
    { numRuns: 500, seed: 11 },
  )
})

test('a batch’s context and sentAt hold for each of its messages, whose own come first', () => {
  const message = parsed({ ...track, timestamp: now - 10, context: { ip: 'own' } }, { context: { ip: 'batch', library: 'x' }, sentAt: now + 5 })
  expect(message.at).toBe(now - 15)
  expect(JSON.parse(message.text).context).toEqual({ ip: 'own', library: 'x' })
  expect(parseMessage(track, { ...received, context: JSON.parse('{"__proto__":1}') })).toMatchObject({ refused: 'event.key_forbidden' })
})

test('the log keeps the frame as it was sent, with what it left out put in front', () => {
  const text = ' {"type":"page","properties":{"a":1.0}}'.trim()
  expect(parsed(JSON.parse(text), { anonymousId: 'hello', userId: 'u' }, text).text).toBe(
    `{"messageId":"given","userId":"u","anonymousId":"hello",${text.slice(1)}`,
  )
  const whole = JSON.stringify({ ...track, seq: 3 })
  expect(parsed(JSON.parse(whole), {}, whole).text).toBe(whole)
})

test('a write key never gets into the log', () => {
  const text = JSON.stringify({ ...track, writeKey: 'sk_secret' })
  expect(parsed(JSON.parse(text), {}, text).text).not.toContain('sk_secret')
})

test('the log text alone gives the same message again', () => {
  const id = fc.oneof(fc.constantFrom('', null, undefined, 7, 'u"1\\', 'ü'), fc.string({ maxLength: 8 }))
  const body = fc.record({
    type: fc.constantFrom('track', 'page', 'screen', 'identify', 'group', 'alias'),
    event: fc.constantFrom('Product Added', undefined),
    messageId: fc.constantFrom('m', null, undefined),
    userId: id,
    anonymousId: id,
    previousId: id,
    properties: fc.oneof(fc.constantFrom(null, undefined), fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }))),
    traits: fc.oneof(fc.constantFrom(null, undefined), fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }))),
    context: fc.constantFrom(undefined, null, { traits: { a: 1 } }, { traits: 'x' }),
    timestamp: fc.constantFrom(undefined, null, now - 5, '2026-01-01T00:00:00Z'),
    writeKey: fc.constantFrom(undefined, 'pk'),
  })
  let taken = 0
  fc.assert(
    fc.property(body, fc.constantFrom(undefined, 'x'), fc.constantFrom(undefined, { c: 1 }), fc.boolean(), (raw, anonymousId, context, asFrame) => {
      const text = JSON.stringify(raw)
      const message = parseMessage(JSON.parse(text), { ...received, anonymousId, context }, asFrame ? text : undefined)
      if ('refused' in message) return
      taken++
      expect(readMessage(message.text, message.at)).toEqual(message)
      expect(sameBody(message, readMessage(message.text, message.at))).toBe(true)
    }),
    { numRuns: 2_000, seed: 7 },
  )
  expect(taken).toBeGreaterThan(500)
})

test('the same body is known whatever its times, context and order of keys; anything else is another', () => {
  const first = parsed({ ...track, properties: { a: 1, b: [{ c: null }] } })
  expect(sameBody(first, parsed({ ...track, timestamp: now - 9, sentAt: now, context: { ip: 1 }, properties: { b: [{ c: null }], a: 1 } }))).toBe(true)
  const others = [
    { event: 'Product Removed' },
    { type: 'page' },
    { userId: 'u' },
    { anonymousId: 'b' },
    { properties: { a: 1, b: [{ c: 0 }] } },
    { properties: { a: 1, b: [{}] } },
    { properties: { a: 1, b: [{ d: null }] } },
    { properties: { a: 1, b: { 0: { c: null } } } },
    { properties: undefined },
    { traits: {} },
  ]
  for (const other of others) expect(sameBody(first, parsed({ ...track, properties: { a: 1, b: [{ c: null }] }, ...other }))).toBe(false)
})
