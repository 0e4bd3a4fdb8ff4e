/** What is missing or wrong about the products that carts and letters show, and about what the shop tells of all others. */
import type { LetterData } from '../mail/view.ts'
import type { Product } from '../store/products.ts'
import type { Tally } from './report.ts'

/** So many products of carts and letters are looked at; real shops have fewer. */
const shownMax = 200_000

type Shown = { carts: number; letters: number; letter: number | null; customer: number | null }

export type GoodsOptions = { tally: Tally; shop: { url: string; currency: string }; get: (id: string) => Product | undefined }

export function createGoods({ tally, shop, get }: GoodsOptions) {
  const shown = new Map<string, Shown>()
  const seen = new Set<string>()
  let told = 0

  function note(id: string): Shown | null {
    let one = shown.get(id)
    if (one === undefined) {
      if (shown.size >= shownMax) return null
      shown.set(id, (one = { carts: 0, letters: 0, letter: null, customer: null }))
    }
    return one
  }

  /** One that carts or letters show. */
  function judge(id: string, { carts, letters, letter, customer }: Shown) {
    const product = get(id)
    const where = [letters > 0 && some(letters, 'letter'), carts > 0 && some(carts, 'cart')].filter((words) => words !== false).join(', ')
    const example = (words: string) => ({
      product: id,
      words: `${words} · ${where}`,
      ...(letter !== null ? { letter } : customer !== null ? { customers: [customer] } : {}),
    })
    if (product === undefined) return tally.add('product_unknown', example('not in the catalogue'))
    if (product.source === 'gone') return tally.add('product_sold_out', example('taken away'))
    if (product.stock === 0) tally.add('product_sold_out', example('sold out'))
    const lacks = (['name', 'price', 'image', 'url'] as const).filter((field) => product[field] === undefined)
    if (lacks.length > 0) tally.add('product_bare', example(`no ${lacks.map((field) => (field === 'url' ? 'link' : field)).join(', no ')}`))
    if (product.source === 'learnt' && told > 0) tally.add('product_learnt', example('from events alone'))
  }

  return {
    inCart(id: string, customer: number): void {
      const one = note(id)
      if (one === null) return
      one.carts++
      one.customer ??= customer
    },
    /** A letter of late, by what it was rendered from. */
    inLetter(letter: number, data: Pick<LetterData, 'lines' | 'product' | 'order' | 'recommended'>): void {
      const { lines = [], product, order, recommended = [] } = data
      for (const { id } of [...lines, ...(product === undefined ? [] : [product]), ...(order?.lines ?? []), ...recommended]) {
        const one = note(id)
        if (one === null) continue
        one.letters++
        one.letter ??= letter
      }
    },
    /** A product that an event of late was about. */
    inEvent(id: string): void {
      if (seen.size < shownMax) seen.add(id)
    },
    /** One of the catalogue; those of carts and letters are judged by `finish`. `areSeen`: whether there were events to be seen in. */
    known(product: Product, areSeen: boolean): void {
      const { id, source, currency, url, image } = product
      if (source === 'gone') return
      if (source === 'shop') told++
      if (currency !== undefined && currency !== shop.currency)
        tally.add('product_currency', { product: id, words: `${currency}, the shop has ${shop.currency}` })
      const odd = [url === undefined ? null : oddIn(url, shop.url, true), image === undefined ? null : oddIn(image, shop.url, false)]
      const words = odd.flatMap((why, index) => (why === null ? [] : [`${index === 0 ? 'link' : 'picture'}: ${why}`])).join(', ')
      if (words !== '') tally.add('product_link', { product: id, words })
      if (source === 'shop' && areSeen && !seen.has(id) && !shown.has(id)) tally.add('product_unseen', { product: id })
    },
    finish: () => shown.forEach((one, id) => judge(id, one)),
  }
}

/** What is odd about an address by its form; pictures often come from elsewhere. */
function oddIn(address: string, shopUrl: string, isLink: boolean): string | null {
  const url = URL.parse(address)
  const shop = URL.parse(shopUrl)
  if (url === null || shop === null) return url === null ? 'no address' : null
  const own = base(shop.hostname)
  if (url.hostname === shop.hostname) return url.protocol === 'http:' && shop.protocol === 'https:' ? 'http' : null
  if (isPrivate(url.hostname)) return `${url.hostname} is reached by nobody outside`
  if (isLink && url.hostname !== own && !url.hostname.endsWith(`.${own}`)) return `${url.hostname} is not the shop’s`
  return url.protocol === 'http:' && shop.protocol === 'https:' ? 'http' : null
}

const base = (host: string): string => host.replace(/^www\./, '')

const isPrivate = (host: string): boolean =>
  /^(?:localhost|127\.|10\.|192\.168\.|0\.0\.0\.0|\[)/.test(host) || /\.(?:local|localhost|test|invalid|internal)$/.test(host) || !host.includes('.')

const some = (n: number, one: string): string => `${n} ${one}${n === 1 ? '' : 's'}`
