/** What the demo shop sells, and the shapes it tells its page. Each product has its picture in `src/web/demo/pictures/<id>.jpg`. */

export type Product = { id: string; name: string; brand: string; category: string; price: number; about: string; facts: string[] }

/** GET shop. */
export type DemoShop = { name: string; currency: string; writeKey: string; cartUrl: string; products: DemoProduct[] }
export type DemoProduct = Product & { url: string; image: string }
/** GET mailbox?customer, the newest first. */
export type DemoLetter = { id: number; subject: string; at: number; template: string; state: string }

const brand = 'Fern & Co'

export const products: readonly Product[] = [
  {
    id: 'boston-fern',
    name: 'Boston fern',
    brand,
    category: 'plants',
    price: 24.5,
    about: 'A soft fountain of green that forgives a forgotten day. Happiest in a bright bathroom or a north window.',
    facts: ['Bright shade', 'Keep moist', '40 cm'],
  },
  {
    id: 'monstera',
    name: 'Monstera deliciosa',
    brand,
    category: 'plants',
    price: 42,
    about: 'Big, calm leaves that open new windows as they grow. Give it a corner and it will make it a room.',
    facts: ['Indirect light', 'Water weekly', '65 cm'],
  },
  {
    id: 'snake-plant',
    name: 'Snake plant',
    brand,
    category: 'plants',
    price: 29,
    about: 'Upright, unhurried and nearly impossible to lose. Leave for a month: it will not hold it against you.',
    facts: ['Any light', 'Water monthly', '50 cm'],
  },
  {
    id: 'olive-tree',
    name: 'Small olive tree',
    brand,
    category: 'plants',
    price: 89,
    about: 'A little of the south for a sunny balcony. Ten years old, pruned by hand, with silver under every leaf.',
    facts: ['Full sun', 'Let it dry out', '95 cm'],
  },
  {
    id: 'string-of-pearls',
    name: 'String of pearls',
    brand,
    category: 'plants',
    price: 18.5,
    about: 'Beads of green that spill over the edge of a shelf and catch the light like water.',
    facts: ['Bright light', 'Water sparingly', 'Trails to 60 cm'],
  },
  {
    id: 'terracotta-pot',
    name: 'Terracotta pot',
    brand,
    category: 'pots',
    price: 12,
    about: 'Thrown by hand and left unglazed, so that roots can breathe. It grows paler and lovelier with the years.',
    facts: ['18 cm', 'With saucer', 'Frost-proof'],
  },
  {
    id: 'glazed-planter',
    name: 'Glazed planter',
    brand,
    category: 'pots',
    price: 34,
    about: 'A deep sea green that pools darker at the foot. Each one comes out of the kiln a little different.',
    facts: ['22 cm', 'Stoneware', 'Drip tray inside'],
  },
  {
    id: 'watering-can',
    name: 'Brass watering can',
    brand,
    category: 'tools',
    price: 38,
    about: 'A long spout that reaches the last pot on the sill without a drop on the wood.',
    facts: ['1.2 litres', 'Solid brass', 'Fine spout'],
  },
  {
    id: 'basil-seeds',
    name: 'Basil seeds',
    brand,
    category: 'seeds',
    price: 6.5,
    about: 'A packet of summer. Sow on the sill in spring, pinch often, and it feeds you until October.',
    facts: ['200 seeds', 'Organic', 'Sow March to June'],
  },
]

/** What the catalogue knows of them while no shop of its own is named; nothing when one is. */
export function demoCatalogue(shop: { url: string; currency: string }, publicUrl: string) {
  return (shop.url === `${publicUrl}/demo` ? products : []).map(({ id, name, brand, category, price }) => ({
    id,
    name,
    brand,
    category,
    price,
    currency: shop.currency,
    url: `${publicUrl}/demo/products/${id}`,
    image: `${publicUrl}/demo/pictures/${id}.jpg`,
    stock: null,
    source: 'shop' as const,
    updated: 0,
  }))
}
