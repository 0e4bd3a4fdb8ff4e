/**
 * Whose event is this? Ids lead to one customer each; when an event shows that two lives are one person's, they are
 * joined by telling both logs as one (R8).
 * 1. Two identified people are never joined: an id that belongs to somebody else moves to whoever uses it now.
 * 2. What a browser merely claims never joins a life that a token or a secret key has vouched for.
 * 3. A sandbox that is ahead in time is joined with sandboxes only: nobody real is taken along into its future.
 * 4. The older life (the smaller number) stays, whichever way round the event named them.
 */
import type { Message, Trust } from '../core/event.ts'
import { inert, kinds, relive } from '../core/retell.ts'
import type { Chapter, MergeBody, Recorded, Telling, Told } from '../core/retell.ts'
import type { Life } from '../core/life.ts'
import { stricter } from '../profile/consent.ts'
import { hasSandboxName, sandboxPrefix } from '../profile/sandbox.ts'
import type { Customers } from '../store/customers.ts'
import type { DecisionRow, Decisions } from '../store/decisions.ts'
import type { Letters } from '../store/letters.ts'
import type { Log, Row } from '../store/log.ts'
import type { Earnings } from './earnings.ts'
import type { Hot, Lives } from './lives.ts'
import type { Machines } from './machines.ts'
import { withdrawUnwanted } from './unwanted.ts'

type Options = {
  lives: Lives
  customers: Customers
  decisions: Decisions
  letters: Letters
  earnings: Pick<Earnings, 'repoint'>
  log: Log
  machines: Machines
  telling: Omit<Telling, 'decide'>
  addressOf: (text: string) => string | null
  /** Fires what a life still has due by `at`, live, before it is told again. */
  fireUntil: (hot: Hot, at: number) => void
  onJoin?: (customer: Hot, before: Life, after: Life, gone: Hot) => void
  /** Two lives that could not be told as one. */
  onRefused: (hot: Hot, error: unknown) => void
  cacheMax?: number
}

/** userId, anonymousId, vouched-for e-mail address. */
type Kind = 'u' | 'a' | 'e'

/** Who it is; `asUser` false: the event may not speak for the userId it names. */
export type Whose = { hot: Hot; asUser: boolean }

export function createIdentity(options: Options) {
  const { lives, customers, decisions, letters, log, machines } = options
  const cacheMax = options.cacheMax ?? 200_000
  /** One map a kind of id, so that the hot path joins no strings. */
  const caches: Record<Kind, Map<string, number>> = { u: new Map(), a: new Map(), e: new Map() }

  function find(kind: Kind, name: string): Hot | null {
    const known = caches[kind].get(name)
    const id = known ?? customers.find(`${kind}:${name}`)
    if (id === undefined) return null
    if (known === undefined) remember(kind, name, id)
    return lives.get(id)
  }

  function remember(kind: Kind, name: string, id: number) {
    const cache = caches[kind]
    if (cache.size >= cacheMax) cache.clear()
    cache.set(name, id)
  }

  function point(kind: Kind, name: string, hot: Hot): Hot {
    customers.point(`${kind}:${name}`, hot.id)
    remember(kind, name, hot.id)
    return hot
  }

  /** The life of the event's ids, born or joined as needed. Writes within the open transaction. */
  function whose(message: Message, trust: Trust, at: number, received: number): Whose {
    const found = ofIds(message, trust, at, received)
    if (message.type === 'alias' && message.previousId !== undefined)
      return { hot: joinPrevious(message.previousId, found.hot, trust, at, received), asUser: found.asUser }
    if (trust !== 'browser' && message.type === 'identify') return { hot: joinAddress(message, found.hot, at, received), asUser: found.asUser }
    return found
  }

  function ofIds({ userId, anonymousId }: Message, trust: Trust, at: number, received: number): Whose {
    const device = anonymousId === undefined ? null : find('a', anonymousId)
    if (userId === undefined) return { hot: device ?? point('a', anonymousId!, bear(at)), asUser: true }
    const user = find('u', userId)
    if (user === null) {
      const hot = point('u', userId, device !== null && isFree(device, userId) ? device : bear(at))
      if (anonymousId !== undefined && hot !== device) point('a', anonymousId, hot)
      return { hot, asUser: true }
    }
    if (anonymousId === undefined || user === device) return { hot: user, asUser: true }
    const free = device === null || (isFree(device, userId) && areOfOneTime(user, device))
    if (trust === 'browser' && user.life.profile.verified)
      return { hot: free ? (device ?? point('a', anonymousId, bear(at))) : point('a', anonymousId, bear(at)), asUser: false }
    if (device !== null && free) return { hot: join(user, device, at, received), asUser: true }
    return { hot: point('a', anonymousId, user), asUser: true }
  }

  function joinPrevious(previousId: string, hot: Hot, trust: Trust, at: number, received: number): Hot {
    const previous = find('a', previousId) ?? find('u', previousId)
    if (previous === null) return point('a', previousId, hot)
    return mayJoin(previous, hot, trust) ? join(hot, previous, at, received) : hot
  }

  /** A vouched-for address is an id too. */
  function joinAddress(message: Message, hot: Hot, at: number, received: number): Hot {
    const told = message.traits?.['email']
    const address = typeof told === 'string' ? options.addressOf(told)?.toLowerCase() : undefined
    if (address === undefined) return hot
    const other = find('e', address)
    if (other === null) return point('e', address, hot)
    // A life born for this very event knows no userId yet.
    if (message.userId !== undefined && isSomebody(other)) return hot
    return mayJoin(other, hot, 'server') ? join(hot, other, at, received) : hot
  }

  function mayJoin(a: Hot, b: Hot, trust: Trust): boolean {
    if (a === b || !areOfOneTime(a, b)) return false
    if (isSomebody(a) && isSomebody(b)) return false
    return trust !== 'browser' || !(a.life.profile.verified || b.life.profile.verified)
  }

  /** Whether a life that nobody has a userId in may become this user's. */
  const isFree = (device: Hot, userId: string): boolean => !isSomebody(device) && (device.lead === 0 || userId.startsWith(sandboxPrefix))

  /** Whether a userId leads here: its own events may all have been too old, or set aside, for the profile to know of it. */
  function isSomebody({ id, head, life }: Hot): boolean {
    return life.profile.userId !== undefined || (head !== 0 && customers.keysOf(id).some((key) => key.startsWith('u:')))
  }

  function bear(at: number): Hot {
    return lives.bear(lives.newId(), at)
  }

  /**
   * Tells both logs as one. The row that says so holds what a later telling needs. A machine that cannot take the joined
   * life leaves the two as they are.
   */
  function join(a: Hot, b: Hot, at: number, received: number): Hot {
    const [older, younger] = a.id < b.id ? [a, b] : [b, a]
    if (younger.head === 0 && older.head !== 0) return absorb(older, younger)
    options.fireUntil(older, at)
    options.fireUntil(younger, at)
    const body: MergeBody = { other: younger.head, otherId: younger.id, ...stricter(older.life.profile, younger.life.profile) }
    const when = Math.max(at, older.life.at, younger.life.at)
    const merge: Told = { seq: log.lastSeq() + 1, at: when, kind: kinds.merge, machine: machines.version, inert: inert.no, body: JSON.stringify(body) }
    const rows = [...log.life(older.head), ...log.life(younger.head)].sort((x, y) => x.at - y.at || x.seq - y.seq)
    // In the order that a later telling finds them in: two lives may have decided the same letter of the same run.
    const recorded = [...decisions.of(older.id), ...decisions.of(younger.id)].sort((x, y) => x.at - y.at || x.id - y.id).map(toRecorded)
    let chapter: Chapter
    try {
      chapter = relive([...rows, merge], recorded, options.telling)!
    } catch (error) {
      options.onRefused(a, error)
      return a
    }
    log.append(older.id, older.head, when, received, merge.kind, 0, merge.machine, merge.inert, merge.body)
    decisions.repoint(younger.id, older.id)
    letters.repoint(younger.id, older.id)
    options.earnings.repoint(younger.id, older.id)
    absorb(older, younger)
    options.onJoin?.(older, older.life, chapter.life, younger)
    older.lead = Math.max(older.lead, younger.lead)
    older.machine = chapter.machine
    lives.put(older, chapter.life, merge.seq)
    withdrawUnwanted(letters, machines.current.letters, older.id, null, chapter.life.profile, received)
    return older
  }

  function absorb(older: Hot, younger: Hot): Hot {
    for (const key of customers.keysOf(younger.id)) remember(key[0] as Kind, key.slice(2), older.id)
    customers.repoint(younger.id, older.id)
    lives.drop(younger.id)
    return older
  }

  return { whose, find }
}

const areOfOneTime = (a: Hot, b: Hot): boolean => a.lead === b.lead || (hasSandboxName(a.life.profile) && hasSandboxName(b.life.profile))

/** A decision as retelling wants it; its run stands in its key. */
export function toRecorded(row: { key: string; template: string; at: number; decision: 'queued' | 'skipped' }): Recorded {
  return { template: row.template, run: Number(row.key.split('/')[2]), at: row.at, decision: row.decision }
}

/** What was on record when a life had come to its row `head`: other decisions were made, or joined it, only later. */
export function recordedBy(head: number, rows: readonly Row[], decisions: readonly DecisionRow[]): Recorded[] {
  const until = rows.find(({ seq }) => seq === head)?.at ?? Infinity
  const members = new Set(rows.map(({ customer }) => customer))
  return decisions.filter(({ at, key }) => at <= until && members.has(Number(key.split('/')[0]))).map(toRecorded)
}
