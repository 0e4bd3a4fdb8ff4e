/** The links in letters: the open picture, clicks, and unsubscribing; and the few plain pages a person may see. */
import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../core/world.ts'
import type { Refusal } from '../core/errors.ts'
import type { Counters } from './counters.ts'
import type { Hit, Links } from './links.ts'
import { toAddress } from './rate.ts'

export const toHitBy =
  (clock: Clock, proxies: number) =>
  (request: FastifyRequest): Hit => ({
    at: clock.now(),
    ip: toAddress(request.raw, proxies),
    userAgent: request.headers['user-agent'],
    method: request.method,
  })

export type PageRoutes = { readonly clock: Clock; readonly links: Links; readonly counters: Counters; readonly proxies: number }

type Linked = FastifyRequest<{ Params: { token: string } }>

const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
const missing: Refusal = { refused: 'link.unknown' }

const style =
  ':root{color-scheme:light dark;--paper:light-dark(#f5f2ed,#161412);--card:light-dark(#fff,#211e1b);--ink:light-dark(#1f1c18,#f5f1ea);--soft:light-dark(#635c55,#a9a094);--line:light-dark(#e3ddd2,#37322d);--tint:light-dark(#e2f0e8,#1d3327);--focus:light-dark(#1a5fd0,#8ab4ff)}' +
  '*{box-sizing:border-box}body{font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;margin:0;padding:9vh 1rem 4rem;color:var(--ink);background:var(--paper)}' +
  'main{max-width:34rem;margin:0 auto;padding:2.4rem 2.4rem 2.6rem;background:var(--card);border-radius:.9rem}' +
  'h1{margin:0 0 .8rem;font:400 1.9rem/1.25 Georgia,"Times New Roman",serif;letter-spacing:-.01em}p{margin:0 0 1.1rem}a{color:inherit;text-underline-offset:.15em}' +
  '.soft{color:var(--soft);font-size:.9rem}.more{margin:1.4rem 0 0}.saved{padding:.6rem .9rem;border-radius:.6rem;background:var(--tint)}' +
  'fieldset{margin:0 0 1.6rem;padding:0;border:0}legend{padding:0 0 .5rem;font-weight:600}' +
  'label{display:flex;gap:.8rem;align-items:flex-start;padding:.75rem 0;border-top:1px solid var(--line);cursor:pointer}label span{display:block}' +
  'input{width:1.15rem;height:1.15rem;margin:.22rem 0 0;flex:none;accent-color:var(--ink)}' +
  'button{font:inherit;font-weight:600;line-height:1.3;padding:.85rem 1.6rem;border:0;border-radius:.6rem;background:var(--ink);color:var(--card);cursor:pointer}' +
  ':focus-visible{outline:2px solid var(--focus);outline-offset:2px;border-radius:.3rem}' +
  '@media(max-width:32rem){body{padding:1rem .7rem 3rem}main{padding:1.6rem 1.3rem 1.8rem}button{width:100%}}'
const policy =
  `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; ` +
  `form-action 'self'; base-uri 'none'; frame-ancestors 'none'`

/** Adds /o, /c and /u to a scope of the app. A GET of /u changes nothing; its POST may come twice. */
export function addPageRoutes(scope: FastifyInstance, { clock, links, counters, proxies }: PageRoutes): void {
  const toHit = toHitBy(clock, proxies)
  const sendMissing = (reply: FastifyReply) => sendUnknownLink(reply, counters)

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
      `<p>Stop all letters to ${escapeHtml(seen.recipientHint)}?</p><form method="post"><button>Unsubscribe</button></form>` +
        `<p class="more soft">Or <a href="/p/${seen.preferences}">choose what we send</a>.</p>`,
    )
  }
  scope.get('/u/:token', look)
  scope.head('/u/:token', look)
  scope.post('/u/:token', async (request: Linked, reply: FastifyReply) => {
    if (!(await links.unsubscribe(request.params.token, toHit(request)))) return sendMissing(reply)
    const seen = links.look(request.params.token)
    const back = seen === null ? '' : `<p class="more soft">By mistake? <a href="/p/${seen.preferences}">Choose what we send</a>.</p>`
    return sendPage(reply, 200, 'Unsubscribed', `<p>Done. You will get no more letters from us.</p>${back}`)
  })
}

export function sendUnknownLink(reply: FastifyReply, counters: Counters): FastifyReply {
  counters.refuse(missing, 0)
  return sendPage(reply, 404, 'Not found', '<p>This link is not one of ours, or was changed on its way.</p>')
}

/** A header can hold it, and it leads to the web and nowhere else. */
function toLocation(destination: string | null): string | null {
  if (destination === null) return null
  const url = URL.parse(destination)
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') ? url.href : null
}

/** A plain page without scripts, frames or referrer; `body` is HTML, in the language `lang`. */
export function sendPage(reply: FastifyReply, status: number, title: string, body: string, lang = 'en'): FastifyReply {
  const html =
    `<!doctype html><html lang="${lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<title>${title}</title><style>${style}</style><main><h1>${title}</h1>${body}</main></html>`
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
