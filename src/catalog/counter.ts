/** Where the shop hands its products over: they are read, stored in the batch's transactions, and on the shelf at once. */
import type { Refusal } from '../core/errors.ts'
import { isRefusal } from '../core/errors.ts'
import type { Clock } from '../core/world.ts'
import type { Product } from '../store/products.ts'
import type { Catalog } from './catalog.ts'
import { readChange, readProduct } from './read-product.ts'
import type { Told } from './read-product.ts'

/** So many are stored in one transaction, or the events of the same batch would wait for thousands. */
const atOnce = 250
const flushMs = 1_000

/** `order`: does the work in the next batch's transaction, and settles after its commit. */
type Options = { catalog: Catalog; order: <T>(work: (now: number) => T) => Promise<T>; clock: Clock }

export function createCounter({ catalog, order, clock }: Options) {
  let cancel = () => {}
  let isOpen = true

  const put = async (products: readonly unknown[]): Promise<(Refusal | null)[]> => {
    const read = products.map(readProduct)
    const told = read.filter((product): product is Told => !isRefusal(product))
    for (let from = 0; from < told.length; from += atOnce) await order((now) => catalog.put(told.slice(from, from + atOnce), now))
    return read.map((product) => (isRefusal(product) ? product : null))
  }

  /** Each meets the product as it is in its own transaction: changes that cross each other are all kept. */
  const change = async (changes: readonly unknown[]): Promise<(Refusal | null)[]> => {
    const answers: (Refusal | null)[] = []
    for (let from = 0; from < changes.length; from += atOnce) {
      const read = changes.slice(from, from + atOnce).map(readChange)
      const work = (now: number) =>
        read.map((one): Refusal | null =>
          isRefusal(one) ? one : catalog.change(one, now) ? null : { refused: 'product.unknown', about: one.id.slice(0, 128) },
        )
      answers.push(...(await order(work)))
    }
    return answers
  }

  /** What events taught is stored now and then: losing it costs nothing that the log does not tell again. */
  const flushLater = () => {
    const again = () => isOpen && flushLater()
    // A batch that failed has said so itself, and takes nothing more.
    cancel = clock.after(flushMs, () => (catalog.hasUnwritten() ? void order(() => catalog.flush()).then(again, () => {}) : again()))
  }

  return {
    put,
    change,
    get: (id: string): Product | undefined => {
      const product = catalog.get(id)
      return product?.source === 'gone' ? undefined : product
    },
    remove: (id: string) => order((now) => catalog.remove(id, now)),
    open: flushLater,
    close() {
      isOpen = false
      cancel()
    },
  }
}
