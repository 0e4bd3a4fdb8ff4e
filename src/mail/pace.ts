/**
 * Which due letters may go now: a token of their domain's bucket each, a place among its letters under way, and a place in
 * the day's limit while the sender is new.
 * 1. A domain that has to wait gets a lane: its letters wait in a queue of their own, where nobody else meets them. Each
 *    moves there once, when it comes up; those queued later are put there at once. So the letters of a slow domain, however
 *    many, are neither looked at nor written again until they may go (R10).
 * 2. Of the letters of one lane those that somebody waits for go first (templates that are sent again after an unknown
 *    outcome, as a receipt), the rest by when they are due. Lanes share what there is to take.
 * 3. A domain has at most half of the connections that others leave, so that one which answers nothing cannot have all.
 * 4. What it decides in a transaction that fails is lost with the drain, which ends then.
 */
import type { Receipt } from '../core/world.ts'
import type { Deliveries } from '../store/deliveries.ts'
import type { LaneRow, Lanes } from '../store/lanes.ts'
import type { DueLetter, Letters } from '../store/letters.ts'
import { domainOf, groupOf, others } from './domains.ts'
import { newBucket, opensAt, refill, roomOf, slowed, withTokens } from './bucket.ts'
import type { Bucket } from './bucket.ts'
import { createLimits } from './day-limits.ts'
import type { FirstDay, Limits } from './day-limits.ts'
import type { Rate, Rates } from './rates.ts'
import type { Advice } from './refusal.ts'
import type { WarmUp } from './warm-up.ts'

export type PaceOptions = {
  letters: Letters
  lanes: Lanes
  deliveries: Deliveries
  rates: Rates
  warmUp: WarmUp | null
  firstDay: FirstDay
  /** Letters at once over all. */
  width: () => number
  now: number
}

export type Domain = {
  name: string
  rate: Rate
  bucket: Bucket
  /** 0: none of its own. */
  lane: number
  /** Taken from the outbox and not ended; and of those, given to the post. */
  taken: number
  flying: number
  held: boolean
  why: string | null
  whyAt: number
}

export type Pace = ReturnType<typeof createPace>

/** Letters over their day's limit that are nobody's in particular wait in this one. */
const overflow = '*'
/** So many are moved to their lanes in one transaction at most. */
const movedMax = 250
/** Past so many lanes, letters wait by the clock. */
const lanesMax = 500
const domainsMax = 20_000
const pollMs = 5_000

export function createPace({ letters, lanes, deliveries, rates, warmUp, firstDay, width, now: startedAt }: PaceOptions) {
  const domains = new Map<string, Domain>()
  const byLane = new Map<number, Domain>()
  const limits: Limits | null = warmUp === null ? null : createLimits(warmUp, firstDay, deliveries, startedAt)
  let taken = 0
  let flying = 0

  for (const row of lanes.all()) revive(row)
  letters.route((recipient) => laneFor(domainAt(domainOf(recipient))))

  /** As it was, with no token: how many went just before the end is not known. */
  function revive({ id, name, perMinute, until, strikes, why, whyAt, held }: LaneRow) {
    const domain = domainAt(name)
    Object.assign(domain, { lane: id, held: held === 1, why, whyAt })
    if (perMinute !== null) domain.bucket = { tokens: 0, at: startedAt, perMinute, until, strikes }
    byLane.set(id, domain)
  }

  function domainAt(name: string): Domain {
    const known = domains.get(name)
    if (known !== undefined) return known
    if (domains.size >= domainsMax) forget()
    const rate = rates(name)
    const fresh: Domain = { name, rate, bucket: newBucket(rate, startedAt), lane: 0, taken: 0, flying: 0, held: false, why: null, whyAt: 0 }
    domains.set(name, fresh)
    return fresh
  }

  /** One without a lane never had to wait; without letters under way it is as good as one never met. */
  function forget() {
    for (const [name, { lane, taken: out }] of domains) if (lane === 0 && out === 0) domains.delete(name)
  }

  /** Where a letter queued now waits. */
  const laneFor = (domain: Domain): number =>
    domain.lane !== 0 ? domain.lane : limits !== null && limits.isSpent(groupOf(domain.name)) ? (domains.get(overflow)?.lane ?? 0) : 0

  /** How many of a domain's letters may be under way, if `total` may in all. */
  const shareOf = (domain: Domain, mine: number, all: number, total: number): number =>
    domain.rate.perMinute === Infinity && domain.bucket.perMinute === Infinity ? total : Math.max(1, Math.floor((total - (all - mine)) / 2))

  function roomIn(domain: Domain, now: number): number {
    domain.bucket = refill(domain.bucket, domain.rate, now)
    if (domain.held) return 0
    const places = shareOf(domain, domain.taken, taken, width() * 2) - domain.taken
    return Math.min(roomOf(domain.bucket), places, limits?.left(groupOf(domain.name), now) ?? Infinity)
  }

  /** When more of its letters may go; Infinity: when one under way has ended, or somebody says so. */
  function opensIn(domain: Domain, now: number): number {
    domain.bucket = refill(domain.bucket, domain.rate, now)
    if (domain.held || domain.taken >= shareOf(domain, domain.taken, taken, width() * 2)) return Infinity
    return Math.max(opensAt(domain.bucket), limits?.opensAt(groupOf(domain.name), now) ?? 0)
  }

  /** Whether the letters of a queue are of many domains. */
  const domainIn = (queue: number): Domain | null => {
    const domain = byLane.get(queue >> 1)
    return domain === undefined || domain.name === overflow ? null : domain
  }
  const isClosed = (queue: number, now: number) => queue >> 1 === domains.get(overflow)?.lane && (limits?.left(others, now) ?? 1) <= 0

  function charge(domain: Domain, letter: DueLetter, now: number): boolean {
    if (!letters.attempting(letter.id, now)) return false
    domain.bucket = withTokens(domain.bucket, -1)
    domain.taken++
    taken++
    limits?.taken(groupOf(domain.name), 1)
    return true
  }

  /** From a queue of many domains. Whoever may not go moves to a lane. */
  function takeMixed(queue: number, quota: number, into: DueLetter[], now: number): number {
    const end = into.length + quota
    let moved = 0
    let before = -1
    while (into.length < end && moved < movedMax && into.length + moved !== before) {
      before = into.length + moved
      for (const letter of letters.due(queue, now, moved === 0 ? end - into.length : movedMax - moved)) {
        const domain = domainAt(domainOf(letter.recipient))
        if (roomIn(domain, now) < 1) {
          setAside(domain, letter, queue, now)
          moved++
        } else if (charge(domain, letter, now)) into.push(letter)
        if (into.length >= end) break
      }
    }
    return moved
  }

  function setAside(domain: Domain, letter: DueLetter, queue: number, now: number) {
    const isOver = domain.lane === 0 && groupOf(domain.name) === others && (limits?.left(others, now) ?? 1) <= 0
    const lane = laneOf(isOver ? domainAt(overflow) : domain)
    if (lane === 0 || lane === queue >> 1) letters.postpone(letter.id, Math.max(now + 1_000, Math.min(opensIn(domain, now), now + pollMs)))
    else letters.move(letter.id, lane)
  }

  /** Its lane, in a transaction; 0 when there are too many. */
  function laneOf(domain: Domain): number {
    if (domain.lane !== 0 || byLane.size >= lanesMax) return domain.lane
    domain.lane = lanes.add(domain.name)
    byLane.set(domain.lane, domain)
    return domain.lane
  }

  function keep(domain: Domain, now: number) {
    const { name, bucket, rate, held, why, whyAt } = domain
    const isSlow = bucket.perMinute < rate.perMinute || bucket.until > now
    lanes.set({
      id: laneOf(domain),
      name,
      perMinute: isSlow ? bucket.perMinute : null,
      until: bucket.until,
      strikes: bucket.strikes,
      why,
      whyAt,
      held: held ? 1 : 0,
    })
  }

  function release(domain: Domain) {
    domain.taken--
    taken--
  }

  return {
    /** In a transaction: takes at most `wanted` letters, whose attempt begins. `moved`: so many found out that they have to wait. */
    take(wanted: number, now: number): { letters: DueLetter[]; moved: number } {
      const found: DueLetter[] = []
      let moved = 0
      const open = letters
        .queues()
        .filter(({ queue, at }) => at <= now && !isClosed(queue, now) && (domainIn(queue) === null || roomIn(domainIn(queue)!, now) > 0))
        .sort((a, b) => (a.queue & 1) - (b.queue & 1) || a.at - b.at)
      open.forEach(({ queue }, nth) => {
        const quota = Math.ceil((wanted - found.length) / (open.length - nth))
        const domain = domainIn(queue)
        if (quota <= 0) return
        if (domain === null) moved += takeMixed(queue, quota, found, now)
        else for (const letter of letters.due(queue, now, Math.min(quota, roomIn(domain, now)))) if (charge(domain, letter, now)) found.push(letter)
      })
      return { letters: found, moved }
    },
    /** When a letter that waits may go, as far as time decides. */
    nextAt(now: number): number {
      let next = Infinity
      for (const { queue, at } of letters.queues()) {
        const domain = domainIn(queue)
        const from = domain !== null ? opensIn(domain, now) : isClosed(queue, now) ? limits!.opensAt(others, now) : 0
        next = Math.min(next, Math.max(at, from))
      }
      return next
    },
    /** Of those taken, the first whose domain may have another connection; -1: none. */
    next(ready: readonly DueLetter[]): number {
      return ready.findIndex(({ recipient }) => {
        const domain = domainAt(domainOf(recipient))
        return domain.flying < shareOf(domain, domain.flying, flying, width())
      })
    },
    launched({ recipient }: DueLetter) {
      domainAt(domainOf(recipient)).flying++
      flying++
    },
    /** Taken, and given back before it was launched. */
    returned({ recipient }: DueLetter) {
      const domain = domainAt(domainOf(recipient))
      release(domain)
      domain.bucket = withTokens(domain.bucket, 1)
      limits?.taken(groupOf(domain.name), -1)
    },
    /** Its attempt ended. */
    ended({ recipient }: DueLetter) {
      const domain = domainAt(domainOf(recipient))
      domain.flying--
      flying--
      release(domain)
    },
    /** In the transaction that books it: what the other side said of the domain. */
    heard({ recipient }: DueLetter, receipt: Receipt, advice: Advice | null, now: number) {
      const domain = domainAt(domainOf(recipient))
      // What was not taken is no part of the day's letters.
      if (receipt.state === 'deferred' || receipt.reply === 'withdrawn') limits?.taken(groupOf(domain.name), -1)
      if (advice?.kind !== 'slow') return
      const before = domain.bucket
      domain.bucket = slowed(before, domain.rate, now, advice.waitMs)
      if (domain.bucket.until === before.until) return
      domain.why = receipt.reply.slice(0, 200)
      domain.whyAt = now
      keep(domain, now)
    },
    /** Nothing was ever delivered there. */
    isStranger: ({ recipient }: DueLetter): boolean => !deliveries.hasReached(domainOf(recipient)),
    /** In a transaction: nothing goes to a domain until somebody says otherwise. Its slowness ends with the hold. */
    hold(name: string, isHeld: boolean, now: number) {
      const domain = domainAt(domainOf(name))
      domain.held = isHeld
      if (!isHeld) domain.bucket = { ...refill(domain.bucket, domain.rate, now), until: 0 }
      keep(domain, now)
    },
    /** Those that wait or waited, with their lanes. */
    domains: (now: number): (Domain & { opensAt: number })[] => [...byLane.values()].map((domain) => ({ ...domain, opensAt: opensIn(domain, now) })),
    rateOf: (name: string, now: number) => {
      const { bucket, rate } = domainAt(name)
      return { perMinute: refill(bucket, rate, now).perMinute, fullPerMinute: rate.perMinute }
    },
    warmUp: (now: number) => limits?.shown(now) ?? null,
    /** In a transaction: lanes that nobody waits in, of domains at their full rate, are given up. */
    tidy(now: number) {
      const used = new Set(letters.queues().map(({ queue }) => queue >> 1))
      for (const [lane, domain] of byLane) {
        const { held, bucket, rate } = domain
        if (
          used.has(lane) ||
          held ||
          domain.taken > 0 ||
          domain.name === overflow ||
          refill(bucket, rate, now).perMinute < rate.perMinute ||
          bucket.until > now
        )
          continue
        lanes.remove(lane)
        byLane.delete(lane)
        domain.lane = 0
      }
    },
  }
}
