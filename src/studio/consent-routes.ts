/** The studio's routes about consent: how the shop stands, taking a list in, handing one out. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Readable } from 'node:stream'
import type { Engine } from '../actors/engine.ts'
import { headOf, lineOf } from '../consent/rows.ts'
import type { Format } from '../consent/rows.ts'
import { refusalWords } from '../consent/desk.ts'
import type { Desk } from '../consent/desk.ts'
import { isRefusal } from '../core/errors.ts'
import type { Refusal } from '../core/errors.ts'
import type { Clock } from '../core/world.ts'
import { sendRefusal } from '../gateway/answer.ts'
import { addressOf } from '../mail/address.ts'
import type { Store } from '../store/store.ts'
import type { ConsentUpload } from './api-consent.ts'
import type { Reader } from './reader.ts'

type Audit = (request: FastifyRequest, did: string, about: string) => void
type Routes = { reader: Reader; clock: Clock; desk: Desk; audit: Audit; mayChange: (request: FastifyRequest) => boolean }

const reasonsMax = 20

export function addConsentRoutes(scope: FastifyInstance, { reader, clock, desk, audit, mayChange }: Routes) {
  scope.get('/consent', async (_request, reply) => {
    const told = await reader.askText('consentSummary', { now: clock.now() })
    return typeof told === 'string' ? reply.type('application/json; charset=utf-8').send(told) : sendRefusal(reply, told)
  })

  scope.post('/consent', async (request, reply) => {
    const { text } = (request.body ?? {}) as { text?: unknown }
    if (typeof text !== 'string') return sendRefusal(reply, { refused: 'studio.input_invalid', about: 'text' })
    const rows = await desk.read(text)
    if (isRefusal(rows)) return sendRefusal(reply, rows)
    const refusals = await desk.take(rows, 0)
    const refused = refusals.flatMap((refusal, row) => (refusal === null ? [] : [{ row: row + 1, why: refusalWords(refusal) }]))
    const upload: ConsentUpload = { taken: rows.length - refused.length, refused: refused.length, reasons: refused.slice(0, reasonsMax) }
    audit(request, 'took in a list of consents', `${upload.taken} taken, ${upload.refused} refused`)
    return reply.send(upload)
  })

  // A list of everybody's addresses leaves with owners only, and leaves a trace.
  scope.get('/consent/export', (request: FastifyRequest<{ Querystring: { format?: string } }>, reply) => {
    if (!mayChange(request)) return sendRefusal(reply, { refused: 'studio.role_too_low' })
    const format: Format = request.query.format === 'ndjson' ? 'ndjson' : 'csv'
    audit(request, 'downloaded all consents', format)
    return sendList(reply, reader, format)
  })
}

function sendList(reply: FastifyReply, reader: Reader, format: Format): FastifyReply {
  return reply
    .headers({ 'content-disposition': `attachment; filename="consents.${format}"`, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    .type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson; charset=utf-8')
    .send(Readable.from(linesOf(reader, format)))
}

async function* linesOf(reader: Reader, format: Format): AsyncGenerator<string> {
  yield headOf(format)
  for (let after: number | null = 0; after !== null;) {
    const told: Awaited<ReturnType<typeof slice>> = await slice(reader, after)
    yield told.records.map((record) => lineOf(record, format)).join('')
    after = told.after
  }
}

async function slice(reader: Reader, after: number) {
  const told = await reader.ask('consentSlice', { after })
  if (isRefusal(told)) throw new Error(told.refused)
  return told
}

type Known = { engine: Pick<Engine, 'identity' | 'lives'>; store: Pick<Store, 'letters'>; reader: Reader }

/** How somebody stands to letters; asked of the reader, since a long life takes a while to tell. */
export function findConsent({ engine, store, reader }: Known, who: { userId: string } | { email: string }): Promise<string | Refusal> {
  const email = 'email' in who ? (addressOf(who.email)?.toLowerCase() ?? '') : ''
  const last = email === '' ? undefined : store.letters.customerOf(email)
  const hot =
    'userId' in who ? engine.identity.find('u', who.userId) : (engine.identity.find('e', email) ?? (last === undefined ? null : engine.lives.raw(last)))
  if (hot !== null) return reader.askText('consent', { id: hot.id, head: hot.head })
  return 'userId' in who ? Promise.resolve({ refused: 'customer.unknown' } as const) : reader.askText('consentOfAddress', { email })
}
