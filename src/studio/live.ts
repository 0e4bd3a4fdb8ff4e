/** The studio's WebSockets: /studio/live for its own pages, /studio/inspect for tools that speak `@statelyai/inspect`. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import type { Clock } from '../core/world.ts'
import type { Upgrade } from '../gateway/http.ts'
import { refuseUpgrade } from '../gateway/socket.ts'
import type { Feed, Viewer } from './feed.ts'
import type { Inspector } from './inspector.ts'

/** A page that has not read this much gets no more until it has. */
const bufferBytesMax = 262_144
const pageBytesMax = 1_024
const viewersMax = 200

type Options = { feed: Feed; inspector: Inspector; clock: Clock; mayWatch: (request: IncomingMessage) => boolean; onFault: (error: unknown) => void }

/** How long a page may take over its side of a close: a tab that sleeps must not hold up a stop. (Unknown to the types of `ws`.) */
const settings = { closeTimeout: 2_000 }

/** A session that ended does not look on for longer than this, and who answers no ping does not keep a place. */
const recheckMs = 30_000

export function createLive({ feed, inspector, clock, mayWatch, onFault }: Options) {
  const requests = new Map<WebSocket, { request: IncomingMessage; isAlive: boolean }>()
  const server = new WebSocketServer({ ...settings, noServer: true, perMessageDeflate: false, maxPayload: pageBytesMax, clientTracking: true })

  const upgrade =
    (use: (socket: WebSocket, request: IncomingMessage) => void): Upgrade =>
    (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      try {
        if (!mayWatch(request)) return refuseUpgrade(socket, { refused: 'studio.signed_out' })
        if (server.clients.size >= viewersMax) return refuseUpgrade(socket, { refused: 'socket.too_many' })
        server.handleUpgrade(request, socket, head, (open) => {
          const known = { request, isAlive: true }
          requests.set(open, known)
          open.on('close', () => requests.delete(open))
          open.on('pong', () => (known.isAlive = true))
          use(open, request)
        })
      } catch (error) {
        onFault(error)
        refuseUpgrade(socket, { refused: 'internal' })
      }
    }

  function recheck() {
    cancel = clock.after(recheckMs, recheck)
    for (const [socket, known] of requests) {
      if (!mayWatch(known.request)) socket.close(4401)
      else if (!known.isAlive) socket.terminate()
      known.isAlive = false
      socket.ping()
    }
  }

  function view(socket: WebSocket) {
    const viewer: Viewer = {
      watched: null,
      behind: true,
      say(text) {
        if (socket.bufferedAmount > bufferBytesMax) return false
        socket.send(text)
        return true
      },
    }
    feed.add(viewer)
    socket.on('message', (data) => {
      const wanted = watchOf(String(data))
      if (wanted !== undefined) feed.watch(viewer, wanted)
    })
    socket.on('error', () => socket.terminate())
    socket.on('close', () => feed.remove(viewer))
  }

  function inspect(socket: WebSocket, request: IncomingMessage) {
    const asked = Number(new URL(request.url ?? '', 'http://studio').searchParams.get('customer'))
    const stop = inspector.add({
      customer: Number.isSafeInteger(asked) && asked > 0 ? asked : null,
      say: (text) => socket.bufferedAmount <= bufferBytesMax && socket.send(text),
    })
    socket.on('error', () => socket.terminate())
    socket.on('close', stop)
  }

  let cancel = clock.after(recheckMs, recheck)
  return {
    live: upgrade(view),
    inspect: upgrade(inspect),
    /** 1012: the server starts again; pages come back by themselves. */
    close() {
      cancel()
      for (const socket of server.clients) socket.close(1012)
      server.close()
    },
  }
}

/** `{ "watch": 7 }`; undefined when it is something else. */
function watchOf(text: string): number | null | undefined {
  try {
    const { watch } = JSON.parse(text) as { watch?: unknown }
    return watch === null || Number.isSafeInteger(watch) ? (watch as number | null) : undefined
  } catch {
    return undefined
  }
}
