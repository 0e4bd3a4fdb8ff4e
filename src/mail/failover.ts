/**
 * One post of several: letters go by the first way that is well.
 * 1. A letter goes on to another way only when the one it was given to is down and it was not asked whether it may leave:
 *    then no byte of it has. What may have left is never given to a second one (R4).
 * 2. An answer about a letter, a refusal too, is no fault of the way. Only silence, a login or a sender refused is.
 * 3. A way on hold takes no letter; while all are, there is room for none. Letters under way end as they would.
 */
import type { Clock, Envelope, Post, Receipt } from '../core/world.ts'
import { heard, probed, wellBreaker } from './breaker.ts'
import type { Breaker } from './breaker.ts'

export type WayState = {
  name: string
  state: Breaker['state'] | 'held'
  since: number
  fault: { reply: string; at: number } | null
  probeAt: number | null
  inFlight: number
}

export type Failover = Post & {
  ways(): WayState[]
  /** False: there is no such way. */
  hold(name: string, isHeld: boolean): boolean
}

type Way = { post: Post; breaker: Breaker; since: number; isHeld: boolean; fault: WayState['fault']; inFlight: number; cancel: () => void }

/**
 * A post over `posts`, in order of preference.
 *
 *     const post = createFailover({ clock, posts: [createSmtpPost(first), createSmtpPost(second)] })
 */
export function createFailover({ posts, clock, held = [] }: { posts: readonly Post[]; clock: Clock; held?: readonly string[] }): Failover {
  const ways = posts.map((post): Way => ({
    post,
    breaker: wellBreaker,
    since: clock.now(),
    isHeld: held.includes(post.name),
    fault: null,
    inFlight: 0,
    cancel: () => {},
  }))
  let isClosed = false

  async function send(envelope: Envelope, mime: Uint8Array, flushing: (via?: string) => Promise<boolean>): Promise<Receipt> {
    const tried = new Set<Way>()
    for (let way = choose(tried); ;) {
      if (way === null) return { state: 'deferred', reply: 'every relay is on hold', of: 'transport' }
      const { name } = way.post
      const begunAt = clock.now()
      let isAsked = false
      way.inFlight++
      const receipt = await way.post.send(envelope, mime, () => {
        isAsked = true
        return flushing(name)
      })
      way.inFlight--
      hear(way, receipt, begunAt)
      tried.add(way)
      const next = isAsked || isClosed || !isFailure(receipt) || way.breaker.state !== 'down' ? null : choose(tried)
      if (next === null) return { ...receipt, via: name }
      way = next
    }
  }

  /** The first that is well, or on trial with no letter; where none is, the first of all, so that something is tried. */
  function choose(tried: ReadonlySet<Way>): Way | null {
    const open = ways.filter((way) => !way.isHeld && !tried.has(way))
    const well = open.find(({ breaker, inFlight }) => breaker.state === 'well' || (breaker.state === 'trial' && inFlight === 0))
    return well ?? (tried.size === 0 ? (open[0] ?? null) : null)
  }

  function hear(way: Way, receipt: Receipt, begunAt: number) {
    const isBad = isFailure(receipt)
    if (isBad) way.fault = { reply: receipt.reply, at: clock.now() }
    // What was never offered says nothing of whom it would have been offered to.
    else if (!isAnswer(receipt)) return
    turn(way, heard(way.breaker, isBad, begunAt, clock.now()))
  }

  function turn(way: Way, breaker: Breaker) {
    if (breaker.state !== way.breaker.state) way.since = clock.now()
    const isNewPause = breaker.state === 'down' && breaker.probeAt !== way.breaker.probeAt
    way.breaker = breaker
    if (isNewPause) plan(way)
  }

  /** With one way only, letters themselves find out when it is back. */
  function plan(way: Way) {
    way.cancel()
    if (ways.length > 1 && !isClosed) way.cancel = clock.after(Math.max(0, way.breaker.probeAt - clock.now()), () => void probe(way))
  }

  async function probe(way: Way) {
    const said = way.isHeld ? 'on hold' : ((await way.post.probe?.()) ?? null)
    if (isClosed) return
    if (said !== null && !way.isHeld) way.fault = { reply: said, at: clock.now() }
    turn(way, probed(way.breaker, said === null, clock.now()))
  }

  return {
    name: posts.map(({ name }) => name).join(', then '),
    get width() {
      return Math.max(0, ...ways.filter(({ isHeld }) => !isHeld).map(({ post }) => post.width))
    },
    send,
    ways: () =>
      ways.map(({ post, breaker, since, isHeld, fault, inFlight }) => ({
        name: post.name,
        state: isHeld ? 'held' : breaker.state,
        since,
        fault,
        probeAt: breaker.state === 'down' && ways.length > 1 ? breaker.probeAt : null,
        inFlight,
      })),
    hold(name, isHeld) {
      const way = ways.find(({ post }) => post.name === name)
      if (way !== undefined) way.isHeld = isHeld
      return way !== undefined
    },
    async close() {
      isClosed = true
      for (const { cancel } of ways) cancel()
      await Promise.all(posts.map((post) => post.close()))
    },
  }
}

const isFailure = (receipt: Receipt): boolean => receipt.state === 'unknown' || (receipt.state === 'deferred' && receipt.of === 'transport')

const isAnswer = (receipt: Receipt): boolean => receipt.state === 'sent' || /^[245]\d\d\b/.test(receipt.reply)
