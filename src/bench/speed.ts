/** Measures that need one process and no network: `disk`, `rows`, `transition`, `step`, `replay`, `render`. Each runs in a fresh one. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { initialTransition, transition } from 'xstate'
import type { AnyMachineSnapshot } from 'xstate'
import { loadMachine } from '../actors/load-machine.ts'
import { toMachineEvent } from '../core/event.ts'
import type { MachineEvent } from '../core/event.ts'
import { isRefusal } from '../core/errors.ts'
import { birth } from '../core/turn.ts'
import { parseMessage } from '../core/parse.ts'
import { replay } from '../lab/replay.ts'
import { createPrepare } from '../mail/prepare.ts'
import { render } from '../mail/render.ts'
import { sampleLetter } from '../mail/sample.ts'
import { loadTemplates } from '../mail/templates.ts'
import { createVirtual, defaultShop, machinesDirectory, openStore, templatesDirectory } from '../main.ts'
import { answer, configOf } from './child.ts'
import { createRandom, emailOf, nextDeed, toFrame, userId } from './traffic.ts'
import type { Deed } from './traffic.ts'

export type Speed = { part: keyof typeof parts; directory: string; ms: number; events: number }

/** Calls `work` for about `ms`, after a warm-up a quarter as long; how often a second. */
function timesPerSecond(ms: number, work: () => void, count = 1): number {
  for (const until = performance.now() + ms / 4; performance.now() < until;) work()
  const begun = performance.now()
  let times = 0
  while (performance.now() - begun < ms) {
    work()
    times += count
  }
  return (times * 1_000) / (performance.now() - begun)
}

/** Appends of 4 KB, each made durable: what any promise kept one by one is limited by. */
function disk({ directory, ms }: Speed) {
  const file = openSync(join(directory, 'sync'), 'w')
  const page = Buffer.alloc(4_096, 1)
  const fdatasyncs = timesPerSecond(ms, () => {
    writeSync(file, page)
    fdatasyncSync(file)
  })
  closeSync(file)
  return { fdatasyncs }
}

/** Our own log's appends, 300 bytes each, 512 in a transaction, synchronous=FULL. */
function rows({ directory, ms }: Speed) {
  const store = openStore(join(directory, 'rows.db'))
  const body = toFrame(nextDeed(createRandom(1)), 1, 'rows-1', 1, 10_000, new Date().toISOString())
  const appends = timesPerSecond(
    ms,
    () => {
      store.begin()
      for (let n = 0; n < 512; n++) store.log.append(n, 0, 0, 0, 0, 1, 1, 0, body)
      store.commit()
    },
    512,
  )
  store.close()
  return { appends }
}

/** The same events for whoever steps: 200 customers in turn, a minute apart. */
function deeds(count: number): MachineEvent[] {
  const random = createRandom(7)
  return Array.from({ length: count }, (_, n) => {
    const { type, event, properties } = nextDeed(random)
    return toMachineEvent({ type, ...(event === undefined ? {} : { event }), properties: JSON.parse(properties) }, 1_700_000_000_000 + n * 60_000)!
  })
}

const stepping = 200

function stepOnce({ ms }: Speed) {
  const { stepper } = loadMachine(machinesDirectory)
  const lives = Array.from({ length: stepping }, () => stepper.initial().snapshot)
  const events = deeds(20_000)
  let at = 0
  const steps = timesPerSecond(ms, () => {
    const customer = at % stepping
    lives[customer] = stepper.step(lives[customer]!, events[at++ % events.length]!).snapshot
  })
  return { steps }
}

function transitionOnce({ ms }: Speed) {
  const { machine } = loadMachine(machinesDirectory).stepper
  const lives = Array.from({ length: stepping }, () => initialTransition(machine)[0] as AnyMachineSnapshot)
  const events = deeds(20_000)
  let at = 0
  const transitions = timesPerSecond(ms, () => {
    const customer = at % stepping
    lives[customer] = transition(machine, lives[customer]!, events[at++ % events.length]! as never)[0] as AnyMachineSnapshot
  })
  return { transitions }
}

type Habit = (random: () => number) => Deed

/** As in public shop data: of a hundred events 97 look at something; a visit of five events within minutes. */
const browse: Habit = (random) => {
  const draw = random()
  const deed = nextDeed(() => (draw < 0.97 ? 0 : draw < 0.985 ? 0.75 : 0.82))
  return { ...deed, properties: deed.properties.replace('"p0"', `"p${Math.floor(random() * 5_000)}"`).replace(`"p${Math.floor(0.75 * 5_000)}"`, '"p1"') }
}

/** A day of a shop in memory, every visitor with an address, letters rendered; timers run out to the last event. */
function replayDay(events: number, habit: Habit) {
  const { engine, store } = createVirtual({}, undefined)
  const visits = Math.ceil(events / 5)
  const random = createRandom(11)
  const day = Date.UTC(2026, 10, 23)
  const messages = Array.from({ length: events }, (_, n) => {
    const visit = Math.floor(n / 5)
    const at = day + Math.floor((visit / visits) * 86_400_000) + (n % 5) * 40_000
    const { type, event, properties } = habit(random)
    const email = `"email":"${emailOf(visit)}"`
    const text = `{"type":"${type}",${event === undefined ? '' : `"event":"${event}",`}"userId":"${userId(visit, visits)}","messageId":"r${n}","properties":{${email},${properties.slice(1)}}`
    const message = parseMessage({ ...JSON.parse(text), timestamp: at }, { now: Infinity, ids: () => `r${n}` }, text)
    if (isRefusal(message)) throw new Error(message.refused)
    return message
  })
  const { ms, timers } = replay({ engine, store, messages, until: (last) => last, stopwatch: () => performance.now() })
  return { replayed: (events * 1_000) / ms, timers, letters: engine.counts.queued, seconds: ms / 1_000 }
}

/** `rendered`: subject, HTML and text. `prepared`: all that a turn does for a letter, the MIME, token and frozen data too. */
function renderOnce({ ms }: Speed) {
  const templates = loadTemplates(templatesDirectory)
  const { stepper, letters } = loadMachine(machinesDirectory)
  const sample = sampleLetter()
  const rendered = timesPerSecond(ms, () => void render(templates, 'cart-abandoned', sample))
  const prepare = createPrepare({ templates, shop: defaultShop, publicUrl: 'https://shop.example', from: { address: 'hello@shop.example' }, secret: 'secret' })
  const at = Date.UTC(2026, 10, 23)
  const born = birth(stepper, at)
  const lines = sample.lines!
  const rule = letters['cart-abandoned']!
  let customer = 0
  let bytes = 0
  const prepared = timesPerSecond(ms, () => {
    customer++
    const life = { ...born, profile: { userId: `u${customer}`, email: emailOf(customer), verified: true as const, firstName: 'Anna' } }
    const made = prepare({ ask: { template: 'cart-abandoned', run: at, lines }, rule, key: `${customer}/cart/${at}/cart-abandoned`, customer, life, at })
    if ('missing' in made) throw new Error(`the letter lacks ${made.missing}`)
    bytes = made.letter.mime.length
  })
  return { rendered, prepared, letterBytes: bytes }
}

const parts = {
  disk,
  rows,
  step: stepOnce,
  transition: transitionOnce,
  replay: ({ events }: Speed) => replayDay(events, browse),
  replayMixed: ({ events }: Speed) => replayDay(events, nextDeed),
  render: renderOnce,
}
const config = configOf<Speed>()
answer(parts[config.part](config))
