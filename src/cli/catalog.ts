/**
 * `beckon catalog`: takes the products of a feed. Where a server runs on the same data they are handed to it over HTTP and
 * are in its next letter; otherwise they are written into its database.
 */
import { createReadStream, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createCatalog } from '../catalog/catalog.ts'
import { readFeed } from '../catalog/feed.ts'
import type { Told } from '../catalog/read-product.ts'
import { readProduct } from '../catalog/read-product.ts'
import { BeckonError, isRefusal } from '../core/errors.ts'
import { lockDirectory, openStore } from '../main.ts'
import { readConfig } from './config.ts'

type Options = { data: string; port: number; host: string; whole?: boolean; json?: boolean }

/** Where products go: so many at once, until it is closed. */
type Target = { put(products: Told[]): Promise<void>; ids(): Set<string>; remove(ids: string[]): Promise<void>; close(): void }

const atOnce = 100
const refusedShownMax = 20
const triesMax = 20

export async function catalog(from: string, options: Options): Promise<void> {
  if (existsSync('.env')) process.loadEnvFile('.env')
  const { shop } = readConfig({ port: options.port, host: options.host, data: options.data, settings: '' })
  const target = openTarget(options, shop.url)
  const named = new Set<string>()
  const refused: { where: string; why: string }[] = []
  let refusals = 0
  let ready: Told[] = []
  try {
    for await (const { product, where } of readFeed(await open(from), { currency: shop.currency, shopUrl: shop.url, now: Date.now() })) {
      const read = readProduct(product)
      if (isRefusal(read)) {
        if (refusals++ < refusedShownMax) refused.push({ where, why: `${read.refused}${read.about === undefined ? '' : `, ${read.about}`}` })
        continue
      }
      named.add(read.id)
      if (ready.push(read) < atOnce) continue
      await target.put(ready)
      ready = []
    }
    if (ready.length > 0) await target.put(ready)
    const missing = options.whole ? missingFrom(target.ids(), named) : []
    if (missing.length > 0) await target.remove(missing)
    report({ products: named.size, removed: missing.length, refused: refusals }, refused, options.json ?? false)
  } finally {
    target.close()
  }
}

/** A feed that names nothing is a mistake, and must not take everything away. */
function missingFrom(ids: ReadonlySet<string>, named: ReadonlySet<string>): string[] {
  if (named.size === 0) throw new BeckonError('file.invalid', 'the feed names no product, so nothing was taken away')
  return [...ids].filter((id) => !named.has(id))
}

function report(counts: { products: number; removed: number; refused: number }, refused: readonly { where: string; why: string }[], isJson: boolean) {
  if (isJson) return void process.stdout.write(`${JSON.stringify({ ...counts, reasons: refused })}\n`)
  for (const { where, why } of refused) process.stderr.write(`${where} refused: ${why}\n`)
  if (counts.refused > refused.length) process.stderr.write(`and ${counts.refused - refused.length} more\n`)
  process.stdout.write(`${counts.products} products taken, ${counts.refused} refused${counts.removed === 0 ? '' : `, ${counts.removed} taken away`}\n`)
}

async function open(from: string): Promise<AsyncIterable<Uint8Array>> {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(from)) {
    if (!/^https?:\/\//i.test(from)) throw new BeckonError('usage', `"${from}" is neither a file nor an http(s) URL`)
    let answer: Response
    try {
      answer = await fetch(from, { signal: AbortSignal.timeout(600_000) })
    } catch (error) {
      throw new BeckonError('file.missing', `cannot read ${from}: ${String((error as Error).cause ?? error)}`, { cause: error })
    }
    if (!answer.ok || answer.body === null) throw new BeckonError('file.missing', `cannot read ${from}: it answers ${answer.status}`)
    return answer.body
  }
  if (!existsSync(from)) throw new BeckonError('file.missing', `cannot read ${from}: it is not there`)
  return createReadStream(from)
}

function openTarget(options: Options, shopUrl: string): Target {
  mkdirSync(options.data, { recursive: true })
  let unlock: () => void
  try {
    unlock = lockDirectory(options.data)
  } catch (error) {
    if ((error as { code?: string }).code !== 'store.busy') throw error
    return toServer(options)
  }
  const store = openStore(join(options.data, 'beckon.db'))
  const known = createCatalog({ products: store.products, shopUrl })
  const stored = async (work: () => void) => {
    store.begin()
    work()
    store.commit()
  }
  return {
    put: (products) => stored(() => known.put(products, Date.now())),
    ids: () => toldIn(store),
    remove: (ids) => stored(() => ids.forEach((id) => known.remove(id, Date.now()))),
    close() {
      store.close()
      unlock()
    },
  }
}

const toldIn = ({ products }: ReturnType<typeof openStore>): Set<string> =>
  new Set([...products.all()].filter(({ source }) => source === 'shop').map(({ id }) => id))

function toServer({ data, port, host }: Options): Target {
  const store = openStore(join(data, 'beckon.db'), { readonly: true })
  const key = store.meta.keys().find(({ kind }) => kind === 'secret')?.token
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/v1/products`
  const ask = async (method: string, path: string, body: string | null) => {
    for (let tries = 1; ; tries++) {
      const answer = await fetch(url + path, { method, body, headers: { authorization: `Bearer ${key}` } }).catch((error: unknown) => {
        throw new BeckonError('store.busy', `a server runs on ${data}, but not at ${url}: name its --port`, { cause: error })
      })
      if (answer.ok || answer.status === 404) return
      const isBusy = answer.status === 429 || answer.status === 503
      if (!isBusy || tries === triesMax) throw new BeckonError('store.busy', `the server at ${url} answers ${answer.status}: ${await answer.text()}`)
      await new Promise((again) => setTimeout(again, 1_000 * Number(answer.headers.get('retry-after') ?? 1)))
    }
  }
  return {
    put: (products) => ask('PUT', '', JSON.stringify(products)),
    ids: () => toldIn(store),
    async remove(ids) {
      for (const id of ids) await ask('DELETE', `/${encodeURIComponent(id)}`, null)
    },
    close: () => store.close(),
  }
}
