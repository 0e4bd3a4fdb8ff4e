/**
 * Holds every decision about a letter against the oracle (sim/oracle.ts), which knows the default journeys and nothing of
 * machines, steps or the store. What it is told are the messages as they were taken: the log's own times and order.
 */
import type { Machine } from '../actors/load-machine.ts'
import { isHeldOut } from '../policy/holdout.ts'
import type { DecisionRow } from '../store/decisions.ts'
import type { Row } from '../store/log.ts'
import type { Store } from '../store/store.ts'
import { judge } from './oracle.ts'
import type { OracleMessage, OracleSettings } from './oracle.ts'
import type { Blame } from './people.ts'

type Body = { type: OracleMessage['type']; event?: string; userId?: string; properties?: Record<string, unknown>; traits?: Record<string, unknown> }

export type Suppressed = ReadonlyMap<string, number>

type Options = {
  of: (version: number) => Machine
  /** The version that runs at the end. */
  running: number
  holdout: Readonly<Record<string, number>>
  now: number
  /** Addresses that somebody unsubscribed by a link or that bounced, and when the first of it was, on a clock that never jumps. */
  suppressed: Suppressed
  /** When each decision was really made, by its id, on the same clock: a timer may fire late. */
  made: ReadonlyMap<number, number>
}

/** Returns how many customers could be judged, and how many decisions of theirs. */
export function judgeJourneys(store: Store, { of, running, holdout, now, suppressed, made }: Options, blame: Blame): { customers: number; decisions: number } {
  const judged = { customers: 0, decisions: 0 }
  for (const id of store.customers.ids(0, 10_000)) {
    const rows = store.log.life(store.customers.get(id)!.head)
    const decisions = store.decisions.of(id)
    const settings = settingsOf(rows, of, running)
    const messages = settings === null ? null : toMessages(rows, decisions, suppressed, made)
    if (settings === null || messages === null) continue
    const { addressAt } = messages
    const until = Math.max(now, rows.at(-1)!.at)
    const expected = judge(messages.told, until, {
      settings,
      hasAddress: (_, at) => addressAt <= at,
      holdout: (_, journey) => ['*', journey].some((about) => isHeldOut(id, about, holdout[about] ?? 0)),
    }).map((one) => line(one.at, one.template, one.run, one.reason ?? one.decision))
    const found = decisions.map((one) => line(one.at, one.template, Number(one.key.split('/')[2]), one.reason ?? one.decision))
    const missing = expected.filter((one) => !found.includes(one))
    const more = found.filter((one) => !expected.includes(one))
    if (missing.length + more.length > 0)
      blame('journeys', `customer ${id}: the oracle decides ${missing.join('; ') || 'nothing'}, the engine ${more.join('; ') || 'nothing'}`)
    judged.customers++
    judged.decisions += found.length
  }
  return judged
}

const line = (at: number, template: string, run: number, what: string) => `${at} ${template} ${run} ${what}`

/** The numbers the life was lived by; null when the machines changed on the way, or are not the default journeys. */
function settingsOf(rows: readonly Row[], of: Options['of'], running: number): Partial<OracleSettings> | null {
  const machine = of(rows[0]!.machine)
  if (machine.isDouble || machine.quietHours !== null || !machine.files.includes('abandoned: {')) return null
  if (rows.some((row) => row.machine !== running)) return null
  return machine.settings
}

/** Null when the oracle does not know what such a life means: joined, set aside, only claimed, or hostile. */
function toMessages(
  rows: readonly Row[],
  decisions: readonly DecisionRow[],
  suppressed: Suppressed,
  made: Options['made'],
): { told: OracleMessage[]; addressAt: number } | null {
  const told: OracleMessage[] = []
  let addressAt = Infinity
  let address = ''
  let unsubscribed = false
  let suppressedAt = Infinity
  for (const { kind, inert, at, body: text } of rows) {
    if (kind === 5 || inert === 2) return null
    if (kind === 3 || inert !== 0) continue
    const body = JSON.parse(text) as Body
    if (kind === 4) {
      told.push({ type: 'outcome', event: body.type, customer: 'c', at })
      if (['mail.bounced', 'mail.complained', 'mail.unsubscribed'].includes(body.type)) suppressedAt = Math.min(suppressedAt, at)
      continue
    }
    if (!isPlain(body.properties ?? {})) return null
    const email = (body.type === 'identify' ? body.traits : body.properties)?.['email']
    if (email !== undefined) {
      if (kind === 0 || typeof email !== 'string') return null
      if (address !== '' && email !== address) return null
      if (address === '') addressAt = at
      address = email
    }
    told.push({ type: body.type, ...(body.event === undefined ? {} : { event: body.event }), customer: 'c', at, properties: body.properties ?? {} })
    const consent = body.type === 'identify' ? body.traits?.['consent'] : undefined
    if (consent === 'unsubscribed') {
      told.push({ type: 'outcome', event: 'mail.unsubscribed', customer: 'c', at })
      unsubscribed = true
    } else if (consent !== undefined && unsubscribed) return null
  }
  // The address was suppressed before the life heard of it: in between the oracle cannot know.
  const from = suppressed.get(address) ?? Infinity
  if (decisions.some(({ id, at }) => at === addressAt || (made.get(id)! >= from && at <= suppressedAt))) return null
  return { told, addressAt }
}

/** Whether a message names products as the contract has them; how untidy ones are read is told by other tests. */
function isPlain(properties: Record<string, unknown>): boolean {
  const isLine = (value: unknown): boolean => {
    if (typeof value !== 'object' || value === null) return false
    const { product_id: id, quantity, sku, id: other } = value as Record<string, unknown>
    return (
      typeof id === 'string' &&
      id !== '' &&
      sku === undefined &&
      other === undefined &&
      (quantity === undefined || (typeof quantity === 'number' && quantity > 0 && quantity < 1e6))
    )
  }
  if ('product_id' in properties && !isLine(properties)) return false
  if (!('product_id' in properties) && ('sku' in properties || 'id' in properties)) return false
  if (!('products' in properties)) return true
  return Array.isArray(properties['products']) && properties['products'].every(isLine)
}
