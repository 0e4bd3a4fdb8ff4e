/** The cart, the checkout, and what was ordered. */
import { useEffect, useState } from 'preact/hooks'
import { Refused } from '../ask.ts'
import { Fault } from '../parts/basics.tsx'
import { useStore } from '../hooks.ts'
import { askShop, productOf, shop } from './backend.ts'
import type { DemoCode } from '../../studio/demo-products.ts'
import { tellCart, tellPage } from './events.ts'
import { enter, order, setQuantity, takeOut } from './moves.ts'
import { price } from './parts.tsx'
import { countOf, me, totalOf, visitor } from './visitor.ts'
import type { CartLine } from './visitor.ts'
import { count, dayOf } from '../words.ts'
import { walk } from './way.ts'

export function Cart({ placed }: { placed: string | null }) {
  const { lines, orders } = useStore(visitor, (context) => context)
  useEffect(() => {
    document.title = `Cart · ${shop().name}`
    tellPage('Cart')
    if (placed === null) tellCart('Cart Viewed', me().lines)
  }, [])
  const thanked = orders.find(({ orderId }) => orderId === placed)
  return (
    <>
      <h1>{thanked ? 'Thank you' : 'Your cart'}</h1>
      {thanked && (
        <p class="notice thanks" role="status">
          Order <strong class="mono">{thanked.orderId}</strong> over {price(thanked.total)} is placed. Skip an hour, and a letter will thank you as well.
        </p>
      )}
      {lines.length > 0 ? (
        <div class="till">
          <Lines lines={lines} />
          <aside class="card sum">
            <Total lines={lines} percent={0} />
            <button type="button" class="button strong" onClick={() => walk('/demo/checkout')}>
              Check out
            </button>
            <p class="small soft">Or leave it standing here, and see what happens.</p>
          </aside>
        </div>
      ) : (
        !thanked && (
          <div class="empty">
            <h2>Nothing in it yet</h2>
            <p>Put something in, leave it, and let three quarters of an hour go by.</p>
            <a class="button strong" href="/demo">
              Look at the shelf
            </a>
          </div>
        )
      )}
      {orders.length > 0 && <Orders />}
    </>
  )
}

const Lines = ({ lines }: { lines: readonly CartLine[] }) => (
  <ul class="lines">
    {lines.map(({ id, quantity }) => {
      const product = productOf(id)
      if (product === undefined) return null
      return (
        <li key={id}>
          <a href={`/demo/products/${id}`} tabIndex={-1} aria-hidden="true">
            <img src={product.image} alt="" width="88" height="88" />
          </a>
          <div class="what">
            <a href={`/demo/products/${id}`}>{product.name}</a>
            <button type="button" class="button quiet small" aria-label={`Remove ${product.name}`} onClick={() => takeOut(id)}>
              Remove
            </button>
          </div>
          <div class="step" role="group" aria-label={`How many of ${product.name}`}>
            <button type="button" class="button small" aria-label="One less" onClick={() => setQuantity(id, quantity - 1)}>
              −
            </button>
            <output class="numbers">{quantity}</output>
            <button type="button" class="button small" aria-label="One more" disabled={quantity >= 99} onClick={() => setQuantity(id, quantity + 1)}>
              +
            </button>
          </div>
          <span class="numbers cost">{price(product.price * quantity)}</span>
        </li>
      )
    })}
  </ul>
)

function Total({ lines, percent }: { lines: readonly CartLine[]; percent: number }) {
  const total = totalOf(lines)
  const off = Math.round(total * percent) / 100
  return (
    <dl class="facts numbers">
      <dt>{count(countOf(lines), 'item')}</dt>
      <dd>{price(total)}</dd>
      {percent > 0 && (
        <>
          <dt>{percent}% off</dt>
          <dd>−{price(off)}</dd>
        </>
      )}
      <dt>Delivery</dt>
      <dd>free</dd>
      <dt class="whole">Total</dt>
      <dd class="whole">{price(Math.round((total - off) * 100) / 100)}</dd>
    </dl>
  )
}

export function Checkout() {
  const { lines, firstName, email, customer } = useStore(visitor, (context) => context)
  const [name, setName] = useState('')
  const [code, setCode] = useState('')
  const [good, setGood] = useState<{ code: string; percent: number; expiresAt: string } | null>(null)
  const [bad, setBad] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState<Error | null>(null)
  useEffect(() => {
    document.title = `Checkout · ${shop().name}`
    if (me().lines.length === 0) return walk('/demo/cart')
    tellPage('Checkout')
    tellCart('Checkout Started', me().lines)
  }, [])
  const doing = async (work: () => Promise<void>) => {
    setBusy(true)
    setFault(null)
    try {
      await work()
    } catch (error) {
      setFault(error as Error)
    }
    setBusy(false)
  }
  const check = () =>
    doing(async () => {
      const told = await askShop<DemoCode>('codes', { customer, code })
      setGood('reason' in told ? null : { code: code.trim(), ...told })
      setBad('reason' in told ? badWords(told) : null)
    })
  const place = (event: Event) => {
    event.preventDefault()
    void doing(async () => {
      if (firstName === null) await enter(name)
      try {
        walk(`/demo/cart?order=${await order(good?.code ?? null)}`)
      } catch (error) {
        if (!(error instanceof Refused && error.code.startsWith('code.'))) throw error
        setGood(null)
        setBad(`${badWords({ reason: error.code })} The order was not placed.`)
      }
    })
  }
  return (
    <>
      <h1>Checkout</h1>
      <form class="till" onSubmit={place}>
        <div class="card body stack">
          {firstName === null ? (
            <div class="field">
              <label for="checkout-name">First name</label>
              <input id="checkout-name" required maxLength={40} value={name} autoComplete="off" onInput={(event) => setName(event.currentTarget.value)} />
              <span class="small soft">The shop makes up an address for you. No letter leaves this machine.</span>
            </div>
          ) : (
            <dl class="facts">
              <dt>For</dt>
              <dd>{firstName}</dd>
              <dt>Letters to</dt>
              <dd>{email}</dd>
            </dl>
          )}
          <div class="field">
            <label for="checkout-code">Discount code, if a letter brought you one</label>
            <div class="row">
              <input
                id="checkout-code"
                value={code}
                maxLength={40}
                autoComplete="off"
                spellcheck={false}
                aria-describedby="checkout-code-said"
                aria-invalid={bad !== null}
                onInput={(event) => {
                  setCode(event.currentTarget.value)
                  setBad(null)
                  if (good !== null && event.currentTarget.value.trim() !== good.code) setGood(null)
                }}
              />
              <button type="button" class="button" disabled={busy || code.trim() === '' || customer === null} onClick={() => void check()}>
                Use it
              </button>
            </div>
            <span id="checkout-code-said" role="status" class={`small ${bad === null ? 'good' : 'bad-code'}`}>
              {bad ?? (good && `${good.percent}% off. Good for this one order, until ${dayOf(Date.parse(good.expiresAt))}.`)}
            </span>
          </div>
          {fault && <Fault fault={fault} />}
        </div>
        <aside class="card sum">
          <Total lines={lines} percent={good?.percent ?? 0} />
          <button type="submit" class="button strong" disabled={busy || lines.length === 0}>
            Place the order
          </button>
          <p class="small soft">Nothing is paid and nothing is sent.</p>
        </aside>
      </form>
    </>
  )
}

/** Why a code is not taken, as a shop would say it. */
function badWords({ reason, expiresAt, orderId }: { reason: string; expiresAt?: string; orderId?: string | null }): string {
  switch (reason) {
    case 'code.mistyped':
      return 'There is a slip in it: a letter is wrong, missing or swapped. Compare it with the one in your mail.'
    case 'code.expired':
      return expiresAt === undefined ? 'This code has expired.' : `This code was good until ${dayOf(Date.parse(expiresAt))}, and has expired.`
    case 'code.used':
      return orderId ? `This code was used already, for order ${orderId}.` : 'This code was used already.'
    case 'code.not_sent':
    case 'code.withdrawn':
      return 'This code has not reached anybody, so it cannot be used.'
    default:
      return 'None of your letters has this code.'
  }
}

function Orders() {
  const orders = useStore(visitor, (context) => context.orders)
  return (
    <section class="orders">
      <h2>Your orders</h2>
      <ul>
        {orders.map(({ orderId, total, lines }) => (
          <li key={orderId}>
            <span class="mono">{orderId}</span>
            <span class="soft names">{lines.map(({ id, quantity }) => `${quantity > 1 ? `${quantity} × ` : ''}${productOf(id)?.name ?? id}`).join(', ')}</span>
            <span class="numbers">{price(total)}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
