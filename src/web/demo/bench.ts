/** What the bench sends: the usual events of a shop with words to begin from, and the same event for a developer to copy. */
import type { Chart } from '../../studio/api.ts'

type Values = Record<string, unknown>

/** The usual events, each with properties to change. `shopUrl`: links and pictures in letters lead there. */
export function usualEvents(shopUrl: string): Map<string, Values> {
  const base = shopUrl.replace(/\/+$/, '')
  const fern = {
    product_id: 'boston-fern',
    name: 'Boston fern',
    brand: 'Fern & Co',
    category: 'plants',
    price: 24.5,
    currency: 'EUR',
    url: `${base}/products/boston-fern`,
    image_url: `${base}/pictures/boston-fern.jpg`,
  }
  const monstera = {
    ...fern,
    product_id: 'monstera',
    name: 'Monstera deliciosa',
    price: 42,
    url: `${base}/products/monstera`,
    image_url: `${base}/pictures/monstera.jpg`,
  }
  const products = [
    { ...fern, quantity: 1 },
    { ...monstera, quantity: 1 },
  ]
  return new Map<string, Values>([
    ['Product Viewed', fern],
    ['Product Added', { ...fern, quantity: 1 }],
    ['Product Removed', { ...fern, quantity: 1 }],
    ['Cart Viewed', { products }],
    ['Cart Updated', { products }],
    ['Checkout Started', { value: 66.5, currency: 'EUR', products }],
    ['Order Completed', { order_id: 'T-1001', total: 66.5, currency: 'EUR', products }],
    ['Order Refunded', { order_id: 'T-1001', total: 66.5, currency: 'EUR' }],
  ])
}

/** Events that a shop's own machine listens to beside the usual ones, by their words. */
export function otherEvents(chart: Chart | null, usual: ReadonlyMap<string, Values>): string[] {
  const transitions = (chart?.regions ?? []).flatMap(({ edges, nodes }) => [
    ...edges.flatMap((edge) => edge.transitions),
    ...nodes.flatMap((node) => node.inside),
  ])
  // identify and page are messages of another type, and a star is no name.
  const named = transitions.filter(({ event }) => /^(site|shop)\.(?!identify$|page$|screen$)[^*]+$/.test(event)).map(({ words }) => words)
  return [...new Set(named)].filter((words) => !usual.has(words)).toSorted()
}

/** The text as properties, or what is wrong with it in one sentence. */
export function readProperties(text: string): Values | string {
  if (text.trim() === '') return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return `This is not JSON yet: ${(error as Error).message.replace(/^JSON\.parse: /, '')}.`
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'Properties are one JSON object: { "name": "value" }.'
  return value as Values
}

/** The event for a shell; $BECKON_SECRET stands for the key, which no page ever shows. */
export function toCurl(origin: string, userId: string, event: string, properties: Values): string {
  const body = JSON.stringify({ userId, event, properties }, null, 2).replaceAll("'", String.raw`'\''`)
  return `curl -u "$BECKON_SECRET:" ${origin}/v1/track \\\n  -H 'content-type: application/json' \\\n  -d '${body}'`
}

/** The event by the client, from a page. */
export function toClientCode(origin: string, userId: string, event: string, properties: Values): string {
  const about = JSON.stringify(properties, null, 2)
  return [
    `const beckon = new Beckon({ url: ${JSON.stringify(origin)}, writeKey: 'pk_…' })`,
    `await beckon.track(${JSON.stringify(event)}, ${about}, { userId: ${JSON.stringify(userId)} })`,
  ].join('\n')
}
