/**
 * Puts the studio's questions to a thread of its own, with a read-only view of the database: however much is asked, a
 * turn of the engine waits for none of it.
 * 1. The thread starts with the first question, and anew with the next one after it died.
 *    It ends after some minutes without one.
 * 2. Answers come as text, ready to be sent on: the engine's thread reads none of it.
 * 3. Every question is answered or rejected; so many wait at most.
 */
import { Worker } from 'node:worker_threads'
import type { Config } from '../actors/deciding.ts'
import type { Clock } from '../core/world.ts'
import { BeckonError } from '../core/errors.ts'
import type { Refusal } from '../core/errors.ts'
import type { Advice, Wish } from '../lab/recommending.ts'
import type { PrepareOptions, Shop } from '../mail/prepare.ts'
import type { Questions } from './questions.ts'

/** `version`: of the machine that runs; `dataDir`: where machines of older rows are laid out. */
export type ReaderOptions = { path: string; dataDir: string; version: number; shop: Shop; publicUrl: string; from: PrepareOptions['from']; policy: Config }

export type Reader = ReturnType<typeof createReader>

type Name = keyof Questions
type Input<N extends Name> = Parameters<Questions[N]>[0]
type Answer<N extends Name> = Awaited<ReturnType<Questions[N]>>

/** What goes to the worker, and what comes back. */
export type Asked = { number: number; name: Name; input: unknown }
export type Answered = { number: number; text: string } | { number: number; refusal: Refusal } | { number: number; fault: string }
/** What the worker asks in turn, and what it is told: recommendations, which are in the engine's memory alone. */
export type Wished = { wish: number; wishes: readonly Wish[] }
export type Advised = { wish: number; advice: Advice[] }

const waitingMax = 256
/** Each takes some 20 µs of the engine's thread. */
const wishesMax = 32
const restMs = 300_000
/** A life too long to be told in this much ends the thread, not the server. */
const resourceLimits = { maxOldGenerationSizeMb: 1_024 }

type Told = ReaderOptions & { clock: Clock; recommend: (...wish: Wish) => Advice }

export function createReader({ clock, recommend, ...data }: Told) {
  const waiting = new Map<number, { resolve: (answer: string | Refusal) => void; reject: (error: Error) => void }>()
  let worker: Worker | null = null
  let asked = 0
  let isClosed = false
  let cancelRest = () => {}

  function start(): Worker {
    const one = new Worker(new URL('./reader-worker.ts', import.meta.url), { workerData: data satisfies ReaderOptions, resourceLimits })
    one.unref()
    one.on('message', (message: Answered | Wished) => {
      if ('wish' in message)
        return one.postMessage({ wish: message.wish, advice: message.wishes.slice(0, wishesMax).map((wish) => recommend(...wish)) } satisfies Advised)
      const asker = waiting.get(message.number)
      waiting.delete(message.number)
      if (waiting.size === 0) one.unref()
      if ('fault' in message) asker?.reject(new Error(message.fault))
      else asker?.resolve('text' in message ? message.text : message.refusal)
    })
    one.on('error', (error) => lose(one, error))
    one.on('exit', () => lose(one, new Error('the reader stopped')))
    return one
  }

  /** All that it owed is rejected: what killed it may do so again, so nothing is asked a second time. */
  function lose(one: Worker, error: unknown) {
    if (worker !== one) return
    worker = null
    const owed = [...waiting.values()]
    waiting.clear()
    for (const { reject } of owed) reject(error instanceof Error ? error : new Error(String(error)))
  }

  /** Nobody has asked for a while: the thread and its memory are given back. */
  function rest() {
    if (waiting.size > 0) cancelRest = clock.after(restMs, rest)
    else void stop()
  }

  async function stop() {
    const one = worker
    if (one === null) return
    lose(one, new BeckonError('stopping', 'the studio is closing'))
    await one.terminate()
  }

  return {
    /** The answer, read. For what goes on as it is, `askText` is cheaper. */
    async ask<N extends Name>(name: N, input: Input<N>): Promise<Answer<N>> {
      const told = await this.askText(name, input)
      return (typeof told === 'string' ? JSON.parse(told) : told) as Answer<N>
    },
    /** The answer as JSON. Rejects with `overload` when too many wait already, and with the message of whatever the question threw. */
    askText<N extends Name>(name: N, input: Input<N>): Promise<string | Refusal> {
      if (isClosed) return Promise.reject(new BeckonError('stopping', 'the studio is closing'))
      if (waiting.size >= waitingMax) return Promise.reject(new BeckonError('overload', `${waitingMax} questions wait already`))
      const { promise, resolve, reject } = Promise.withResolvers<string | Refusal>()
      worker ??= start()
      worker.ref()
      cancelRest()
      cancelRest = clock.after(restMs, rest)
      waiting.set(++asked, { resolve, reject })
      worker.postMessage({ number: asked, name, input } satisfies Asked)
      return promise
    },
    async close(): Promise<void> {
      isClosed = true
      cancelRest()
      await stop()
    },
  }
}
