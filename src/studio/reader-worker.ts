/** The worker of studio/reader.ts: one question after the other, on a connection that cannot write. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import { createArchive } from '../actors/machines.ts'
import { isRefusal } from '../core/errors.ts'
import { loadTemplates } from '../mail/templates.ts'
import { openStore } from '../store/store.ts'
import { createQuestions } from './questions.ts'
import type { Answered, Asked, ReaderOptions } from './reader.ts'

const { path, dataDir, version, shop, publicUrl, from, policy } = workerData as ReaderOptions
const store = openStore(path, { readonly: true })
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
    shelves: { get: store.products.get },
  },
})

parentPort!.on('message', async ({ number, name, input }: Asked) => {
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
