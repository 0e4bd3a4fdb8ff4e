import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadMachine } from '../actors/load-machine.ts'
import type { Machine } from '../actors/load-machine.ts'
import { machinesDirectory } from '../main.ts'
import { openShop } from '../sim/shop.ts'
import type { Shop } from '../sim/shop.ts'
import { fold } from './spelling.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')
const min = 60_000
const hour = 60 * min

/** The default machine, whose second cart letter draws from a pool. */
const machine: Machine = pooled(loadMachine(machinesDirectory, {}), 'spring')

function pooled(plain: Machine, pool: string): Machine {
  const rule = plain.letters['cart-discount']!
  return { ...plain, letters: { ...plain.letters, 'cart-discount': { ...rule, discount: { ...rule.discount!, pool } } } }
}

const open = (dir?: string) => openShop({ machine, ...(dir === undefined ? {} : { dir }) })

function uploaded(shop: Shop, ...codes: string[]) {
  shop.store.begin()
  for (const code of codes) shop.store.codes.upload(fold(code), code, 'spring', noon)
  shop.store.commit()
}

/** Both cart letters of a customer, from `at` on. */
function abandon(shop: Shop, who: string, at = noon) {
  shop.track(who, 'Product Added', at, { product_id: 'mug', name: 'Blue mug', price: 12 })
  shop.pass(at + 25 * hour)
}

const offers = (shop: Shop) => shop.store.letters.list({ template: 'cart-discount', limit: 100 }).toReversed()
const codeIn = (shop: Shop, letter: number) => (JSON.parse(shop.store.letters.frozen(letter)!.data) as { code: { code: string } }).code.code
const rows = (shop: Shop) => [...shop.store.codes.all()]
const free = (shop: Shop) => shop.store.codes.freeUpTo('spring', 1_000)

test('a letter takes the next code of its pool, in the order they were uploaded, and keeps it with percent and expiry', () => {
  const shop = open()
  uploaded(shop, 'Spring-1', 'Spring-2', 'Spring-3')
  abandon(shop, 'ann')
  abandon(shop, 'bob', noon + 48 * hour)
  const letters = offers(shop)
  expect(letters.map(({ id }) => codeIn(shop, id))).toEqual(['Spring-1', 'Spring-2'])
  const [first] = letters
  expect(shop.store.codes.ofLetter(first!.id)).toMatchObject({
    pool: 'spring',
    percent: 10,
    template: 'cart-discount',
    customer: first!.customer,
    reservedAt: first!.at,
    expiresAt: first!.at + 7 * 24 * hour,
    redeemedAt: null,
  })
  expect(free(shop)).toBe(1)
})

test('an empty pool skips the letter and says what is missing; it costs nobody else anything', () => {
  const shop = open()
  uploaded(shop, 'Spring-1')
  abandon(shop, 'ann')
  abandon(shop, 'bob', noon + 48 * hour)
  const last = shop.decisions().at(-1)!
  expect(last).toMatchObject({ template: 'cart-discount', decision: 'skipped', reason: 'nothing-to-say' })
  expect(JSON.parse(last.numbers)).toMatchObject({ missing: 'a code of the pool spring' })
  expect(shop.words()).toEqual(['cart-abandoned queued', 'cart-discount queued', 'cart-abandoned queued', 'cart-discount skipped nothing-to-say'])
  expect(shop.check().findings).toEqual([])
})

test('a letter that comes to nothing takes no code: the next letter has it', () => {
  const shop = open()
  uploaded(shop, 'Spring-1')
  shop.track('ann', 'Product Added', noon, { product_id: 'mug', name: 'Blue mug' })
  shop.pass(noon + hour)
  shop.send({ type: 'identify', userId: 'ann', traits: { consent: 'unsubscribed' } }, noon + 2 * hour)
  shop.pass(noon + 26 * hour)
  expect(shop.words().at(-1)).toBe('cart-discount skipped unsubscribed')
  expect(free(shop)).toBe(1)
})

test('a turn that throws after its letter was written leaves the code free', () => {
  let isBroken = true
  const shop = openShop({
    machine,
    listeners: () => ({ onTurn: () => {}, onBirth: () => {}, onJoin: () => {} }),
  })
  uploaded(shop, 'Spring-1')
  const step = machine.stepper.step
  machine.stepper.step = (snapshot, event) => {
    if (isBroken && event.type === 'letter.queued' && event['template'] === 'cart-discount') throw new Error('a bad day')
    return step.call(machine.stepper, snapshot, event)
  }
  try {
    abandon(shop, 'ann')
    expect([shop.store.quarantine.count(), free(shop), offers(shop)]).toEqual([1, 1, []])
    isBroken = false
    abandon(shop, 'bob', noon + 48 * hour)
    expect(offers(shop).map(({ id }) => codeIn(shop, id))).toEqual(['Spring-1'])
  } finally {
    machine.stepper.step = step
  }
})

test('a batch that fails takes no code with it', () => {
  const dir = mkdtempSync(join(tmpdir(), 'beckon-'))
  const shop = open(dir)
  uploaded(shop, 'Spring-1')
  shop.track('ann', 'Product Added', noon, { product_id: 'mug', name: 'Blue mug' })
  shop.pass(noon + hour)
  shop.store.begin()
  shop.engine.fireDue(noon + 26 * hour, Infinity)
  expect(free(shop)).toBe(0)
  shop.store.rollback()
  shop.close()
  const again = open(dir)
  expect(free(again)).toBe(1)
  again.pass(noon + 26 * hour)
  expect(offers(again).map(({ id }) => codeIn(again, id))).toEqual(['Spring-1'])
})

const ends: [how: string, end: (shop: Shop, id: number) => void, isFree: boolean][] = [
  ['refused before a byte left', ({ store }, id) => (store.letters.attempting(id, noon), settle(store, id, 'failed')), true],
  ['withdrawn while it waited', ({ store }, id) => store.letters.withdraw(store.letters.get(id)!.customer, noon), true],
  ['erased while it waited', ({ store }, id) => void store.letters.erase(store.letters.get(id)!.customer), true],
  ['sent', ({ store }, id) => (leave(store, id), settle(store, id, 'sent')), false],
  ['held: it may have arrived', ({ store }, id) => (leave(store, id), settle(store, id, 'unknown')), false],
  ['held by a crash in the middle', ({ store }, id) => (leave(store, id), void store.letters.recover(noon)), false],
  ['refused after its bytes had left', ({ store }, id) => (leave(store, id), settle(store, id, 'failed')), false],
  ['put off after its bytes had left, then withdrawn', ({ store }, id) => (leave(store, id), settle(store, id, 'deferred'), withdraw(store, id)), false],
  ['sent and erased', ({ store }, id) => (leave(store, id), settle(store, id, 'sent'), void store.letters.erase(store.letters.get(id)!.customer)), false],
]
const leave = ({ letters }: Shop['store'], id: number) => (letters.attempting(id, noon), letters.flushing(id, noon))
const settle = ({ letters }: Shop['store'], id: number, state: 'failed' | 'sent' | 'unknown' | 'deferred') =>
  letters.settle(id, { state, nextAt: null, reply: '', resend: 0 }, noon)
const withdraw = ({ letters }: Shop['store'], id: number) => letters.withdraw(letters.get(id)!.customer, noon)

test.each(ends)('a code goes back to its pool only when its letter can have reached nobody: %s', (_, end, isFree) => {
  const shop = open()
  uploaded(shop, 'Spring-1')
  abandon(shop, 'ann')
  end(shop, offers(shop)[0]!.id)
  expect(free(shop)).toBe(isFree ? 1 : 0)
  abandon(shop, 'bob', noon + 48 * hour)
  expect(shop.words().at(-1)).toBe(isFree ? 'cart-discount queued' : 'cart-discount skipped nothing-to-say')
  expect(rows(shop)).toHaveLength(1)
})

test('a dead letter that is sent after all has its code again, and stays dead when another letter has it', () => {
  const shop = open()
  uploaded(shop, 'Spring-1', 'Spring-2')
  abandon(shop, 'ann')
  const { letters, codes } = shop.store
  const ann = offers(shop)[0]!.id
  const die = () => (letters.attempting(ann, noon), settle(shop.store, ann, 'failed'))
  const before = codes.ofLetter(ann)
  die()
  expect(codes.ofLetter(ann)).toBeUndefined()
  expect(letters.retry(ann, noon)).toBe(true)
  expect(codes.ofLetter(ann)).toEqual({ ...before, changed: noon })
  die()
  abandon(shop, 'bob', noon + 48 * hour)
  expect(codeIn(shop, offers(shop)[1]!.id)).toBe('Spring-1')
  expect([codes.isGone(ann), letters.retry(ann, noon), letters.get(ann)!.state]).toEqual([true, false, 'failed'])
})

test('two lives that turn out to be one keep the codes of their letters, and retelling draws none', () => {
  const shop = open()
  uploaded(shop, 'Spring-1', 'Spring-2', 'Spring-3')
  abandon(shop, 'ann')
  shop.send({ type: 'identify', anonymousId: 'phone', traits: { email: 'ann2@example.test' } }, noon)
  shop.send({ type: 'track', event: 'Product Added', anonymousId: 'phone', properties: { product_id: 'jug', name: 'Jug' } }, noon + 30 * hour)
  shop.pass(noon + 60 * hour)
  const before = offers(shop).map(({ id }) => [id, codeIn(shop, id)])
  expect(before).toHaveLength(2)
  shop.send({ type: 'identify', anonymousId: 'phone', userId: 'ann', traits: {} }, noon + 61 * hour)
  const joined = shop.find('u:ann')!.id
  expect(rows(shop).map(({ letter, customer }) => [letter, customer])).toEqual([
    [before[0]![0], joined],
    [before[1]![0], joined],
    [null, null],
  ])
  expect(shop.check().findings).toEqual([])
  expect(offers(shop).map(({ id }) => [id, codeIn(shop, id)])).toEqual(before)
})

test('whatever happens, and wherever the server stops: two letters never share a code, and free and reserved are all there is', () => {
  const people = ['ann', 'bob', 'cyd', 'dan']
  const step = fc.oneof(
    fc.record({ do: fc.constant('abandon' as const), who: fc.constantFrom(...people) }),
    fc.record({ do: fc.constant('upload' as const), n: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ do: fc.constantFrom('fail' as const, 'leave' as const, 'retry' as const), nth: fc.nat(5) }),
    fc.record({ do: fc.constantFrom('roll back' as const, 'unsubscribe' as const), who: fc.constantFrom(...people) }),
    fc.record({ do: fc.constant('restart' as const) }),
  )
  fc.assert(
    fc.property(fc.array(step, { minLength: 4, maxLength: 12 }), (steps) => {
      const dir = mkdtempSync(join(tmpdir(), 'beckon-'))
      let shop = open(dir)
      let at = noon
      let uploads = 0
      /** Of letters that may have reached somebody: theirs for ever. */
      const gone = new Map<number, string>()
      for (const one of steps) {
        at += 48 * hour
        if (one.do === 'abandon') abandon(shop, one.who, at)
        else if (one.do === 'upload') for (let n = 0; n < one.n; n++) uploaded(shop, `S-${++uploads}`)
        else if (one.do === 'unsubscribe') shop.send({ type: 'identify', userId: one.who, traits: { consent: 'unsubscribed' } }, at)
        else if (one.do === 'restart') {
          shop.close()
          shop = open(dir)
        } else if (one.do === 'roll back') {
          shop.track(one.who, 'Product Added', at, { product_id: 'mug', name: 'Mug' })
          shop.store.begin()
          shop.engine.fireDue(at + 26 * hour, Infinity)
          shop.store.rollback()
          shop.close()
          shop = open(dir)
        } else if ('nth' in one) {
          const letter = offers(shop)[one.nth]
          if (letter === undefined) continue
          const { letters } = shop.store
          if (one.do === 'retry') letters.retry(letter.id, at)
          else if (letters.attempting(letter.id, at)) {
            if (one.do === 'leave' && letters.flushing(letter.id, at)) gone.set(letter.id, codeIn(shop, letter.id))
            settle(shop.store, letter.id, one.do === 'leave' ? 'sent' : 'failed')
          }
        }
        const all = rows(shop)
        const held = all.filter(({ letter }) => letter !== null)
        if (all.length !== uploads || free(shop) + held.length !== uploads) return false
        if (held.some(({ letter, code }) => codeIn(shop, letter!) !== code)) return false
        for (const [letter, code] of gone) if (shop.store.codes.ofLetter(letter)?.code !== code) return false
        const alive = offers(shop).filter(({ state }) => state !== 'failed')
        if (new Set(alive.map(({ id }) => codeIn(shop, id))).size !== alive.length) return false
        if (alive.some(({ id }) => shop.store.codes.ofLetter(id) === undefined)) return false
      }
      const isSound = shop.check().findings.length === 0
      shop.close()
      return isSound
    }),
    { numRuns: 30 },
  )
}, 30_000)
