import { expect, test } from 'vitest'
import type { Machine } from '../actors/load-machine.ts'
import { loadMachine } from '../actors/load-machine.ts'
import { checkFiles } from '../lab/check.ts'
import { loadTemplates } from '../mail/templates.ts'
import { machinesDirectory, templatesDirectory } from '../main.ts'
import { held, treated } from '../policy/experiments.ts'
import { isHeldOut, variantFor } from '../policy/holdout.ts'
import { openShop } from '../sim/shop.ts'
import type { ShopOptions } from '../sim/shop.ts'
import { openStore } from '../store/store.ts'
import type { Plan } from '../store/experiments.ts'
import type { ExperimentReport } from '../studio/api-results.ts'
import { createResults } from './results.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')
const min = 60_000
const h = 60 * min
const d = 24 * h
const mug = { product_id: 'mug', name: 'Blue mug', price: 12 }
const decidedAt = noon + 30 * min

function open(options: ShopOptions = {}) {
  const shop = openShop(options)
  const results = createResults(shop.store, { currency: 'EUR', timeZone: 'UTC' })
  return {
    shop,
    abandon: (n: number, at = noon) => void shop.track(`user${n}`, 'Product Added', at, mug),
    order: (n: number, at: number, total: number) => void shop.track(`user${n}`, 'Order Completed', at, { order_id: `o${n}`, total }),
    tell(now: number, days = '7'): ExperimentReport[] {
      const answer = results.experiments({ now, days })
      if (!('experiments' in answer)) throw new Error(JSON.stringify(answer))
      return answer.experiments
    },
  }
}

const counted = ({ arms }: ExperimentReport) => Object.fromEntries(arms.map(({ name, customers }) => [name, customers]))

const plain = loadMachine(machinesDirectory, {})
const withVariants = (variants: Record<string, number>): Machine => ({
  ...plain,
  letters: { ...plain.letters, 'cart-abandoned': { ...plain.letters['cart-abandoned']!, variants } },
})

test('everybody whom the question reached takes part, whatever became of the letter, and nobody else', () => {
  const { shop, abandon, tell } = open({ holdout: { cart: 0.5 } })
  for (let n = 0; n < 40; n++) abandon(n)
  shop.send({ type: 'identify', userId: 'user1', traits: { consent: 'unsubscribed' } }, noon + min)
  shop.pass(noon + h)
  const [report] = tell(noon + 30 * d)
  const heldOut = shop.words().filter((words) => words === 'cart-abandoned skipped holdout').length
  expect(heldOut).toBeGreaterThan(10)
  expect(counted(report!)).toEqual({ [treated]: 39 - heldOut, [held]: heldOut })
  // Carts again: windows and caps stand against the letters now, and everybody is counted already.
  for (let n = 0; n < 40; n++) abandon(n, noon + 3 * h)
  shop.pass(noon + 4 * h)
  expect(shop.words()).toContain('cart-abandoned skipped window')
  expect(counted(tell(noon + 30 * d)[0]!)).toEqual({ [treated]: 39 - heldOut, [held]: heldOut })
  expect(report).toMatchObject({ kind: 'holdout', about: 'cart', started: decidedAt, running: true })
})

test('a letter skipped by a later question leaves its customer in the treated arm', () => {
  // The discount’s words need a code, which this letter’s rule does not make.
  const { shop, abandon, tell } = open({ machine: withVariants({ 'cart-discount': 1 }), holdout: { cart: 0.000001 } })
  abandon(1)
  shop.pass(noon + h)
  expect(shop.words()).toEqual(['cart-abandoned skipped nothing-to-say'])
  expect(counted(tell(noon + 30 * d).find(({ kind }) => kind === 'holdout')!)).toEqual({ [treated]: 1, [held]: 0 })
})

test('a letter that waits for the morning has its customer take part at once', () => {
  const machine: Machine = { ...plain, quietHours: { from: '11:00', to: '20:00', timeZone: 'UTC' } }
  const { shop, abandon, order, tell } = open({ machine, holdout: { cart: 0.5 } })
  for (let n = 0; n < 20; n++) abandon(n)
  shop.pass(noon + h)
  // Bought before the morning: no letter is decided for them any more, and still they count.
  for (let n = 0; n < 20; n++) order(n, noon + 2 * h, 10)
  shop.pass(noon + 12 * h)
  expect(shop.words().filter((words) => words === 'cart-abandoned queued')).toEqual([])
  const [report] = tell(noon + 30 * d)
  const sum = counted(report!)
  expect(sum[treated]! + sum[held]!).toBe(20)
  expect(report!.arms.map(({ customers, converted }) => customers - converted)).toEqual([0, 0])
})

test('an order counts until exactly the last millisecond of a customer’s days, and who has not had them all is left out', () => {
  const { shop, abandon, order, tell } = open({ holdout: { cart: 0.000001 } })
  for (let n = 0; n < 4; n++) abandon(n)
  shop.pass(noon + h)
  order(0, decidedAt + 7 * d, 10)
  order(1, decidedAt + 7 * d + 1, 10)
  shop.send({ type: 'track', userId: 'user2', event: 'Order Completed', properties: { total: 10 } }, decidedAt + d, { trust: 'browser' })
  expect(tell(decidedAt + 7 * d - 1)[0]).toMatchObject({ pending: 4, arms: [{ customers: 0 }, { customers: 0 }] })
  expect(tell(decidedAt + 7 * d)[0]).toMatchObject({ pending: 0, arms: [{ name: treated, customers: 4, converted: 1, revenue: 10 }, { customers: 0 }] })
  expect(tell(decidedAt + 9 * d)[0]).toMatchObject({ arms: [{ converted: 1 }, {}] })
  expect(tell(decidedAt + 9 * d, '8')[0]).toMatchObject({ arms: [{ converted: 2 }, {}] })
})

test('nobody held out is written to by that journey; the other journeys go on', () => {
  const { shop, abandon, order } = open({ holdout: { cart: 0.5 } })
  for (let n = 0; n < 30; n++) abandon(n)
  shop.pass(noon + 30 * h)
  const cart = shop.decisions().filter(({ journey }) => journey === 'cart')
  const wrong = cart.filter(({ customer, decision }) => (decision === 'queued') === isHeldOut(customer, 'cart', 0.5))
  expect(cart.length).toBe(60)
  expect(wrong).toEqual([])
  for (let n = 0; n < 30; n++) order(n, noon + 31 * h, 10)
  shop.pass(noon + 40 * h)
  expect(shop.words().filter((words) => words === 'order-thanks queued').length).toBe(30)
})

test('held out of everything means of every journey, in words too, and such a customer is in no journey’s own holdout', () => {
  const { shop, abandon, tell } = open({ holdout: { '*': 0.5, cart: 0.5 } })
  for (let n = 0; n < 60; n++) abandon(n)
  shop.pass(noon + h)
  const reports = tell(noon + 30 * d)
  const all = counted(reports.find(({ about }) => about === '*')!)
  const cart = counted(reports.find(({ about }) => about === 'cart')!)
  expect(all[treated]! + all[held]!).toBe(60)
  expect(cart[treated]! + cart[held]!).toBe(all[treated])
  expect(JSON.parse(shop.decisions().find(({ customer }) => isHeldOut(customer, '*', 0.5))!.numbers)).toEqual({ share: 0.5, of: '*' })
})

test('a customer who turns out to be two, one of each arm, is left out and counted as such', () => {
  const { shop, tell } = open({ holdout: { cart: 0.5 } })
  const ids = Array.from({ length: 20 }, (_, n) => `phone${n}`)
  for (const anonymousId of ids) {
    shop.send({ type: 'identify', anonymousId, traits: { email: `${anonymousId}@example.test` } }, noon)
    shop.send({ type: 'track', anonymousId, event: 'Product Added', properties: mug }, noon)
  }
  shop.pass(noon + h)
  const armOf = (id: string) => isHeldOut(shop.find(`a:${id}`)!.id, 'cart', 0.5)
  const [out, into] = [ids.find(armOf)!, ids.find((id) => !armOf(id))!]
  const same = ids.filter(armOf).slice(1, 3)
  const before = counted(tell(noon + 30 * d)[0]!)
  shop.send({ type: 'alias', anonymousId: out, previousId: into }, noon + 2 * h)
  shop.send({ type: 'alias', anonymousId: same[0], previousId: same[1] }, noon + 2 * h)
  const [report] = tell(noon + 30 * d)
  expect(report!.both).toBe(1)
  expect(counted(report!)).toEqual({ [treated]: before[treated]! - 1, [held]: before[held]! - 2 })
})

test('other shares or another salt begin another experiment, and what was stopped is not taken up again', () => {
  const { experiments } = openStore(':memory:')
  const plan = (share: number, salt = ''): Plan => ({ kind: 'holdout', about: 'cart', shares: { [treated]: 1 - share, [held]: share }, salt })
  const [first] = experiments.run([plan(0.1)])
  experiments.enter(first!, 1, held, noon)
  experiments.enter(first!, 1, held, noon + 1)
  experiments.enter(first!, 2, treated, noon + 2)
  expect(experiments.run([plan(0.1)])).toEqual([first])
  expect(experiments.subjects(first!)).toEqual([
    { customer: 1, arm: held, at: noon },
    { customer: 2, arm: treated, at: noon + 2 },
  ])
  const ids = [experiments.run([plan(0.2)]), experiments.run([plan(0.2, 'b')]), experiments.run([]), experiments.run([plan(0.1)])]
  expect(ids).toEqual([[2], [3], [], [4]])
  expect(experiments.list().map(({ running, started }) => [running, started])).toEqual([
    [false, noon],
    [false, null],
    [false, null],
    [true, null],
  ])
})

test('another salt gives everybody a new lot, and the lot of a holdout tells nothing of that of a variant', () => {
  const people = Array.from({ length: 20_000 }, (_, customer) => customer)
  const share = (is: (customer: number) => boolean) => people.filter(is).length / people.length
  const rule = { variants: { short: 0.3, long: 0.2 } }
  const short = (customer: number) => variantFor(customer, 'cart', rule) === 'short'
  expect(share(short)).toBeCloseTo(0.3, 1)
  expect(share((customer) => variantFor(customer, 'cart', rule) === 'long')).toBeCloseTo(0.2, 1)
  expect(Math.abs(share((customer) => short(customer) && isHeldOut(customer, 'cart', 0.5)) - 0.15)).toBeLessThan(0.01)
  expect(Math.abs(share((customer) => isHeldOut(customer, 'cart', 0.5) && isHeldOut(customer, 'cart', 0.5, 'b')) - 0.25)).toBeLessThan(0.01)
  expect(people.filter((customer) => variantFor(customer, 'cart', {}) !== null)).toEqual([])
})

test('a variant is another template for some of the customers, always the same; keys, windows and the letter’s name stay', () => {
  const { shop, abandon, order, tell } = open({ machine: withVariants({ 'cart-discount': 0.5 }) })
  for (let n = 0; n < 30; n++) abandon(n)
  shop.pass(noon + h)
  const decisions = shop.decisions()
  expect(decisions.filter(({ customer, variant }) => variant !== variantFor(customer, 'cart-abandoned', { variants: { 'cart-discount': 0.5 } }))).toEqual([])
  expect(new Set(decisions.map(({ template, decision }) => `${template} ${decision}`))).toEqual(new Set(['cart-abandoned queued', 'cart-abandoned skipped']))
  expect(decisions.every(({ key }) => key.endsWith('/cart-abandoned'))).toBe(true)
  // The discount’s words need a code, which this letter’s rule does not make: the variant decides what there is to say.
  const [other, own] = [true, false].map((is) => decisions.filter(({ variant }) => (variant !== null) === is))
  expect(new Set(other!.map(({ reason }) => reason))).toEqual(new Set(['nothing-to-say']))
  expect(new Set(own!.map(({ decision }) => decision))).toEqual(new Set(['queued']))
  order(0, noon + 2 * h, 10)
  const [report] = tell(noon + 30 * d)
  expect(report).toMatchObject({ kind: 'variant', about: 'cart-abandoned' })
  expect(counted(report!)).toEqual({ 'cart-abandoned': own!.length, 'cart-discount': other!.length })
  expect(report!.comparisons.map(({ metric, arm, against }) => `${metric} ${arm} ${against}`)).toEqual([
    'conversion cart-discount cart-abandoned',
    'revenue cart-discount cart-abandoned',
    'clicks cart-discount cart-abandoned',
  ])
  expect(shop.check().findings).toEqual([])
})

test('the letter itself is written by the variant’s template, and says so', () => {
  const { shop } = open({ machine: withVariants({ 'win-back': 1 }) })
  shop.track('ann', 'Product Added', noon, mug)
  shop.pass(noon + h)
  const [letter] = shop.store.letters.list({ limit: 1 })
  const { shop: plainShop } = open()
  plainShop.track('ann', 'Product Added', noon, mug)
  plainShop.pass(noon + h)
  expect(letter).toMatchObject({ template: 'cart-abandoned', variant: 'win-back' })
  expect(letter!.subject).not.toBe(plainShop.store.letters.list({ limit: 1 })[0]!.subject)
})

test('check finds a variant without a template, and shares that are none', () => {
  const templates = loadTemplates(templatesDirectory)
  const errors = (variants: Record<string, number>) => checkFiles(withVariants(variants), templates).filter(({ level }) => level === 'error')
  expect(errors({ 'win-back': 0.5 })).toEqual([])
  expect(errors({ short: 0.5 })).toMatchObject([{ what: expect.stringContaining('no templates/short.eta') }])
  expect(errors({ 'cart-abandoned': 0.5 })).toMatchObject([{ what: expect.stringContaining('itself') }])
  expect(errors({ 'win-back': 0.6, 'order-thanks': 0.6 })).toMatchObject([{ what: expect.stringContaining('1.2') }])
  expect(errors({ 'win-back': 0 })).toHaveLength(1)
})

/** A seeded source of chance. */
function chance(seed: number) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** One experiment from its facts to its words, looked at daily for a month. Whether a difference was ever claimed. */
function isEverClaimed(seed: number, share: number, converts: (arm: string) => number): boolean {
  const store = openStore(':memory:', { scratch: true })
  const results = createResults(store, { currency: 'EUR', timeZone: 'UTC' })
  const random = chance(seed)
  const [experiment] = store.experiments.run([{ kind: 'holdout', about: 'cart', shares: { [treated]: 1 - share, [held]: share }, salt: '' }])
  let claimed = false
  store.begin()
  for (let day = 0, customer = seed * 100_000; day < 30 && !claimed; day++) {
    for (let n = 0; n < 100; n++) {
      customer++
      const arm = isHeldOut(customer, 'cart', share) ? held : treated
      store.experiments.enter(experiment!, customer, arm, noon + day * d + n)
      if (random() >= converts(arm)) continue
      const amount = Math.round(20_000 * Math.exp(2 * random()))
      store.sales.add({ seq: customer, customer, kind: 0, orderId: null, at: noon + day * d + n + 1, amount, currency: 'EUR', trust: 2 })
    }
    const answer = results.experiments({ now: noon + (day + 2) * d, days: '1' })
    claimed = 'experiments' in answer && answer.experiments[0]!.comparisons[0]!.verdict.match(/better|worse/) !== null
  }
  store.commit()
  store.db.close()
  return claimed
}

test('where letters do nothing, looking every day for a month finds a difference in at most one shop of twenty', () => {
  const shops = 40
  const claims = Array.from({ length: shops }, (_, seed) => isEverClaimed(seed + 1, 0.3, () => 0.1)).filter(Boolean).length
  expect(claims / shops).toBeLessThanOrEqual(0.05)
}, 180_000)

test('where they do much, it is found', () => {
  expect(isEverClaimed(7, 0.5, (arm) => (arm === treated ? 0.3 : 0.1))).toBe(true)
})
