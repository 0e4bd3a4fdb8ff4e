/** What open studios cost the engine, and how quick their pages are in a real browser. */
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { chromiumPath, openBrowser } from '../sim/chromium.ts'
import { makeCrowd } from '../sim/crowd.ts'
import { scrub } from '../sim/scrub.ts'
import { cpuOf, makeDirectory, median, removeDirectory, startBeckon } from './child.ts'
import type { Measure } from './targets.ts'
import { introduce, load } from './throughput.ts'

const tabs = 20

export const measureStudio: Measure = async (options) => {
  await measureTabs(options)
  if (chromiumPath !== undefined) await measurePages(options)
}

/** Durable events/s with twenty tabs watching, in turns with none. */
const measureTabs: Measure = async ({ quick, say, figures }) => {
  const directory = makeDirectory()
  const server = await startBeckon(directory)
  await introduce(server)
  const events = quick ? 60_000 : 160_000
  await load(server, { events })
  const shares: number[] = []
  const costs: number[] = []
  /** Events/s, and the server's own work for one event, µs. */
  const measured = async () => {
    const before = cpuOf(server.pid)
    const { rate, events: taken } = await load(server, { events })
    return { rate, cost: (cpuOf(server.pid) - before) / taken }
  }
  let heard = 0
  for (let round = 0; round < (quick ? 5 : 9); round++) {
    say(`${tabs} studios, round ${round + 1}`)
    const alone = await measured()
    const open = await Promise.all(Array.from({ length: tabs }, (_, tab) => openTab(server.url, tab + 1, () => heard++)))
    const watched = await measured()
    for (const socket of open) socket.close()
    // Whichever comes second may find a warmer or fuller server: each pair is held against the next alone.
    const after = await measured()
    shares.push(watched.rate / ((alone.rate + after.rate) / 2))
    costs.push(watched.cost / ((alone.cost + after.cost) / 2))
  }
  figures['studio.share'] = median(shares)
  figures['studio.cost'] = median(costs)
  figures['studio.tabs'] = tabs
  figures['studio.heard'] = heard
  await server.stop()
  removeDirectory(directory)
}

/** A tab without its browser, whose work is done on somebody else's machine: it reads everything it is told, and watches a customer. */
async function openTab(url: string, customer: number, onMessage: () => void): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/studio/live`, { perMessageDeflate: false })
  socket.on('message', onMessage)
  await once(socket, 'open')
  socket.send(JSON.stringify({ watch: customer }))
  return socket
}

/** A life of 10,000 events among 100,000 customers is dragged through; the chart is drawn some times, on pages of their own. */
const measurePages: Measure = async ({ quick, say, figures }) => {
  say('the studio in a browser')
  const directory = makeDirectory()
  makeCrowd({ dir: directory, customers: quick ? 1_000 : 100_000, turns: 10_000, now: Date.now() - 60_000 })
  const server = await startBeckon(directory)
  const browser = await openBrowser()
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  const answer = await fetch(`${server.url}/studio/api/customers?query=busy`)
  const { customers } = (await answer.json()) as { customers: { id: number }[] }
  const scrubs: number[] = []
  const charts: number[] = []
  for (let round = 0; round < 5; round++) {
    await page.goto(`${server.url}/studio/customers/${customers[0]!.id}`)
    const { framesPerSecond, turns } = await scrub(page)
    scrubs.push(framesPerSecond)
    figures['studio.turns'] = turns
    await page.goto(`${server.url}/studio`)
    await page.getByRole('heading', { name: 'Cart' }).waitFor()
    charts.push((await page.evaluate("performance.getEntriesByName('chart')[0].duration")) as number)
  }
  figures['studio.scrubFps'] = median(scrubs)
  figures['studio.chartMs'] = median(charts)
  await browser.close()
  await server.stop()
  removeDirectory(directory)
}
