/**
 * What a template sees as `it`: a letter's data, made safe to print.
 *
 * 1. Every text is one line, well-formed, cut to a length, free of control and direction marks; '' where there is none,
 *    or undefined where a letter must not go out without it (printing that fails the letter).
 * 2. Every URL is http, https or (links only) mailto; anything else is dropped.
 * 3. Nothing here reads a clock or draws a number: the same data gives the same letter (R2).
 */
import { addressOf } from './address.ts'
import { dateIn, isCurrency, moneyIn, percentIn } from './format.ts'
import { clean, mailUrl, webUrl } from './text.ts'
import type { Calling } from './words.ts'

export type Line = {
  id: string
  name?: string
  brand?: string
  /** A category path such as `electronics.audio.headphone`, or words. */
  category?: string
  variant?: string
  /** Of one piece. */
  price?: number
  quantity: number
  url?: string
  image?: string
  currency?: string
  /** Pieces there are; 0: sold out. Not given: not known. */
  stock?: number
}

export type Order = { id?: string; total?: number; currency?: string; lines: Line[] }

/** What a letter is rendered from: plain JSON, frozen with the letter. */
export type LetterData = {
  /** `locale`: the language of letters to those of whom none is known. */
  shop: { name: string; url: string; address: string; logo?: string; supportEmail?: string; locale?: string }
  customer: { firstName?: string; name?: string; email: string }
  /** BCP 47, for money and dates. */
  locale: string
  /** ISO 4217, where a line names none. */
  currency: string
  /** IANA; UTC where there is none. */
  timeZone?: string
  lines?: Line[]
  product?: Line
  order?: Order
  code?: { code: string; percent: number; expiresAt: number }
  recommended?: Line[]
  /** Which step of the chain spoke for each of them. */
  recommendedBy?: string[]
  links: {
    unsubscribe: string
    preferences?: string
    /** Of a letter that asks for consent: the page with the button. */
    confirm?: string
    cart: string
    shop: string
    /**
     * Link number n of the letter leads to `click` + n + the n-th eight characters of `marks`, and `Rendered.links[n]` is
     * where that goes. Without them links are direct.
     */
    click?: string
    marks?: string
  }
  openPixel?: string
  /** The instant of the decision, ms. */
  at: number
}

/** A product as templates print it. */
export type Item = {
  /** Never empty: the name, or brand and category words, or "Item 1004856" in the letter's language. */
  title: string
  /** Brand and variant, where the title does not say them. */
  detail: string
  /** The first letter of the title, for a tile without a picture. */
  initial: string
  quantity: number
  /** Of one piece, and of all; '' when not known. */
  price: string
  total: string
  url: string
  image: string
  soldOut: boolean
  /** How many there are, when they are few; 0 otherwise. */
  left: number
}

export const letterLimits = { nameCharsMax: 120, firstNameCharsMax: 40, subjectCharsMax: 150, linesMax: 20, recommendedMax: 4, leftMax: 3 } as const

const markChars = 8

export class View {
  readonly shop: { name: string | undefined; url: string; address: string | undefined; logo: string; supportEmail: string }
  readonly customer: { firstName: string; email: string }
  /** `off`: the percentage as the language writes it, `10%`. */
  readonly code: { code: string | undefined; percent: number | undefined; off: string | undefined; expiresAt: number } | undefined
  readonly unsubscribe: string | undefined
  readonly preferences: string
  readonly confirm: string | undefined
  readonly cart: string
  readonly openPixel: string
  readonly at: number
  /** The data as it came, for a shop's own fields. */
  readonly data: LetterData
  /** Where the letter's links lead, in the order of their numbers. */
  readonly links: string[] = []
  /** Of the words around: BCP 47. */
  readonly language: string
  readonly #calling: Calling
  #lines: Item[] | undefined
  #product: Item | undefined
  #order: { id: string; lines: Item[]; lineCount: number; total: string } | undefined
  #recommended: Item[] | undefined

  constructor(data: LetterData, { language, calling }: { language: string; calling: Calling }) {
    this.data = data
    this.language = language
    this.#calling = calling
    const shop = data.shop ?? none
    this.shop = {
      name: clean(shop.name, letterLimits.nameCharsMax) || undefined,
      url: webUrl(data.links?.shop) || webUrl(shop.url),
      address: clean(shop.address, 300) || undefined,
      logo: webUrl(shop.logo),
      supportEmail: addressOf(shop.supportEmail ?? '') ?? '',
    }
    this.customer = { firstName: firstName(data.customer ?? none), email: addressOf(data.customer?.email) ?? '' }
    this.code = data.code ? code(data.code, data.locale, language) : undefined
    this.unsubscribe = webUrl(data.links?.unsubscribe) || undefined
    this.preferences = webUrl(data.links?.preferences)
    this.confirm = webUrl(data.links?.confirm) || undefined
    this.cart = webUrl(data.links?.cart) || this.shop.url
    this.openPixel = webUrl(data.openPixel)
    this.at = data.at
  }

  // Products are made printable when a template first asks: most letters show one kind of them.

  /** The first `linesMax` lines of the cart; `lineCount` counts them all. */
  get lines(): Item[] {
    return (this.#lines ??= this.#items(this.data.lines, letterLimits.linesMax))
  }

  get lineCount(): number {
    return list(this.data.lines).length
  }

  /** How many of them are sold out. */
  get soldOutCount(): number {
    return list(this.data.lines).filter((line) => line?.stock === 0).length
  }

  /** '' unless every line of the cart that can be bought has a price in one currency. */
  get total(): string {
    return this.#total(list(this.data.lines).filter((line) => line?.stock !== 0))
  }

  get product(): Item | undefined {
    return this.data.product ? (this.#product ??= this.#item(this.data.product)) : undefined
  }

  get order(): { id: string; lines: Item[]; lineCount: number; total: string } | undefined {
    return this.data.order ? (this.#order ??= this.#orderOf(this.data.order)) : undefined
  }

  get recommended(): Item[] {
    return (this.#recommended ??= this.#items(this.data.recommended, letterLimits.recommendedMax))
  }

  /** The address to print for a link to `url`: counted, so that a click can be. A URL that may not be linked leads to the shop. */
  link(url: string | undefined): string {
    const target = webUrl(url) || mailUrl(url) || this.shop.url
    if (target === '') return '#'
    if (target.startsWith('mailto:')) return target
    let index = this.links.indexOf(target)
    if (index < 0) index = this.links.push(target) - 1
    const { click, marks } = this.data.links
    if (!click || !marks || marks.length < (index + 1) * markChars) return target
    return click + index + marks.slice(index * markChars, (index + 1) * markChars)
  }

  /** A picture's address, or '' when it may not be shown. */
  image(url: string | undefined): string {
    return webUrl(url)
  }

  /** `$1,234.00`, or '' when there is no such amount. */
  money(amount: number | undefined, currency: string = this.data.currency): string {
    return moneyIn(this.data.locale, currency, amount)
  }

  /** `Friday, November 27`, in the template's language; with `moment`, the time and zone too. '' when there is no such instant. */
  date(at: number | undefined, style: 'day' | 'moment' = 'day'): string {
    return dateIn(this.data.locale, this.language, this.data.timeZone, at, style)
  }

  #items(lines: readonly Line[] | undefined, max: number): Item[] {
    return list(lines)
      .slice(0, max)
      .map((line) => this.#item(line))
  }

  #item(line: Line | undefined): Item {
    const quantity = count(line?.quantity)
    const currency = this.#currency(line)
    const price = this.money(line?.price, currency)
    const { title, detail } = naming(line ?? none, this.#calling)
    return {
      title,
      detail,
      initial: String.fromCodePoint(title.codePointAt(0) as number).toUpperCase(),
      quantity,
      price,
      total: quantity === 1 || price === '' ? price : this.money((line?.price ?? 0) * quantity, currency),
      url: webUrl(line?.url),
      image: webUrl(line?.image),
      soldOut: line?.stock === 0,
      left: few(line?.stock),
    }
  }

  #currency(of: { currency?: string } | undefined): string {
    return isCurrency(of?.currency) ? of.currency : this.data.currency
  }

  #orderOf(order: Order) {
    const total = this.money(order.total, this.#currency(order)) || this.#total(list(order.lines))
    return { id: clean(order.id, 60), lines: this.#items(order.lines, letterLimits.linesMax), lineCount: list(order.lines).length, total }
  }

  #total(lines: readonly Line[]): string {
    const currency = this.#currency(lines[0])
    let sum = 0
    for (const line of lines) {
      if (typeof line?.price !== 'number' || this.#currency(line) !== currency) return ''
      sum += line.price * count(line.quantity)
    }
    // Sums of cents are off by less than this and are printed with two digits.
    return lines.length === 0 ? '' : this.money(Math.round(sum * 1_000) / 1_000, currency)
  }
}

const none: Record<string, undefined> = Object.freeze({})
const list = (lines: readonly Line[] | undefined): readonly Line[] => (Array.isArray(lines) ? lines : [])
const count = (quantity: number | undefined): number =>
  typeof quantity === 'number' && quantity >= 1 && quantity < Infinity ? Math.min(Math.floor(quantity), 1_000_000) : 1

const few = (stock: number | undefined): number => (typeof stock === 'number' && stock >= 1 && stock <= letterLimits.leftMax ? Math.floor(stock) : 0)

function code(given: NonNullable<LetterData['code']>, locale: string, language: string) {
  const percent = Number(given.percent)
  const isSome = percent > 0 && percent <= 100
  return {
    code: clean(given.code, 40) || undefined,
    percent: isSome ? Math.round(percent * 10) / 10 : undefined,
    off: isSome ? percentIn(locale, language, percent) : undefined,
    expiresAt: given.expiresAt,
  }
}

function firstName(customer: { firstName?: string | undefined; name?: string | undefined }): string {
  const given =
    clean(customer.firstName, letterLimits.firstNameCharsMax) || clean(clean(customer.name, letterLimits.nameCharsMax).split(' ')[0], letterLimits.nameCharsMax)
  // What looks like markup, an address or a number was not typed as a name; nor was what has no letter in it.
  return given.length > letterLimits.firstNameCharsMax || /[<>@/\\{}\d]/.test(given) || !/\p{L}/u.test(given) ? '' : given
}

function naming(line: Partial<Line>, calling: Calling): { title: string; detail: string } {
  const brand = capital(clean(line.brand, 60))
  const variant = clean(line.variant, 60)
  const name = clean(line.name, letterLimits.nameCharsMax)
  if (name !== '') {
    const known = name.toLowerCase()
    const detail = [brand, variant].filter((part) => part !== '' && !known.includes(part.toLowerCase()))
    return { title: name, detail: detail.join(' · ') }
  }
  const kind = categoryWords(clean(line.category, 200))
  const id = clean(Number.isFinite(line.id) ? String(line.id) : line.id, 40)
  const title = capital(`${brand} ${kind}`.trim())
  if (kind !== '') return { title, detail: variant }
  return { title: id === '' ? title || calling.some : brand === '' ? calling.item(id) : calling.branded(brand, id), detail: variant }
}

/** `electronics.audio.headphone` → `headphone`; '' for a path without words. */
function categoryWords(path: string): string {
  const last = path.split(/[./>|]/).findLast((part) => /\p{L}/u.test(part))
  return (last ?? '').replaceAll(/[_-]+/g, ' ').trim()
}

const capital = (text: string): string => {
  const first = text.charAt(0)
  const upper = first.toUpperCase()
  return upper === first ? text : upper + text.slice(1)
}
