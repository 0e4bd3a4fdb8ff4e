/** Backends that post batches to /v1/batch over kept-alive connections, in a process of their own; closed loop. */
import { Agent, request } from 'node:http'
import { answer, configOf } from './child.ts'
import { createRandom, nextDeed, toFrame } from './traffic.ts'

export type HttpLoad = {
  url: string
  key: string
  connections: number
  batch: number
  customers: number
  of: number
  seed: number
  warmUp: number
  events: number
}

const config = configOf<HttpLoad>()
const total = config.warmUp + config.events
const random = createRandom(config.seed)
const authorization = `Basic ${Buffer.from(`${config.key}:`).toString('base64')}`
let made = 0
let acked = 0
let begun = 0

function body(size: number): string {
  const timestamp = new Date().toISOString()
  const events = Array.from({ length: size }, () =>
    toFrame(nextDeed(random), 0, `h${config.seed.toString(36)}-${made++}`, Math.floor(random() * config.customers), config.of, timestamp),
  )
  return `{"batch":[${events.join(',')}]}`
}

async function post(agent: Agent, localAddress: string, text: string) {
  return new Promise<void>((resolve, reject) => {
    const sending = request(
      `${config.url}/v1/batch`,
      { method: 'POST', agent, localAddress, headers: { authorization, 'content-type': 'application/json' } },
      (response) => {
        let answered = ''
        response.setEncoding('utf8').on('data', (part: string) => (answered += part))
        response.on('end', () =>
          response.statusCode === 200 && answered === '{"success":true}' ? resolve() : reject(new Error(`${response.statusCode} ${answered.slice(0, 300)}`)),
        )
      },
    )
    sending.on('error', reject)
    sending.end(text)
  })
}

async function backend(number: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  while (made < total) {
    const size = Math.min(config.batch, total - made)
    await post(agent, `127.0.9.${1 + number}`, body(size))
    const before = acked
    acked += size
    if (before < config.warmUp && acked >= config.warmUp) begun = performance.now()
  }
}

await Promise.all(Array.from({ length: config.connections }, (_, number) => backend(number)))
const seconds = (performance.now() - begun) / 1_000
answer({ rate: config.events / seconds, seconds })
process.exit(0)
