/** The worker of studio/reader.ts: one question after the other, on a connection that cannot write. */
import { join } from 'node:path'
import { setImmediate as breathe } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import { createArchive } from '../actors/machines.ts'
import { isRefusal } from '../core/errors.ts'
import { loadTemplates } from '../mail/templates.ts'
import { openStore } from '../store/store.ts'
import type { Advice, Wish } from '../lab/recommending.ts'
import { demoCatalogue } from './demo-products.ts'
import { createQuestions } from './questions.ts'
import type { Advised, Answered, Asked, ReaderOptions, Wished } from './reader.ts'

const { path, dataDir, version, shop, publicUrl, from, policy } = workerData as ReaderOptions
const store = openStore(path, { readonly: true })
const lent = new Map(demoCatalogue(shop, publicUrl).map((product) => [product.id, product]))
const wishing = new Map<number, (advice: Advice[]) => void>()
let wished = 0
const questions = createQuestions({
  store,
  // Apart from where the engine lays its own out: neither reads a file that the other is writing.
  of: createArchive(store.meta, join(dataDir, 'machines', 'reader')),
  version,
  config: policy,
  letters: {
    templates: loadTemplates(fileURLToPath(new URL('../../templates', import.meta.url))),
    shop,
    publicUrl,
    from,
    shelves: { get: (id) => store.products.get(id) ?? lent.get(id) },
  },
  lent: [...lent.values()],
  breathe,
  advise(wishes: readonly Wish[]) {
    const { promise, resolve } = Promise.withResolvers<Advice[]>()
    wishing.set(++wished, resolve)
    parentPort!.postMessage({ wish: wished, wishes } satisfies Wished)
    return promise
  },
})

parentPort!.on('message', async (message: Asked | Advised) => {
  if ('wish' in message) {
    wishing.get(message.wish)?.(message.advice)
    return void wishing.delete(message.wish)
  }
  const { number, name, input } = message
  parentPort!.postMessage(await answered(number, name, input))
})

async function answered(number: number, name: Asked['name'], input: unknown): Promise<Answered> {
  try {
    const answer: unknown = await questions[name](input as never)
    return isRefusal(answer) ? { number, refusal: answer } : { number, text: JSON.stringify(answer) }
  } catch (error) {
    return { number, fault: (error as Error).message }
  }
}
