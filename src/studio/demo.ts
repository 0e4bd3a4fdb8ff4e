/**
 * The demo shop's own backend, as small as a real shop's could be: what it sells, who signs in, what was ordered. It
 * speaks for sandbox customers only, and shows nobody else's letters.
 * The caller says whether there is a demo at all, serves its page and pictures, and checks Host and Origin.
 */
import type { FastifyInstance, FastifyReply } from 'fastify'
import PostalMime from 'postal-mime'
import type { CodeCounter } from '../codes/counter.ts'
import { isRefusal } from '../core/errors.ts'
import type { Code, Refusal } from '../core/errors.ts'
import { isObject } from '../core/parse.ts'
import type { Ids } from '../core/world.ts'
import { sendRefusal } from '../gateway/answer.ts'
import type { Letters } from '../store/letters.ts'
import { isSandboxAddress } from '../profile/sandbox.ts'
import { products } from './demo-products.ts'
import type { DemoCode, DemoLetter, DemoProduct, DemoShop } from './demo-products.ts'
import { isSandboxId } from './sandbox.ts'
import type { Sandboxes } from './sandbox.ts'

export type DemoOptions = {
  sandboxes: Sandboxes
  letters: Letters
  codes: Pick<CodeCounter, 'look' | 'redeem' | 'release'>
  ids: Ids
  shop: { name: string; currency: string; cartUrl: string }
  /** Where this server is reached, without a slash at the end: pictures and pages in letters are absolute. */
  publicUrl: string
  /** A public key, as it stands in any shop's page. */
  writeKey: string
}

const orderLinesMax = 50
const quantityMax = 99

/** Adds the shop's routes to a scope under `/demo/api`. */
export function addDemoRoutes(scope: FastifyInstance, options: DemoOptions): void {
  const { sandboxes, letters, shop, publicUrl, writeKey } = options
  const shown = products.map((product): DemoProduct => ({
    ...product,
    url: `${publicUrl}/demo/products/${product.id}`,
    image: `${publicUrl}/demo/pictures/${product.id}.jpg`,
  }))

  scope.get('/shop', () => ({ name: shop.name, currency: shop.currency, writeKey, cartUrl: shop.cartUrl, products: shown }) satisfies DemoShop)

  /** Who an anonymous visitor is to the server; null until their first event came. */
  scope.get<{ Querystring: { anonymousId?: string } }>('/visitor', (request, reply) => {
    const { anonymousId } = request.query
    if (!isSandboxId(anonymousId)) return sendRefusal(reply, invalid('anonymousId'))
    return { customer: sandboxes.identify(`a:${anonymousId}`) }
  })

  scope.post('/sign-in', async (request, reply) => {
    const body = isObject(request.body) ? request.body : {}
    const { anonymousId } = body
    if (!isSandboxId(anonymousId)) return sendRefusal(reply, invalid('anonymousId'))
    const firstName = typeof body['firstName'] === 'string' ? body['firstName'].trim() : ''
    if (firstName === '' || firstName.length > 40) return sendRefusal(reply, invalid('firstName'))
    // Else the visitor's id would move away from whoever it leads to.
    const customer = sandboxes.identify(`a:${anonymousId}`)
    if (customer !== null && !sandboxes.isSandbox(customer)) return sendRefusal(reply, { refused: 'sandbox.only' })
    return answer(reply, await sandboxes.make(firstName, anonymousId))
  })

  scope.post('/orders', async (request, reply) => answer(reply, await takeOrder(options, shown, request.body)))

  scope.post('/codes', (request, reply) => {
    const { customer, code } = isObject(request.body) ? request.body : {}
    return answer(reply, typeof code === 'string' ? lookedAt(options.codes, Number(customer), code) : invalid('code'))
  })

  scope.post('/skip', async (request, reply) => {
    const { customer, ms } = isObject(request.body) ? request.body : {}
    return answer(reply, await sandboxes.skip(Number(customer), ms))
  })

  scope.get<{ Querystring: { customer?: string } }>('/mailbox', (request, reply) => {
    const speaker = sandboxes.speakerOf(Number(request.query.customer))
    if (isRefusal(speaker)) return sendRefusal(reply, speaker)
    const own = letters.of(Number(request.query.customer)).filter(({ recipient }) => isSandboxAddress(recipient))
    return { letters: own.reverse().map(({ id, subject, at, template, state }): DemoLetter => ({ id, subject, at, template, state })) }
  })

  scope.get<{ Params: { id: string } }>('/letters/:id/html', async (request, reply) => sendLetter(reply, letters, sandboxes, Number(request.params.id)))
}

/** Prices are the shop's, whatever the browser says. */
async function takeOrder(
  { sandboxes, codes, shop, ids }: DemoOptions,
  shown: readonly DemoProduct[],
  given: unknown,
): Promise<Refusal | { orderId: string; total: number }> {
  const body = isObject(given) ? given : {}
  const key = isSandboxId(body['userId']) ? `u:${body['userId']}` : isSandboxId(body['anonymousId']) ? `a:${body['anonymousId']}` : null
  if (key === null) return invalid('userId')
  const customer = sandboxes.identify(key)
  if (customer === null) return { refused: 'customer.unknown', about: key.slice(2) }
  const speaker = sandboxes.speakerOf(customer)
  if (isRefusal(speaker)) return speaker
  const lines = linesOf(body['lines'], shown)
  if (lines === null) return invalid('lines')
  const orderId = `FC-${ids.random(6).replaceAll(/[-_]/g, '7').toUpperCase()}`
  const redeemed = body['code'] === undefined ? null : await redeem(codes, customer, body['code'], orderId)
  if (redeemed !== null && isRefusal(redeemed)) return redeemed
  const percent = redeemed?.percent ?? 0
  const cents = lines.reduce((sum, { price, quantity }) => sum + Math.round(price * 100) * quantity, 0)
  const total = Math.round(cents * (1 - percent / 100)) / 100
  const coupon = redeemed === null ? {} : { coupon: redeemed.code, discount: (cents - Math.round(total * 100)) / 100 }
  const properties = { order_id: orderId, total, revenue: total, ...coupon, currency: shop.currency, products: lines }
  const refusal = await sandboxes.send({ type: 'track', event: 'Order Completed', ...speaker, properties })
  // An order that was not taken uses up no code.
  if (refusal !== null && redeemed !== null) await codes.release(redeemed.code, orderId)
  return refusal ?? { orderId, total }

  function linesOf(told: unknown, from: readonly DemoProduct[]) {
    if (!Array.isArray(told) || told.length === 0 || told.length > orderLinesMax) return null
    const known = told.flatMap((line: unknown) => {
      const { id, quantity } = isObject(line) ? line : {}
      const product = from.find((other) => other.id === id)
      return product === undefined || !Number.isInteger(quantity) || Number(quantity) < 1 || Number(quantity) > quantityMax
        ? []
        : [{ ...toProperties(product, shop.currency), quantity: Number(quantity) }]
    })
    return known.length === told.length ? known : null
  }
}

/** Whether a code is good for a visitor; here each is for its own customer alone. */
function lookedAt(codes: DemoOptions['codes'], customer: number, code: string): DemoCode {
  const found = codes.look(code)
  if (isRefusal(found)) return { reason: found.refused }
  if (found.customer === null || found.customer !== customer) return { reason: 'code.unknown' }
  const { percent, expiresAt, reason } = found
  return reason === null ? { percent, expiresAt } : { reason: reason.refused, ...reason.more }
}

async function redeem(codes: DemoOptions['codes'], customer: number, code: unknown, orderId: string): Promise<Refusal | { code: string; percent: number }> {
  if (typeof code !== 'string') return invalid('code')
  const looked = lookedAt(codes, customer, code)
  return 'reason' in looked ? { refused: looked.reason as Code } : codes.redeem({ code, orderId })
}

/** A product in Segment's ecommerce words. */
const toProperties = ({ id, name, brand, category, price, url, image }: DemoProduct, currency: string) => ({
  product_id: id,
  name,
  brand,
  category,
  price,
  currency,
  url,
  image_url: image,
})

/** A letter as its reader gets it, pixel and links included: here a look is an open. */
async function sendLetter(reply: FastifyReply, letters: Letters, sandboxes: Sandboxes, id: number) {
  const letter = Number.isSafeInteger(id) ? letters.get(id) : undefined
  const mime = letter === undefined ? undefined : letters.mime(letter.id)
  if (letter === undefined || mime === undefined) return sendRefusal(reply, { refused: 'letter.unknown' })
  if (!isSandboxAddress(letter.recipient) || !sandboxes.isSandbox(letter.customer)) return sendRefusal(reply, { refused: 'sandbox.only' })
  const { html } = await PostalMime.parse(mime)
  return reply
    .header(
      'content-security-policy',
      "default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'",
    )
    .headers({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' })
    .type('text/html; charset=utf-8')
    .send(opensOutside(html ?? ''))
}

/** Links open beside the frame, as they would from a mail program. */
const opensOutside = (html: string) =>
  /<head\b[^>]*>/i.test(html) ? html.replace(/<head\b[^>]*>/i, '$&<base target="_blank">') : `<base target="_blank">${html}`

const invalid = (about: string): Refusal => ({ refused: 'studio.input_invalid', about })
const answer = (reply: FastifyReply, value: Refusal | object): FastifyReply => (isRefusal(value) ? sendRefusal(reply, value) : reply.send(value))
