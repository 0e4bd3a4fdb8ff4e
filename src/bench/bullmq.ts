/**
 * The baseline that a shop would build on a queue: BullMQ on Redis with `appendfsync always`. One process puts events in,
 * another takes them out, and Redis is the third, as it would be with us. For each event the worker reads the customer's
 * state from a hash, steps it, writes it back and moves the customer's one delayed job.
 *
 * Tuned in its favour: events are added in bulk and pipelined, jobs leave nothing behind, the worker keeps many in hand,
 * the delayed job is moved by one script (deduplication with `reschedule`), state and timer go out together, and the step
 * is our own fast one, so that only the queue is compared. It has no WebSockets, no identity, no policy, no dedupe past
 * the queue's own, and nothing keeps the events of a customer in order.
 */
import { Queue, Worker } from 'bullmq'
import { loadMachine } from '../actors/load-machine.ts'
import { toMachineEvent } from '../core/event.ts'
import type { Message } from '../core/event.ts'
import type { SnapshotJson } from '../core/step/step.ts'
import { machinesDirectory } from '../main.ts'
import { answer, configOf, pause } from './child.ts'
import { redisAt } from './redis-wire.ts'
import { createRandom, nextDeed, toFrame } from './traffic.ts'

export type BullmqLoad = { role: 'producer' | 'worker'; port: number; customers: number; warmUp: number; events: number; bulk: number; concurrency: number }

const config = configOf<BullmqLoad>()
const total = config.warmUp + config.events
const keep = { removeOnComplete: true, removeOnFail: true }
const quietMs = 900_000

/** Enough waits for the worker never to be idle, and no more. */
const backlogMax = 4_000

async function produce() {
  const queue = new Queue('events', { connection: redisAt(config.port) as never, defaultJobOptions: keep })
  const random = createRandom(3)
  await queue.waitUntilReady()
  process.stdout.write('ready\n')
  let adding: Promise<unknown> = Promise.resolve()
  for (let made = 0; made < total;) {
    const jobs = Array.from({ length: Math.min(config.bulk, total - made) }, () => {
      const customer = Math.floor(random() * config.customers)
      return { name: 'event', data: JSON.parse(toFrame(nextDeed(random), 1, `b${made++}`, customer, config.customers, new Date().toISOString())) as object }
    })
    const before = adding
    adding = queue.addBulk(jobs)
    await before
    while ((await queue.getWaitingCount()) > backlogMax) await pause(5)
  }
  await adding
  answer({})
  process.exit(0)
}

async function work() {
  const { stepper } = loadMachine(machinesDirectory)
  const states = redisAt(config.port)
  const timers = new Queue('timers', { connection: redisAt(config.port) as never, defaultJobOptions: keep })
  await timers.waitUntilReady()
  let done = 0
  let begun = 0
  const worker = new Worker(
    'events',
    async ({ data }) => {
      const body = data as Message
      const key = `customer:${body.userId}`
      const kept = await states.hget(key, 'state')
      const before = kept === null ? stepper.initial().snapshot : stepper.fromJSON(JSON.parse(kept) as SnapshotJson)
      const { snapshot } = stepper.step(before, toMachineEvent(body, Date.now())!)
      await Promise.all([
        states.hset(key, { state: JSON.stringify(stepper.toJSON(snapshot)) }),
        timers.add('due', { customer: body.userId }, { delay: quietMs, deduplication: { id: body.userId!, reschedule: true } }),
      ])
    },
    { connection: redisAt(config.port) as never, concurrency: config.concurrency },
  )
  worker.on('error', (error) => {
    throw error
  })
  worker.on('completed', () => {
    if (++done === config.warmUp) begun = performance.now()
    if (done < total) return
    const seconds = (performance.now() - begun) / 1_000
    answer({ rate: config.events / seconds, seconds })
    process.exit(0)
  })
  await worker.waitUntilReady()
  process.stdout.write('ready\n')
}

await (config.role === 'producer' ? produce() : work())
