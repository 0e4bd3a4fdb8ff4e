/** The studio's own routes below /studio/api: questions for the reader, what people may do with letters, and how things are. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Batch } from '../actors/batch.ts'
import { isRetriable } from '../actors/engine.ts'
import type { Engine } from '../actors/engine.ts'
import type { Lives } from '../actors/lives.ts'
import { BeckonError, codes, isRefusal } from '../core/errors.ts'
import type { Refusal } from '../core/errors.ts'
import { kinds } from '../core/retell.ts'
import type { Clock } from '../core/world.ts'
import { sendRefusal } from '../gateway/answer.ts'
import { escapeHtml } from '../gateway/pages.ts'
import type { Counters, Refused as Counted } from '../gateway/counters.ts'
import { rowName } from '../lab/about.ts'
import { refusesTopic, wantsNone } from '../profile/consent.ts'
import type { LetterRule } from '../kit/letter-rule.ts'
import type { StoredLetter } from '../store/letters.ts'
import type { Store } from '../store/store.ts'
import type { Health, Quarantined, Refused } from './api.ts'
import type { Reader } from './reader.ts'

type Audit = (request: FastifyRequest, did: string, about: string) => void
type Asked = FastifyRequest<{ Params: { id: string }; Querystring: Record<string, string | undefined> }>

const quarantineShownMax = 200
const queryCharsMax = 200

/** Letters shown in a frame: no scripts, no origin of their own, nothing but pictures from elsewhere. */
const framePolicy =
  "default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'"

export function addQuestions(
  scope: FastifyInstance,
  { reader, clock, lives, chart }: { reader: Reader; clock: Clock; lives: Lives; chart: () => Promise<string | Refusal> },
) {
  /** The customer's last row as memory has it: what is stored is behind. */
  function placeOf(request: Asked) {
    const id = Number(request.params.id)
    const hot = Number.isSafeInteger(id) ? lives.raw(id) : null
    return hot === null || hot.head === 0 ? null : { id, head: hot.head, now: clock.now(), lead: hot.lead }
  }
  const answer = async (reply: FastifyReply, value: Promise<string | Refusal>) => {
    const told = await value
    return typeof told === 'string' ? reply.type('application/json; charset=utf-8').send(told) : sendRefusal(reply, told)
  }
  const ofCustomer = (path: string, ask: (place: NonNullable<ReturnType<typeof placeOf>>, query: Asked['query']) => Promise<string | Refusal>) =>
    scope.get(`/customers/:id${path}`, (request: Asked, reply) => {
      const place = placeOf(request)
      return place === null ? sendRefusal(reply, { refused: 'customer.unknown' }) : answer(reply, ask(place, request.query))
    })

  scope.get('/chart', (_request, reply) => answer(reply, chart()))
  scope.get('/customers', ({ query }: Asked, reply) =>
    answer(reply, reader.askText('customers', { ...named(query, ['query', 'state', 'after']), limit: within(query['limit'], 1, 200, 50), now: clock.now() })),
  )
  ofCustomer('', (place) => reader.askText('customer', place))
  ofCustomer('/track', (place) => reader.askText('track', place))
  ofCustomer('/turns', (place, query) =>
    reader.askText('turns', { ...place, from: within(query['from'], 0, Number.MAX_SAFE_INTEGER, 0), count: within(query['count'], 1, 500, 200) }),
  )
  ofCustomer('/consent', (place) => reader.askText('consent', place))
  ofCustomer('/next', (place) => reader.askText('next', place))
  ofCustomer('/why', (place, query) => reader.askText('why', { ...place, ...named(query, ['template']), ...numbered(query, 'decision') }))
  scope.get('/customers/:id/preview', async (request: Asked, reply) => {
    const place = placeOf(request)
    const { template } = named(request.query, ['template'])
    if (place === null) return sendRefusal(reply, { refused: 'customer.unknown' })
    if (template === undefined) return sendRefusal(reply, { refused: 'studio.input_invalid', about: 'template' })
    return sendFrame(reply, await reader.ask('preview', { ...place, template }))
  })

  scope.get('/letters', ({ query }: Asked, reply) =>
    answer(
      reply,
      reader.askText('letters', { ...named(query, ['state', 'template']), ...numbered(query, 'before'), limit: within(query['limit'], 1, 200, 100) }),
    ),
  )
  scope.get('/letters/:id', (request: Asked, reply) => answer(reply, reader.askText('letter', { id: Number(request.params.id) })))
  scope.get('/letters/:id/html', async (request: Asked, reply) =>
    sendFrame(reply, await reader.ask('letterHtml', { id: Number(request.params.id), dark: request.query['dark'] === '1' })),
  )
  scope.get('/letters/:id/source', async (request: Asked, reply) => {
    const told = await reader.ask('letterSource', { id: Number(request.params.id) })
    if (!('source' in told)) return sendRefusal(reply, told)
    return reply.header('x-content-type-options', 'nosniff').type('text/plain; charset=utf-8').send(told.source)
  })
}

/** HTML for a sandboxed frame; what cannot be shown says so in words. */
export function sendFrame(reply: FastifyReply, told: { html: string } | { words: string } | Refusal) {
  if (isRefusal(told)) return sendRefusal(reply, told)
  const html =
    'html' in told ? told.html : `<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark"><p>${escapeHtml(told.words)}</p>`
  return reply
    .headers({ 'content-security-policy': framePolicy, 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
    .type('text/html; charset=utf-8')
    .send(html)
}

/** The given ones of a query's texts, none longer than anybody types. What is given twice is a list, and no text. */
function named<K extends string>(query: Asked['query'], names: readonly K[]): { [P in K]?: string } {
  const given = names.flatMap((name) => {
    const text: unknown = query[name]
    return typeof text === 'string' && text !== '' ? [[name, text.slice(0, queryCharsMax)] as const] : []
  })
  return Object.fromEntries(given) as { [P in K]?: string }
}

const numbered = <K extends string>(query: Asked['query'], name: K): { [P in K]?: number } =>
  (query[name] !== undefined && Number.isSafeInteger(Number(query[name])) ? { [name]: Number(query[name]) } : {}) as { [P in K]?: number }

function within(text: string | undefined, min: number, max: number, otherwise: number): number {
  const number = Number(text)
  return text === undefined || !Number.isSafeInteger(number) ? otherwise : Math.min(max, Math.max(min, number))
}

/** Answers that too many wait already, or that the server stops, as such: neither is a fault. */
export function answerBusy(scope: FastifyInstance) {
  scope.setErrorHandler((error: Error, _request, reply) => {
    if (error instanceof BeckonError && codes[error.code][0] === 503) return sendRefusal(reply, { refused: error.code, about: error.message })
    throw error
  })
}

type LetterActions = { store: Store; rules: Readonly<Record<string, LetterRule>>; lives: Lives; clock: Clock; audit: Audit; onLetters: () => void }

/** A failed letter is tried again, a held one released: on somebody's word, which is written down. */
export function addLetterActions(scope: FastifyInstance, { store, rules, lives, clock, audit, onLetters }: LetterActions) {
  /** The drain knows suppressed addresses; who said no in their profile alone is known here (R7). */
  function wants({ customer, template }: StoredLetter): boolean {
    const profile = lives.raw(customer)?.life.profile
    return profile !== undefined && !wantsNone(profile) && !refusesTopic(profile, rules[template]?.topic) && profile.erased !== true
  }
  const act = (path: 'retry' | 'release', did: string) =>
    scope.post(`/letters/:id/${path}`, (request: Asked, reply) => {
      const id = Number(request.params.id)
      const letter = Number.isSafeInteger(id) ? store.letters.get(id) : undefined
      if (letter === undefined) return sendRefusal(reply, { refused: 'letter.unknown' })
      if (!wants(letter)) return sendRefusal(reply, { refused: 'letter.unwanted' })
      // Asked first: the letter itself only says that it stays dead.
      if (letter.state === 'failed' && store.codes.isGone(id)) return sendRefusal(reply, { refused: 'letter.code_gone' })
      if (!store.letters.write(() => store.letters[path](id, clock.now()))) return sendRefusal(reply, { refused: 'letter.not_waiting' })
      audit(request, did, `letter ${id}`)
      onLetters()
      return reply.send({ ok: true })
    })
  act('retry', 'sent a failed letter again')
  act('release', 'released a held letter')
}

type LiveRoutes = { store: Store; batch: Batch; engine: Engine; counters: Counters; health: () => Health; audit: Audit }

export function addLiveRoutes(scope: FastifyInstance, { store, batch, engine, counters, health, audit }: LiveRoutes) {
  scope.get('/health', (_request, reply) => reply.send(health()))
  scope.get('/refusals', (_request, reply) => reply.send({ refusals: counters.recent().map(toRefused) }))
  scope.get('/quarantine', (_request, reply) => {
    const rows = store.quarantine.latest(quarantineShownMax).map((aside): Quarantined => {
      const row = store.log.get(aside.seq)
      if (row === undefined) return { ...aside, name: 'Two lives joined', retriable: false }
      return { ...aside, name: row.kind === kinds.timer ? row.body : rowName(row), retriable: isRetriable(row) }
    })
    return reply.send({ rows, total: store.quarantine.count() })
  })
  scope.post('/quarantine/:id/retry', async (request: Asked, reply) => {
    const id = Number(request.params.id)
    const refusal = await batch.order((now) => engine.retry(id, now))
    if (refusal !== null) return sendRefusal(reply, refusal)
    audit(request, 'retried an event that was set aside', `quarantine ${id}`)
    return reply.send({ ok: true })
  })
  scope.post('/quarantine/:id/dismiss', async (request: Asked, reply) => {
    const id = Number(request.params.id)
    if (!Number.isSafeInteger(id) || store.quarantine.get(id) === undefined) return sendRefusal(reply, { refused: 'quarantine.unknown' })
    await batch.order(() => store.quarantine.remove(id))
    audit(request, 'dismissed an event that was set aside', `quarantine ${id}`)
    return reply.send({ ok: true })
  })
}

export const toRefused = (refused: Counted): Refused => ({ ...refused, hint: codes[refused.code][1] })
