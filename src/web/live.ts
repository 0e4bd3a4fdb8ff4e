/**
 * The live feed: one WebSocket for the whole page, opened again whenever it is lost. Ticks are folded into `feed`; what
 * happens to the watched customer goes to those who listen.
 */
import { createStore } from '@xstate/store'
import type { FeedMessage, FeedTick, Health, Refused } from '../studio/api.ts'

export type Feed = {
  state: 'connecting' | 'open' | 'lost'
  /** The server's clock less ours, ms. */
  skew: number
  machine: string | null
  counted: number
  total: number
  counts: Record<string, number>
  health: Health | null
  /** One a second at most, for the plots: the latest 300. */
  past: Health[]
  /** The latest first. */
  events: FeedTick['events']
  refusals: Refused[]
}

const eventsMax = 200
const pastMax = 300

const empty: Feed = { state: 'connecting', skew: 0, machine: null, counted: 0, total: 0, counts: {}, health: null, past: [], events: [], refusals: [] }

export const feed = createStore({
  context: empty,
  on: {
    opened: (context) => ({ ...context, state: 'open' as const, counts: {} }),
    lost: (context) => ({ ...context, state: 'lost' as const }),
    greeted: (context, { at, machine }: { at: number; machine: string }) => ({ ...context, skew: at - Date.now(), machine }),
    ticked: (context, { tick }: { tick: FeedTick }) => ({
      ...context,
      skew: tick.at - Date.now(),
      counted: tick.counted,
      total: tick.total,
      counts: Object.keys(tick.counts).length === 0 ? context.counts : { ...context.counts, ...tick.counts },
      health: tick.health,
      past: tick.at - (context.past.at(-1)?.at ?? 0) < 950 ? context.past : [...context.past, tick.health].slice(-pastMax),
      events: tick.events.length === 0 ? context.events : [...tick.events.toReversed(), ...context.events].slice(0, eventsMax),
      refusals: tick.refusals.length === 0 ? context.refusals : [...tick.refusals.toReversed(), ...context.refusals].slice(0, eventsMax),
    }),
  },
})

type Happened = Extract<FeedMessage, { type: 'customer' }>
const tickers = new Set<(tick: FeedTick) => void>()
const watchers = new Map<number, Set<(happened: Happened) => void>>()
let socket: WebSocket | null = null
let waitMs = 500

/** The server's clock now, ms. */
export const serverNow = () => Date.now() + feed.get().context.skew

/** Tells `listen` of every tick, for what moves too fast for a store; the answer stops it. */
export function onTick(listen: (tick: FeedTick) => void): () => void {
  tickers.add(listen)
  return () => tickers.delete(listen)
}

/** Tells `listen` of everything that happens to a customer from now on; the answer stops it. One customer at a time a page. */
export function watch(customer: number, listen: (happened: Happened) => void): () => void {
  const listeners = watchers.get(customer) ?? new Set()
  watchers.set(customer, listeners.add(listen))
  sayWatched()
  return () => {
    listeners.delete(listen)
    if (listeners.size === 0) watchers.delete(customer)
    sayWatched()
  }
}

function sayWatched() {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ watch: [...watchers.keys()].at(-1) ?? null }))
}

export function connect(): void {
  if (socket !== null) return
  socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/studio/live`)
  socket.onopen = () => {
    waitMs = 500
    feed.trigger.opened()
    sayWatched()
  }
  socket.onmessage = ({ data }) => hear(JSON.parse(String(data)) as FeedMessage)
  socket.onclose = ({ code }) => {
    socket = null
    feed.trigger.lost()
    // 4401: signed out; whoever signs in connects again.
    if (code !== 4401) setTimeout(connect, (waitMs = Math.min(waitMs * 2, 15_000)))
  }
}

function hear(message: FeedMessage) {
  switch (message.type) {
    case 'hello':
      feed.trigger.greeted(message)
      break
    case 'tick':
      feed.trigger.ticked({ tick: message })
      for (const listen of tickers) listen(message)
      break
    case 'customer':
      for (const listen of watchers.get(message.customer) ?? []) listen(message)
  }
}
