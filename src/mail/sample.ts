import type { LetterData, Line } from './view.ts'

/** Data for previews, test letters and benchmarks: a small shop, one customer, everything filled in. */
export function sampleLetter(changes: Partial<LetterData> = {}): LetterData {
  return {
    shop: {
      name: 'Fern & Fable',
      url: 'https://fernandfable.example',
      address: 'Fern & Fable, 12 Orchard Lane, Bristol BS1 4QP, United Kingdom',
      supportEmail: 'hello@fernandfable.example',
    },
    customer: { firstName: 'Anna', email: 'anna@example.com' },
    locale: 'en-GB',
    currency: 'GBP',
    timeZone: 'Europe/London',
    lines: [lamp, kettle, linen],
    product: lamp,
    order: { id: 'FF-20417', total: 247, lines: [lamp, kettle, linen] },
    code: { code: 'FERN-7K2Q9', percent: 10, expiresAt: Date.UTC(2026, 10, 27, 18) },
    recommended: [chair, mugs, throwRug, vase],
    links: {
      unsubscribe: 'https://fernandfable.example/u/Zk3vQ9tLw2',
      preferences: 'https://fernandfable.example/p/Zk3vQ9tLw2',
      confirm: 'https://fernandfable.example/p/Zk3vQ9tLw2/confirm',
      cart: 'https://fernandfable.example/cart',
      shop: 'https://fernandfable.example/',
      click: 'https://fernandfable.example/c/Zk3vQ9tLw2.',
      marks: 'Zk3vQ9tL'.repeat(48),
    },
    openPixel: 'https://fernandfable.example/o/Zk3vQ9tLw2',
    at: Date.UTC(2026, 10, 23, 13),
    ...changes,
  }
}

const product = (id: string, name: string, brand: string, price: number, more: Partial<Line> = {}): Line => ({
  id,
  name,
  brand,
  price,
  quantity: 1,
  url: `https://fernandfable.example/products/${id}`,
  image: `https://fernandfable.example/images/${id}.jpg`,
  ...more,
})

const lamp = product('1004856', 'Halden table lamp', 'Norrsken', 129, { variant: 'Sage green', category: 'home.lighting.lamp' })
const kettle = product('1004767', 'Stovetop kettle, 1.6 l', 'Ember', 74, { variant: 'Brushed steel', category: 'kitchen.kettle' })
const linen = product('1005115', 'Washed linen napkins', 'Atelier Lumen', 22, { variant: 'Set of four', quantity: 2, category: 'home.textile' })
const chair = product('1005160', 'Oak stool', 'Norrsken', 95)
const mugs = product('1005003', 'Two stoneware mugs', 'Ember', 32)
const throwRug = product('1005073', 'Wool throw', 'Atelier Lumen', 88)
const vase = product('1005246', 'Bud vase', 'Norrsken', 27)
