/**
 * From where the studio may be spoken to. A server that is open to its own machine answers under loopback names only, or
 * a page elsewhere could have its own name lead here (DNS rebinding) and be an owner; and nothing that a page elsewhere
 * has a browser send changes anything.
 */
import type { IncomingMessage } from 'node:http'
import type { Refusal } from '../core/errors.ts'

const localHost = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d{1,5})?$/i

/** What proxies add of their own. */
const proxied = ['x-forwarded-for', 'forwarded', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via']

type Place = { publicUrl: string; isOpen: boolean }

/** Whether to refuse a request, judged by its Host and Origin alone. A WebSocket upgrade counts as a change. */
export function createOriginCheck({ publicUrl, isOpen }: Place): (request: IncomingMessage) => Refusal | null {
  const own = new URL(publicUrl).origin
  const foreign = (about: string): Refusal => ({ refused: 'studio.origin_foreign', about })

  return ({ headers, method }) => {
    const { host = '', origin } = headers
    const isChange = headers.upgrade !== undefined || (method !== 'GET' && method !== 'HEAD')
    if (isOpen) {
      if (!localHost.test(host)) return foreign('this server is open to its own machine only')
      if (proxied.some((name) => headers[name] !== undefined)) return foreign('it came through a proxy: set BECKON_PUBLIC_URL, so that people sign in')
      return isChange && origin !== undefined && !isLocal(origin) ? foreign('another origin') : null
    }
    if (!isChange || origin === own) return null
    if (origin === undefined) return foreign('without an Origin')
    // By the browser's own word: the address is ours, whatever we are told it is.
    return headers['sec-fetch-site'] === 'same-origin' ? null : foreign('another origin')
  }
}

function isLocal(origin: string): boolean {
  const url = URL.parse(origin)
  return url !== null && /^https?:$/.test(url.protocol) && localHost.test(url.host)
}
