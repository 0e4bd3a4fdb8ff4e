/** Parts of a product that the list and its own page show alike. */
import { useState } from 'preact/hooks'
import type { ProductRow, ProductSource } from '../../studio/api-catalogue.ts'
import { money, number } from '../words.ts'

/** A product's picture; a quiet square where there is none, or it does not come. */
export function Picture({ url, size }: { url: string | null; size: number }) {
  const [isBroken, setBroken] = useState<string | null>(null)
  return (
    <span class="product-picture" style={{ width: `${size}px`, height: `${size}px` }}>
      {url !== null && isBroken !== url && (
        <img src={url} alt="" width={size} height={size} loading="lazy" referrerpolicy="no-referrer" onError={() => setBroken(url)} />
      )}
    </span>
  )
}

export const Price = ({ row: { price, currency } }: { row: Pick<ProductRow, 'price' | 'currency'> }) =>
  price === null ? <span class="soft">no price</span> : <>{money(price, currency)}</>

export function Stock({ row: { stock, source } }: { row: Pick<ProductRow, 'stock' | 'source'> }) {
  if (source === 'gone') return <span class="soft">taken away</span>
  if (stock === null) return <span class="soft">stock unknown</span>
  return stock === 0 ? <span class="chip warn">sold out</span> : <span class="numbers">{number(stock)} in stock</span>
}

const words: Record<ProductSource, string> = { shop: 'shop', learnt: 'learnt', gone: 'gone' }
const titles: Record<ProductSource, string> = {
  shop: 'The shop told of it',
  learnt: 'Learnt from events; the shop did not tell of it',
  gone: 'The shop took it away',
}
export const SourceChip = ({ source }: { source: ProductSource }) => (
  <span class={`chip ${source === 'learnt' ? 'low' : ''}`} title={titles[source]}>
    {words[source]}
  </span>
)

/** What each step of the chain says for itself. */
export const stepWords: Record<string, string> = {
  viewed: 'looked at by the same people',
  cart: 'sells together with it',
  category: 'best seller of its category',
  shop: 'best seller of the shop',
}
