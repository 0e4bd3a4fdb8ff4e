import { expect, test } from 'vitest'
import { createBatch } from '../actors/batch.ts'
import { isRefusal } from '../core/errors.ts'
import { loadMachine } from '../actors/load-machine.ts'
import { machinesDirectory } from '../main.ts'
import { openShop } from '../sim/shop.ts'
import { createCounter } from './counter.ts'
import { makeBody, shownCode } from './spelling.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')
const hour = 3_600_000
const day = 24 * hour
const plain = loadMachine(machinesDirectory, {})
const rule = plain.letters['cart-discount']!
const spring = { ...plain, letters: { ...plain.letters, 'cart-discount': { ...rule, discount: { ...rule.discount!, pool: 'spring' } } } }

/** A shop with a customer who has a letter with a code, and the counter over a real batch whose runs are made by hand. */
function open({ leaves = true, machine = plain } = {}) {
  let time = noon + 26 * hour
  const commits: number[] = []
  const shop = openShop({ machine })
  const clock = { now: () => time, after: () => () => {} }
  const batch = createBatch({
    engine: shop.engine,
    store: shop.store,
    clock,
    epoch: 'e',
    onLetters: () => {},
    onFatal: (error) => {
      throw error
    },
    soon: () => {},
  })
  batch.start()
  const counter = createCounter({
    codes: shop.store.codes,
    secret: 'secret',
    prefix: 'FERN',
    order: <T>(work: (now: number) => T) => {
      const settled = batch.order(work)
      queueMicrotask(() => (commits.push(time), batch.run()))
      return settled
    },
    now: () => time,
    leadOf: (customer) => shop.engine.lives.raw(customer)?.lead ?? 0,
    identify: ({ userId }) => (userId === undefined ? null : (shop.find(`u:${userId}`)?.id ?? null)),
  })
  const abandon = (who = 'ann', at = noon) => {
    shop.track(who, 'Product Added', at, { product_id: 'mug', name: 'Blue mug', price: 12 })
    shop.pass(at + 25 * hour)
    const [letter] = shop.store.letters.list({ template: 'cart-discount', limit: 1 })
    if (letter !== undefined && leaves) leave(letter.id)
    return letter
  }
  const leave = (id: number) => {
    const { letters } = shop.store
    letters.attempting(id, time)
    letters.flushing(id, time)
    letters.settle(id, { state: 'sent', nextAt: null, reply: '', resend: 0 }, time)
  }
  return {
    shop,
    counter,
    abandon,
    leave,
    commits,
    batch,
    codeOf: (letter: number) => shop.store.codes.ofLetter(letter)!.code,
    setTime: (at: number) => {
      time = at
    },
  }
}

test('a code is redeemed once: by the first order, and by that order again', async () => {
  const { counter, abandon, codeOf } = open()
  const letter = abandon()!
  const code = codeOf(letter.id)
  expect(counter.look(code)).toMatchObject({ valid: true, reason: null, percent: 10, template: 'cart-discount' })
  expect(await counter.redeem({ code, orderId: 'A-1', who: { userId: 'ann' } })).toMatchObject({
    code,
    percent: 10,
    letter: letter.id,
    customer: letter.customer,
    same: true,
    again: false,
    expiresAt: '2026-03-10T12:30:00.000Z',
  })
  expect(await counter.redeem({ code: ` ${code.toLowerCase().replaceAll('-', ' ')}`, orderId: 'A-1' })).toMatchObject({ again: true, same: null })
  expect(await counter.redeem({ code, orderId: 'A-1', who: { email: 'Ann@example.test' } })).toMatchObject({ same: true })
  expect(await counter.redeem({ code, orderId: 'A-1', who: { email: 'bob@example.test' } })).toMatchObject({ same: false })
  expect(await counter.redeem({ code, orderId: 'B-2', who: { userId: 'bob' } })).toMatchObject({ refused: 'code.used', more: { orderId: 'A-1' } })
  expect(counter.look(code)).toMatchObject({ valid: false, reason: { refused: 'code.used' } })
})

test('of many orders at once exactly one has the code, whether they come in one batch or in several', async () => {
  const { counter, abandon, codeOf, commits } = open()
  const code = codeOf(abandon()!.id)
  const orders = Array.from({ length: 40 }, (_, n) => counter.redeem({ code, orderId: `order-${n}` }))
  await Promise.resolve()
  for (let n = 40; n < 60; n++) orders.push(counter.redeem({ code, orderId: `order-${n}` }))
  const answers = await Promise.all(orders)
  expect(answers.filter((answer) => !isRefusal(answer))).toHaveLength(1)
  expect(answers.filter((answer) => isRefusal(answer) && answer.refused === 'code.used')).toHaveLength(59)
  expect(commits.length).toBeGreaterThan(1)
})

test('it is answered only after the commit', async () => {
  const { counter, abandon, codeOf, shop } = open()
  const code = codeOf(abandon()!.id)
  const { commit } = shop.store
  let isCommitted = false
  shop.store.commit = () => {
    commit()
    isCommitted = true
  }
  let whenAnswered: boolean | null = null
  await counter.redeem({ code, orderId: 'A-1' }).then(() => (whenAnswered = isCommitted))
  expect(whenAnswered).toBe(true)
})

test('a code is good to its very last instant and not after, and an order of before may still be told of later', async () => {
  const { counter, abandon, codeOf, setTime } = open()
  const { id } = abandon()!
  const code = codeOf(id)
  const expires = noon + 24.5 * hour + 7 * day
  setTime(expires)
  expect(counter.look(code)).toMatchObject({ valid: true })
  setTime(expires + 1)
  expect(counter.look(code)).toMatchObject({ valid: false, reason: { refused: 'code.expired', more: { expiresAt: new Date(expires).toISOString() } } })
  expect(await counter.redeem({ code, orderId: 'A-1' })).toMatchObject({ refused: 'code.expired' })
  expect(await counter.redeem({ code, orderId: 'A-1', at: expires - hour })).toMatchObject({ percent: 10, again: false })
})

test('a code that nobody can have yet, or ever, is not taken', async () => {
  const { counter, abandon, codeOf, leave, shop } = open({ leaves: false })
  const { id, customer } = abandon()!
  const code = codeOf(id)
  expect(await counter.redeem({ code, orderId: 'A-1' })).toMatchObject({ refused: 'code.not_sent' })
  shop.store.letters.withdraw(customer, noon)
  expect(await counter.redeem({ code, orderId: 'A-1' })).toMatchObject({ refused: 'code.withdrawn' })
  shop.store.letters.retry(id, noon)
  leave(id)
  expect(await counter.redeem({ code, orderId: 'A-1' })).toMatchObject({ percent: 10 })
})

test('a slip of the keyboard is told from a code that never was', async () => {
  const { counter, abandon, codeOf } = open()
  const code = codeOf(abandon()!.id)
  const last = code.at(-1) === 'A' ? 'B' : 'A'
  expect(await counter.redeem({ code: code.slice(0, -1) + last, orderId: 'A-1' })).toMatchObject({ refused: 'code.mistyped' })
  expect(counter.look(shownCode(makeBody('secret', 'never sent'), 'FERN'))).toMatchObject({ refused: 'code.unknown' })
  for (const text of ['SUMMER', '', '💐', 'x'.repeat(5_000), '__proto__']) expect(counter.look(text)).toMatchObject({ refused: 'code.unknown' })
})

test('an order that is off frees its code again, and no other order does', async () => {
  const { counter, abandon, codeOf } = open()
  const code = codeOf(abandon()!.id)
  await counter.redeem({ code, orderId: 'A-1' })
  expect(await counter.release(code, 'B-2')).toMatchObject({ refused: 'code.used' })
  expect(await counter.release(code, 'A-1')).toMatchObject({ code })
  expect(await counter.release(code, 'A-1')).toMatchObject({ code })
  expect(await counter.redeem({ code, orderId: 'B-2' })).toMatchObject({ again: false })
})

test('an order that a server tells of redeems its coupon; one that a browser tells of redeems nothing', () => {
  const { counter, abandon, codeOf, shop } = open()
  const { id } = abandon()!
  const coupon = codeOf(id)
  const order = (properties: object, type = 'site.order_completed') => ({ type, at: noon + 27 * hour, properties })
  const redeemedBy = () => shop.store.codes.ofLetter(id)!.orderId
  counter.heard(order({ order_id: 'A-1', coupon }), 'browser')
  counter.heard(order({ order_id: 'A-1', coupon }), 'verified')
  counter.heard(order({ order_id: 'A-1', coupon }, 'site.checkout_started'), 'server')
  for (const other of [7, '', null, ['x'], 'x'.repeat(9_999), 'SUMMER']) counter.heard(order({ order_id: 'A-1', coupon: other }), 'server')
  counter.heard(order({ coupon }), 'server')
  expect(redeemedBy()).toBeNull()
  counter.heard(order({ order_id: 1001, coupon: coupon.toLowerCase() }), 'server')
  expect(redeemedBy()).toBe('1001')
  counter.heard(order({ order_id: 'B-2', coupon }), 'server')
  expect(redeemedBy()).toBe('1001')
})

test('a pool is uploaded in pieces, twice without harm, and what cannot be in it is named with its place', async () => {
  const { counter, shop } = open()
  expect(await counter.upload('spring', ['A-1', { code: 'A-2' }, 7, 'a 1', '', 'Ä', null])).toEqual({
    pool: 'spring',
    added: 3,
    known: 1,
    free: 3,
    rejected: [
      { index: 4, code: '', refused: { refused: 'code.invalid' } },
      { index: 5, code: 'Ä', refused: { refused: 'code.invalid' } },
      { index: 6, code: '', refused: { refused: 'code.invalid' } },
    ],
  })
  expect(await counter.upload('summer', ['A1', 'B1'])).toMatchObject({
    added: 1,
    rejected: [{ index: 0, code: 'A1', refused: { refused: 'code.taken', about: 'in the pool spring' } }],
  })
  expect(await counter.upload('spring', ['A-1', 'A-2', '7'])).toMatchObject({ added: 0, known: 3, free: 3 })
  expect([...shop.store.codes.all('spring')].map(({ code }) => code)).toEqual(['A-1', 'A-2', '7'])
  for (const name of ['', ' x', '-x', 'ü', 'x'.repeat(65), '../x']) expect(await counter.upload(name, ['Z'])).toMatchObject({ refused: 'pool.name_invalid' })
  const many = Array.from({ length: 1_700 }, (_, n) => `M-${n}`)
  expect(await counter.upload('many', many)).toMatchObject({ added: 1_700, known: 0, free: 1_700 })
})

test('a pool’s code is redeemed like any other; expired ones go back only when the shop says so', async () => {
  const { counter, abandon, shop, setTime, codeOf } = open({ machine: spring })
  await counter.upload('spring', ['Spring-1', 'Spring-2'])
  const ann = abandon('ann')!
  const bob = abandon('bob', noon + 2 * day)!
  expect(await counter.redeem({ code: 'SPRING 1', orderId: 'A-1' })).toMatchObject({ code: 'Spring-1', letter: ann.id })
  setTime(noon + 20 * day)
  abandon('cyd', noon + 20 * day)
  expect(shop.words().at(-1)).toBe('cart-discount skipped nothing-to-say')
  expect(counter.look('spring2')).toMatchObject({ reason: { refused: 'code.expired' }, letter: bob.id })
  expect(await counter.reclaim('autumn')).toMatchObject({ refused: 'pool.unknown' })
  expect(await counter.reclaim('spring')).toEqual({ pool: 'spring', freed: 1 })
  expect(counter.look('spring2')).toMatchObject({ reason: { refused: 'code.not_sent' } })
  const dan = abandon('dan', noon + 30 * day)!
  expect(codeOf(dan.id)).toBe('Spring-2')
  expect(shop.store.codes.counts(noon + 32 * day)).toEqual([{ pool: 'spring', all: 2, free: 0, reserved: 1, redeemed: 1, expired: 0 }])
})

test('in a sandbox that is ahead, a code is good in the sandbox’s own time', async () => {
  const { counter, abandon, codeOf, shop, setTime } = open()
  const { id, customer } = abandon('sandbox-ann')!
  const code = codeOf(id)
  const hot = shop.engine.lives.raw(customer)!
  hot.lead = 8 * day
  expect(counter.look(code)).toMatchObject({ valid: false, reason: { refused: 'code.expired' } })
  hot.lead = 0
  setTime(noon + 27 * hour)
  expect(counter.look(code)).toMatchObject({ valid: true })
})
