/** A shop with a million customers and half a million pending timers: its start, its rate, its memory, its timers. */
import { makeDirectory, memoryOf, pause, removeDirectory, runScript, startBeckon } from './child.ts'
import { openStore } from '../main.ts'
import { kinds } from '../core/retell.ts'
import type { Crowd, Group } from './crowd.ts'
import type { Measure } from './targets.ts'
import { customers, introduce, load } from './throughput.ts'
import { join } from 'node:path'

const hour = 3_600_000

export const measureMillion: Measure = async ({ quick, say, figures }) => {
  const of = quick ? 100_000 : 1_000_000
  const events = quick ? 60_000 : 200_000
  const directory = makeDirectory()
  say(`a shop of ${of.toLocaleString('en')} customers`)
  await gather(directory, of, [
    { kind: 'idle', count: of / 2, fromMs: 0, toMs: 0 },
    { kind: 'reminded', count: of / 2, fromMs: 60_000, toMs: 24 * hour },
  ])
  say('its start')
  await (await startBeckon(directory)).stop()
  let server = await startBeckon(directory)
  Object.assign(figures, { 'million.customers': of, 'million.readyMs': server.readyMs, 'million.readyMb': memoryOf(server.pid).rssMb })

  say('its rate, beside a shop of 10,000')
  const many: number[] = []
  const alone: number[] = []
  for (let round = 1; round <= 2; round++) {
    alone.push(await rateAlone(events))
    many.push((await load(server, { of, events })).rate)
  }
  figures['million.rate'] = (many[0]! + many[1]!) / 2
  figures['million.aloneRate'] = (alone[0]! + alone[1]!) / 2
  figures['million.rssMb'] = memoryOf(server.pid).rssMb
  await server.stop()

  say('its timers')
  await measureLateness(directory, of, quick, figures)
  readLateness(directory, figures)

  say('its rate over everybody')
  server = await startBeckon(directory)
  figures['million.uniformRate'] = (await load(server, { of, customers: of, events: events / 2, secondsMax: 20 })).rate
  figures['million.peakMb'] = memoryOf(server.pid).peakMb
  await server.stop()
  removeDirectory(directory)
}

const gather = (directory: string, of: number, groups: Group[]) =>
  runScript<{ first: number; last: number; rows: number }>('crowd', { directory, of, groups } satisfies Crowd)

async function rateAlone(events: number): Promise<number> {
  const directory = makeDirectory()
  const server = await startBeckon(directory)
  await introduce(server)
  const { rate } = await load(server, { events })
  await server.stop()
  removeDirectory(directory)
  return rate
}

/** A thousand timers a second come due, a tenth of them with a letter, while traffic runs at a quarter of the rate. */
async function measureLateness(directory: string, of: number, quick: boolean, figures: Record<string, number>) {
  const seconds = quick ? 8 : 20
  const before = await gather(directory, of + 1_000 * seconds, [
    { kind: 'cart', count: 100 * seconds, fromMs: 6_000, toMs: 6_000 + seconds * 1_000 },
    { kind: 'browsing', count: 900 * seconds, fromMs: 4_000, toMs: 4_000 + seconds * 1_000 },
  ])
  figures['timers.before'] = before.rows
  const server = await startBeckon(directory)
  const rate = Math.floor(figures['million.rate']! / 4)
  await load(server, { of, sockets: 64, rate, warmUp: rate, events: rate * (seconds + 4) })
  await server.stop()
}

/** Each firing is a log row with the instant it was due and the one it happened at. */
function readLateness(directory: string, figures: Record<string, number>) {
  const store = openStore(join(directory, 'beckon.db'))
  const late: number[] = []
  for (let seq = figures['timers.before']!; ;) {
    const rows = store.log.after(seq, 50_000)
    if (rows.length === 0) break
    for (const row of rows) if (row.kind === kinds.timer) late.push(row.received - row.at)
    seq = rows.at(-1)!.seq
  }
  store.close()
  // What came due while nothing ran is not the clock's lateness.
  const sorted = late.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
  Object.assign(figures, { 'timers.fired': sorted.length, 'timers.p50': at(0.5), 'timers.p99': at(0.99), 'timers.max': at(1) })
}

/** A server comes back after hours: 100,000 timers are overdue, a tenth of them lead to a letter. */
export const measureOverdue: Measure = async ({ quick, say, figures }) => {
  const overdue = quick ? 20_000 : 100_000
  say(`${overdue.toLocaleString('en')} overdue timers`)
  const directory = makeDirectory()
  await gather(directory, customers * 10, [
    { kind: 'browsing', count: overdue * 0.8, fromMs: -4 * hour, toMs: -hour },
    { kind: 'left', count: overdue * 0.1, fromMs: -4 * hour, toMs: -hour },
  ])
  const begun = performance.now()
  const server = await startBeckon(directory)
  let fired = 0
  while (fired < overdue) {
    await pause(50)
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    fired = Number(/^beckon_timers_fired_total (\d+)/m.exec(metrics)?.[1] ?? 0)
    if (performance.now() - begun > 120_000) break
  }
  const seconds = (performance.now() - begun - server.readyMs) / 1_000
  await server.stop()
  removeDirectory(directory)
  Object.assign(figures, { 'overdue.timers': fired, 'overdue.seconds': seconds })
}
