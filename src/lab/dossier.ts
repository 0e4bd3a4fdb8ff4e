/** One customer's life read from the log, for explaining: every turn, every decision, and how things stand at an instant. */
import { toRecorded } from '../actors/identity.ts'
import type { Machine } from '../actors/load-machine.ts'
import { createTelling } from '../actors/telling.ts'
import { BeckonError } from '../core/errors.ts'
import type { Life } from '../core/life.ts'
import { kinds, relive } from '../core/retell.ts'
import type { Chapter, Told } from '../core/retell.ts'
import { birth } from '../core/turn.ts'
import { addressOf } from '../mail/address.ts'
import type { DecisionRow } from '../store/decisions.ts'
import type { Store } from '../store/store.ts'

export type Turned = { at: number; event: string; name: string; before: Life; after: Life; row: Told }

export type Dossier = { customer: number; life: Life; machine: Machine; turns: Turned[]; decisions: DecisionRow[]; rows: Told[] }

/** The customer with this user id, anonymous id or e-mail. Throws `customer.unknown`. */
export function findCustomer(store: Store, name: string): number {
  const id =
    store.customers.find(`u:${name}`) ??
    store.customers.find(`a:${name}`) ??
    store.customers.find(`e:${name.toLowerCase()}`) ??
    store.letters.customerOf(name.toLowerCase())
  if (id === undefined) throw new BeckonError('customer.unknown', `nobody here is called ${name}`)
  return id
}

/** The last row of a life: what is stored may be behind the log. */
function headOf(store: Store, customer: number): number {
  let head = store.customers.get(customer)?.head ?? 0
  for (let seq = Number(store.meta.get('watermark') ?? 0); ;) {
    const rows = store.log.after(seq, 10_000)
    if (rows.length === 0) return head
    for (const row of rows) if (row.customer === customer && row.seq > head) head = row.seq
    seq = rows.at(-1)!.seq
  }
}

/** Reads a life up to and including `until`. Pure apart from reading. */
export function openDossier(store: Store, of: (version: number) => Machine, customer: number, until = Infinity): Dossier {
  const rows = store.log.life(headOf(store, customer)).filter((row) => row.at <= until)
  const decisions = store.decisions.of(customer).filter((decision) => decision.at <= until)
  const turns: Turned[] = []
  const chapter = retold(rows, decisions, of, (before, after, event, row) =>
    turns.push({ at: event.at, event: event.type, name: nameOf(event.type, row), before, after, row }),
  )
  const version = chapter?.machine ?? 1
  return { customer, life: chapter?.life ?? birth(of(version).stepper, 0), machine: of(version), turns, decisions, rows }
}

/** A life told from rows and decisions. */
export function retold(
  rows: readonly Told[],
  decisions: readonly DecisionRow[],
  of: (version: number) => Machine,
  witness?: (before: Life, after: Life, event: { type: string; at: number }, row: Told) => void,
): Chapter | null {
  return relive(rows, decisions.map(toRecorded), { ...createTelling(of, addressOf), ...(witness === undefined ? {} : { witness }) })
}

/** An event in the shop's own words: the client's name for it, or the timer's setting. */
function nameOf(type: string, row: Told): string {
  const timer = /^xstate\.after\.([^.]+)\./.exec(type)
  if (timer !== null) return `${timer[1]} passed`
  if (row.kind <= kinds.server) {
    const { type: kind, event } = JSON.parse(row.body) as { type: string; event?: string }
    return event ?? kind
  }
  return type
}
