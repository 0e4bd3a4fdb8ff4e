/** What the shop sells: the shelf, and one thing from near. */
import { useEffect } from 'preact/hooks'
import { productOf, shop } from './backend.ts'
import type { DemoProduct } from './backend.ts'
import { tellPage, tellViewed } from './events.ts'
import { putIn } from './moves.ts'
import { price } from './parts.tsx'

/** Takes the title first, so that the page event names the page it is about. */
function usePage(name: string, told?: () => void) {
  useEffect(() => {
    document.title = `${name} · ${shop().name}`
    tellPage(name)
    told?.()
  }, [name])
}

export function Shelf() {
  usePage('Shop')
  return (
    <>
      <header class="welcome">
        <h1>Green things for quiet rooms</h1>
        <p class="soft">Plants, pots and a little brass. A demo shop: nothing is sold here, and no letter leaves this machine.</p>
      </header>
      <ul class="shelf">
        {shop().products.map((product) => (
          <li key={product.id} class="good">
            <a href={`/demo/products/${product.id}`} class="look">
              <img src={product.image} alt="" width="640" height="640" />
              <h2>{product.name}</h2>
            </a>
            <div class="buy">
              <span class="numbers">{price(product.price)}</span>
              <PutIn product={product} small />
            </div>
          </li>
        ))}
      </ul>
    </>
  )
}

export function Product({ id }: { id: string }) {
  const product = productOf(id)
  if (product === undefined)
    return (
      <div class="empty">
        <h1>We have no such plant</h1>
        <a href="/demo">Back to the shelf</a>
      </div>
    )
  return <Near key={id} product={product} />
}

function Near({ product }: { product: DemoProduct }) {
  usePage(product.name, () => tellViewed(product))
  return (
    <article class="near">
      <img src={product.image} alt={`Drawing of: ${product.name}`} width="640" height="640" />
      <div>
        <a href="/demo" class="back">
          ← All green things
        </a>
        <h1>{product.name}</h1>
        <p class="cost numbers">{price(product.price)}</p>
        <p>{product.about}</p>
        <ul class="facts-row">
          {product.facts.map((fact) => (
            <li key={fact} class="chip">
              {fact}
            </li>
          ))}
        </ul>
        <PutIn product={product} />
      </div>
    </article>
  )
}

const PutIn = ({ product, small = false }: { product: DemoProduct; small?: boolean }) => (
  <button type="button" class={`button ${small ? 'small' : 'strong'}`} aria-label={`Add ${product.name} to the cart`} onClick={() => putIn(product)}>
    Add{small ? '' : ' to cart'}
  </button>
)
