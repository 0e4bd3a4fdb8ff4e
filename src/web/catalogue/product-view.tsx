/** One product: what is known of it, what goes with it, and the letters that showed it. */
import type { ProductPage, ProductRole, ProductsWith } from '../../studio/api-catalogue.ts'
import { Refused, withQuery } from '../ask.ts'
import { useAsk, useNow } from '../hooks.ts'
import { Empty, Fault, Spinner, Time } from '../parts/basics.tsx'
import { count } from '../words.ts'
import { Picture, Price, SourceChip, Stock, stepWords } from './parts.tsx'

const roles: Record<ProductRole, string> = { line: 'in the cart', product: 'as the product looked at', order: 'in the order', recommended: 'recommended' }

export function ProductView({ id, back }: { id: string; back: string }) {
  const { value, fault, again } = useAsk<ProductPage>(withQuery('products/one', { id }))
  const now = useNow(10_000)
  const link = (
    <p class="letter-back">
      <a href={back}>← All products</a>
    </p>
  )
  if (fault instanceof Refused && fault.status === 404)
    return (
      <>
        {link}
        <div class="card">
          <Empty title="There is no such product">
            <p class="break">Nobody told of “{id.slice(0, 120)}”, and no event taught it yet.</p>
          </Empty>
        </div>
      </>
    )
  if (value === null) return fault === null ? <Spinner what="Fetching the product" /> : <Fault fault={fault} again={again} />
  return (
    <>
      {link}
      <article class="card product-view" aria-labelledby="product-name">
        <div class="product-head">
          <Picture url={value.image} size={96} />
          <div>
            <h2 id="product-name" class="break">
              {value.name ?? value.id}
            </h2>
            <p class="product-terms">
              <strong class="numbers">
                <Price row={value} />
              </strong>
              <Stock row={value} />
              <SourceChip source={value.source} />
            </p>
          </div>
        </div>
        <dl class="facts">
          <dt>Id</dt>
          <dd class="mono">{value.id}</dd>
          {value.brand !== null && (
            <>
              <dt>Brand</dt>
              <dd>{value.brand}</dd>
            </>
          )}
          {value.category !== null && (
            <>
              <dt>Category</dt>
              <dd>{value.category}</dd>
            </>
          )}
          <dt>Link</dt>
          <dd>
            {value.url === null ? (
              <span class="soft">none, so it is not recommended</span>
            ) : (
              <a class="break" href={value.url} target="_blank" rel="noopener noreferrer">
                {value.url}
              </a>
            )}
          </dd>
          <dt>Changed</dt>
          <dd>{value.updated === 0 ? 'part of the demonstration' : <Time at={value.updated} now={now} />}</dd>
        </dl>
        <With id={id} />
        <Advertised advertised={value.advertised} now={now} />
      </article>
    </>
  )
}

function With({ id }: { id: string }) {
  const { value, fault, again } = useAsk<ProductsWith>(withQuery('products/with', { id }))
  return (
    <section class="product-part" aria-labelledby="goes-with">
      <h3 id="goes-with">What goes with it</h3>
      {fault !== null && <Fault fault={fault} again={again} />}
      {value?.with.length === 0 && <p class="soft">Nothing yet: views and orders teach it. What is sold out, or has no name or link, is never recommended.</p>}
      <ul class="with-list">
        {value?.with.map(({ product, step }) => (
          <li key={product.id}>
            <a href={withQuery('/studio/catalogue', { product: product.id })}>
              <Picture url={product.image} size={36} />
              <span class="product-name">
                <strong>{product.name ?? product.id}</strong>
                <span class="soft small">{stepWords[step] ?? step}</span>
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Advertised({ advertised: { letters, looked, latest }, now }: { advertised: ProductPage['advertised']; now: number }) {
  return (
    <section class="product-part" aria-labelledby="advertised">
      <h3 id="advertised">Letters of the last 30 days</h3>
      <p class="soft small numbers">
        {letters === 0 ? `None of ${count(looked, 'letter')} showed it.` : `${count(letters, 'letter')} of ${looked.toLocaleString()} showed it.`}
      </p>
      <ul class="shown-in">
        {latest.map(({ id, at, template, subject, as }) => (
          <li key={id}>
            <a class="break" href={`/studio/inbox/${id}`}>
              {subject}
            </a>
            <span class="soft small">
              {template}, {roles[as]} · <Time at={at} now={now} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
