import { expect, test } from 'vitest'
import { openShop } from '../sim/shop.ts'
import { tellLife } from './told.ts'
import { because } from './because.ts'
import { turnOf } from './turns.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')
const min = 60_000
const h = 60 * min
const config = { consentRequired: false, holdout: {} }

/** Three people and four devices, in and out of one another's lives for weeks; the same for the same seed. */
function crowd(seed: number) {
  const shop = openShop()
  let state = seed * 7_919
  const draw = (n: number) => Math.floor(((state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32) * n)
  let at = noon
  for (let n = 0; n < 90; n++) {
    at += [min, 20 * min, 50 * min, 12 * h, 8 * 24 * h][draw(draw(4) === 0 ? 5 : 3)]!
    const who = draw(3)
    const user = { userId: `u${who}` }
    const device = { anonymousId: `a${draw(4)}` }
    const ids = [user, device, { ...user, ...device }][draw(3)]!
    const how = { trust: (['browser', 'verified', 'server'] as const)[draw(3)]! }
    const product = { product_id: `p${draw(3)}`, email: `u${who}@example.test` }
    const track = (event: string, properties: object = product) => shop.send({ type: 'track', ...ids, event, properties }, at, how)
    const last = shop.decisions().findLast(({ decision }) => decision === 'queued')
    const happens = [
      () => shop.send({ type: 'identify', ...ids, traits: { email: `u${who}@example.test` } }, at, how),
      () => track('Order Completed', { order_id: `o${n}`, products: [product] }),
      () => track('Product Added'),
      () => last !== undefined && shop.outcome('mail.opened', last.id, at, draw(2) === 0),
      () => shop.send({ type: 'alias', ...ids, previousId: `a${draw(4)}` }, at, how),
      () => [1, 2, 3].forEach(() => track('Product Viewed')),
    ]
    happens[draw(happens.length)]!()
  }
  shop.pass(at + 2 * h)
  return shop
}

test.each([1, 2, 3])(
  'a life of any kind is told whole: it ends as the engine has it, every change is seen, every decision stands in one turn (seed %i)',
  (seed) => {
    const { store, machines, find } = crowd(seed)
    const people = ['u:u0', 'u:u1', 'u:u2', 'a:a0', 'a:a1', 'a:a2', 'a:a3'].flatMap((key) => find(key) ?? []).filter(({ head }) => head > 0)
    let merges = 0
    for (const { id, head, life } of people) {
      const told = tellLife(store, machines.of, machines.version, id, head)!
      expect(told.turns.at(-1)!.after.snapshot).toEqual(life.snapshot)
      expect(told.turns.at(-1)!.after.timers).toEqual(life.timers)
      expect(told.turns.flatMap(({ decisions }) => decisions.map(({ id }) => id)).sort((a, b) => a - b)).toEqual(
        store.decisions
          .of(id)
          .map((row) => row.id)
          .sort((a, b) => a - b),
      )
      let before: string[] | null = null
      told.turns.forEach((_, index) => {
        const turn = turnOf(store, machines.of, told, index)
        const active = turn.standing.active.toSorted()
        // What moved, moved by transitions that are named.
        if (before !== null && before.join() !== active.join()) expect(turn.taken.length).toBeGreaterThan(0)
        before = active
        if (turn.kind === 'merge') merges++
      })
      for (const template of Object.keys(machines.current.letters)) {
        for (const { decision, policy, steps, reason } of because({ store, of: machines.of, config, told }, template).decisions) {
          expect(steps.length).toBeGreaterThan(0)
          expect(policy.filter(({ answer }) => answer === 'objected').length).toBe(decision === 'skipped' && reason !== 'merged' ? 1 : 0)
        }
      }
    }
    expect(people.length).toBeGreaterThan(2)
    expect(merges).toBeGreaterThan(0)
  },
)
