/** The links in letters: the open picture, clicks, and unsubscribing; and the few plain pages a person may see. */
import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../core/world.ts'
import type { Refusal } from '../core/errors.ts'
import type { Counters } from './counters.ts'
import type { Hit, Links } from './links.ts'
import { toAddress } from './rate.ts'

export type PageRoutes = { readonly clock: Clock; readonly links: Links; readonly counters: Counters; readonly proxies: number }

type Linked = FastifyRequest<{ Params: { token: string } }>

const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
const missing: Refusal = { refused: 'link.unknown' }

const style =
  'body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem;color:#1d1d1f;background:#fff}' +
  'button{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:.5rem;background:#1d1d1f;color:#fff;cursor:pointer}'
const policy =
  `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; ` +
  `form-action 'self'; base-uri 'none'; frame-ancestors 'none'`

/** Adds /o, /c and /u to a scope of the app. A GET of /u changes nothing; its POST may come twice. */
export function addPageRoutes(scope: FastifyInstance, { clock, links, counters, proxies }: PageRoutes): void {
  const toHit = (request: FastifyRequest): Hit => ({
    at: clock.now(),
    ip: toAddress(request.raw, proxies),
    userAgent: request.headers['user-agent'],
    method: request.method,
  })
  const sendMissing = (reply: FastifyReply) => {
    counters.refuse(missing, 0)
    return sendPage(reply, 404, 'Not found', '<p>This link is not one of ours, or was changed on its way.</p>')
  }

  // What a one-click POST says beside its address is all the same to us, and so is its type.
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: 65_536 }, (_request, _body, done) => done(null, undefined))
  scope.addHook('onRequest', async (request, reply) => {
    if (request.raw.headers['content-type'] !== undefined) request.raw.headers['content-type'] = 'application/octet-stream'
    void reply.header('cache-control', 'no-store').header('x-robots-tag', 'noindex')
  })

  const open = (request: Linked, reply: FastifyReply) => {
    if (request.method !== 'HEAD') links.open(request.params.token, toHit(request))
    return reply.header('x-content-type-options', 'nosniff').type('image/gif').send(gif)
  }
  scope.get('/o/:token', open)
  scope.head('/o/:token', open)

  const click = (request: Linked, reply: FastifyReply) => {
    const destination = toLocation(links.click(request.params.token, toHit(request)))
    if (destination === null) return sendMissing(reply)
    return reply.header('referrer-policy', 'no-referrer').redirect(destination, 302)
  }
  scope.get('/c/:token', click)
  scope.head('/c/:token', click)

  const look = (request: Linked, reply: FastifyReply) => {
    const seen = links.look(request.params.token)
    if (seen === null) return sendMissing(reply)
    return sendPage(
      reply,
      200,
      'Unsubscribe',
      `<p>Stop all letters to ${escapeHtml(seen.recipientHint)}?</p><form method="post"><button>Unsubscribe</button></form>`,
    )
  }
  scope.get('/u/:token', look)
  scope.head('/u/:token', look)
  scope.post('/u/:token', async (request: Linked, reply: FastifyReply) => {
    if (!(await links.unsubscribe(request.params.token, toHit(request)))) return sendMissing(reply)
    return sendPage(reply, 200, 'Unsubscribed', '<p>Done. You will get no more letters from us.</p>')
  })
}

/** A header can hold it, and it leads to the web and nowhere else. */
function toLocation(destination: string | null): string | null {
  if (destination === null) return null
  const url = URL.parse(destination)
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') ? url.href : null
}

/** A plain page without scripts, frames or referrer; `body` is HTML. */
export function sendPage(reply: FastifyReply, status: number, title: string, body: string): FastifyReply {
  const html =
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<title>${title}</title><style>${style}</style><h1>${title}</h1>${body}</html>`
  return reply
    .code(status)
    .headers({
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
    })
    .type('text/html; charset=utf-8')
    .send(html)
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
/** Text for the inside of an element or a quoted attribute. */
export const escapeHtml = (text: string) => text.replaceAll(/[&<>"']/g, (char) => escapes[char] ?? char)
