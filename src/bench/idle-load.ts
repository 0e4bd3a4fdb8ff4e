/** Sockets that say hello and then nothing, in a process of their own. Says when all are welcome and stays until it is ended. */
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { configOf } from './child.ts'
import { anonymousId } from './traffic.ts'

export type IdleLoad = { url: string; key: string; sockets: number }

const config = configOf<IdleLoad>()

async function open(number: number) {
  const ws = new WebSocket(`${config.url.replace(/^http/, 'ws')}/v1/stream`, 'beckon.v1', {
    perMessageDeflate: false,
    localAddress: `127.0.3.${1 + (number % 250)}`,
  })
  await once(ws, 'open')
  ws.send(JSON.stringify({ type: 'hello', writeKey: config.key, anonymousId: anonymousId(number) }))
  await once(ws, 'message')
  ws.on('close', (code) => {
    throw new Error(`a socket was closed: ${code}`)
  })
}

for (let number = 0; number < config.sockets; number += 250) {
  await Promise.all(Array.from({ length: Math.min(250, config.sockets - number) }, (_, n) => open(number + n)))
}
process.stdout.write('open\n')
setInterval(() => {}, 60_000)
