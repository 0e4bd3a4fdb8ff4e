/** What the shop's page tells Beckon, over the real client and with the public key, as any shop's page would. */
import { Beckon } from '../../sdk/client.ts'
import type { Properties } from '../../sdk/client.ts'
import { askShop, productOf, shop } from './backend.ts'
import type { DemoProduct } from './backend.ts'
import { change, me, totalOf } from './visitor.ts'
import type { CartLine } from './visitor.ts'

const patienceMs = 5_000
let client: Beckon | null = null

function connected(): Beckon {
  return (client ??= new Beckon({ url: location.origin, writeKey: shop().writeKey, anonymousId: me().anonymousId }))
}

const who = () => {
  const { userId, anonymousId } = me()
  return userId === null ? { anonymousId } : { userId, anonymousId }
}

function told(sent: Promise<void>): void {
  sent.then(learnCustomer).catch(() => undefined)
}

/** Once the first event is there, the server knows the visitor by a number. */
async function learnCustomer(): Promise<void> {
  const { anonymousId, customer } = me()
  if (customer !== null) return
  const answer = await askShop<{ customer: number | null }>(`visitor?anonymousId=${encodeURIComponent(anonymousId)}`)
  if (answer.customer !== null && me().customer === null) change({ customer: answer.customer })
}

/** Resolves when the server has everything that happened so far, or cannot be reached in reasonable time. */
export const allTold = (): Promise<void> => Promise.race([connected().flush(), new Promise<void>((go) => setTimeout(go, patienceMs))])

/** Who signed in, in the words of the shop's page; the backend has vouched for them already. */
export const tellSignIn = (userId: string) => told(connected().identify(userId, {}, { anonymousId: me().anonymousId }))

export const tellPage = (name: string) => told(connected().page(name, { path: location.pathname, url: location.href, title: document.title }, who()))
export const tellViewed = (product: DemoProduct) => track('Product Viewed', wordsOf(product))
export const tellAdded = (product: DemoProduct, quantity = 1) => track('Product Added', { ...wordsOf(product), quantity })
export const tellRemoved = (product: DemoProduct, quantity: number) => track('Product Removed', { ...wordsOf(product), quantity })
/** `Cart Viewed`, `Cart Updated` or `Checkout Started`, with all that lies in the cart. */
export const tellCart = (event: 'Cart Viewed' | 'Cart Updated' | 'Checkout Started', lines: readonly CartLine[]) =>
  track(event, { products: lines.flatMap(toWords), value: totalOf(lines), currency: shop().currency })

const track = (event: string, properties: Properties) => told(connected().track(event, properties, who()))

const toWords = ({ id, quantity }: CartLine): Properties[] => {
  const product = productOf(id)
  return product === undefined ? [] : [{ ...wordsOf(product), quantity }]
}

/** A product in Segment's ecommerce words. */
const wordsOf = ({ id, name, brand, category, price, url, image }: DemoProduct): Properties => ({
  product_id: id,
  name,
  brand,
  category,
  price,
  currency: shop().currency,
  url,
  image_url: image,
})
