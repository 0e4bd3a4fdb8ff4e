/** What goes out and who stays connected: delivery of letters beside nodemailer's own pool, and idle sockets. */
import { makeDirectory, memoryOf, median, pause, removeDirectory, runScript, startBeckon, startScript } from './child.ts'
import type { Crowd } from './crowd.ts'
import type { IdleLoad } from './idle-load.ts'
import type { LettersMade } from './letters-made.ts'
import type { SmtpSink } from './smtp-sink.ts'
import type { Measure } from './targets.ts'

/** Connections that both use; ours has as many by default. */
const connections = 20

export const measureDelivery: Measure = async ({ quick, say, figures }) => {
  const letters = quick ? 1_500 : 5_000
  const rounds = quick ? 1 : 3
  const pool: number[] = []
  const ours: number[] = []
  for (let round = 1; round <= rounds; round++) {
    say(`letters delivered, round ${round} of ${rounds}`)
    pool.push(await poolRate(letters))
    ours.push(await ourRate(letters))
  }
  Object.assign(figures, { 'delivery.pool': median(pool), 'delivery.ours': median(ours) })
}

async function sink(letters: number) {
  const config: SmtpSink = { warmUp: Math.floor(letters / 5), letters: Math.floor(letters * 0.8) }
  const server = startScript('smtp-sink', config)
  const [, port] = await server.line(/^ready (\d+)/)
  return {
    port: Number(port),
    rate: async () => {
      const [, json] = await server.line(/^answer (.*)/)
      return (JSON.parse(json!) as { rate: number }).rate
    },
    stop: server.stop,
  }
}

async function poolRate(letters: number): Promise<number> {
  const to = await sink(letters)
  const made = runScript('letters-made', { how: 'pool', letters, directory: '', port: to.port, connections } satisfies LettersMade)
  const rate = await to.rate()
  await made
  await to.stop()
  return rate
}

/** The outbox is full when the server starts; from there on it is the drain alone. */
async function ourRate(letters: number): Promise<number> {
  const directory = makeDirectory()
  const to = await sink(letters)
  await runScript('crowd', { directory, of: letters, groups: [{ kind: 'idle', count: letters, fromMs: 0, toMs: 0 }] } satisfies Crowd)
  await runScript('letters-made', { how: 'queue', letters, directory, port: 0, connections } satisfies LettersMade)
  const server = await startBeckon(directory, { env: { BECKON_SMTP_URL: `smtp://127.0.0.1:${to.port}` } })
  const rate = await to.rate()
  await server.stop()
  await to.stop()
  removeDirectory(directory)
  return rate
}

export const measureSockets: Measure = async ({ quick, say, figures }) => {
  const sockets = quick ? 3_000 : 10_000
  say(`${sockets.toLocaleString('en')} idle sockets`)
  const directory = makeDirectory()
  const server = await startBeckon(directory)
  const config: IdleLoad = { url: server.url, key: server.publicKey, sockets }
  // A few first, so that code and buffers that all share are not counted as theirs.
  const first = startScript('idle-load', { ...config, sockets: 500 })
  await first.line(/^open/)
  await first.stop()
  await pause(quick ? 1_000 : 3_000)
  const before = memoryOf(server.pid).rssMb
  const idle = startScript('idle-load', config)
  await idle.line(/^open/)
  await pause(quick ? 2_000 : 8_000)
  const after = memoryOf(server.pid).rssMb
  await idle.stop()
  await server.stop()
  removeDirectory(directory)
  Object.assign(figures, { 'sockets.count': sockets, 'sockets.kb': ((after - before) * 1_024) / sockets })
}
