/** The cart as it was at the instant looked at. */
import { useState } from 'preact/hooks'
import type { Line } from '../../studio/api.ts'
import { count, money } from '../words.ts'
import type { Life } from './life.ts'
import { detailMs, useLatest, useTold, useUnhurried } from './looking.ts'
import { webUrl } from './value.tsx'

export function Cart({ life }: { life: Life }) {
  useUnhurried(life, detailMs)
  useTold(life)
  const here = life.standing()
  const standing = useLatest(here)
  const pieces = standing?.cart.reduce((sum, { quantity }) => sum + quantity, 0) ?? 0
  return (
    <section class="card cart" aria-label="Cart at this instant" aria-busy={here === null}>
      <header>
        <h2>Cart</h2>
        <span class="soft small">{standing === null ? 'on its way' : pieces === 0 ? 'empty' : count(pieces, 'piece')}</span>
      </header>
      {standing !== null && standing.cart.length > 0 && <Lines lines={standing.cart} currency={standing.currency} />}
    </section>
  )
}

function Lines({ lines, currency }: { lines: readonly Line[]; currency: string | null }) {
  const unpriced = lines.some(({ price }) => price === undefined)
  const total = lines.reduce((sum, { price = 0, quantity }) => sum + price * quantity, 0)
  return (
    <div class="body">
      <ul class="lines" tabIndex={lines.length > 4 ? 0 : undefined} aria-label="In the cart">
        {lines.map((line) => (
          <li key={line.id}>
            <Picture key={line.image} src={webUrl(line.image)} name={line.name ?? line.id} />
            <div class="what">
              <Name line={line} />
              <div class="soft small break clamp">{[line.brand, line.variant].filter(Boolean).join(' · ') || line.id}</div>
            </div>
            <div class="numbers price">
              {line.price === undefined ? <span class="soft">no price</span> : money(line.price * line.quantity, currency)}
              {line.quantity !== 1 && (
                <div class="soft small">
                  {line.quantity} × {line.price === undefined ? '?' : money(line.price, currency)}
                </div>
              )}
            </div>
          </li>
        ))}
      </ul>
      <div class="total">
        <span>Total{unpriced && <span class="soft small"> of what has a price</span>}</span>
        <strong class="numbers">{money(total, currency)}</strong>
      </div>
    </div>
  )
}

function Name({ line }: { line: Line }) {
  const url = webUrl(line.url)
  const name = line.name ?? line.id
  if (url === null) return <div class="break clamp">{name}</div>
  return (
    <a class="break clamp" href={url} target="_blank" rel="noreferrer noopener">
      {name}
    </a>
  )
}

/** The shop's picture; a drawn leaf of paper where there is none, or it does not come. */
function Picture({ src, name }: { src: string | null; name: string }) {
  const [broken, setBroken] = useState(false)
  if (src === null || broken)
    return (
      <svg class="picture" viewBox="0 0 48 48" role="img" aria-label={`No picture of ${name.slice(0, 80)}`}>
        <path d="M10 35 19 24l7 8 5-6 8 9z" />
        <circle cx="31" cy="17" r="3.500" />
      </svg>
    )
  return (
    <img class="picture" src={src} alt="" width="48" height="48" loading="lazy" decoding="async" referrerpolicy="no-referrer" onError={() => setBroken(true)} />
  )
}
