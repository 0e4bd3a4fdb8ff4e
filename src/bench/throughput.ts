/** Durable acked events a second, ours and both baselines', in turns within one run, and the latency at half of it. */
import { cpuOf, makeDirectory, median, redisVersion, removeDirectory, runScript, start, startBeckon, startScript } from './child.ts'
import type { Beckon } from './child.ts'
import type { BullmqLoad } from './bullmq.ts'
import type { HttpLoad } from './http-load.ts'
import type { Measure } from './targets.ts'
import type { WsLoad, WsLoaded } from './ws-load.ts'

export const customers = 10_000
let seed = 1

/** Closed loop from 16 addresses; single-event frames of 300 bytes unless told. */
export function load(server: { url: string; publicKey: string }, changes: Partial<WsLoad> & { events: number }): Promise<WsLoaded> {
  const config: WsLoad = {
    url: server.url,
    key: server.publicKey,
    sockets: 16,
    window: 512,
    first: 0,
    customers,
    of: customers,
    seed: seed++,
    batch: 1,
    secondsMax: 60,
    warmUp: Math.ceil(changes.events / 5),
    ...changes,
  }
  return runScript<WsLoaded>('ws-load', config)
}

/** All customers tell their addresses. */
export const introduce = (server: Beckon) => load(server, { identify: true, batch: 50, warmUp: 0, events: customers })

export const measureThroughput: Measure = async ({ quick, say, figures }) => {
  const size = quick ? 0.25 : 1
  const rounds = quick ? 1 : 3
  const ours: number[] = []
  const naive: number[] = []
  const bullmq: number[] = []
  let last: { server: Beckon; directory: string } | undefined
  for (let round = 1; round <= rounds; round++) {
    if (last !== undefined) await close(last)
    say(`events a second, round ${round} of ${rounds}`)
    const directory = makeDirectory()
    last = { directory, server: await startBeckon(directory) }
    await introduce(last.server)
    const before = cpuOf(last.server.pid)
    const begun = performance.now()
    const loaded = await load(last.server, { events: 240_000 * size })
    figures['ws.serverCpu'] = (cpuOf(last.server.pid) - before) / ((performance.now() - begun) / 1_000)
    figures['ws.clientCpu'] = loaded.clientCpu
    figures['ws.refused'] = (figures['ws.refused'] ?? 0) + loaded.nacks
    ours.push(loaded.rate)
    naive.push(await measureNaive(12_000 * size))
    if (redisVersion() !== null) bullmq.push(await measureBullmq(30_000 * size))
  }
  const { server } = last!
  figures['ws.rate'] = median(ours)
  figures['naive.rate'] = median(naive)
  if (bullmq.length > 0) figures['bullmq.rate'] = median(bullmq)
  say('batch frames and HTTP')
  figures['ws.batchRate'] = (await load(server, { events: 240_000 * size, batch: 50 })).rate
  figures['http.rate'] = await measureHttp(server, 200_000 * size)
  say('ack latency at half load')
  await measureLatency(server, figures, quick ? 1 : 3)
  await close(last!)
}

async function close({ server, directory }: { server: Beckon; directory: string }) {
  await server.stop()
  removeDirectory(directory)
}

/** Open loop from 64 sockets; of some windows of six seconds, each after two to warm up, the one in the middle. */
async function measureLatency(server: Beckon, figures: Record<string, number>, windows: number) {
  const rate = Math.floor(figures['ws.rate']! / 2)
  const all: WsLoaded[] = []
  for (let window = 0; window < windows; window++) all.push(await load(server, { sockets: 64, rate, warmUp: rate * 2, events: rate * 6 }))
  const middle = all.toSorted((a, b) => a.p99 - b.p99)[Math.floor(windows / 2)]!
  Object.assign(figures, {
    'ack.rate': rate,
    'ack.p50': middle.p50,
    'ack.p99': middle.p99,
    'ack.p999': middle.p999,
    'ack.max': middle.max,
    'ack.windows': windows,
    'ack.refused': all.reduce((sum, { nacks }) => sum + nacks, 0),
  })
}

async function measureHttp(server: Beckon, events: number): Promise<number> {
  const config: HttpLoad = {
    url: server.url,
    key: server.secretKey,
    connections: 8,
    batch: 200,
    customers,
    of: customers,
    seed: seed++,
    warmUp: events / 5,
    events,
  }
  return (await runScript<{ rate: number }>('http-load', config)).rate
}

async function measureNaive(events: number): Promise<number> {
  const directory = makeDirectory()
  const server = startScript('baseline-server', { kind: 'naive', directory })
  const [, url] = await server.line(/^ready (\S+)/)
  const { rate } = await load({ url: url!, publicKey: 'none' }, { events })
  await server.stop()
  removeDirectory(directory)
  return rate
}

/** What ws and JSON alone can do. */
export async function measureBare(events: number): Promise<number> {
  const server = startScript('baseline-server', { kind: 'bare', directory: '' })
  const [, url] = await server.line(/^ready (\S+)/)
  const { rate } = await load({ url: url!, publicKey: 'none' }, { events })
  await server.stop()
  return rate
}

async function measureBullmq(events: number): Promise<number> {
  const directory = makeDirectory()
  const port = 20_000 + (process.pid % 10_000)
  const redis = start('redis-server', [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--appendonly',
    'yes',
    '--appendfsync',
    'always',
    '--save',
    '',
    '--dir',
    directory,
  ])
  await redis.line(/Ready to accept connections/)
  const config: Omit<BullmqLoad, 'role'> = { port, customers, warmUp: events / 5, events, bulk: 250, concurrency: 500 }
  const worker = startScript('bullmq', { ...config, role: 'worker' })
  await worker.line(/^ready/)
  const producer = startScript('bullmq', { ...config, role: 'producer' })
  const [, json] = await worker.line(/^answer (.*)/)
  await Promise.all([worker.ended, producer.stop()])
  await redis.stop()
  removeDirectory(directory)
  return (JSON.parse(json!) as { rate: number }).rate
}
