/**
 * The live feed: what happens, told to open studios some times a second, however much it is.
 * 1. While nobody looks a turn costs one comparison; while somebody does, a few map lookups. Nothing is put in words, and
 *    nothing is sent, but at the tick.
 * 2. A tick is made once for all who look. Who reads too slowly misses ticks, and gets all counts again afterwards.
 */
import type { Hot } from '../actors/lives.ts'
import type { Life } from '../core/life.ts'
import { kinds } from '../core/retell.ts'
import type { Clock } from '../core/world.ts'
import type { Machine } from '../actors/load-machine.ts'
import { eventOf, rowAbout, rowName } from '../lab/about.ts'
import { shapeOf } from '../lab/shape.ts'
import { timerKey } from '../lab/told.ts'
import { movesOf, standingOf } from '../lab/turns.ts'
import { passedWords } from '../lab/wording.ts'
import { nameOf } from '../profile/profile.ts'
import type { FeedMessage, FeedTick, Health, Refused, Turn } from './api.ts'
import type { Census } from './census.ts'
import { createEdges } from './edges.ts'

/** Whoever looks. `say` answers false when the last words are still on their way. */
export type Viewer = { watched: number | null; say(text: string): boolean; behind: boolean }

type Options = {
  clock: Clock
  machine: Machine
  census: Census
  health: () => Health
  /** The refusals since the last call, the oldest first. */
  refusals: () => Refused[]
}

type Noted = { at: number; hot: Hot; before: Life; after: Life; kind: number; body: string; type: string }

const tickMs = 250
/** After so many turns between two ticks nobody can follow each: the next tick comes later, so that looking costs a busy shop next to nothing. */
const busyTurns = 500
const busyTickMs = 1_000
/** Stored lives counted between two ticks: a millisecond or three. */
const walkMax = 400
const notedMax = 12
const watchedMax = 64

export type Feed = ReturnType<typeof createFeed>

export function createFeed(options: Options) {
  const { clock, machine, census } = options
  const { stepper } = machine
  const viewers = new Set<Viewer>()
  const edges = createEdges(stepper, shapeOf(machine).listens, (type, at, kind, body) => eventOf({ at, kind, body }) ?? { type, at })
  let watched = new Set<number>()
  /** The latest turns, each in a place that is used again and again. */
  const ring: Noted[] = []
  let noted = 0
  let ofWatched: Noted[] = []
  let health: Health | null = null
  let cancel = () => {}

  function turned(hot: Hot, before: Life, after: Life, kind: number, body: string, type: string | null) {
    if (viewers.size === 0) return
    census.turned(hot, before, after)
    if (type !== null) edges.turned(before, after, type, kind, body)
    const slot = (ring[noted++ % notedMax] ??= {} as Noted)
    slot.at = after.at
    slot.hot = hot
    slot.before = before
    slot.after = after
    slot.kind = kind
    slot.body = body
    slot.type = type ?? ''
    if (watched.size > 0 && watched.has(hot.id) && ofWatched.length < watchedMax) ofWatched.push({ ...slot })
  }

  function tick() {
    cancel = clock.after(noted > busyTurns ? busyTickMs : tickMs, tick)
    census.walk(walkMax)
    if (health === null || clock.now() - health.at >= 1_000) health = options.health()
    const message = tickOf(health, census.changes())
    const text = JSON.stringify(message)
    let full: string | null = null
    for (const viewer of viewers) {
      if (viewer.behind) full ??= JSON.stringify({ ...message, counts: census.all() })
      viewer.behind = !viewer.say(viewer.behind ? full! : text)
    }
    tellWatchers()
    noted = 0
  }

  function tickOf(now: Health, counts: Record<string, number>): FeedTick {
    const latest = Array.from({ length: Math.min(noted, notedMax) }, (_, back) => ring[(noted - 1 - back) % notedMax]!).toReversed()
    return {
      type: 'tick',
      at: clock.now(),
      counted: Math.min(1, census.share()),
      total: census.counted(),
      counts,
      taken: edges.taken(),
      health: now,
      events: latest.map(({ at, hot, before, after, kind, body, type }) => ({
        at,
        customer: hot.id,
        who: nameOf(hot.life.profile).slice(0, 120),
        name: titleOf(machine, { at, kind, body, type }),
        about: kind === kinds.timer ? null : rowAbout({ at, kind, body }),
        moves: movesOf(before, after).map(({ region, from, to }) => `${region}: ${from} → ${to}`),
      })),
      refusals: options.refusals(),
    }
  }

  function tellWatchers() {
    if (ofWatched.length === 0) return
    for (const [customer, turns] of Map.groupBy(ofWatched, ({ hot }) => hot.id)) {
      const last = turns.at(-1)!
      const message: FeedMessage = {
        type: 'customer',
        customer,
        at: last.at,
        turns: turns.map(({ at, before, after, kind, body, type }) => ({
          at,
          name: titleOf(machine, { at, kind, body, type }),
          kind: kindOf(kind),
          taken: type === '' ? [] : [...edges.of(before, after, type, kind, body)],
        })),
        standing: standingOf(machine, last.hot.life, setAtOf(machine, last.hot.life), last.at),
      }
      const text = JSON.stringify(message)
      for (const viewer of viewers) if (viewer.watched === customer) viewer.say(text)
    }
    ofWatched = []
  }

  const rewatch = () => {
    watched = new Set([...viewers].flatMap((viewer) => (viewer.watched === null ? [] : [viewer.watched])))
  }

  return {
    turned,
    born: (hot: Hot, life: Life) => viewers.size > 0 && census.born(hot, life),
    joined: (hot: Hot, before: Life, after: Life, gone: Hot) => viewers.size > 0 && census.joined(hot, before, after, gone),
    add(viewer: Viewer) {
      viewers.add(viewer)
      viewer.behind = true
      viewer.say(JSON.stringify({ type: 'hello', at: clock.now(), machine: machine.hash } satisfies FeedMessage))
      rewatch()
      if (viewers.size === 1) tick()
    },
    watch(viewer: Viewer, customer: number | null) {
      viewer.watched = customer
      rewatch()
    },
    remove(viewer: Viewer) {
      viewers.delete(viewer)
      rewatch()
      if (viewers.size > 0) return
      cancel()
      // Nobody counts while nobody looks: whoever comes next counts anew.
      census.forget()
    },
    viewers: () => viewers.size,
    close: () => cancel(),
  }
}

const titleOf = (machine: Machine, { at, kind, body, type }: Pick<Noted, 'at' | 'kind' | 'body' | 'type'>): string =>
  kind === kinds.timer ? passedWords(machine, type) : rowName({ at, kind, body })

/** When the armed timers were set: as long before they are due as their states wait. */
function setAtOf({ stepper }: Machine, life: Life): Map<string, number> {
  const delays = new Map(stepper.timersOf(life.snapshot).map(({ event, delay }) => [event, delay]))
  return new Map(life.timers.map(([event, due]) => [timerKey(event, due), due - (delays.get(event) ?? 0)]))
}

const kindOf = (kind: number): Turn['kind'] => (kind <= kinds.server ? 'event' : kind === kinds.timer ? 'timer' : kind === kinds.merge ? 'merge' : 'outcome')
