/** A database on disk with very many customers and one very long life, for the pages that must stay smooth with them. */
import { parseMessage } from '../core/parse.ts'
import { isRefusal } from '../core/errors.ts'
import { openShop } from './shop.ts'

export type CrowdOptions = { dir: string; customers: number; turns: number; now: number }

const products = ['fern', 'pot', 'olive', 'basil', 'cactus', 'orchid', 'ivy', 'palm']
const minute = 60_000

/** The long life is `busy`'s, beside `shopper-0` to `shopper-<customers - 1>`, who all look like one another. */
export function makeCrowd({ dir, customers, turns, now }: CrowdOptions): void {
  const shop = openShop({ dir })
  const { store, engine, machines } = shop
  store.begin()
  for (let n = 0; n < turns; n++) {
    // Bursts of a minute a step, then some hours away.
    const at = now - (turns - n) * minute - Math.floor((turns - n) / 25) * 5 * 3_600_000
    engine.fireDue(at, Infinity)
    const message = parseMessage(deed(n, at), { now: Infinity, ids: () => `busy-${n}` })
    if (isRefusal(message)) throw new Error(message.refused)
    engine.take({ message, source: 1, trust: 'server', receivedAt: at })
  }
  const calm = parseMessage({ ...deed(3, now - minute), userId: 'calm', messageId: 'calm' }, { now: Infinity, ids: () => 'calm' })
  if (isRefusal(calm)) throw new Error(calm.refused)
  engine.take({ message: calm, source: 1, trust: 'server', receivedAt: now - minute })
  engine.behind.finish()
  const { life } = store.customers.get(engine.identity.find('u', 'calm')!.id)!
  for (let n = 0; n < customers; n++) {
    const id = 1_000 + n
    const head = store.log.append(id, 0, now - n, now - n, 2, 1, machines.version, 0, JSON.stringify(greeting(n, now - n)))
    store.customers.put(id, head, machines.version, null, life.replaceAll('calm', `shopper-${n}`))
    store.customers.point(`u:shopper-${n}`, id)
    store.customers.point(`e:shopper-${n}@example.test`, id)
  }
  engine.behind.finish()
  store.commit()
  shop.close()
}

const greeting = (n: number, at: number) => ({
  type: 'identify',
  userId: `shopper-${n}`,
  messageId: `hello-${n}`,
  traits: { email: `shopper-${n}@example.test` },
  timestamp: new Date(at).toISOString(),
})

function deed(n: number, at: number): object {
  const product = products[n % products.length]!
  const event = n % 50 === 49 ? 'Order Completed' : n % 7 === 3 ? 'Product Added' : n % 11 === 5 ? 'Product Removed' : 'Product Viewed'
  const properties =
    event === 'Order Completed' ? { order_id: `o${n}`, total: 40 } : { product_id: product, name: product, price: 10 + (n % 9), currency: 'EUR' }
  return {
    type: 'track',
    userId: 'busy',
    event,
    messageId: `busy-${n}`,
    timestamp: new Date(at).toISOString(),
    properties: { email: 'busy@example.test', ...properties },
  }
}
