import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { defaults, judge } from './oracle.ts'
import type { OracleDecision, OracleMessage, OracleOptions } from './oracle.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

// One customer's messages, short enough to read as a table.
const track = (event: string, at: number, properties?: Record<string, unknown>): OracleMessage =>
  properties ? { type: 'track', event, customer: 'ada', at, properties } : { type: 'track', event, customer: 'ada', at }
const added = (at: number, product_id = 'mug', quantity = 1) => track('Product Added', at, { product_id, quantity })
const removed = (at: number, product_id = 'mug') => track('Product Removed', at, { product_id })
const viewed = (at: number, product_id = 'mug') => track('Product Viewed', at, { product_id })
const ordered = (at: number) => track('Order Completed', at, { products: [{ product_id: 'mug' }] })
const page = (at: number): OracleMessage => ({ type: 'page', customer: 'ada', at })
const outcome = (event: string, at: number): OracleMessage => ({ type: 'outcome', event, customer: 'ada', at })
const replaced = (event: string, at: number, ...lines: [id: string, quantity: number][]) =>
  track(event, at, { products: lines.map(([product_id, quantity]) => ({ product_id, quantity })) })
const cartUpdated = (at: number, ...lines: [string, number][]) => replaced('Cart Updated', at, ...lines)
const checkout = (at: number, ...lines: [string, number][]) => replaced('Checkout Started', at, ...lines)
/** Three views of one product, the last at `at`. */
const interested = (at: number, id = 'mug') => [viewed(at - 2, id), viewed(at - 1, id), viewed(at, id)]

/** `[at, template, reason or 'queued', run]` of each decision. */
type Row = [at: number, template: string, outcome: string, run: number]
const rowsOf = (decisions: readonly OracleDecision[]): Row[] => decisions.map((d) => [d.at, d.template, d.reason ?? d.decision, d.run])

/** A promise: from these messages come these letters, all of them and no other. */
function gives(promise: string, given: OracleMessage[], until: number, letters: Row[], options?: OracleOptions): void {
  test(promise, () => {
    const decisions = judge(given, until, options)
    expect(rowsOf(decisions)).toEqual(letters)
    for (const { reason, decision } of decisions) expect(decision).toBe(reason === null ? 'queued' : 'skipped')
  })
}

/** The first cart letter of a cart changed last at `run`, and its follow-up. */
const abandonedAt = (run: number): Row => [run + 30 * minute, 'cart-abandoned', 'queued', run]
const discountAt = (run: number): Row => [run + 30 * minute + day, 'cart-discount', 'queued', run]
const first = abandonedAt(0)

describe('the abandoned cart', () => {
  gives('gets its letter exactly 30 min after the last change', [added(0)], 30 * minute, [first])
  gives('gets none a millisecond earlier', [added(0)], 30 * minute - 1, [])
  gives('is counted from the last change', [added(0), added(20 * minute, 'cup')], 50 * minute, [abandonedAt(20 * minute)])
  gives('waits until the customer is quiet', [added(0), page(29 * minute)], hour, [[44 * minute, 'cart-abandoned', 'queued', 0]])
  gives('does not wait where the customer falls quiet in the same instant', [added(0), page(15 * minute + 1)], hour, [
    [30 * minute + 1, 'cart-abandoned', 'queued', 0],
  ])
  gives('is not held back by activity at the very instant it is due', [added(0), page(30 * minute)], hour, [first])
  gives('is not held back by activity at the very instant of quiet', [added(0), page(20 * minute), page(35 * minute)], hour, [
    [35 * minute, 'cart-abandoned', 'queued', 0],
  ])
  gives('is held back by activity a millisecond before quiet', [added(0), page(20 * minute), page(35 * minute - 1)], hour, [
    [50 * minute - 1, 'cart-abandoned', 'queued', 0],
  ])
  gives('starts a new run with a change at the very instant it is due, after its letter', [added(0), added(30 * minute)], 60 * minute, [
    first,
    [60 * minute, 'cart-abandoned', 'window', 30 * minute],
  ])
  gives('starts afresh with a change a millisecond before it is due', [added(0), added(30 * minute - 1)], hour, [abandonedAt(30 * minute - 1)])
  gives('gets no letter when the order comes a millisecond before', [added(0), ordered(30 * minute - 1)], hour, [])
  gives('gets its letter when the order comes at the same instant', [added(0), ordered(30 * minute)], hour, [first])
  gives('gets no letter when the order comes while it waits for quiet', [added(0), page(29 * minute), ordered(40 * minute)], hour, [])
  gives('gets no letter when a change comes while it waits for quiet', [added(0), page(29 * minute), removed(40 * minute)], 2 * hour, [])
  gives('gets no letter once emptied', [added(0), removed(minute)], 2 * day, [])
  gives('is emptied by an order, also for what comes after', [added(0), ordered(minute), removed(2 * minute, 'cup')], 59 * minute, [])
  gives('loses the whole line when a product is removed', [added(0, 'mug', 3), removed(minute)], 2 * day, [])
  gives('keeps its other lines when a product is removed', [added(0), added(1, 'cup'), removed(minute)], hour, [abandonedAt(minute)])
  gives('changes even when a product is removed that it did not hold', [added(0), removed(minute, 'cup')], hour, [abandonedAt(minute)])
  gives('does not arise from removing out of nothing', [removed(0)], day, [])
})

describe('the follow-up', () => {
  gives('comes exactly 24 h after the first decision', [added(0)], day + 30 * minute, [first, discountAt(0)])
  gives('does not come a millisecond earlier', [added(0)], day + 30 * minute - 1, [first])
  gives('comes once', [added(0)], 20 * day, [first, discountAt(0)])
  gives('counts from the decision, not from the abandonment', [added(0), page(29 * minute)], 2 * day, [
    [44 * minute, 'cart-abandoned', 'queued', 0],
    [day + 44 * minute, 'cart-discount', 'queued', 0],
  ])
  gives('comes after a skipped first letter too', [added(0)], 2 * day, [[30 * minute, 'cart-abandoned', 'no-address', 0], discountAt(0)], {
    hasAddress: (_, at) => at > day,
  })
  gives('waits for quiet', [added(0), page(day + 20 * minute)], 2 * day, [first, [day + 35 * minute, 'cart-discount', 'queued', 0]])
  gives('comes before activity at the very instant it is due', [added(0), page(day + 30 * minute)], 2 * day, [first, discountAt(0)])
  gives('is called off by an order', [added(0), ordered(day + 30 * minute - 1)], 3 * day, [
    first,
    [day + 90 * minute - 1, 'order-thanks', 'queued', day + 30 * minute - 1],
  ])
  gives('is called off by an order while it waits for quiet', [added(0), page(day + 20 * minute), ordered(day + 31 * minute)], day + hour, [first])
  gives('is called off by a cart change, which starts a new run', [added(0), added(2 * hour)], 26 * hour, [
    first,
    [2.5 * hour, 'cart-abandoned', 'window', 2 * hour],
  ])
  gives('comes in every run', [added(0), added(2 * day)], 4 * day, [first, discountAt(0), abandonedAt(2 * day), discountAt(2 * day)])
  gives(
    'is not called off by outcomes, refunds or equal lines',
    [added(0), outcome('mail.opened', hour), track('Order Refunded', 2 * hour), cartUpdated(3 * hour, ['mug', 1])],
    2 * day,
    [first, discountAt(0)],
  )
})

describe('a cart change', () => {
  gives('is not a Cart Updated with equal lines in another order', [added(0), added(0, 'cup', 2), cartUpdated(10 * minute, ['cup', 2], ['mug', 1])], hour, [
    first,
  ])
  gives('is not a Cart Updated whose entries of one product add up to its line', [added(0, 'mug', 3), cartUpdated(10 * minute, ['mug', 1], ['mug', 2])], hour, [
    first,
  ])
  gives('is a Cart Updated with another quantity', [added(0), cartUpdated(10 * minute, ['mug', 2])], hour, [abandonedAt(10 * minute)])
  gives('is a Cart Viewed with other lines', [added(0), replaced('Cart Viewed', 10 * minute, ['cup', 1])], hour, [abandonedAt(10 * minute)])
  gives('is a Cart Updated with fewer lines', [added(0), added(0, 'cup'), cartUpdated(10 * minute, ['mug', 1])], hour, [abandonedAt(10 * minute)])
  gives('is a Cart Updated that empties it', [added(0), cartUpdated(10 * minute)], day, [])
  gives(
    'is not a Cart Viewed or Cart Updated without products',
    [added(0), track('Cart Viewed', minute), track('Cart Updated', 2 * minute, { products: 'mug' })],
    hour,
    [first],
  )
  gives('is always a Checkout Started: with equal lines', [added(0), checkout(10 * minute, ['mug', 1])], hour, [abandonedAt(10 * minute)])
  gives('is always a Checkout Started: without products, keeping the lines', [added(0), track('Checkout Started', 10 * minute)], hour, [
    abandonedAt(10 * minute),
  ])
  gives('is a Checkout Started out of nothing, with products', [checkout(0, ['mug', 1])], hour, [first])
  gives('leaves an empty cart empty', [track('Checkout Started', 0), checkout(1)], day, [])
  gives(
    'is not a Product Added or Product Removed without an id',
    [added(0), track('Product Added', minute, { quantity: 2 }), track('Product Removed', 2 * minute)],
    hour,
    [first],
  )
  gives('adds up the quantity of one product', [added(0, 'mug', 2), added(1, 'mug', 3), cartUpdated(minute, ['mug', 5])], hour, [abandonedAt(1)])
  gives(
    'takes a quantity that is not a positive number for 1',
    [
      added(0, 'mug', -4),
      cartUpdated(minute, ['mug', 1]),
      track('Cart Updated', 2 * minute, { products: [{ sku: 'mug', quantity: 'many' }, { quantity: 7 }, null] }),
    ],
    hour,
    [first],
  )
  gives(
    'knows a product by product_id, then sku, then id, text or number',
    [
      track('Product Added', 0, { product_id: 7, sku: 'x', id: 'y' }),
      track('Product Added', 0, { sku: 'a', id: 'b' }),
      track('Product Added', 0, { id: 'c' }),
      cartUpdated(minute, ['7', 1], ['a', 1], ['c', 1]),
    ],
    hour,
    [first],
  )
  gives('is known by its name however it is written', [track('product_added', 0, { sku: 'mug' }), track('PRODUCT-ADDED', minute, { sku: 'cup' })], hour, [
    abandonedAt(minute),
  ])
  gives('is nothing that a page of that name does', [{ ...page(0), event: 'Product Added', properties: { sku: 'mug' } }], day, [])
})

describe('activity', () => {
  for (const type of ['page', 'screen', 'identify'] as const) {
    gives(`is ${type}`, [added(0), { ...page(20 * minute), type }], hour, [[35 * minute, 'cart-abandoned', 'queued', 0]])
  }
  for (const event of ['Product Added to Wishlist', 'Product Viewed', 'Cart Viewed', 'Product Added', 'anything']) {
    gives(`is a ${event} track, even with nothing in it`, [added(0), track(event, 20 * minute)], hour, [[35 * minute, 'cart-abandoned', 'queued', 0]])
  }
  for (const type of ['group', 'alias'] as const) {
    gives(`is not ${type}`, [added(0), { ...page(20 * minute), type }], hour, [first])
  }
  for (const event of ['Order Updated', 'order_refunded', 'Order Cancelled']) {
    gives(`is not ${event}`, [added(0), track(event, 20 * minute)], hour, [first])
  }
  for (const event of ['mail.opened', 'mail.clicked']) {
    gives(`is not ${event}`, [added(0), outcome(event, 20 * minute)], hour, [first])
  }
  gives('is an order', [ordered(0), added(hour), ordered(2 * hour), added(2 * hour)], 2 * hour + 30 * minute, [
    [hour, 'order-thanks', 'queued', 0],
    [1.5 * hour, 'cart-abandoned', 'queued', hour],
    [2.5 * hour, 'cart-abandoned', 'window', 2 * hour],
  ])
})

const reminder = (run: number): Row => [run + 15 * minute, 'browse-reminder', 'queued', run]

describe('browsing', () => {
  gives('gets its reminder at exactly 15 min of quiet', interested(hour), hour + 15 * minute, [reminder(hour)])
  gives('gets none a millisecond earlier', interested(hour), hour + 15 * minute - 1, [])
  gives('counts three views over exactly 60 min', [viewed(0), viewed(30 * minute), viewed(60 * minute)], 2 * hour, [reminder(hour)])
  gives('does not count a view 60 min and a millisecond back', [viewed(0), viewed(30 * minute), viewed(60 * minute + 1)], 2 * hour, [])
  gives('slides: a lost view may be made up for', [viewed(0), viewed(30 * minute), viewed(60 * minute + 1), viewed(90 * minute)], 2 * hour, [
    reminder(90 * minute),
  ])
  gives('counts views at one instant apart', [viewed(0), viewed(0), viewed(0)], hour, [reminder(0)])
  gives('counts each product by itself', [viewed(0), viewed(1, 'cup'), viewed(2), viewed(3, 'cup')], hour, [])
  gives('does not count views without an id', [track('Product Viewed', 0), track('Product Viewed', 1), track('Product Viewed', 2)], hour, [])
  gives('only moves quiet with further views, of any product', [...interested(hour), ...interested(hour + 10 * minute, 'cup')], day, [
    [hour + 25 * minute, 'browse-reminder', 'queued', hour],
  ])
  gives('takes a view at the very instant of quiet for a new count', [...interested(hour), viewed(hour + 15 * minute), viewed(hour + 16 * minute)], day, [
    reminder(hour),
  ])
  gives(
    'starts all counts anew after a decision',
    [viewed(hour - 4, 'cup'), viewed(hour - 3, 'cup'), ...interested(hour), viewed(hour + 20 * minute, 'cup')],
    day,
    [reminder(hour)],
  )
  gives(
    'starts all counts anew after a skip',
    [viewed(hour - 3, 'cup'), viewed(hour - 3, 'cup'), ...interested(hour), viewed(hour + 20 * minute, 'cup')],
    day,
    [[hour + 15 * minute, 'browse-reminder', 'holdout', hour]],
    { holdout: (_, journey) => journey === 'browsing' },
  )
  gives('ends without a letter when any product is added', [...interested(hour), added(hour + minute, 'cup')], hour + 31 * minute, [abandonedAt(hour + minute)])
  gives('ends without a letter with an order', [...interested(hour), ordered(hour + minute)], 2 * hour, [])
  gives('ends without a letter when a replacement brings a product', [...interested(hour), cartUpdated(hour + minute, ['cup', 1])], hour + 31 * minute, [
    abandonedAt(hour + minute),
  ])
  gives('does not end when a replacement brings nothing', [...interested(hour), cartUpdated(hour), track('Checkout Started', hour)], 2 * hour, [reminder(hour)])
  gives('does not end when a product without an id is added, or one removed', [...interested(hour), track('Product Added', hour), removed(hour)], 2 * hour, [
    reminder(hour),
  ])
  gives('clears counts when a product is added, though not yet interested', [viewed(0), viewed(1), added(2), removed(3), viewed(4)], hour, [])
  gives('clears counts with an order, though not yet interested', [viewed(0), viewed(1), ordered(2), viewed(3)], 59 * minute, [])
  gives('does not count views while the cart holds something', [added(0), viewed(1), viewed(2), removed(3), viewed(4)], hour, [])
  gives('counts again once the cart is empty', [added(0), removed(1), ...interested(hour)], 2 * hour, [reminder(hour)])
  gives('gets no reminder less than 24 h after an order', [ordered(0), ...interested(day - 15 * minute - 1)], day, [
    [hour, 'order-thanks', 'queued', 0],
    [day - 1, 'browse-reminder', 'recent-purchase', day - 15 * minute - 1],
  ])
  gives('gets a reminder at exactly 24 h after an order', [ordered(0), ...interested(day - 15 * minute)], day, [
    [hour, 'order-thanks', 'queued', 0],
    reminder(day - 15 * minute),
  ])
})

const thanks = (order: number): Row => [order + hour, 'order-thanks', 'queued', order]

describe('purchase', () => {
  gives('is thanked for exactly 1 h later', [ordered(0)], hour, [thanks(0)])
  gives('is not thanked for a millisecond earlier', [ordered(0)], hour - 1, [])
  gives('does not wait for quiet', [ordered(0), page(59 * minute)], hour, [thanks(0)])
  gives('joins an earlier order before its letter, without moving it', [ordered(0), ordered(30 * minute)], day, [thanks(0)])
  gives('joins an earlier order after its letter, and gets none', [ordered(0), ordered(2 * hour)], day, [thanks(0)])
  gives('joins until 24 h from the latest order', [ordered(0), ordered(20 * hour), ordered(44 * hour - 1)], 3 * day - 5 * hour, [thanks(0)])
  gives('begins a new period exactly 24 h after the latest order', [ordered(0), ordered(20 * hour), ordered(44 * hour)], 3 * day, [
    thanks(0),
    thanks(44 * hour),
  ])
  gives('is nothing that the shop does later', [track('Order Updated', 0), track('Order Refunded', 1), track('Order Cancelled', 2)], 3 * day, [])
  gives('is thanked for though refunded', [ordered(0), track('Order Refunded', 1)], day, [thanks(0)])
})

describe('engagement', () => {
  gives('lapses exactly 30 days after the first letter', [ordered(0)], 30 * day + hour, [thanks(0), [30 * day + hour, 'win-back', 'queued', hour]])
  gives('does not lapse a millisecond earlier', [ordered(0)], 30 * day + hour - 1, [thanks(0)])
  gives('is not started by an order before the first letter', [ordered(0)], 90 * day, [[hour, 'order-thanks', 'no-address', 0]], {
    hasAddress: () => false,
  })
  gives('is not started by an open before the first letter', [outcome('mail.opened', 0), outcome('mail.clicked', 1)], 90 * day, [])
  gives(
    'is not started by a skipped letter, but by the first queued',
    [added(0)],
    32 * day,
    [[30 * minute, 'cart-abandoned', 'no-address', 0], discountAt(0), [31 * day + 30 * minute, 'win-back', 'queued', day + 30 * minute]],
    { hasAddress: (_, at) => at > hour },
  )
  gives('is not started again by a later letter', [added(0)], 30 * day + 30 * minute, [
    first,
    discountAt(0),
    [30 * day + 30 * minute, 'win-back', 'queued', 30 * minute],
  ])
  gives('is not started again by browsing', [ordered(0), page(20 * day)], 30 * day + hour, [thanks(0), [30 * day + hour, 'win-back', 'queued', hour]])
  for (const event of ['mail.opened', 'mail.clicked']) {
    gives(`starts again with ${event}`, [ordered(0), outcome(event, 10 * day)], 40 * day, [thanks(0), [40 * day, 'win-back', 'queued', 10 * day]])
  }
  gives('starts again with an order', [ordered(0), ordered(10 * day)], 40 * day, [thanks(0), thanks(10 * day), [40 * day, 'win-back', 'queued', 10 * day]])
  gives('starts again with an order that joins the period', [ordered(0), ordered(2 * hour)], 30 * day + 2 * hour, [
    thanks(0),
    [30 * day + 2 * hour, 'win-back', 'queued', 2 * hour],
  ])
  gives('has lapsed before an open at the very instant', [ordered(0), outcome('mail.opened', 30 * day + hour)], 60 * day + hour, [
    thanks(0),
    [30 * day + hour, 'win-back', 'queued', hour],
    [60 * day + hour, 'win-back', 'queued', 30 * day + hour],
  ])
  gives('wins back once for each lapse', [ordered(0)], 200 * day, [thanks(0), [30 * day + hour, 'win-back', 'queued', hour]])
  gives('decides a win-back without waiting for quiet', [ordered(0), page(30 * day + hour - 1)], 30 * day + hour, [
    thanks(0),
    [30 * day + hour, 'win-back', 'queued', hour],
  ])
})

const lapsed = 30 * day + hour
const winBack: Row = [lapsed, 'win-back', 'queued', hour]
const dormant = lapsed + 30 * day

describe('a dormant customer', () => {
  gives('gets no letter from exactly 30 days after the lapse', [ordered(0), added(dormant - 30 * minute)], dormant, [
    thanks(0),
    winBack,
    [dormant, 'cart-abandoned', 'dormant', dormant - 30 * minute],
  ])
  gives('was not dormant a millisecond before', [ordered(0), added(dormant - 30 * minute - 1)], dormant - 1, [
    thanks(0),
    winBack,
    abandonedAt(dormant - 30 * minute - 1),
  ])
  gives('wakes with an open', [ordered(0), added(dormant), outcome('mail.opened', dormant + minute)], dormant + hour, [
    thanks(0),
    winBack,
    abandonedAt(dormant),
  ])
  gives('wakes with a click, and lapses again', [ordered(0), outcome('mail.clicked', dormant + minute)], dormant + minute + 30 * day, [
    thanks(0),
    winBack,
    [dormant + minute + 30 * day, 'win-back', 'queued', dormant + minute],
  ])
  gives('wakes with an order, and is thanked', [ordered(0), ordered(dormant + minute)], dormant + 2 * hour, [thanks(0), winBack, thanks(dormant + minute)])
  gives('does not wake by browsing, nor by a bounce', [ordered(0), ...interested(dormant + hour)], dormant + day, [
    thanks(0),
    winBack,
    [dormant + hour + 15 * minute, 'browse-reminder', 'dormant', dormant + hour],
  ])
  gives('is not one who opened while lapsed', [ordered(0), outcome('mail.opened', lapsed + day), added(dormant)], dormant + 30 * minute, [
    thanks(0),
    winBack,
    abandonedAt(dormant),
  ])
})

const twoCarts = (second: number) => [added(0), cartUpdated(hour), added(second)]

describe('the policy', () => {
  gives('skips the same template less than 24 h after', twoCarts(day - 1), day + 30 * minute, [
    first,
    [day + 30 * minute - 1, 'cart-abandoned', 'window', day - 1],
  ])
  gives('queues the same template again at exactly 24 h', twoCarts(day), day + 30 * minute, [first, abandonedAt(day)])
  gives('counts no skipped letter in the window', [added(0), added(12 * hour), added(day)], day + 30 * minute, [
    first,
    [12.5 * hour, 'cart-abandoned', 'window', 12 * hour],
    abandonedAt(day),
  ])
  gives(
    'skips a win-back with a letter queued a millisecond less than 24 h ago',
    [ordered(0), added(lapsed - day - 30 * minute + 1), removed(lapsed - day + 2)],
    lapsed,
    [thanks(0), abandonedAt(lapsed - day - 30 * minute + 1), [lapsed, 'win-back', 'cap', hour]],
  )
  gives('queues a win-back with a letter queued exactly 24 h ago', [ordered(0), added(lapsed - day - 30 * minute), removed(lapsed - day + 2)], lapsed, [
    thanks(0),
    abandonedAt(lapsed - day - 30 * minute),
    winBack,
  ])
  for (const event of ['mail.bounced', 'mail.complained', 'mail.unsubscribed']) {
    gives(`skips every letter after ${event}`, [added(0), outcome(event, hour), outcome('mail.opened', 2 * hour), ordered(2 * day)], 33 * day, [
      first,
      [day + 30 * minute, 'cart-discount', 'unsubscribed', 0],
      [2 * day + hour, 'order-thanks', 'unsubscribed', 2 * day],
      [32 * day, 'win-back', 'unsubscribed', 2 * day],
    ])
  }
  gives('names no-address before unsubscribed', [outcome('mail.bounced', 0), ordered(0)], hour, [[hour, 'order-thanks', 'no-address', 0]], {
    hasAddress: () => false,
  })
  gives('names unsubscribed before dormant', [ordered(0), outcome('mail.bounced', lapsed + 1), added(dormant)], dormant + hour, [
    thanks(0),
    winBack,
    [dormant + 30 * minute, 'cart-abandoned', 'unsubscribed', dormant],
  ])
  gives(
    'names dormant before holdout',
    [ordered(0), added(dormant)],
    dormant + hour,
    [thanks(0), winBack, [dormant + 30 * minute, 'cart-abandoned', 'dormant', dormant]],
    { holdout: (_, journey) => journey === 'cart' },
  )
  gives(
    'names recent-purchase before holdout',
    [ordered(0), ...interested(30 * minute)],
    50 * minute,
    [[45 * minute, 'browse-reminder', 'recent-purchase', 30 * minute]],
    { holdout: () => true },
  )
  gives('names holdout before window', [added(0), added(2 * hour)], 3 * hour, [first, [2.5 * hour, 'cart-abandoned', 'holdout', 2 * hour]], {
    holdout: (() => {
      let asked = 0
      return () => asked++ > 0
    })(),
  })
  gives('names window before cap', [added(0), added(2 * hour)], 3 * hour, [first, [2.5 * hour, 'cart-abandoned', 'window', 2 * hour]], {
    settings: { caps: { high: 1, medium: 1, low: 1 } },
  })
  gives(
    'keeps win-back for 30 days, whatever its cap',
    [ordered(0), outcome('mail.opened', 5 * day)],
    40 * day,
    [thanks(0), [15 * day, 'win-back', 'queued', 5 * day]],
    { settings: { lapseAfter: 10 * day } },
  )

  // The discount is queued at `two`; the cart is then emptied, so that the customer may browse.
  const two = day + 30 * minute
  const discounted = [added(0), cartUpdated(two + minute)]
  const cup = [added(two + 2 * minute, 'cup'), cartUpdated(two + 40 * minute)]
  const soFar = [first, discountAt(0), abandonedAt(two + 2 * minute)]
  const browsed = two + day - 15 * minute
  gives(
    'skips a medium letter with two letters queued, one of them a millisecond less than 24 h ago',
    [...discounted, ...cup, ...interested(browsed - 1)],
    two + day,
    [...soFar, [two + day - 1, 'browse-reminder', 'cap', browsed - 1]],
  )
  gives('queues a medium letter with two letters queued, one of them exactly 24 h ago', [...discounted, ...cup, ...interested(browsed)], two + day, [
    ...soFar,
    reminder(browsed),
  ])
  gives('queues a medium letter with one letter queued', [...discounted, ...interested(two + hour)], two + 2 * hour, [
    first,
    discountAt(0),
    reminder(two + hour),
  ])

  const busy = [...discounted, ...interested(two + 10 * minute), added(two + 30 * minute)]
  const three = [first, discountAt(0), reminder(two + 10 * minute), abandonedAt(two + 30 * minute)]
  const bought = two + day - hour
  gives('skips a high letter with three letters queued, one of them a millisecond less than 24 h ago', [...busy, ordered(bought - 1)], two + day, [
    ...three,
    [two + day - 1, 'order-thanks', 'cap', bought - 1],
  ])
  gives('queues a high letter with three letters queued, one of them exactly 24 h ago', [...busy, ordered(bought)], two + day, [...three, thanks(bought)])
  gives('counts no skipped letter in the cap', [...busy, added(two + 2 * hour, 'cup'), ordered(bought)], two + day, [
    ...three,
    [two + 2.5 * hour, 'cart-abandoned', 'window', two + 2 * hour],
    thanks(bought),
  ])
})

describe('the order of things', () => {
  gives('timers due together fire in the order they were set: the lapse, set first, then the abandonment', [ordered(0), added(lapsed - 30 * minute)], lapsed, [
    thanks(0),
    winBack,
    [lapsed, 'cart-abandoned', 'queued', lapsed - 30 * minute],
  ])

  // Lapses 30 min after an open, which comes after the cart change that is due in the same instant.
  const quickly: OracleOptions = { settings: { lapseAfter: 30 * minute, caps: { high: 3, medium: 2, low: 2 } } }
  const added65 = 65 * minute
  const tied = 95 * minute
  gives(
    'timers due together fire in the order they were set: the abandonment, set first, then the lapse',
    [ordered(0), added(added65), outcome('mail.opened', added65)],
    tied,
    [thanks(0), [tied, 'cart-abandoned', 'queued', added65], [tied, 'win-back', 'cap', added65]],
    quickly,
  )
  gives(
    'a timer that is set again goes to the end',
    [ordered(0), added(added65), outcome('mail.opened', added65), cartUpdated(added65, ['cup', 1])],
    tied,
    [thanks(0), [tied, 'win-back', 'queued', added65], [tied, 'cart-abandoned', 'queued', added65]],
    quickly,
  )
  gives(
    'an order is thanked for even where its period ends in the same instant',
    [ordered(0), ordered(hour)],
    2 * hour,
    [thanks(0), [2 * hour, 'order-thanks', 'window', hour]],
    { settings: { recentFor: hour } },
  )
  gives('messages are taken by time, however they come', [ordered(10 * minute), added(0)], hour, [])
  gives('messages of one instant are taken as they come: added, then ordered', [added(0), ordered(0)], 59 * minute, [])
  gives('messages of one instant are taken as they come: ordered, then added', [ordered(0), added(0)], 59 * minute, [first])
  gives('nothing after the end is judged', [added(0), added(20 * minute)], 10 * minute, [])
  gives(
    'the times are settings',
    [added(0), ...interested(100, 'cup')],
    11_000,
    [
      [5000, 'cart-abandoned', 'queued', 0],
      [11_000, 'cart-discount', 'queued', 0],
    ],
    { settings: { abandonAfter: 5000, quietFor: 1000, followUpAfter: 6000 } },
  )

  test('customers are independent, and stand by time, then name', () => {
    const both = [added(0), ordered(40 * minute)].flatMap((m) => [{ ...m, customer: 'bob' }, m])
    expect(judge(both, 2 * hour).map((d) => [d.customer, d.template])).toEqual([
      ['ada', 'cart-abandoned'],
      ['bob', 'cart-abandoned'],
      ['ada', 'order-thanks'],
      ['bob', 'order-thanks'],
    ])
  })

  test('a decision says whose, of which journey and of which priority it is', () => {
    expect(judge([added(0), ...interested(0)], 30 * minute)).toEqual([
      {
        at: 30 * minute,
        customer: 'ada',
        journey: 'cart',
        template: 'cart-abandoned',
        priority: 'high',
        decision: 'queued',
        reason: null,
        run: 0,
      },
    ])
    expect(judge(interested(0), hour)[0]).toMatchObject({ journey: 'browsing', priority: 'medium' })
    expect(judge([ordered(0)], 40 * day)).toMatchObject([
      { journey: 'purchase', priority: 'high' },
      { journey: 'engagement', priority: 'low' },
    ])
  })

  test('settings that leave open whom an order letter thanks are refused', () => {
    expect(() => judge([], 0, { settings: { thankAfter: 2, recentFor: 1 } })).toThrow('thankAfter')
  })
})

// ---- real shops

const DATA = new URL('../../../shared/data/', import.meta.url)

type Real = { file: string; events: number; read: (rows: string[][]) => OracleMessage[] }

const shop = (event: string, customer: string, at: number, product_id?: string): OracleMessage =>
  event === 'Order Completed'
    ? { type: 'track', event, customer, at, properties: { products: [{ product_id }] } }
    : { type: 'track', event, customer, at, properties: { product_id } }

const EVENTS: Record<string, string> = {
  view: 'Product Viewed',
  pv: 'Product Viewed',
  cart: 'Product Added',
  fav: 'Product Added to Wishlist',
  purchase: 'Order Completed',
  buy: 'Order Completed',
}

const realFiles: Real[] = [
  {
    file: 'rees46-2019-10-01.csv.gz',
    events: 12_101,
    read: (rows) => rows.slice(1).map((row) => shop(EVENTS[row[1]!]!, row[7]!, Date.parse(row[0]!.replace(' UTC', 'Z').replace(' ', 'T')), row[2]!)),
  },
  {
    file: 'taobao-9-days.csv',
    events: 3_472,
    read: (rows) => rows.map((row) => shop(EVENTS[row[3]!]!, row[0]!, Number(row[4]) * 1000, row[1]!)),
  },
  {
    file: 'online-retail-2010-2011.csv.gz',
    events: 5_000,
    // A few invoices span two minutes: the first row of an invoice gives its time.
    read: (rows) =>
      [...Map.groupBy(rows.slice(1), (row) => row[0]!)].map(([invoice, [row]]) =>
        shop(invoice.startsWith('C') ? 'Order Refunded' : 'Order Completed', row![6]!, Date.parse(`${row![4]!.replace(' ', 'T')}Z`), row![1]!),
      ),
  },
]

/** Rows as cells, identical rows once. */
function rowsIn(file: string): string[][] {
  const bytes = readFileSync(new URL(file, DATA))
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
  const lines = new Set(text.split(/\r?\n/).filter((line) => line !== ''))
  return [...lines].map((line) => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map((cell) => cell[1]!))
}

/** The most of these instants that any window of less than `span` holds. */
function mostWithin(instants: readonly number[], span: number): number {
  return Math.max(0, ...instants.map((end) => instants.filter((at) => at <= end && end - at < span).length))
}

describe.each(realFiles)('the real shop events of $file', ({ file, events, read }) => {
  const here = existsSync(new URL(file, DATA))
  if (!here) {
    test.skip(`are left out: ../shared/data/${file} is not here`, () => {})
    return
  }

  const messages = read(rowsIn(file))
  const last = Math.max(...messages.map((message) => message.at))
  const decisions = judge(messages, last)
  const queued = decisions.filter((decision) => decision.decision === 'queued')
  const queuedByCustomer = Map.groupBy(queued, (letter) => letter.customer)

  test('are read whole', () => {
    expect(messages.length).toBe(events)
    expect(messages.every((message) => Number.isFinite(message.at) && message.event && message.customer)).toBe(true)
    expect(queued.length).toBeGreaterThan(0)
  })

  test('never lead to more letters than the caps and windows allow', () => {
    for (const letters of queuedByCustomer.values()) {
      expect(
        mostWithin(
          letters.map((letter) => letter.at),
          defaults.capWithin,
        ),
      ).toBeLessThanOrEqual(3)
      for (const [template, same] of Map.groupBy(letters, (letter) => letter.template)) {
        expect(
          mostWithin(
            same.map((letter) => letter.at),
            defaults.windows[template],
          ),
        ).toBe(1)
      }
    }
  })

  test('lead to one decision at most for a template and a run, in order, and with a reason where skipped', () => {
    expect(new Set(decisions.map((d) => `${d.customer} ${d.template} ${d.run}`)).size).toBe(decisions.length)
    decisions.forEach((decision, index) => {
      expect(decision.at).toBeGreaterThanOrEqual(decisions[index - 1]?.at ?? -Infinity)
      expect(decision.at).toBeLessThanOrEqual(last)
      expect(decision.decision === 'queued').toBe(decision.reason === null)
    })
  })

  test('lead to no cart letter or reminder while the customer is active, or about what was ordered since', () => {
    const theirs = Map.groupBy(messages, (message) => message.customer)
    for (const { customer, template, at, run } of decisions) {
      if (template !== 'cart-abandoned' && template !== 'cart-discount' && template !== 'browse-reminder') continue
      for (const message of theirs.get(customer)!) {
        if (message.event !== 'Order Refunded') expect(message.at <= at - defaults.quietFor || message.at >= at).toBe(true)
        if (message.event === 'Order Completed') expect(message.at <= run || message.at >= at).toBe(true)
      }
    }
  })

  test('lead to the same decisions when judged customer by customer, or only for a while', () => {
    const half = messages.map((message) => message.at).sort((a, b) => a - b)[messages.length >> 1]!
    expect(judge(messages, half)).toEqual(decisions.filter((decision) => decision.at <= half))
    for (const [customer, theirs] of [...Map.groupBy(messages, (message) => message.customer)].slice(0, 50)) {
      expect(judge(theirs, last)).toEqual(decisions.filter((decision) => decision.customer === customer))
    }
  })
})
