/**
 * The preference page and the page that confirms a subscription. A GET changes nothing; a POST does, once it carries the
 * mark of the page's own form, and may come twice. No cookies, no scripts.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Choice, Kept, Preferences, Wished } from './links.ts'
import { escapeHtml, sendPage, sendUnknownLink, toHitBy } from './pages.ts'
import type { PageRoutes } from './pages.ts'
import { preferenceWords } from './preference-words.ts'

type Linked = FastifyRequest<{ Params: { token: string } }>

/** What stands above the form after a POST. */
type Told = 'saved' | 'unmarked' | null

/** Adds /p/TOKEN and /p/TOKEN/confirm to a scope of their own. */
export function addPreferenceRoutes(scope: FastifyInstance, preferences: Preferences, { clock, counters, proxies }: Omit<PageRoutes, 'links'>): void {
  const toHit = toHitBy(clock, proxies)
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string', bodyLimit: 65_536 }, (_request, body, done) => done(null, body))
  scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: 65_536 }, (_request, _body, done) => done(null, ''))
  scope.addHook('onRequest', async (_request, reply) => void reply.header('cache-control', 'no-store').header('x-robots-tag', 'noindex'))

  const show = (reply: FastifyReply, token: string, page: (reply: FastifyReply, wished: Wished, told: Told) => FastifyReply, told: Told = null) => {
    const wished = preferences.look(token)
    return wished === null ? sendUnknownLink(reply, counters) : page(reply, wished, told)
  }
  const after = (reply: FastifyReply, token: string, page: typeof sendChoice, kept: Kept) =>
    kept === 'unknown' ? sendUnknownLink(reply, counters) : show(reply, token, page, kept === 'kept' ? 'saved' : 'unmarked')

  for (const [path, page] of [
    ['/p/:token', sendChoice],
    ['/p/:token/confirm', sendConfirm],
  ] as const)
    scope.route({ method: ['GET', 'HEAD'], url: path, handler: (request, reply) => show(reply, (request as Linked).params.token, page) })

  scope.post('/p/:token', async (request: Linked, reply) => {
    const form = new URLSearchParams(String(request.body ?? ''))
    const consent = form.get('letters')
    const topics = new Set(form.getAll('topic'))
    const choice: Choice = consent === 'subscribed' || consent === 'unsubscribed' ? { consent, topics } : { topics }
    return after(reply, request.params.token, sendChoice, await preferences.choose(request.params.token, form.get('mark') ?? '', choice, toHit(request)))
  })
  scope.post('/p/:token/confirm', async (request: Linked, reply) => {
    const mark = new URLSearchParams(String(request.body ?? '')).get('mark') ?? ''
    return after(reply, request.params.token, sendConfirm, await preferences.confirm(request.params.token, mark, toHit(request)))
  })
}

function sendChoice(reply: FastifyReply, wished: Wished, told: Told): FastifyReply {
  const { lang, words } = preferenceWords(wished.locale)
  const hint = escapeHtml(wished.recipientHint)
  const radio = (value: 'subscribed' | 'unsubscribed', label: string) =>
    `<label><input type="radio" name="letters" value="${value}"${wished.consent === value ? ' checked' : ''}> <span>${label}</span></label>`
  const topics = wished.topics.map(
    ({ name, title, words: about, isWanted }) =>
      `<label><input type="checkbox" name="topic" value="${escapeHtml(name)}"${isWanted ? ' checked' : ''}> ` +
      `<span>${escapeHtml(title)}<span class="soft">${escapeHtml(about)}</span></span></label>`,
  )
  const form =
    `<form method="post"><input type="hidden" name="mark" value="${wished.mark}">` +
    `<fieldset><legend>${words.whether}</legend>${radio('subscribed', words.yes)}${radio('unsubscribed', words.no)}</fieldset>` +
    (topics.length === 0 ? '' : `<fieldset><legend>${words.about}</legend>${topics.join('')}</fieldset>`) +
    `<button>${words.save}</button></form>`
  const state = wished.isBlocked ? words.blocked : words.state[wished.consent]
  return sendPage(reply, told === 'unmarked' ? 400 : 200, words.title, `${toldWords(words, told)}<p>${words.to(hint)} ${state}</p>${form}`, lang)
}

function sendConfirm(reply: FastifyReply, wished: Wished, told: Told): FastifyReply {
  const { lang, words } = preferenceWords(wished.locale)
  const hint = escapeHtml(wished.recipientHint)
  const choose = `<p class="more soft"><a href="/p/${wished.token}">${words.confirm.choose}</a></p>`
  if (wished.consent === 'pending') {
    const form = `<form method="post"><input type="hidden" name="mark" value="${wished.mark}"><button>${words.confirm.button}</button></form>`
    const notice = told === 'unmarked' ? toldWords(words, told) : ''
    return sendPage(reply, told === 'unmarked' ? 400 : 200, words.confirm.title, `${notice}<p>${words.confirm.words(hint)}</p>${form}`, lang)
  }
  if (wished.consent === 'subscribed' && !wished.isBlocked)
    return sendPage(reply, 200, words.confirm.done, `<p>${words.confirm.doneWords(hint)}</p>${choose}`, lang)
  return sendPage(reply, 200, words.confirm.title, `<p>${words.confirm.later}</p>${choose}`, lang)
}

const toldWords = (words: ReturnType<typeof preferenceWords>['words'], told: Told): string =>
  told === null ? '' : `<p class="saved" role="status">${told === 'saved' ? words.saved : words.unmarked}</p>`
