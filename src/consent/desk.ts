/**
 * Where the shop hands consents over: each row becomes an event of the log, by the batch, as its server's word.
 * 1. The event's id is made of what the row says, so that the same row taken twice is taken once.
 * 2. A no is on disk as a suppression of its address before anything else (R7). A yes of the past lifts no no.
 * 3. An address that bounced or complained is suppressed, and is no event: there may be no customer.
 */
import { createHash } from 'node:crypto'
import type { Intake, Sender } from '../actors/intake.ts'
import { BeckonError, codes, isRefusal } from '../core/errors.ts'
import type { Refusal } from '../core/errors.ts'
import type { Message } from '../core/event.ts'
import { isId, isObject, parseMessage, parseTime } from '../core/parse.ts'
import type { Clock } from '../core/world.ts'
import type { Suppressions } from '../store/suppressions.ts'
import { readRows } from './rows.ts'

type Suppressed = 'unsubscribed' | 'bounce' | 'complaint'

/** `suppress`: why the address must not be written to; `message`: what the log is told; not both need be there. */
export type ConsentRow = { suppress: { email: string; reason: Suppressed } | null; message: Message | null }

type Options = {
  intake: Pick<Intake, 'offer'>
  /** Does the work in the next batch's transaction, and settles after its commit. */
  order: <T>(work: (now: number) => T) => Promise<T>
  suppressions: Suppressions
  clock: Clock
  hash: (address: string) => string
  addressOf: (text: string) => string | null
}

export type Desk = ReturnType<typeof createDesk>

export function createDesk({ intake, order, suppressions, clock, hash, addressOf }: Options) {
  function offer(message: Message, source: number): Promise<Refusal | null> {
    return new Promise((resolve) => {
      let answer: Refusal | null = null
      const sender: Sender = {
        settle: (_, refusal) => {
          answer = refusal
        },
        flush: () => resolve(answer),
      }
      const refusal = intake.offer({ message, source, trust: 'server', receivedAt: clock.now(), sender, tag: 0 })
      if (refusal !== null) resolve(refusal)
    })
  }

  return {
    /** What became of each row, in their order, once those taken are durable. `source`: the key it came by. */
    async take(rows: readonly unknown[], source: number): Promise<(Refusal | null)[]> {
      const now = clock.now()
      const read = rows.map((row) => readConsent(row, now, { hash, addressOf }))
      const suppressed = read.flatMap((row) => (isRefusal(row) || row.suppress === null ? [] : [row.suppress]))
      if (suppressed.length > 0) await order((at) => suppressed.forEach(({ email, reason }) => suppressions.add(hash(email), reason, at)))
      return Promise.all(read.map((row) => (isRefusal(row) ? row : row.message === null ? null : offer(row.message, source))))
    },
    /** The rows of a CSV or of JSON lines; a refusal when it is neither. */
    async read(text: string): Promise<unknown[] | Refusal> {
      try {
        return await readRows(text)
      } catch (error) {
        if (error instanceof BeckonError && error.code === 'file.invalid') return { refused: 'consent.invalid', about: error.message }
        throw error
      }
    },
  }
}

const statuses: Record<string, 'subscribed' | 'pending' | Suppressed | 'not asked'> = {
  subscribed: 'subscribed',
  pending: 'pending',
  unsubscribed: 'unsubscribed',
  bounce: 'bounce',
  bounced: 'bounce',
  suppressed: 'bounce',
  complaint: 'complaint',
  complained: 'complaint',
  'not asked': 'not asked',
  '': 'not asked',
}
const sourceCharsMax = 100

/** One row of an import, or what is wrong with it. */
export function readConsent(row: unknown, now: number, { hash, addressOf }: Pick<Options, 'hash' | 'addressOf'>): ConsentRow | Refusal {
  if (!isObject(row)) return invalid('the row')
  const text = (...names: string[]) => names.map((name) => row[name]).find((value) => value !== undefined && value !== null && value !== '')
  const status = statuses[String(text('status', 'consent') ?? '').toLowerCase()]
  const told = text('email', 'e-mail', 'Email')
  const email = typeof told === 'string' ? addressOf(told) : null
  const userId = text('user_id', 'userId', 'userid')
  const topics = topicsIn(row['topics'])
  const at = text('at', 'since')
  const saidAt = at === undefined ? null : parseTime(at)
  if (status === undefined) return invalid(`status ${String(text('status', 'consent')).slice(0, 40)}`)
  if (told !== undefined && email === null) return invalid('email')
  if (userId !== undefined && !isId(String(userId))) return invalid('user_id')
  if (email === null && userId === undefined) return invalid('email or user_id')
  if (topics === null) return invalid('topics')
  if (saidAt !== null && !(saidAt <= now)) return invalid('at')
  if (status === 'bounce' || status === 'complaint') return email === null ? invalid('email') : { suppress: { email, reason: status }, message: null }

  const suppress = status === 'unsubscribed' && email !== null ? { email, reason: status } : null
  const source = text('source')
  const traits = {
    ...(email === null ? {} : { email }),
    ...(status === 'not asked' ? {} : { consent: status }),
    ...(Object.keys(topics).length === 0 ? {} : { topics }),
    imported: {
      ...(source === undefined ? {} : { source: String(source).slice(0, sourceCharsMax) }),
      ...(saidAt === null ? {} : { at: new Date(saidAt).toISOString() }),
    },
  }
  if (traits.consent === undefined && traits.topics === undefined) return { suppress, message: null }
  const who = userId === undefined ? { anonymousId: `import-${hash(email!)}` } : { userId: String(userId) }
  const messageId = `consent-${createHash('sha256').update(JSON.stringify({ who, traits })).digest('base64url')}`
  const message = parseMessage({ type: 'identify', messageId, ...who, traits }, { now, ids: () => messageId })
  return isRefusal(message) ? message : { suppress, message }
}

/** `{ "offers": false }`, or `offers=no;orders=yes`; null when it is neither. */
function topicsIn(told: unknown): Record<string, boolean> | null {
  if (told === undefined || told === null || told === '') return {}
  const pairs =
    typeof told === 'string' ? told.split(/[;|]/).map((pair) => pair.split('=').map((part) => part.trim())) : isObject(told) ? Object.entries(told) : null
  const read = pairs?.map(([name, wants]) => [name, wants === true || wants === 'yes' ? true : wants === false || wants === 'no' ? false : null])
  return read === undefined || read.some(([name, wants]) => name === undefined || name === '' || wants === null)
    ? null
    : (Object.fromEntries(read) as Record<string, boolean>)
}

const invalid = (about: string): Refusal => ({ refused: 'consent.invalid', about })

/** A refusal in one line, for a report. */
export const refusalWords = ({ refused, about }: Refusal): string => `${refused}${about === undefined ? '' : `, ${about}`}: ${codes[refused][1]}`
