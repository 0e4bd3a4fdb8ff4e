/** Everyone there is: found by e-mail or id as one types, and where each stands. */
import type { ComponentChildren } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Chart, CustomerList, CustomerRow } from '../../studio/api.ts'
import { ask, withQuery } from '../ask.ts'
import { useAsk, useNow, useSettled, useStore, useTitle } from '../hooks.ts'
import { Empty, Fault, LongList, Spinner, Time } from '../parts/basics.tsx'
import { StateChoice } from '../parts/state-choice.tsx'
import { SearchIcon } from '../parts/icons.tsx'
import { go, place } from '../router.ts'
import { session } from '../session.ts'
import { count, fromNow } from '../words.ts'
import '../styles/customers.css'

const pageRows = 200
const rowPx = 60
/** Asks for more when so many rows are left to scroll. */
const aheadRows = 80
const settleMs = 150

export function Customers(_: { params: string[] }) {
  useTitle('Customers')
  const query = useStore(place, ({ query }) => query.get('query') ?? '')
  const state = useStore(place, ({ query }) => query.get('state') ?? '')
  const [typed, setTyped] = useState(query)
  const settled = useSettled(typed.trim(), settleMs)
  useEffect(() => {
    if (settled !== query) go(withQuery('/studio/customers', { query: settled, state }), true)
  }, [settled])
  // Back and forth in the browser, or a link to this page, bring another query.
  const shown = useRef(query)
  useEffect(() => {
    if (shown.current !== query && query !== settled) setTyped(query)
    shown.current = query
  }, [query])
  const list = useCustomers(query, state)
  return (
    <>
      <header>
        <h1>Customers</h1>
        {list.total !== null && <span class="soft numbers">{count(list.total, 'customer')}</span>}
      </header>
      <div class="card customers">
        <div class="search">
          <Search typed={typed} onType={setTyped} />
          <StateChoice state={state} onChange={(chosen) => go(withQuery('/studio/customers', { query, state: chosen }), true)} />
          <p class="soft small numbers" role="status">
            {wordsFor(list, query, state)}
          </p>
        </div>
        {list.fault && (
          <div class="body">
            <Fault fault={list.fault} again={list.again} />
          </div>
        )}
        <Found list={list} query={query} state={state} />
      </div>
    </>
  )
}

function Search({ typed, onType }: { typed: string; onType: (typed: string) => void }) {
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof HTMLElement && event.target.closest('input, textarea, select, [contenteditable]') !== null
      if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      field.current?.focus()
      field.current?.select()
    }
    addEventListener('keydown', focus)
    return () => removeEventListener('keydown', focus)
  }, [])
  return (
    <label class="search-box">
      <SearchIcon />
      <span class="out-of-sight">Search by e-mail, user id or anonymous id</span>
      <input
        ref={field}
        type="search"
        value={typed}
        placeholder="E-mail, user id or anonymous id"
        autocomplete="off"
        spellcheck={false}
        maxLength={200}
        onInput={(event) => onType(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Escape' && onType('')}
      />
      <kbd aria-hidden="true">/</kbd>
    </label>
  )
}

type Listed = {
  rows: readonly CustomerRow[]
  total: number | null
  after: string | null
  fault: Error | null
  loading: boolean
  more: () => void
  again: () => void
}

/** Everyone who is found, page by page as they are scrolled to. */
function useCustomers(query: string, state: string): Listed {
  type Kept = { of: string; rows: CustomerRow[]; total: number | null; after: string | null; fault: Error | null; loading: boolean }
  const of = JSON.stringify([query, state])
  const [kept, keep] = useState<Kept>({ of, rows: [], total: null, after: null, fault: null, loading: true })
  const [round, setRound] = useState(0)
  const busy = useRef(false)
  const stop = useRef(new AbortController())
  const get = (after: string | null) => {
    busy.current = true
    const { signal } = stop.current
    keep((before) => ({ ...before, loading: true, fault: null }))
    ask<CustomerList>(withQuery('customers', { query, state, after, limit: pageRows }), signal).then(
      ({ customers, after: next, total }) => {
        busy.current = false
        keep((before) => ({ of, rows: after === null ? customers : [...before.rows, ...customers], total, after: next, fault: null, loading: false }))
        // A page may be short, or empty, and have something after it.
        if (customers.length < pageRows / 4 && next !== null) get(next)
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

function wordsFor({ rows, after, total, loading }: Listed, query: string, state: string): string {
  if (total === null || (loading && rows.length === 0)) return ''
  if (query === '' && state === '') return 'the newest first'
  if (after !== null && rows.length < pageRows / 4) return `${count(rows.length, 'customer')} found, looking further`
  return after === null ? `${count(rows.length, 'customer')} found` : `the first ${rows.length.toLocaleString()} found`
}

function Found({ list, query, state }: { list: Listed; query: string; state: string }) {
  const { rows, after, loading, fault, total, more } = list
  const now = useNow(1_000)
  const chart = useAsk<Chart>('chart').value
  const initial = useMemo(() => initialOf(chart), [chart])
  if (rows.length === 0) {
    if (fault) return null
    if (loading) return <Spinner what="Looking for customers" />
    return query === '' && state === '' && total === 0 ? <Nobody /> : <NotFound query={query} state={state} />
  }
  const shown = rows.length + (after === null ? 0 : 3)
  return (
    <>
      <div class="customer-row titles small" aria-hidden="true">
        <span>Customer</span>
        <span>Stands in</span>
        <span>Last heard of</span>
        <span>Next timer</span>
      </div>
      <LongList
        count={shown}
        rowPx={rowPx}
        heightPx="calc(100vh - 236px)"
        label="Customers"
        onSeen={(_from, to) => to > rows.length - aheadRows && more()}
        row={(index) => {
          const row = rows[index]
          return row === undefined ? <div class="customer-row soft">…</div> : <Row row={row} now={now} initial={initial} />
        }}
      />
    </>
  )
}

/** Region → where everyone begins, which says nothing about anyone. */
function initialOf(chart: Chart | null): ReadonlyMap<string, string> {
  const begin = new Map<string, string>()
  for (const { key, id, nodes } of chart?.regions ?? []) {
    const from = (parent: string): string => {
      const isParallel = nodes.find((node) => node.id === parent)?.kind === 'parallel'
      return nodes
        .filter((node) => node.parent === parent && node.kind !== 'anywhere' && (node.initial || isParallel))
        .map((node) => [node.label, from(node.id)].filter(Boolean).join('.'))
        .join(' + ')
    }
    begin.set(key, from(id))
  }
  return begin
}

function Row({ row, now, initial }: { row: CustomerRow; now: number; initial: ReadonlyMap<string, string> }) {
  const stands = Object.entries(row.states).filter(([region, path]) => initial.get(region) !== path)
  return (
    <a class="customer-row" href={`/studio/customers/${row.id}`}>
      <span class="who">
        <strong>{row.name.slice(0, 120)}</strong>
        <span class="soft small">
          {row.email === null ? 'no address' : row.email.slice(0, 120)}
          {row.verified && <Verified />}
        </span>
      </span>
      <span
        class="stands"
        title={Object.entries(row.states)
          .map(([region, path]) => `${region}: ${path}`)
          .join('\n')}
      >
        {stands.length === 0 ? <span class="soft small">at rest</span> : stands.map(([region, path]) => <Stand key={region} region={region} path={path} />)}
      </span>
      <span class="numbers small heard">
        <Time at={row.at} now={now} relative />
      </span>
      <span class="numbers small due">{row.due === null ? <span class="soft">none</span> : <Due at={row.due} now={now} />}</span>
    </a>
  )
}

const Stand = ({ region, path }: { region: string; path: string }): ComponentChildren => (
  <span class="chip">
    <span class="soft">{region}</span> {path}
  </span>
)

const Verified = () => (
  <svg class="verified" viewBox="0 0 14 14" width="13" height="13" role="img" aria-label="vouched for">
    <circle cx="7" cy="7" r="6" />
    <path d="m4.300 7.200 1.900 1.900 3.600-4" />
  </svg>
)

const Due = ({ at, now }: { at: number; now: number }) => <time dateTime={new Date(at).toISOString()}>{at <= now ? 'due' : fromNow(at, now)}</time>

function Nobody() {
  const me = useStore(session, ({ me }) => me)
  return (
    <Empty title="No customers yet">
      <p>They come with the first event. Make one up and watch what happens to them.</p>
      <div class="ways">
        {me?.demo && (
          <a class="button strong" href="/demo" target="_blank">
            Walk through the demo shop
          </a>
        )}
        <a class="button" href="/studio/try">
          Try it with a made-up customer
        </a>
      </div>
    </Empty>
  )
}

function NotFound({ query, state }: { query: string; state: string }) {
  return (
    <Empty title="Nobody found">
      {query !== '' && (
        <p class="break">
          Looked for “{query}” in e-mail addresses, user ids and anonymous ids{state === '' ? '' : ', among those in the chosen state'}.
        </p>
      )}
      {state !== '' && query === '' && <p>Nobody stands in this state right now.</p>}
      <a class="button" href="/studio/customers">
        Show everyone
      </a>
    </Empty>
  )
}
