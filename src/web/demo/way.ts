/** Where the visitor is in the demo shop. Links are plain; clicks on those that stay in the shop do not load it anew. */
import { createStore } from '@xstate/store'

const here = () => ({ path: location.pathname.replace(/\/+$/, '') || '/demo', query: new URLSearchParams(location.search) })

export const way = createStore({ context: here(), on: { moved: () => here() } })

export function walk(to: string): void {
  history.pushState(null, '', to)
  way.trigger.moved()
  scrollTo(0, 0)
  document.getElementById('shop')?.focus({ preventScroll: true })
}

export function startWay(): void {
  addEventListener('popstate', () => way.trigger.moved())
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = (event.target as Element).closest?.('a')
    if (!link || link.target || link.origin !== location.origin) return
    if (link.pathname !== '/demo' && !link.pathname.startsWith('/demo/')) return
    event.preventDefault()
    walk(link.pathname + link.search)
  })
}
