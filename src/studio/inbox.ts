/**
 * The embedded inbox: every letter with its state, as it looks, as text and as source. For a server on loopback only;
 * a Host header from elsewhere (DNS rebinding) is refused. Letters are shown in a frame without scripts or origin.
 */
import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import PostalMime from 'postal-mime'
import type { Letters, StoredLetter } from '../store/letters.ts'

type Options = { letters: Letters; isLoopback: boolean }

const pageSize = 50
const localHost = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/

export function addInbox(app: FastifyInstance, { letters, isLoopback }: Options) {
  if (!isLoopback) return
  void app.register(async (scope) => {
    scope.addHook('onRequest', async (request, reply) => {
      if (!localHost.test(request.headers.host ?? '')) return reply.code(403).send('the inbox is open on this machine only')
    })
    scope.get('/', (_request, reply) => reply.redirect('/inbox'))
    scope.get('/inbox', (request, reply) => sendList(reply, letters, Number((request.query as { before?: string }).before) || undefined))
    scope.get('/inbox/:id', (request, reply) => sendLetter(reply, found(request, letters), letters))
    scope.get('/inbox/:id/html', async (request, reply) => {
      const letter = found(request, letters)
      if (letter === null) return sendMissing(reply)
      const { html } = await PostalMime.parse(letters.mime(letter.id)!)
      return reply
        .header(
          'content-security-policy',
          "default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; sandbox allow-popups; frame-ancestors 'self'",
        )
        .header('x-content-type-options', 'nosniff')
        .type('text/html; charset=utf-8')
        .send(withoutPixel(html ?? ''))
    })
    scope.get('/inbox/:id/source', (request, reply) => {
      const letter = found(request, letters)
      if (letter === null) return sendMissing(reply)
      return reply
        .header('x-content-type-options', 'nosniff')
        .type('text/plain; charset=utf-8')
        .send(Buffer.from(letters.mime(letter.id)!))
    })
  })
}

function found(request: FastifyRequest, letters: Letters): StoredLetter | null {
  const id = Number((request.params as { id: string }).id)
  return Number.isSafeInteger(id) ? (letters.get(id) ?? null) : null
}

/** Looking at a letter here is no open. */
const withoutPixel = (html: string) => html.replaceAll(/<img[^>]+\/o\/[^>]*>/g, '')

const style = `
:root { color-scheme: light dark; --ink: #1c1d1f; --soft: #6a6d73; --line: #e3e4e6; --paper: #fff; --tint: #f6f6f4; --go: #1f7a4d; --stop: #b3341f }
@media (prefers-color-scheme: dark) { :root { --ink: #ececec; --soft: #9a9da3; --line: #313338; --paper: #17181a; --tint: #1e2023; --go: #6cc79a; --stop: #f08a72 } }
* { box-sizing: border-box }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper) }
header { padding: 20px 24px; border-bottom: 1px solid var(--line); display: flex; gap: 16px; align-items: baseline; flex-wrap: wrap }
header h1 { font-size: 17px; margin: 0 } header h1 a { color: inherit; text-decoration: none } header p { margin: 0; color: var(--soft) }
main { max-width: 960px; margin: 0 auto; padding: 16px 24px 64px }
ol { list-style: none; margin: 0; padding: 0 }
li a { display: grid; grid-template-columns: 1fr auto; gap: 0 16px; padding: 12px; border-bottom: 1px solid var(--line); color: inherit; text-decoration: none }
li a:hover, li a:focus-visible { background: var(--tint); outline: none }
li b { font-weight: 600 } small, dt { color: var(--soft); font-size: 13px } time { color: var(--soft); font-size: 13px; text-align: right }
.state { font-size: 13px; text-align: right; color: var(--go) } .state.bad { color: var(--stop) }
.empty { padding: 48px 0; color: var(--soft) } pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--tint); padding: 16px; border-radius: 8px; font-size: 13px }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin: 16px 0 } dd { margin: 0; overflow-wrap: anywhere }
iframe { width: 100%; height: 900px; border: 1px solid var(--line); border-radius: 8px; background: #fff } h2 { font-size: 20px; margin: 8px 0 }
summary { cursor: pointer; margin-top: 16px }`

const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

function sendPage(reply: FastifyReply, status: number, title: string, body: string) {
  return reply
    .code(status)
    .headers({ 'content-security-policy': policy, 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' })
    .type('text/html; charset=utf-8')
    .send(
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)} – Beckon</title><style>${style}</style></head>` +
        `<body><header><h1><a href="/inbox">Beckon inbox</a></h1><p>every letter this server has written</p></header><main>${body}</main></body></html>`,
    )
}

const sendMissing = (reply: FastifyReply) => sendPage(reply, 404, 'Not here', '<p class="empty">There is no such letter.</p>')

function sendList(reply: FastifyReply, letters: Letters, before: number | undefined) {
  const page = letters.list({ limit: pageSize, ...(before === undefined ? {} : { before }) })
  if (page.length === 0)
    return sendPage(
      reply,
      200,
      'Inbox',
      '<p class="empty">No letter yet. Send an event, leave a cart for half an hour, and it will be here. The README shows how in two lines.</p>',
    )
  const items = page.map(
    (letter) =>
      `<li><a href="/inbox/${letter.id}"><b>${escapeHtml(letter.subject)}</b>${stateOf(letter)}<small>${escapeHtml(letter.recipient)} · ${escapeHtml(letter.template)}</small>${timeOf(letter.at)}</a></li>`,
  )
  const more = page.length < pageSize ? '' : `<p><a href="/inbox?before=${page.at(-1)!.id}">older letters</a></p>`
  return sendPage(reply, 200, 'Inbox', `<ol>${items.join('')}</ol>${more}`)
}

async function sendLetter(reply: FastifyReply, letter: StoredLetter | null, letters: Letters) {
  if (letter === null) return sendMissing(reply)
  const { text } = await PostalMime.parse(letters.mime(letter.id)!)
  const row = (name: string, value: string | null) => (value === null ? '' : `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`)
  return sendPage(
    reply,
    200,
    letter.subject,
    `<h2>${escapeHtml(letter.subject)}</h2>${stateOf(letter)}<dl>${row('to', letter.recipient)}${row('letter', letter.template)}${row('decided', new Date(letter.at).toISOString())}` +
      `${row('attempts', String(letter.attempts))}${row('last answer', letter.reply)}${row('Message-ID', letter.messageId)}</dl>` +
      `<iframe title="the letter" sandbox="allow-popups" src="/inbox/${letter.id}/html"></iframe>` +
      `<details><summary>as text</summary><pre>${escapeHtml(text ?? '')}</pre></details><p><a href="/inbox/${letter.id}/source">source</a></p>`,
  )
}

const stateOf = ({ state }: StoredLetter) => `<span class="state${['failed', 'unknown'].includes(state) ? ' bad' : ''}">${escapeHtml(state)}</span>`
const timeOf = (at: number) => `<time datetime="${new Date(at).toISOString()}">${new Date(at).toISOString().slice(0, 16).replace('T', ' ')}</time>`

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escapeHtml = (text: string) => text.replaceAll(/[&<>"']/g, (character) => entities[character]!)
