/** What the shop sells, as Beckon knows it: searched as one types, one product opened beside the list. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { ProductList, ProductRow, ProductSource } from '../../studio/api-catalogue.ts'
import type { CheckupPage } from '../../studio/api-checkup.ts'
import { ask, withQuery } from '../ask.ts'
import { ProductView } from '../catalogue/product-view.tsx'
import { Picture, Price, SourceChip, Stock } from '../catalogue/parts.tsx'
import { useAsk, useMedia, useNow, useSettled, useStore, useTitle } from '../hooks.ts'
import { Empty, Fault, LongList, Spinner, Time } from '../parts/basics.tsx'
import { SearchIcon } from '../parts/icons.tsx'
import { go, place } from '../router.ts'
import { count, number } from '../words.ts'
import '../styles/catalogue.css'

const pageRows = 200
const rowPx = 64
/** Asks for more when so many rows are left to scroll. */
const aheadRows = 80
const settleMs = 150

const sources: readonly (readonly [ProductSource, string])[] = [
  ['shop', 'told by the shop'],
  ['learnt', 'learnt from events'],
  ['gone', 'taken away'],
]

export function Catalogue(_: { params: string[] }) {
  useTitle('Catalogue')
  const query = useStore(place, ({ query }) => query.get('query') ?? '')
  const source = useStore(place, ({ query }) => query.get('source') ?? '')
  const product = useStore(place, ({ query }) => query.get('product'))
  const isWide = useMedia('(min-width: 1120px)')
  const [typed, setTyped] = useState(query)
  const settled = useSettled(typed.trim(), settleMs)
  useEffect(() => {
    if (settled !== query) go(withQuery('/studio/catalogue', { query: settled, source, product }), true)
  }, [settled])
  // Back and forth in the browser bring another query.
  const shown = useRef(query)
  useEffect(() => {
    if (shown.current !== query && query !== settled) setTyped(query)
    shown.current = query
  }, [query])
  const list = useProducts(query, source)
  const hrefOf = (id: string) => withQuery('/studio/catalogue', { query, source, product: id })
  const pane = product === null ? null : <ProductView key={product} id={product} back={withQuery('/studio/catalogue', { query, source })} />
  if (!isWide && pane !== null) return pane
  return (
    <>
      <header>
        <h1>Catalogue</h1>
        <Counts list={list} />
      </header>
      <Gaps />
      <div class={pane === null ? '' : 'catalogue-two'}>
        <section class="card catalogue" aria-label="Products">
          <div class="search">
            <label class="search-box">
              <SearchIcon />
              <span class="out-of-sight">Search by name, id, brand or category</span>
              <input
                type="search"
                value={typed}
                placeholder="Name, id, brand or category"
                autocomplete="off"
                spellcheck={false}
                maxLength={200}
                onInput={(event) => setTyped(event.currentTarget.value)}
              />
            </label>
            <select
              class="state-choice"
              aria-label="Only those known in this way"
              value={source}
              onChange={(event) => go(withQuery('/studio/catalogue', { query, source: event.currentTarget.value, product }), true)}
            >
              <option value="">all products</option>
              {sources.map(([id, words]) => (
                <option key={id} value={id}>
                  {words}
                </option>
              ))}
            </select>
          </div>
          {list.fault && (
            <div class="body">
              <Fault fault={list.fault} again={list.again} />
            </div>
          )}
          <Rows list={list} chosen={product} hrefOf={hrefOf} isFiltered={query !== '' || source !== ''} />
        </section>
        {pane !== null && <section aria-label="The product">{pane}</section>}
      </div>
    </>
  )
}

type Listed = {
  rows: readonly ProductRow[]
  counts: ProductList['counts'] | null
  after: string | null
  fault: Error | null
  loading: boolean
  more: () => void
  again: () => void
}

/** All that is found, page by page as it is scrolled to. */
function useProducts(query: string, source: string): Listed {
  type Kept = { of: string; rows: ProductRow[]; counts: ProductList['counts'] | null; after: string | null; fault: Error | null; loading: boolean }
  const of = JSON.stringify([query, source])
  const [kept, keep] = useState<Kept>({ of, rows: [], counts: null, after: null, fault: null, loading: true })
  const [round, setRound] = useState(0)
  const busy = useRef(false)
  const stop = useRef(new AbortController())
  const get = (after: string | null) => {
    busy.current = true
    const { signal } = stop.current
    keep((before) => ({ ...before, loading: true, fault: null }))
    ask<ProductList>(withQuery('products', { query, source, after, limit: pageRows }), signal).then(
      ({ products, after: next, counts }) => {
        busy.current = false
        keep((before) => ({ of, rows: after === null ? products : [...before.rows, ...products], counts, after: next, fault: null, loading: false }))
      },
      (fault: Error) => {
        if (signal.aborted) return
        busy.current = false
        keep((before) => ({ ...before, of, fault, loading: false }))
      },
    )
  }
  useEffect(() => {
    stop.current = new AbortController()
    get(null)
    return () => stop.current.abort()
  }, [of, round])
  return { ...kept, more: () => busy.current || kept.of !== of || kept.after === null || get(kept.after), again: () => setRound((n) => n + 1) }
}

function Counts({ list: { counts } }: { list: Listed }) {
  const now = useNow(10_000)
  if (counts === null) return null
  const { shop, learnt, gone, soldOut, updated } = counts
  return (
    <span class="soft numbers">
      {count(shop + learnt, 'product')}
      {learnt > 0 && `, ${number(learnt)} of them learnt`}
      {soldOut > 0 && `, ${number(soldOut)} sold out`}
      {gone > 0 && `, ${number(gone)} taken away`}
      {updated !== null && (
        <>
          {' '}
          · the shop last changed one <Time at={updated} now={now} relative />
        </>
      )}
    </span>
  )
}

/** What the last checkup found about products, in one line each. */
function Gaps() {
  const { value } = useAsk<CheckupPage>('checkup')
  const gaps = (value?.last?.findings ?? []).filter(({ id }) => id.startsWith('product_'))
  if (gaps.length === 0) return null
  return (
    <details class="card gaps">
      <summary>
        {count(gaps.length, 'gap')} <span class="soft">found by the last audit</span>
      </summary>
      <ul>
        {gaps.map(({ id, title, count: n, todo }) => (
          <li key={id}>
            <strong class="numbers">{number(n)}</strong> {title} <span class="soft small">{todo}</span>
          </li>
        ))}
      </ul>
      <p class="small">
        <a href="/studio/audit">See which ones</a>
      </p>
    </details>
  )
}

type Shown = { list: Listed; chosen: string | null; hrefOf: (id: string) => string; isFiltered: boolean }

function Rows({ list: { rows, after, loading, fault, more }, chosen, hrefOf, isFiltered }: Shown) {
  const now = useNow(10_000)
  if (rows.length === 0) {
    if (fault) return null
    if (loading) return <Spinner what="Looking for products" />
    return isFiltered ? <NotFound /> : <Nothing />
  }
  return (
    <LongList
      count={rows.length + (after === null ? 0 : 3)}
      rowPx={rowPx}
      heightPx="calc(100vh - 250px)"
      label="Products"
      onSeen={(_from, to) => to > rows.length - aheadRows && more()}
      row={(index) => {
        const row = rows[index]
        if (row === undefined) return <div class="product-row soft">…</div>
        return (
          <a class="product-row" href={hrefOf(row.id)} aria-current={row.id === chosen ? 'true' : undefined}>
            <Picture url={row.image} size={44} />
            <span class="product-name">
              <strong>{row.name ?? row.id}</strong>
              <span class="soft small">{[row.name === null ? null : row.id, row.brand, row.category].filter(Boolean).join(' · ')}</span>
            </span>
            <span class="numbers product-price">
              <Price row={row} />
            </span>
            <span class="product-stock small">
              <Stock row={row} />
            </span>
            <span class="product-source">
              <SourceChip source={row.source} />
            </span>
            <span class="soft small numbers product-updated">{row.updated === 0 ? 'demo' : <Time at={row.updated} now={now} relative />}</span>
          </a>
        )
      }}
    />
  )
}

const NotFound = () => (
  <Empty title="No product is like that">
    <a class="button" href="/studio/catalogue">
      Show all products
    </a>
  </Empty>
)

const Nothing = () => (
  <Empty title="No products yet">
    <p>Letters show name, picture, price and stock as the shop says. Tell Beckon what you sell, by API or from a feed:</p>
    <pre class="sheet">npm run beckon -- catalog https://shop.example/feed.xml</pre>
    <p>What events say of products is learnt besides.</p>
  </Empty>
)
