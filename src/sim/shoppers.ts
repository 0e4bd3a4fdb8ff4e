/** Who comes to the simulated shop and what they do there: from one stream of chance, a list of deeds. */
import type { Trust } from '../core/event.ts'
import type { Random } from './world.ts'

/** An event on its way. `at`: when it happened, ms from the start; `delays`: when each copy of it arrives after that, ms. */
export type Deed = {
  at: number
  body: Record<string, unknown>
  trust: Trust
  source: number
  delays: number[]
  /** Says when it was sent, so that its time is corrected by its clock's error. */
  saysSentAt: boolean
  /** How far the sender's clock is off, ms. */
  skew: number
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** Gaps that fall on and beside the journeys' own times. */
const gaps = [0, 1, 15 * minute - 1, 15 * minute, 15 * minute + 1, 30 * minute, 45 * minute, hour, hour + 1, day - 1, day, day + 1]

/** Products that end a machine or a template (sim/faulty.ts). */
export const cursed = 'cursed'
export const bomb = 'bomb'

type Draft = { at: number; body: Record<string, unknown>; trust?: Trust; source?: number }
type Persona = (name: string, random: Random, span: number) => Draft[]

export function makeDeeds(random: Random, customers: number, span: number): Deed[] {
  const names = Object.keys(personas) as (keyof typeof personas)[]
  const storm = random.between(0, span / 2)
  const drafts: (Draft & { calm: boolean })[] = []
  for (let n = 0; n < customers; n++) {
    const name =
      n < names.length ? names[n]! : random.pick(['member', 'member', 'clockwork', 'visitor', 'chain', 'shared', 'strangers', 'family', 'claimed'] as const)
    const own = random.fork(`${name}/${n}`)
    const born = own.chance(0.2) ? storm : own.between(0, span / 2)
    for (const draft of personas[name](`${name}${n}`, own, span - born)) drafts.push({ ...draft, at: draft.at + born, calm: name === 'clockwork' })
  }
  const arrival = random.fork('arrival')
  return drafts.map(({ at, body, trust = 'server', source = trust === 'server' ? 2 : 1, calm }, n) => ({
    at,
    body: { messageId: `e${n}`, ...body },
    trust,
    source,
    delays: delaysOf(arrival, calm),
    saysSentAt: trust !== 'server' && arrival.chance(0.5),
    skew: arrival.chance(0.1) ? arrival.pick([-3 * hour, -minute, 1, 10 * minute, day, 400 * day]) : 0,
  }))
}

/** Mostly at once; late by seconds (so that neighbours change places) to days; and now and then twice. */
function delaysOf(random: Random, calm: boolean): number[] {
  const delay = calm || random.chance(0.7) ? 0 : random.chance(0.7) ? random.between(1, 90_000) : random.between(minute, 9 * day)
  const copies = random.chance(0.08) ? Array.from({ length: random.between(1, 3) }, () => delay + random.pick([0, 1, 1_000, hour, 3 * day])) : []
  return [delay, ...copies]
}

const products = ['mug', 'cup', 'plate', 'bowl']

function product(random: Random): Record<string, unknown> {
  const id = random.pick(products)
  return {
    product_id: id,
    ...(random.chance(0.8) ? { name: `A ${id}`, price: random.between(1, 90) } : {}),
    ...(random.chance(0.2) ? { quantity: random.between(1, 3) } : {}),
  }
}

const track = (event: string, properties: Record<string, unknown>) => ({ type: 'track', event, properties })

/** Something a shopper does: one event or a few in a row. */
function deed(random: Random): Record<string, unknown>[] {
  const roll = random.between(0, 15)
  if (roll < 4) return [track('Product Added', product(random))]
  if (roll < 7) return Array.from({ length: random.between(1, 4) }, () => track('Product Viewed', { product_id: random.pick(products.slice(0, 2)) }))
  if (roll < 8) return [track('Product Removed', product(random))]
  if (roll < 10)
    return [
      track(
        random.pick(['Cart Viewed', 'Cart Updated', 'Checkout Started']),
        random.chance(0.8) ? { products: Array.from({ length: random.between(0, 2) }, () => product(random)) } : {},
      ),
    ]
  if (roll < 12) return [track('Order Completed', { order_id: `o${random.between(1, 999)}`, total: random.between(5, 99), products: [product(random)] })]
  if (roll < 13) return [track(random.pick(['Order Refunded', 'Order Updated', 'Order Cancelled', 'Product Added to Wishlist']), {})]
  return [random.chance(0.5) ? { type: 'page', name: 'shop' } : track('Coupon Entered', { coupon: 'x' })]
}

/** A life's worth of deeds, with gaps that matter to the journeys. */
function* life(random: Random, span: number, most: number): Generator<[at: number, body: Record<string, unknown>]> {
  let at = 0
  for (let n = random.between(3, most); n > 0 && at <= span; n--) {
    for (const body of deed(random)) {
      yield [at, body]
      if (random.chance(0.5)) at += random.between(0, 20 * minute)
    }
    at += random.chance(0.4) ? random.pick(gaps) : random.chance(0.6) ? random.between(0, 45 * minute) : random.between(0, 4 * day)
  }
}

const ownTraits = (name: string, random: Random) => ({
  email: `${name}@shop.test`,
  first_name: name,
  ...(random.chance(0.5) ? { consent: 'subscribed' } : {}),
  ...(random.chance(0.3) ? { timezone: random.pick(['Europe/Berlin', 'America/New_York', 'Asia/Kathmandu']) } : {}),
})

const personas = {
  /** Known to the shop from the start; all that happens is vouched for. */
  member: (name, random, span) => [
    { at: 0, body: { type: 'identify', userId: name, traits: ownTraits(name, random) } },
    ...Array.from(life(random, span, 22), ([at, body]) => ({ at, body: { ...body, userId: name } })),
    ...(random.chance(0.1)
      ? [
          {
            at: random.between(0, span),
            body: { type: 'identify', userId: name, traits: { consent: random.pick(['unsubscribed', 'unsubscribed', 'subscribed']) } },
          },
        ]
      : []),
  ],

  /** Does the same at the same instant every day, so that windows and caps are met to the millisecond. */
  clockwork: (name, random, span) => {
    const habit = Array.from(
      { length: random.between(1, 2) },
      () =>
        [
          random.pick([0, 0, hour, 2 * hour]),
          random.pick([
            track('Product Added', { product_id: 'mug', name: 'A mug' }),
            track('Order Completed', { total: 9, products: [{ product_id: 'mug', name: 'A mug' }] }),
            track('Product Added', { product_id: 'cup' }),
          ]),
        ] as const,
    )
    const visits = Math.min(random.between(2, 7), Math.floor(span / day))
    const started: Draft = { at: 0, body: { type: 'identify', userId: name, traits: ownTraits(name, random) } }
    return [started, ...Array.from({ length: visits }, (_, n) => habit.map(([wait, body]) => ({ at: n * day + wait, body: { ...body, userId: name } }))).flat()]
  },

  /** A browser first, somebody later: by a token, or only by what is typed. */
  visitor: (name, random, span) => {
    const trust: Trust = random.chance(0.6) ? 'verified' : 'browser'
    const known = random.between(0, day)
    return [
      ...Array.from(life(random, span, 14), ([at, body]): Draft => ({
        at,
        body: { ...body, anonymousId: `a-${name}`, ...(at >= known ? { userId: name } : {}) },
        trust: at >= known ? trust : 'browser',
      })),
      { at: known, body: { type: 'identify', userId: name, anonymousId: `a-${name}`, traits: ownTraits(name, random) }, trust },
    ]
  },

  /** Two people on one device. */
  shared: (name, random, span) => {
    const who = [`${name}-ann`, `${name}-bob`]
    const firsts = who.map((userId): Draft => ({ at: random.between(0, hour), body: { type: 'identify', userId, traits: ownTraits(userId, random) } }))
    return [
      ...firsts,
      ...Array.from(life(random, span, 16), ([at, body]): Draft => ({
        at,
        body: { ...body, anonymousId: `d-${name}`, ...(random.chance(0.6) ? { userId: random.pick(who) } : {}) },
        trust: random.chance(0.5) ? 'server' : 'verified',
      })),
    ]
  },

  /** Devices that turn out to be one person's, one after another; some were written to before. */
  chain: (name, random, span) => {
    const devices = Array.from({ length: random.between(2, 4) }, (_, n) => `${name}-${n}`)
    const trust: Trust = random.chance(0.7) ? 'server' : 'verified'
    const odd: Draft[] = random.chance(0.15)
      ? [{ at: random.between(0, span / 2), body: { ...track('Product Added', { product_id: cursed, name: 'Odd' }), anonymousId: devices[0] }, trust }]
      : []
    const drafts = [
      ...odd,
      ...devices.flatMap((anonymousId) => Array.from(life(random, span / 2, 7), ([at, body]): Draft => ({ at, body: { ...body, anonymousId }, trust }))),
    ]
    for (const anonymousId of devices) {
      if (random.chance(0.6))
        drafts.push({
          at: random.between(0, hour),
          body: {
            type: 'identify',
            anonymousId,
            traits: {
              email: random.chance(0.6) ? `${name}@shop.test` : `${anonymousId}@shop.test`,
              ...(random.chance(0.3) ? { consent: random.pick(['subscribed', 'unsubscribed']) } : {}),
            },
          },
          trust,
        })
      const at = random.between(minute, span / 2)
      drafts.push({
        at,
        body: random.chance(0.5)
          ? { type: 'alias', userId: name, previousId: anonymousId }
          : { type: 'identify', userId: name, anonymousId, traits: { email: `${name}@shop.test` } },
        trust,
      })
    }
    return drafts
  },

  /** Two customers with one address, whose server is slow and who change their minds. */
  family: (name, random, span) =>
    ['ann', 'bob'].flatMap((who): Draft[] => [
      { at: 0, body: { type: 'identify', userId: `${name}-${who}`, traits: { email: `${name}@family.test` } } },
      ...Array.from({ length: Math.min(4, Math.ceil(span / day)) }, (_, n) => ({
        at: n * day + random.between(0, minute),
        body: { ...track('Product Added', product(random)), userId: `${name}-${who}` },
      })),
    ]),

  /** What somebody did on a shared device long ago arrives late; then somebody else signs in there. */
  strangers: (name, random, span) => {
    const [first, second] = [`${name}-old`, `${name}-new`]
    const device = { anonymousId: `s-${name}` }
    const long = random.between(8 * day, 20 * day)
    return [
      { at: -long, body: { ...track('Product Viewed', { product_id: 'mug' }), ...device, userId: first }, trust: 'browser' },
      { at: random.between(0, hour), body: { type: 'identify', ...device, userId: second, traits: ownTraits(second, random) }, trust: 'verified' },
      { at: random.between(hour, span), body: { ...track('Product Added', product(random)), userId: first }, trust: 'server' },
      ...Array.from(life(random, span, 6), ([at, body]): Draft => ({ at: at + hour, body: { ...body, userId: second, ...device }, trust: 'verified' })),
    ]
  },

  /** An address that was only ever typed, now and then by several browsers. */
  claimed: (name, random, span) => {
    const email = random.chance(0.5) ? 'claimed@shop.test' : `${name}@shop.test`
    return Array.from(life(random, span, 12), ([at, body], n): Draft => ({
      at,
      body: { ...body, anonymousId: name, ...(n === 0 ? { type: 'identify', event: undefined, properties: undefined, traits: { email } } : {}) },
      trust: 'browser',
      source: 3,
    }))
  },

  /** Carries products that no machine and no template survives. */
  cursed: (name, random, span) => [
    { at: 0, body: { type: 'identify', userId: name, traits: ownTraits(name, random) } },
    ...Array.from(life(random, span, 16), ([at, body]) => ({
      at,
      body: { ...body, userId: name, ...(random.chance(0.25) ? track('Product Added', { product_id: random.pick([cursed, bomb]), name: 'Odd' }) : {}) },
    })),
  ],

  /** Sends whatever it likes. */
  hostile: (name, random, span) =>
    Array.from(life(random, span, 12), ([at, body]): Draft => ({
      at,
      body: { ...body, anonymousId: name, ...random.pick(hostilities)(random) },
      trust: 'browser',
      source: 3,
    })),

  /** No server knows this address. */
  bounces: (name, random, span) => [
    { at: 0, body: { type: 'identify', userId: name, traits: { email: `bounces-${name}@shop.test` } } },
    ...Array.from(life(random, span, 12), ([at, body]) => ({ at, body: { ...body, userId: name } })),
  ],
} satisfies Record<string, Persona>

const hostilities: ((random: Random) => Record<string, unknown>)[] = [
  () => ({}),
  () => track('xstate.after.abandonAfter.customer.cart.active', { product_id: 'mug' }),
  () => track('letter.queued', { template: 'cart-abandoned' }),
  (random) => track('Product Added', { product_id: 'mug', name: 'x'.repeat(random.between(1_000, 30_000)) }),
  (random) => track('Product Added', { product_id: 'mug', note: 'y'.repeat(random.between(33_000, 40_000)) }),
  () => track('Product Added', { product_id: { toString: 1 }, sku: [], id: true, price: '-1e999', quantity: 'NaN' }),
  () => track('Cart Updated', { products: [null, 1, 'x', { product_id: '' }, { product_id: 7, quantity: 1e300 }] }),
  () => track('Order Completed', { total: { a: 1 }, products: 'none', order_id: { b: 2 } }),
  () => track('__proto__', {}),
  () => ({ type: 'track', event: 'Product Added', properties: JSON.parse('{"__proto__": {"x": 1}}') }),
  () => ({ type: 'identify', traits: { email: 'a@b.test, c@d.test', timezone: 'Mars/Olympus', locale: '\u0000' } }),
  () => ({ type: 'rage' }),
  () => ({ timestamp: 'yesterday' }),
]

/** The same id with something else to say. */
export const changed = (body: Record<string, unknown>): Record<string, unknown> => ({
  ...body,
  type: 'track',
  event: 'Coupon Applied',
  properties: { coupon: 'another body' },
  traits: undefined,
})
