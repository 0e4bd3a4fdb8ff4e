/** The demo shop: a small shop as any other, with a look behind the scenes. */
import { render } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { openShop, shop } from './demo/backend.ts'
import { Behind } from './demo/behind.tsx'
import { Cart, Checkout } from './demo/cart.tsx'
import { Product, Shelf } from './demo/goods.tsx'
import { Hint } from './demo/hint.tsx'
import { useLife } from './demo/life.tsx'
import { OpenLetter, useMailbox } from './demo/mailbox.tsx'
import { scene } from './demo/moves.ts'
import { BagIcon, LeafMark, Said, WhoDialog } from './demo/parts.tsx'
import { countOf, keepVisitor, visitor } from './demo/visitor.ts'
import { startWay, way } from './demo/way.ts'
import { useStore } from './hooks.ts'
import { Fault, Spinner } from './parts/basics.tsx'
import { applyTheme, meet, session } from './session.ts'
import './styles/demo.css'

function Demo() {
  const [opened, setOpened] = useState<boolean | Error>(false)
  const open = () => void openShop().then(() => moveToOwnAddress() || setOpened(true), setOpened)
  useEffect(open, [])
  if (opened === false) return <Spinner what="Opening the shop" />
  if (opened !== true) return <Fault fault={opened} again={open} />
  return <Shop />
}

function Shop() {
  const { customer } = useStore(visitor, (context) => context)
  const mayLook = useStore(session, ({ me }) => me !== null && me.role !== null)
  const life = useLife(mayLook ? customer : null)
  const letters = useMailbox(customer, life.beat)
  return (
    <div class="demo">
      <a class="skip-link" href="#shop">
        Skip to the shop
      </a>
      <Top />
      <main id="shop" tabIndex={-1}>
        <Hint letters={letters} />
        <Page />
      </main>
      <Behind life={life} letters={letters} mayLook={mayLook} />
      <WhoDialog />
      <OpenLetter mayLook={mayLook} />
      <Said />
    </div>
  )
}

function Page() {
  const { path, query } = useStore(way, (context) => context)
  const [, id] = /^\/demo\/products\/([^/]+)$/.exec(path) ?? []
  if (id !== undefined) return <Product id={decodeURIComponent(id)} />
  if (path === '/demo/cart') return <Cart key={query.get('order') ?? 'cart'} placed={query.get('order')} />
  if (path === '/demo/checkout') return <Checkout />
  return <Shelf />
}

function Top() {
  const { lines, firstName } = useStore(visitor, (context) => context)
  const count = countOf(lines)
  return (
    <header class="top">
      <a class="sign" href="/demo">
        <LeafMark />
        {shop().name}
      </a>
      <nav aria-label="Shop">
        {firstName === null ? (
          <button type="button" class="button quiet" onClick={() => scene.trigger.ask({ next: null })}>
            Sign in
          </button>
        ) : (
          <span class="soft hello">
            <span class="greeting">Hello, </span>
            {firstName}
          </span>
        )}
        <a class="button bag" href="/demo/cart">
          <BagIcon />
          <span>Cart</span>
          {count > 0 && (
            <span class="count numbers" key={count}>
              {count}
              <span class="out-of-sight"> {count === 1 ? 'item' : 'items'}</span>
            </span>
          )}
        </a>
      </nav>
    </header>
  )
}

/**
 * Links in letters lead to the server's own address. Where this page was opened by another name of the same machine
 * (`localhost`), the browser would not know the visitor again there.
 */
function moveToOwnAddress(): boolean {
  const own = URL.parse(shop().products[0]?.url ?? '')
  if (own === null || own.origin === location.origin || own.port !== location.port) return false
  const names = ['localhost', '127.0.0.1', '[::1]']
  if (!names.includes(own.hostname) || !names.includes(location.hostname)) return false
  location.replace(own.origin + location.pathname + location.search)
  return true
}

applyTheme()
keepVisitor()
startWay()
void meet()
render(<Demo />, document.getElementById('app')!)
