/** The shoppers of every measure: who they are and what they do. The same seed gives the same events, byte for byte. */

export const frameBytes = 300

/** Customer `n` of `of`. Names do not follow numbers, so that neighbours in one index are strangers in the other. */
export function userId(n: number, of: number): string {
  return `u${String((n * 7_368_787) % of).padStart(7, '0')}`
}

export const anonymousId = (n: number): string => `a${String(n).padStart(7, '0')}`
export const emailOf = (n: number): string => `shopper-${n}@example.test`

/** mulberry32: numbers from 0 to 1. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export type Deed = { type: 'track' | 'page'; event?: string; properties: string }

const productsMax = 5_000

/** 70% Product Viewed, 15% other, 11% Product Added, 4% Order Completed. */
export function nextDeed(random: () => number): Deed {
  const draw = random()
  const product = `"product_id":"p${Math.floor(random() * productsMax)}","name":"Stoneware mug","price":${(random() * 90 + 5).toFixed(2)}`
  if (draw < 0.7) return { type: 'track', event: 'Product Viewed', properties: `{${product}}` }
  if (draw < 0.81) return { type: 'track', event: 'Product Added', properties: `{${product},"quantity":1}` }
  if (draw < 0.85) return { type: 'track', event: 'Order Completed', properties: `{"order_id":"o${Math.floor(random() * 1e9)}","products":[{${product}}]}` }
  if (draw < 0.9) return { type: 'page', properties: '{"path":"/spring","title":"Spring at home"}' }
  if (draw < 0.95) return { type: 'track', event: 'Product List Viewed', properties: '{"list_id":"spring","category":"home"}' }
  return { type: 'track', event: 'Products Searched', properties: '{"query":"stoneware"}' }
}

const padding = '/a-long-path-as-shops-have-them'.repeat(10)

/** An event as JSON of 300 bytes. `seq` 0 for one inside a batch, which carries none. */
export function toFrame(deed: Deed, seq: number, messageId: string, customer: number, of: number, timestamp: string): string {
  const head = `{"type":"${deed.type}",${seq === 0 ? '' : `"seq":${seq},`}"messageId":"${messageId}","userId":"${userId(customer, of)}","anonymousId":"${anonymousId(customer)}",`
  const what = `${deed.event === undefined ? '' : `"event":"${deed.event}",`}"timestamp":"${timestamp}","properties":${deed.properties}`
  const room = frameBytes - head.length - what.length - 23
  return room < 0 ? `${head}${what}}` : `${head}${what},"context":{"path":"${padding.slice(0, room)}"}}`
}

/** How a customer becomes known, once, before anything is measured. */
export function toIdentify(seq: number, messageId: string, customer: number, of: number, timestamp: string): string {
  return `{"type":"identify",${seq === 0 ? '' : `"seq":${seq},`}"messageId":"${messageId}","userId":"${userId(customer, of)}","anonymousId":"${anonymousId(customer)}","timestamp":"${timestamp}","traits":{"email":"${emailOf(customer)}","firstName":"Anna"}}`
}
