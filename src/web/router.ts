/** Where the reader is: the path below /studio and its query. Links are plain; clicks on them do not load the page anew. */
import { createStore } from '@xstate/store'

export type Place = { path: string; query: URLSearchParams }

const here = (): Place => ({ path: location.pathname.replace(/^\/studio\/?/, '/').replace(/\/+$/, '') || '/', query: new URLSearchParams(location.search) })

export const place = createStore({ context: here(), on: { moved: () => here() } })

/** Goes to a path such as `/studio/customers/7?turn=3`. `replace`: without a new entry in the history. */
export function go(to: string, replace = false): void {
  if (replace) history.replaceState(null, '', to)
  else history.pushState(null, '', to)
  place.trigger.moved()
  if (!replace) scrollTo(0, 0)
}

/** Takes over clicks on links that stay in the studio, and the browser's own back and forth. */
export function startRouter(): void {
  addEventListener('popstate', () => place.trigger.moved())
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = (event.target as Element).closest?.('a')
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return
    if (link.pathname !== '/studio' && !link.pathname.startsWith('/studio/')) return
    if (link.pathname.startsWith('/studio/api/')) return
    event.preventDefault()
    go(link.pathname + link.search + link.hash)
  })
}
