/**
 * Turns what a client sent into a Message or a named refusal. Nothing past this file checks its shape again.
 * 1. Pure: the same input gives the same answer; time and ids are passed in.
 * 2. `readMessage(message.text, message.at)` equals `message`: the log text alone is enough to read it again (R2).
 */
import type { Message, Properties } from './event.ts'
import type { Code, Refusal } from './errors.ts'
import { limits } from './limits.ts'

/** What is known about a message beside its own text. */
export type Received = {
  /** The server's clock, ms. Infinity where there is none (replay): times are then taken as told. */
  now: number
  /** An id for a message that came without one. */
  ids: () => string
  /** When its batch says it was sent, ms. */
  sentAt?: number | undefined
  /** The context of its batch; its own context wins, key by key. */
  context?: Properties | undefined
  /** Who it is about where it does not say. */
  userId?: string | undefined
  anonymousId?: string | undefined
}

type Body = Record<string, unknown>

const types: ReadonlySet<unknown> = new Set<Message['type']>(['track', 'page', 'screen', 'identify', 'group', 'alias'])
const name = /^[A-Za-z0-9][A-Za-z0-9 _.:-]{0,127}$/

/**
 * The checked message, or why it is refused. Pure and synchronous.
 *
 * `at` is the message's own time corrected by the client's clock error (receivedAt − (sentAt − originalTimestamp)),
 * never later than `received.now`: the future is taken as of now. Old times stay as they are.
 * `text`, when given, is the JSON that `body` was read from, and becomes the log text where it can.
 *
 *     parseMessage({ type: 'page', anonymousId: 'a' }, { now: 0, ids: () => 'm' }) // { type: 'page', at: 0, … }
 *     parseMessage({ type: 'rage' }, { now: 0, ids: () => 'm' })                   // { refused: 'event.type_invalid', … }
 */
export function parseMessage(body: unknown, received: Received, text?: string): Message | Refusal {
  if (!isObject(body)) return { refused: 'event.json_invalid' }
  if (text !== undefined && isOver(text, limits.eventBytesMax)) return { refused: 'event.too_large' }
  const type = body['type'] as Message['type']
  if (!types.has(type)) return refuse('event.type_invalid', type)
  let own = body
  if (received.context !== undefined && isOptionalObject(body['context'])) {
    own = { ...body, context: { ...received.context, ...(body['context'] as Body | null | undefined) } }
    text = undefined
  }
  const fault = faultIn(own)
  if (fault !== null) return fault

  if (type === 'track' && !(typeof own['event'] === 'string' && name.test(own['event']))) return refuse('event.name_invalid', own['event'])
  const messageId = own['messageId'] ?? received.ids()
  if (!isId(messageId, limits.messageIdCharsMax)) return refuse('event.message_id_invalid', messageId)
  const userId = toId(own['userId'], received.userId)
  const anonymousId = toId(own['anonymousId'], received.anonymousId)
  if (userId === null) return refuse('event.id_invalid', 'userId')
  if (anonymousId === null) return refuse('event.id_invalid', 'anonymousId')
  if (userId === undefined && anonymousId === undefined) return { refused: 'event.id_missing' }
  if (type === 'alias') {
    const previousId = toId(own['previousId'])
    if (previousId === undefined) return { refused: 'event.previous_id_missing' }
    if (previousId === null) return refuse('event.id_invalid', 'previousId')
  }
  if (!isOptionalObject(own['properties']) || !isOptionalObject(own['traits']) || !isOptionalObject(own['context'])) {
    return { refused: 'event.properties_invalid' }
  }
  const at = toAt(own, received)
  if (Number.isNaN(at)) return { refused: 'event.time_invalid' }

  const kept = toText(own, text, messageId, userId, anonymousId)
  if (kept !== text && isOver(kept, limits.eventBytesMax)) return { refused: 'event.too_large' }
  return toMessage(own, messageId, userId, anonymousId, at, kept)
}

/** A message read back from its log text: no checks, they were made when it was written. Pure. */
export function readMessage(text: string, at: number): Message {
  const body = JSON.parse(text) as Body
  return toMessage(body, body['messageId'] as string, toId(body['userId']) ?? undefined, toId(body['anonymousId']) ?? undefined, at, text)
}

/** Whether two messages say the same. Times and context are left out: clients change them when they try again. */
export function sameBody(a: Message, b: Message): boolean {
  return (
    a.type === b.type &&
    a.event === b.event &&
    a.userId === b.userId &&
    a.anonymousId === b.anonymousId &&
    a.previousId === b.previousId &&
    isSame(a.properties, b.properties) &&
    isSame(a.traits, b.traits)
  )
}

/** Milliseconds since 1970 of an ISO 8601 instant (UTC where it names no zone) or of a number of them; else NaN. */
export function parseTime(value: unknown): number {
  if (typeof value === 'number') return value >= 0 && value <= 8.64e15 ? Math.trunc(value) : NaN
  if (typeof value !== 'string') return NaN
  // The form that Date.toISOString gives, by far the most common, of the day that was asked for last.
  if (value.length === 24 && value.startsWith(lastDate) && value.charCodeAt(23) === 90) {
    const time = timeOfDay(value)
    if (time >= 0) return lastMidnight + time
  }
  return parseInstant(value)
}

/** The date asked for last, with its T, and when it began: Date.parse takes longer than all the rest of a message. */
let lastDate = '1970-01-01T'
let lastMidnight = 0

/** Milliseconds since midnight of `…T12:34:56.789Z`; -1 where that is not its form. */
function timeOfDay(text: string): number {
  if (text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58 || text.charCodeAt(19) !== 46) return -1
  const hours = twoDigits(text, 11)
  const minutes = twoDigits(text, 14)
  const seconds = twoDigits(text, 17)
  const hundredths = twoDigits(text, 20)
  const thousandth = text.charCodeAt(22) - 48
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59 || hundredths < 0 || thousandth < 0 || thousandth > 9) return -1
  return ((hours * 60 + minutes) * 60 + seconds) * 1_000 + hundredths * 10 + thousandth
}

function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48
  const units = text.charCodeAt(at + 1) - 48
  return tens >= 0 && tens <= 9 && units >= 0 && units <= 9 ? tens * 10 + units : -1
}

const anyInstant = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(?:[Zz]|([+-]\d\d):?(\d\d))?)?$/

function parseInstant(value: string): number {
  const parts = anyInstant.exec(value)
  if (parts === null) return NaN
  const [, date, time, hours, minutes] = parts
  const at = Date.parse(`${date}T${time ?? '00:00'}${hours === undefined ? 'Z' : `${hours}:${minutes}`}`)
  // Date.parse lets the 30th of February pass as the 1st of March.
  const day = Number(value.slice(8, 10))
  if (!(at >= 0) || (day > 28 && day > daysIn(Number(value.slice(0, 4)), Number(value.slice(5, 7))))) return NaN
  lastDate = `${date}T`
  lastMidnight = Date.parse(date!)
  return at
}

const daysIn = (year: number, month: number) => new Date(Date.UTC(year, month, 0)).getUTCDate()

export const isObject = (value: unknown): value is Body => typeof value === 'object' && value !== null && !Array.isArray(value)
const isOptionalObject = (value: unknown): boolean => value === undefined || value === null || isObject(value)

/** Whether `value` can be an id: no control characters, and nothing that UTF-8 cannot write. */
export function isId(value: unknown, charsMax: number = limits.idCharsMax): value is string {
  if (typeof value !== 'string' || value.length === 0 || value.length > charsMax) return false
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index)
    if (unit < 0x20 || (unit >= 0x7f && unit < 0xa0)) return false
    // Half of a pair, or of nothing.
    if (unit >= 0xd800 && unit < 0xe000) return value.isWellFormed() && !control.test(value)
  }
  return true
}

// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u001f\u007f-\u009f]/

/** `otherwise`: it says nothing (RudderStack sends an empty userId for strangers); null: it cannot be an id. */
function toId(value: unknown, otherwise?: string): string | undefined | null {
  if (typeof value === 'string') return value === '' ? otherwise : isId(value) ? value : null
  if (value === undefined || value === null) return otherwise
  // Past 2^53 JSON numbers run together, and two people would become one.
  return Number.isSafeInteger(value) ? String(value) : null
}

const refuse = (refused: Code, about: unknown): Refusal => (typeof about === 'string' ? { refused, about: about.slice(0, 128) } : { refused })

function isOver(text: string, bytesMax: number): boolean {
  if (text.length > bytesMax) return true
  // One UTF-16 unit takes at most three bytes.
  return text.length * 3 > bytesMax && Buffer.byteLength(text) > bytesMax
}

/**
 * The first thing wrong with the shape of an event: a forbidden key, too many levels (the event is the first), too
 * many keys. The items of a list count as one, the largest: an order may hold many products. The event's own fields
 * are counted apart from what is in them.
 */
function faultIn(body: Body): Refusal | null {
  let fields = 0
  let keys = 0
  for (const key in body) {
    if (isForbidden(key)) return { refused: 'event.key_forbidden', about: key }
    fields++
    const value = body[key]
    if (typeof value !== 'object' || value === null) continue
    const inside = keysIn(value, 2)
    if (inside === forbidden) return { refused: 'event.key_forbidden', about: key }
    if (inside === tooDeep) return { refused: 'event.too_deep', about: key }
    keys += inside
  }
  return fields > limits.eventKeysMax || keys > limits.eventKeysMax ? { refused: 'event.too_many_keys' } : null
}

const forbidden = -1
const tooDeep = -2
const isForbidden = (key: string) => key === '__proto__' || key === 'constructor' || key === 'prototype'

function keysIn(value: object, level: number): number {
  if (level > limits.eventDepthMax) return tooDeep
  let keys = 0
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index]
      if (typeof item !== 'object' || item === null) continue
      const inside = keysIn(item, level + 1)
      if (inside < 0) return inside
      if (inside > keys) keys = inside
    }
    return keys
  }
  for (const key in value) {
    if (isForbidden(key)) return forbidden
    keys++
    const item = (value as Body)[key]
    if (typeof item !== 'object' || item === null) continue
    const inside = keysIn(item, level + 1)
    if (inside < 0) return inside
    keys += inside
  }
  return keys
}

function toAt(body: Body, received: Received): number {
  const { now } = received
  const timestamp = body['timestamp'] ?? undefined
  const original = body['originalTimestamp'] ?? timestamp
  if (original === undefined) return now === Infinity ? NaN : now
  // It came through a server that speaks this protocol, which has corrected `timestamp` already.
  const corrected = timestamp !== undefined && (now === Infinity || (body['receivedAt'] ?? undefined) !== undefined)
  let at = parseTime(corrected ? timestamp : original)
  if (!corrected && now !== Infinity) {
    const sentAt = (body['sentAt'] ?? undefined) === undefined ? received.sentAt : parseTime(body['sentAt'])
    if (sentAt !== undefined && !Number.isNaN(sentAt)) at = Math.max(0, now - (sentAt - at))
  }
  return at > now ? now : at
}

/** The text for the log: what was sent, with what it left out put in front. */
function toText(body: Body, text: string | undefined, messageId: string, userId: string | undefined, anonymousId: string | undefined): string {
  if (
    text === undefined ||
    text.charCodeAt(0) !== 123 ||
    body['writeKey'] !== undefined ||
    isBlank(body['messageId'], messageId) ||
    isBlank(body['userId'], userId) ||
    isBlank(body['anonymousId'], anonymousId)
  ) {
    return JSON.stringify({ ...body, messageId, userId, anonymousId, writeKey: undefined })
  }
  if (anonymousId !== undefined && body['anonymousId'] === undefined) text = `{"anonymousId":${JSON.stringify(anonymousId)},${text.slice(1)}`
  if (userId !== undefined && body['userId'] === undefined) text = `{"userId":${JSON.stringify(userId)},${text.slice(1)}`
  if (body['messageId'] === undefined) text = `{"messageId":${JSON.stringify(messageId)},${text.slice(1)}`
  return text
}

/** It is there and says nothing, so that what stands for it cannot be put in front. */
const isBlank = (told: unknown, instead: string | undefined) => instead !== undefined && (told === null || told === '')

function toMessage(body: Body, messageId: string, userId: string | undefined, anonymousId: string | undefined, at: number, text: string): Message {
  const type = body['type'] as Message['type']
  // Every message has the same fields in the same order, which keeps the engine's property reads fast.
  return {
    type,
    messageId,
    event: type === 'track' ? (body['event'] as string) : undefined,
    userId,
    anonymousId,
    previousId: type === 'alias' ? (toId(body['previousId']) ?? undefined) : undefined,
    properties: (body['properties'] as Properties | null | undefined) ?? undefined,
    traits: toTraits(body, type),
    at,
    text,
  }
}

function toTraits(body: Body, type: Message['type']): Properties | undefined {
  const traits = (body['traits'] as Properties | null | undefined) ?? undefined
  if (traits !== undefined || type !== 'identify') return traits
  // RudderStack's browser SDK puts what identify says into the context.
  const inside = (body['context'] as Body | null | undefined)?.['traits']
  return isObject(inside) ? inside : undefined
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && isSame((a as Body)[key], (b as Body)[key]))
}
