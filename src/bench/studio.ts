/** What open studios cost the engine: durable events/s with twenty tabs watching, in turns with none. */
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { makeDirectory, median, removeDirectory, startBeckon } from './child.ts'
import type { Measure } from './targets.ts'
import { introduce, load } from './throughput.ts'

const tabs = 20

export const measureStudio: Measure = async ({ quick, say, figures }) => {
  const directory = makeDirectory()
  const server = await startBeckon(directory)
  await introduce(server)
  const events = quick ? 60_000 : 160_000
  await load(server, { events })
  const shares: number[] = []
  let heard = 0
  for (let round = 0; round < (quick ? 3 : 9); round++) {
    say(`${tabs} studios, round ${round + 1}`)
    const alone = await load(server, { events })
    const open = await Promise.all(Array.from({ length: tabs }, (_, tab) => openTab(server.url, tab + 1, () => heard++)))
    const watched = await load(server, { events })
    for (const socket of open) socket.close()
    // Whichever comes second may find a warmer or fuller server: each pair is held against the next alone.
    const after = await load(server, { events })
    shares.push(watched.rate / ((alone.rate + after.rate) / 2))
  }
  figures['studio.share'] = median(shares)
  figures['studio.tabs'] = tabs
  figures['studio.heard'] = heard
  await server.stop()
  removeDirectory(directory)
}

/** A page as the studio's own: it reads everything it is told, and watches a customer. */
async function openTab(url: string, customer: number, onMessage: () => void): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/studio/live`, { perMessageDeflate: false })
  socket.on('message', (data) => {
    JSON.parse(String(data))
    onMessage()
  })
  await once(socket, 'open')
  socket.send(JSON.stringify({ watch: customer }))
  return socket
}
