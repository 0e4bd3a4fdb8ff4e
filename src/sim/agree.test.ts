/** The engine and the oracle, which share no code, must decide alike: on real shops' data and on made-up lives. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readEvents } from '../lab/files.ts'
import { letterLines, replay } from '../lab/replay.ts'
import { createVirtual } from '../main.ts'
import type { Message } from '../core/event.ts'
import { judge } from './oracle.ts'
import type { OracleMessage } from './oracle.ts'

const shared = fileURLToPath(new URL('../../../shared/data/', import.meta.url))
const day = 86_400_000

const toOracle = (message: Message): OracleMessage =>
  ({ type: message.type, event: message.event, customer: message.userId!, at: message.at, properties: message.properties ?? {} }) as OracleMessage

/** Both sides' decisions as lines, in one order. */
function both(messages: Message[], ahead: number, settings: Record<string, string> = {}, oracleSettings = {}) {
  const { engine, store } = createVirtual(settings, undefined)
  const until = Math.max(...messages.map(({ at }) => at)) + ahead
  replay({ engine, store, messages, until: () => until, stopwatch: () => 0 })
  const ours = [...letterLines(engine, store)].map((line) =>
    [line.at, line.customer, line.journey, line.template, line.priority, line.decision, line.reason, line.key.split('/')[2]].join(' '),
  )
  const theirs = judge(messages.map(toOracle), until, { settings: oracleSettings }).map((one) =>
    [new Date(one.at).toISOString(), one.customer, one.journey, one.template, one.priority, one.decision, one.reason, one.run].join(' '),
  )
  store.close()
  return { ours: ours.sort(), theirs: theirs.sort() }
}

for (const name of ['rees46-2019-10-01.csv.gz', 'taobao-9-days.csv', 'online-retail-2010-2011.csv.gz']) {
  const isThere = existsSync(shared + name)
  if (!isThere) console.log(`left out: ${name} is not here`)
  for (const days of [0, 30, 90]) {
    test.skipIf(!isThere)(`${name}: every letter and every skip is the oracle’s, ${days} days on`, () => {
      const { ours, theirs } = both(readEvents(shared + name).messages, days * day)
      expect(ours).toEqual(theirs)
      expect(ours.length).toBeGreaterThan(days === 0 ? 100 : 190)
    })
  }
}

const products = fc.constantFrom('mug', 'cup', 'plate')
const line = fc.record({ product_id: products, quantity: fc.integer({ min: 1, max: 2 }) })
const happening = fc.oneof(
  { weight: 6, arbitrary: fc.record({ event: fc.constant('Product Viewed'), properties: fc.record({ product_id: products }) }) },
  { weight: 3, arbitrary: fc.record({ event: fc.constantFrom('Product Added', 'Product Removed'), properties: line }) },
  {
    weight: 2,
    arbitrary: fc.record({
      event: fc.constantFrom('Cart Viewed', 'Cart Updated', 'Checkout Started'),
      properties: fc.record({ products: fc.array(line, { maxLength: 3 }) }, { requiredKeys: [] }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      event: fc.constantFrom('Order Completed', 'Order Refunded', 'Order Updated', 'Something Else'),
      properties: fc.constant({ total: 20 }),
    }),
  },
)
/** Gaps that fall on and beside the journeys' own times. */
const gap = fc.oneof(
  fc.constantFrom(
    0,
    1,
    15 * 60_000,
    15 * 60_000 - 1,
    15 * 60_000 + 1,
    30 * 60_000,
    60 * 60_000,
    60 * 60_000 + 1,
    day,
    day - 1,
    day + 1,
    30 * day,
    30 * day - 1,
  ),
  fc.integer({ min: 0, max: 40 * 60_000 }),
  fc.integer({ min: 0, max: 3 * day }),
)
const life = fc.array(fc.tuple(gap, happening), { minLength: 1, maxLength: 25 })

function toMessages(lives: [number, { event: string; properties: object }][][]): Message[] {
  return lives.flatMap((events, customer) => {
    let at = Date.parse('2026-01-05T00:00:00Z')
    return events.map(([wait, { event, properties }], n): Message => {
      at += wait
      const body = {
        type: 'track' as const,
        userId: `c${customer}`,
        event,
        messageId: `${customer}-${n}`,
        properties: { ...properties, email: `c${customer}@example.test` },
      }
      return { ...body, at, text: JSON.stringify(body) }
    })
  })
}

test('made-up lives, full of instants that fall on a journey’s own times, are decided as the oracle decides', () => {
  fc.assert(
    fc.property(fc.array(life, { minLength: 10, maxLength: 20 }), (lives) => {
      const { ours, theirs } = both(toMessages(lives), 70 * day)
      expect(ours).toEqual(theirs)
    }),
    { numRuns: 60, seed: 11 },
  )
})

test('with other settings too', () => {
  fc.assert(
    fc.property(fc.array(life, { minLength: 10, maxLength: 20 }), (lives) => {
      const settings = {
        quietFor: 5 * 60_000,
        abandonAfter: 45 * 60_000,
        followUpAfter: 2 * 3_600_000,
        views: 2,
        within: 30 * 60_000,
        thankAfter: 2 * 3_600_000,
        lapseAfter: 10 * day,
      }
      const { ours, theirs } = both(
        toMessages(lives),
        40 * day,
        Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)])),
        settings,
      )
      expect(ours).toEqual(theirs)
    }),
    { numRuns: 30, seed: 12 },
  )
})
