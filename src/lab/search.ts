/**
 * Customers by id, address or state, a page at a time.
 * 1. Each customer is found once, by the best of their ids: the very id, then one that begins with what was typed, then
 *    one that holds it; then addresses that were only typed in a browser, which stand in stored lives alone.
 * 2. What one call looks at is bounded; a page may be short, or empty, and still have something after it.
 */
import { toRecorded } from '../actors/identity.ts'
import type { Machine } from '../actors/load-machine.ts'
import { createTelling } from '../actors/telling.ts'
import { lifeFromText, lifeToText, nextDue } from '../core/life.ts'
import type { Life } from '../core/life.ts'
import { migrate } from '../core/migrate.ts'
import { decideByRecord, kinds, retell } from '../core/retell.ts'
import { addressOf } from '../mail/address.ts'
import { nameOf } from '../profile/profile.ts'
import { lowerAscii } from '../store/customers.ts'
import type { Identity, Stored } from '../store/customers.ts'
import type { Row } from '../store/log.ts'
import type { Store } from '../store/store.ts'
import type { CustomerList, CustomerRow } from '../studio/api.ts'
import { shapeOf } from './shape.ts'
import { tellLife } from './told.ts'
import { statesOf } from './turns.ts'
import { cut } from './wording.ts'

/** `after`: as the last page gave it. `now`: the wall clock, ms. */
export type SearchInput = { query?: string | undefined; state?: string | undefined; after?: string | null | undefined; limit?: number | undefined; now: number }

type Place = { phase: number; at: string }
type Found = { ids: number[]; next: Place | null }

const pageMax = 200
const pageDefault = 50
/** Keys, and lives, looked at in one call. */
const keysMax = 2_000
const livesMax = 30_000
const parsedMax = 1_000
/** Log rows that the stored lives may be behind by, read for a page. */
const tailMax = 2_000
const charsMax = 200
/** Fewer characters than this stand in nearly every life. */
const typedCharsMin = 3
const countKeptMs = 10_000

const prefixes = ['u:', 'a:', 'e:'] as const
const phases = { exact: 0, first: 1, holding: 4, lives: 5 } as const

export function createSearch(store: Store, of: (version: number) => Machine, version: number) {
  const { customers } = store
  const { stepper } = of(version)
  const telling = createTelling(of, addressOf)
  let counted = { at: -Infinity, total: 0 }

  function search(input: SearchInput): CustomerList {
    const limit = Math.min(Math.max(1, input.limit ?? pageDefault), pageMax)
    const query = (input.query ?? '').trim().slice(0, charsMax)
    const place = placeOf(input.after)
    const found = query === '' ? listed(input.state, place, limit) : matching(query, place, limit)
    const rows = rowsOf(found.ids, query === '' ? undefined : input.state)
    return { customers: rows, after: found.next === null ? null : `${found.next.phase}:${found.next.at}`, total: total(input.now) }
  }

  /** Counting walks an index: once in a while is often enough. */
  function total(now: number): number {
    if (now - counted.at > countKeptMs || now < counted.at) counted = { at: now, total: customers.countIdentified() }
    return counted.total
  }

  function listed(state: string | undefined, { at }: Place, limit: number): Found {
    const before = at === '' ? customers.lastId() + 1 : Number(at)
    if (state !== undefined && state !== '') return standing(state, before, limit)
    const ids = customers.newest(before, limit)
    return { ids, next: ids.length < limit ? null : { phase: 0, at: String(ids.at(-1)) } }
  }

  /** Who stands in a state: only lives whose text names it are read. */
  function standing(state: string, before: number, limit: number): Found {
    const name = shapeOf(of(version)).nodes.get(state)?.path.at(-1)
    const ids: number[] = []
    const from = Math.max(0, before - livesMax)
    let end = from
    for (let looked = 0, at = before; ids.length < limit;) {
      const lives = customers.saying(name === undefined ? '' : JSON.stringify(name), at, from, pageMax)
      for (const stored of lives) {
        if (ids.length < limit && read(stored)?.snapshot.states.ids.includes(state)) ids.push(stored.id)
        at = stored.id
        if (ids.length === limit) break
      }
      end = at
      looked += lives.length
      if (lives.length < pageMax && ids.length < limit) {
        end = from
        break
      }
      if (looked >= parsedMax) break
    }
    return { ids, next: end <= 1 ? null : { phase: 0, at: String(end) } }
  }

  function matching(query: string, start: Place, limit: number): Found {
    const ids: number[] = []
    let { phase, at } = start
    for (let looked = 0; ids.length < limit && looked < keysMax;) {
      if (phase === phases.exact) {
        ids.push(...exact(query))
        phase = phases.first
      } else if (phase >= phases.lives) {
        // What is known by its ids is answered at once; lives are read when more is asked for.
        if (ids.length > 0 && query.length >= typedCharsMin) break
        const typed: Found = query.length < typedCharsMin ? { ids: [], next: null } : typedIn(query, at, limit - ids.length)
        return { ids: [...ids, ...typed.ids], next: typed.next }
      } else {
        const keys: Identity[] = phase < phases.holding ? customers.startingWith(prefixOf(phase, query), at, pageMax) : customers.holding(query, at, pageMax)
        for (const found of keys) {
          if (ids.length === limit) break
          at = found.key
          looked++
          if (isBest(found, query, phase < phases.holding ? 1 : 2)) ids.push(found.customer)
        }
        if (keys.length === pageMax || (keys.length > 0 && at !== keys.at(-1)!.key)) continue
        phase++
        at = ''
      }
    }
    return { ids, next: { phase, at } }
  }

  const prefixOf = (phase: number, query: string): string => {
    const kind = prefixes[phase - phases.first]!
    return kind + (kind === 'e:' ? query.toLowerCase() : query)
  }

  /** The customers with this very id, or number (`#12`). */
  function exact(query: string): number[] {
    const number = /^#(\d{1,15})$/.exec(query)?.[1]
    const ids = prefixes.map((kind) => customers.find(kind + (kind === 'e:' ? query.toLowerCase() : query)))
    if (number !== undefined && customers.keysOf(Number(number)).length > 0) ids.push(Number(number))
    return [...new Set(ids.filter((id) => id !== undefined))]
  }

  /** Whether no other of the customer's ids is a better match, so that each is found once however the pages fall. */
  function isBest({ key, customer }: Identity, query: string, found: number): boolean {
    if (rankOf(key, query) !== found) return false
    const own = rankText(key, query)!
    return customers.keysOf(customer).every((other) => {
      const rank = rankText(other, query)
      return rank === null || rank >= own
    })
  }

  /** Addresses that nobody vouches for are no ids: they stand in lives alone. */
  function typedIn(query: string, at: string, limit: number): Found {
    const before = at === '' ? customers.lastId() + 1 : Number(at)
    const from = Math.max(0, before - livesMax)
    const lower = lowerAscii(query)
    // As JSON has it inside of quotes.
    const lives = customers.saying(JSON.stringify(query).slice(1, -1), before, from, pageMax)
    const ids: number[] = []
    let last = from
    for (const stored of lives) {
      const email = emailIn(stored.life)
      if (email !== null && lowerAscii(email).includes(lower) && customers.keysOf(stored.id).every((key) => rankOf(key, query) === null)) ids.push(stored.id)
      if (ids.length === limit) {
        last = stored.id
        break
      }
    }
    if (last === from && lives.length === pageMax) last = lives.at(-1)!.id
    return { ids, next: last <= 1 ? null : { phase: phases.lives, at: String(last) } }
  }

  function read({ machine, life }: Stored): Life | null {
    try {
      return machine === version ? lifeFromText(stepper, life) : migrate(life, stepper)
    } catch {
      return null
    }
  }

  function rowsOf(ids: readonly number[], state: string | undefined): CustomerRow[] {
    if (ids.length === 0) return []
    const tail = Map.groupBy(store.log.after(Number(store.meta.get('watermark') ?? 0), tailMax), ({ customer }) => customer)
    return ids.flatMap((id) => {
      const life = standingNow(id, tail.get(id) ?? [])
      if (state !== undefined && state !== '' && !life?.snapshot.states.ids.includes(state)) return []
      return [life === null ? unknownRow(id, customers.keysOf(id)) : rowOf(id, life)]
    })
  }

  /** A life as stored, with the rows that came since: `tail`, as far as it was read. */
  function standingNow(id: number, tail: readonly Row[]): Life | null {
    const stored = customers.get(id)
    const rows = tail.filter(({ seq }) => seq > (stored?.head ?? 0))
    if (rows.length === 0) return stored === undefined ? null : read(stored)
    try {
      if (rows.some(({ kind }) => kind === kinds.merge)) return tellLife(store, of, version, id, rows.at(-1)!.seq)?.life ?? null
      const decide = decideByRecord(store.decisions.of(id).map(toRecorded), (life, at, template) => telling.waits(version, life, at, template))
      let chapter = stored === undefined ? null : { life: lifeFromText(of(stored.machine).stepper, stored.life), machine: stored.machine }
      for (const row of rows) chapter = retell(chapter, row, { ...telling, decide })
      return chapter!.machine === version ? chapter!.life : migrate(lifeToText(of(chapter!.machine).stepper, chapter!.life), stepper)
    } catch {
      // What is stored cannot be read, or its machine is gone: it is listed by its ids.
      return null
    }
  }

  return search
}

/** A customer in one line. */
export function rowOf(id: number, life: Life): CustomerRow {
  const { profile } = life
  return {
    id,
    name: cut(nameOf(profile), charsMax),
    email: profile.email ?? null,
    verified: profile.verified === true,
    at: life.at,
    states: statesOf(life),
    due: nextDue(life),
  }
}

/** One whose life cannot be read, or is not stored yet. */
function unknownRow(id: number, keys: readonly string[]): CustomerRow {
  const email = keys.find((key) => key.startsWith('e:'))?.slice(2) ?? null
  return { id, name: cut(keys.toSorted().at(-1)?.slice(2) ?? `#${id}`, charsMax), email, verified: email !== null, at: 0, states: {}, due: null }
}

/** 0: the very id; 1: it begins so; 2: it holds it; null: none of these. */
function rankOf(key: string, query: string): 0 | 1 | 2 | null {
  const id = key.slice(2)
  const wanted = key.startsWith('e:') ? query.toLowerCase() : query
  if (id === wanted) return 0
  if (id.startsWith(wanted)) return 1
  return lowerAscii(id).includes(lowerAscii(query)) ? 2 : null
}

function rankText(key: string, query: string): string | null {
  const rank = rankOf(key, query)
  return rank === null ? null : `${rank}${prefixes.indexOf(key.slice(0, 2) as 'u:')}${key}`
}

function emailIn(life: string): string | null {
  try {
    const [, , , , , profile] = JSON.parse(life) as [unknown, unknown, unknown, unknown, unknown, { email?: string }?]
    return profile?.email ?? null
  } catch {
    return null
  }
}

function placeOf(after: string | null | undefined): Place {
  const match = /^([0-5]):([^]*)$/.exec(after ?? '')
  return match === null ? { phase: phases.exact, at: '' } : { phase: Number(match[1]), at: match[2]! }
}
