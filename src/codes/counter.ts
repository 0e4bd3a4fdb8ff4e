/**
 * Where the shop hands codes over and in: pools are uploaded, codes looked at, redeemed and released. What changes anything
 * is done in the batch's transaction, and answered after its commit.
 * 1. Exactly one order redeems a code; asking again for the same order says so again, and changes nothing.
 * 2. A code is good from when its letter may have left, to the instant it expires; in the time of the letter's customer,
 *    whose clock may be ahead in a sandbox.
 * 3. What a browser says of an order redeems nothing.
 */
import type { MachineEvent, Trust } from '../core/event.ts'
import { isRefusal } from '../core/errors.ts'
import type { Refusal } from '../core/errors.ts'
import type { Codes, CodeWithLetter } from '../store/codes.ts'
import { fold, isPoolCode, readSpelling } from './spelling.ts'

export type CounterOptions = {
  codes: Codes
  secret: string
  prefix: string
  /** Does the work in the next batch's transaction, and settles after its commit. */
  order: <T>(work: (now: number) => T) => Promise<T>
  now: () => number
  /** How far a customer's clock is ahead, ms. */
  leadOf: (customer: number) => number
  /** The customer behind an id of the shop's or an address. */
  identify: (who: Who) => number | null
}

export type Who = { userId?: string; anonymousId?: string; email?: string }
export type Redeeming = { code: string; orderId: string; who?: Who; at?: number }

/** A code as the shop is told of it. `same`: whether it is the customer's own whom the shop named; null when it named none. */
export type Told = {
  code: string
  percent: number
  expiresAt: string
  letter: number
  template: string | null
  customer: number | null
  same: boolean | null
}
export type Redeemed = Told & { redeemedAt: string; orderId: string; again: boolean }
/** Why a code is not good, with what the shop may want to show. */
export type NotGood = Refusal & { more: Record<string, unknown> }

export type Uploaded = { pool: string; added: number; known: number; free: number; rejected: { index: number; code: string; refused: Refusal }[] }

/** So many in one transaction: events wait for it. */
const atOnce = 500
const orderIdCharsMax = 255
const textCharsMax = 200
const freeCountedMax = 1_000_000
const poolName = /^[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}$/

export type CodeCounter = ReturnType<typeof createCounter>

export function createCounter(options: CounterOptions) {
  const { codes, secret, prefix, order, leadOf, identify } = options

  let redemptions = 0

  function find(text: string): CodeWithLetter | Refusal {
    if (text.length > textCharsMax) return { refused: 'code.unknown' }
    const { is, folded, body } = readSpelling(secret, prefix, text)
    const found = (is === 'made' ? codes.find(body) : undefined) ?? codes.find(folded)
    return found ?? { refused: is === 'mistyped' ? 'code.mistyped' : 'code.unknown', about: text.slice(0, 40) }
  }

  const timeOf = ({ customer }: CodeWithLetter, now: number): number => now + (customer === null ? 0 : leadOf(customer))

  function toTold(found: CodeWithLetter, who?: Who): Told {
    const named = who === undefined ? null : identify(who)
    return {
      code: found.code,
      percent: found.percent ?? 0,
      expiresAt: instant(found.expiresAt ?? 0),
      letter: found.letter ?? 0,
      template: found.template,
      customer: found.customer,
      same:
        who === undefined
          ? null
          : (named !== null && named === found.customer) || (who.email !== undefined && who.email.trim().toLowerCase() === found.recipient),
    }
  }

  /** In the open transaction, at `at` of the customer's time. */
  function redeemAt(found: CodeWithLetter, orderId: string, at: number, who?: Who): Redeemed | NotGood {
    if (found.redeemedAt !== null && found.orderId === orderId) return { ...toTold(found, who), redeemedAt: instant(found.redeemedAt), orderId, again: true }
    const fault = faultOf(found, at)
    if (fault !== null) return fault
    if (!codes.redeem(found.id, orderId, at)) throw new Error(`code ${found.id} was redeemed meanwhile`)
    redemptions++
    return { ...toTold(found, who), redeemedAt: instant(at), orderId, again: false }
  }

  return {
    /** What a code is worth now; redeems nothing. Refuses codes that are none. */
    look(text: string): (Told & { valid: boolean; reason: NotGood | null }) | Refusal {
      const found = find(text)
      if (isRefusal(found)) return found
      const reason = faultOf(found, timeOf(found, options.now()))
      return { valid: reason === null, reason, ...toTold(found) }
    },

    redeem: ({ code, orderId, who, at }: Redeeming): Promise<Redeemed | NotGood | Refusal> =>
      order((now) => {
        const found = find(code)
        if (isRefusal(found)) return found
        return redeemAt(found, orderId, at === undefined ? timeOf(found, now) : Math.min(at, timeOf(found, now)), who)
      }),

    /** The order is off: its code is good again. Says so again when it was released before. */
    release: (code: string, orderId: string): Promise<Told | Refusal> =>
      order(() => {
        const found = find(code)
        if (isRefusal(found)) return found
        if (found.redeemedAt !== null && !codes.release(found.id, orderId)) return { refused: 'code.used', about: 'by another order' }
        return toTold(found)
      }),

    /** An event that a machine has taken, in its transaction: a server's order redeems the coupon it names, if that is open. */
    heard({ type, at, properties }: MachineEvent, trust: Trust): void {
      if (type !== 'site.order_completed' || trust !== 'server') return
      const { coupon, order_id: orderId } = properties as { coupon?: unknown; order_id?: unknown }
      if (typeof coupon !== 'string' || coupon === '' || !isOrderId(orderId)) return
      const found = find(coupon)
      if (!isRefusal(found)) redeemAt(found, String(orderId), at)
    },

    /** Adds to a pool, in order; those that are in it already stay as they are. */
    async upload(pool: string, given: readonly unknown[]): Promise<Uploaded | Refusal> {
      if (!poolName.test(pool)) return { refused: 'pool.name_invalid', about: pool.slice(0, 64) }
      const done: Uploaded = { pool, added: 0, known: 0, free: 0, rejected: [] }
      for (let from = 0; from < given.length; from += atOnce)
        await order((now) => given.slice(from, from + atOnce).forEach((one, index) => uploadOne(done, one, from + index, now)))
      return { ...done, free: codes.freeUpTo(pool, freeCountedMax) }
    },

    /** Frees what expired unredeemed: only when the shop says so, since customers may still hold it. */
    reclaim: (pool: string): Promise<{ pool: string; freed: number } | Refusal> =>
      order((now) => (codes.hasPool(pool) ? { pool, freed: codes.reclaim(pool, now) } : { refused: 'pool.unknown', about: pool.slice(0, 64) })),

    /** Codes redeemed since the start. */
    redemptions: (): number => redemptions,

    pool: (pool: string): { pool: string; free: number } | Refusal =>
      codes.hasPool(pool) ? { pool, free: codes.freeUpTo(pool, freeCountedMax) } : { refused: 'pool.unknown', about: pool.slice(0, 64) },
  }

  function uploadOne(done: Uploaded, one: unknown, index: number, now: number) {
    const told = typeof one === 'object' && one !== null ? (one as { code?: unknown }).code : one
    const code = typeof told === 'string' || typeof told === 'number' ? String(told).trim() : ''
    const reject = (refused: Refusal) => done.rejected.push({ index, code: code.slice(0, 40), refused })
    if (!isPoolCode(code)) return reject({ refused: 'code.invalid' })
    const added = codes.upload(fold(code), code, done.pool, now)
    if (added === true) done.added++
    else if (added.in === done.pool) done.known++
    else reject({ refused: 'code.taken', about: added.in === null ? 'made for a letter' : `in the pool ${added.in}` })
  }
}

const isOrderId = (value: unknown): value is string | number =>
  (typeof value === 'string' && value !== '' && value.length <= orderIdCharsMax) || (typeof value === 'number' && Number.isFinite(value))

const instant = (at: number): string => new Date(at).toISOString()

/** Why a code is not good at `at`; null when it is. Pure. */
function faultOf({ redeemedAt, orderId, leftAt, state, letter, expiresAt }: CodeWithLetter, at: number): NotGood | null {
  if (redeemedAt !== null)
    return {
      refused: 'code.used',
      about: `${orderId === null ? '' : `by order ${orderId}, `}${instant(redeemedAt)}`,
      more: { orderId, redeemedAt: instant(redeemedAt) },
    }
  if (letter === null) return { refused: 'code.not_sent', about: 'no letter has it', more: {} }
  if (leftAt === null) return { refused: state === 'failed' || state === null ? 'code.withdrawn' : 'code.not_sent', more: {} }
  if (expiresAt !== null && at > expiresAt) return { refused: 'code.expired', about: instant(expiresAt), more: { expiresAt: instant(expiresAt) } }
  return null
}
