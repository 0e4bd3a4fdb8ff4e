/**
 * A letter that the policy let through, made ready: content from the life and what the machine said, frozen data, frozen
 * MIME. Synchronous, in the turn; deterministic, so that the same life gives the same bytes (R2, R3).
 */
import type { Asked, Prepared } from '../actors/deciding.ts'
import { makeBody, prefixOf, shownCode } from '../codes/spelling.ts'
import type { Line, Order } from '../kit/lines.ts'
import { normalAddress } from './address.ts'
import type { Mailbox } from './address.ts'
import { composeMime } from './compose.ts'
import type { DrawnCode } from '../store/codes.ts'
import { letterToken, letterTokens } from './links.ts'
import { render } from './render.ts'
import { asOfNow, asOrdered, buyableFirst, heldIn, shown } from './stock.ts'
import type { Shelves } from './stock.ts'
import type { Templates } from './templates.ts'
import type { LetterData } from './view.ts'

export type Shop = {
  name: string
  url: string
  address: string
  logo?: string
  supportEmail?: string
  cartUrl: string
  locale: string
  currency: string
  timeZone: string
  /** What its own codes begin with; by default the first word of its name. */
  codePrefix?: string
}

export type PrepareOptions = {
  templates: Templates
  shop: Shop
  /** Where this server is reached from outside, without a slash at the end. */
  publicUrl: string
  from: Mailbox
  secret: string
  /** Gives a letter its code: null when its pool has none. Without it letters show a made-up one. */
  draw?: (discount: NonNullable<Asked['rule']['discount']>, key: string, at: number) => DrawnCode | null
  /** The catalogue, and what is recommended from it. */
  shelves?: Shelves
}

export function createPrepare(options: PrepareOptions): (asked: Asked) => Prepared {
  const { publicUrl, from, secret, templates } = options
  const host = new URL(publicUrl).hostname

  return (asked) => {
    const { ask, rule, key, customer, life, at } = asked
    const email = life.profile.email!
    const token = letterToken(secret, key)
    const drawn = rule.discount === undefined ? null : (options.draw ?? madeUp)(rule.discount, key, at)
    const data = dataOf(asked, options, token, drawn === null ? undefined : { code: drawn.code, percent: drawn.percent, expiresAt: drawn.expiresAt })
    const gone = soldOut(data)
    if (gone !== null) return { missing: gone }
    const rendered = render(templates, asked.variant ?? ask.template, data)
    if ('missing' in rendered)
      return lacksCode(rendered.missing) && drawn === null && rule.discount !== undefined ? { missing: `a code of the pool ${rule.discount.pool}` } : rendered
    const messageId = `<${token}@${host}>`
    const mime = composeMime({
      from,
      to: { address: email },
      subject: rendered.subject,
      html: rendered.html,
      text: rendered.text,
      messageId,
      date: at,
      unsubscribeUrl: data.links.unsubscribe,
    })
    return {
      letter: {
        token,
        customer,
        template: ask.template,
        variant: asked.variant ?? null,
        recipient: normalAddress(email),
        subject: rendered.subject,
        messageId,
        at,
        resend: rule.unknown === 'resend' ? 1 : 0,
        data: JSON.stringify({
          templates: templates.hash,
          language: rendered.language,
          ...(rendered.fellBack.length === 0 ? {} : { fellBack: rendered.fellBack }),
          ...data,
        }),
        links: JSON.stringify(rendered.links),
        mime,
      },
      ...(drawn === null ? {} : { code: drawn }),
    }
  }

  /** For letters that nobody gets. */
  function madeUp({ percent, validFor }: NonNullable<Asked['rule']['discount']>, key: string, at: number): DrawnCode {
    const body = makeBody(secret, key)
    return { folded: body, code: shownCode(body, codePrefixOf(options.shop)), pool: null, percent, expiresAt: at + validFor }
  }

  function dataOf(asked: Asked, { shop, publicUrl }: PrepareOptions, token: string, code: LetterData['code']): LetterData {
    const { ask, life, at } = asked
    const { profile } = life
    const own = profile.verified ? (line: Line) => line : (line: Line) => withoutStrangers(line, shop.url)
    const currency = profile.currency ?? shop.currency
    const fresh = (line: Line) => asOfNow(own(line), options.shelves?.get(line.id), currency)
    const lines = ask['lines'] as Line[] | undefined
    const product = ask['product'] as Line | null | undefined
    const signed = letterTokens(options.secret, token)
    const orders = ask['orders'] as Order[] | undefined
    return {
      shop,
      customer: {
        email: profile.email!,
        ...(profile.verified && profile.firstName !== undefined ? { firstName: profile.firstName } : {}),
        ...(profile.verified && profile.name !== undefined ? { name: profile.name } : {}),
      },
      locale: profile.locale ?? shop.locale,
      currency,
      timeZone: profile.timeZone ?? shop.timeZone,
      ...(lines === undefined ? {} : { lines: buyableFirst(lines.map(fresh)) }),
      ...(product ? { product: fresh(product) } : {}),
      ...(orders === undefined || orders.length === 0 ? {} : { order: joinedOrder(orders, (line) => asOrdered(own(line), options.shelves?.get(line.id))) }),
      ...recommendedFor(asked, options),
      ...(code === undefined ? {} : { code }),
      links: {
        unsubscribe: `${publicUrl}/u/${signed.unsubscribe}`,
        preferences: `${publicUrl}/p/${signed.preferences}`,
        ...(asked.rule.asksConsent ? { confirm: `${publicUrl}/p/${signed.preferences}/confirm` } : {}),
        cart: shop.cartUrl,
        shop: shop.url,
        click: `${publicUrl}/c/${token}.`,
        marks: signed.links,
      },
      openPixel: `${publicUrl}/o/${signed.open}`,
      at,
    }
  }
}

/** What the shop's own codes begin with. */
export const codePrefixOf = ({ codePrefix, name }: Shop): string => codePrefix ?? prefixOf(name)

const lacksCode = (missing: string): boolean => missing === 'code' || missing.startsWith('code.')

/** What a letter cannot speak of because all of it is sold out; null when there is something left. */
function soldOut({ lines, product }: LetterData): string | null {
  if (lines !== undefined && lines.length > 0 && lines.every(({ stock }) => stock === 0)) return 'lines in stock'
  return product?.stock === 0 ? 'product in stock' : null
}

/** Nothing for a template that shows none: finding them takes longer than all the rest of a letter. */
function recommendedFor(
  { ask, customer, life, at, variant }: Asked,
  { shelves, templates }: PrepareOptions,
): Pick<LetterData, 'recommended' | 'recommendedBy'> {
  if (shelves?.recommend === undefined || !templates.get(variant ?? ask.template).recommends) return {}
  const orders = (ask['orders'] as Order[] | undefined) ?? []
  const lines = [...((ask['lines'] as Line[] | undefined) ?? []), ...orders.flatMap((order) => order.lines)]
  const product = ask['product'] as Line | null | undefined
  const about = [...lines, ...(product ? [product] : [])].map(({ id }) => id)
  const found = shelves.recommend(customer, about, heldIn(life.snapshot.context), at)
  return found === null ? {} : { recommended: found.products.map(shown), recommendedBy: found.steps }
}

/** Orders that share one letter, as one. */
function joinedOrder(orders: readonly Order[], own: (line: Line) => NonNullable<LetterData['order']>['lines'][number]): NonNullable<LetterData['order']> {
  const [first] = orders
  const lines = orders.flatMap((order) => order.lines.map(own))
  const total = orders.every((order) => order.total !== undefined && order.currency === first!.currency)
    ? orders.reduce((sum, order) => sum + order.total!, 0)
    : undefined
  return {
    ...(orders.length === 1 && first!.id !== undefined ? { id: first!.id } : {}),
    ...(total === undefined ? {} : { total: Math.round(total * 100) / 100 }),
    ...(first!.currency === undefined ? {} : { currency: first!.currency }),
    lines,
  }
}

/**
 * What a browser says about products may go to an address that was only typed there, so that nobody can use the shop
 * to write to strangers: no links or pictures from elsewhere, and names too short to carry a message.
 */
function withoutStrangers(line: Line, shopUrl: string): Line {
  const { url, image, name, brand, category, variant, ...rest } = line
  const plain = (text: string | undefined) => (text === undefined || /https?:|www\.|@|\.[a-z]{2,}\//i.test(text) ? undefined : text.slice(0, 60))
  const kept = {
    name: plain(name),
    brand: plain(brand),
    category: plain(category),
    variant: plain(variant),
    url: isOf(shopUrl, url) ? url : undefined,
    image: isOf(shopUrl, image) ? image : undefined,
  }
  return { ...rest, ...Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)) }
}

const isOf = (shopUrl: string, url: string | undefined): boolean => url !== undefined && URL.parse(url)?.host === URL.parse(shopUrl)?.host
