/**
 * `beckon codes`: fills pools, and lists what became of codes. Where a server runs on the same data, uploads are handed to it
 * over HTTP; lists are read beside it.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createCounter } from '../codes/counter.ts'
import { csvHead, csvLine } from '../codes/export.ts'
import { readUpload } from '../codes/upload.ts'
import { BeckonError, codes as errors, isRefusal } from '../core/errors.ts'
import type { Code, Refusal } from '../core/errors.ts'
import { lockDirectory, openStore } from '../main.ts'

type Options = { data: string; port: number; host: string; json?: boolean; out?: string }
type Rejected = { code: string; reason: string; about: string | null }
type Done = { added: number; known: number; free: number; rejected: Rejected[] }

const atOnce = 10_000
const rejectedShownMax = 20

/** Takes a file's codes into a pool. */
export async function importCodes(pool: string, file: string, options: Options): Promise<void> {
  if (!existsSync(file)) throw new BeckonError('file.missing', `cannot read ${file}: it is not there`)
  const list = readUpload(readFileSync(file, 'utf8'))
  if (isRefusal(list)) throw new BeckonError('file.invalid', `${file}: ${errors[list.refused][1]}`)
  const target = openTarget(options)
  const all: Done = { added: 0, known: 0, free: 0, rejected: [] }
  try {
    for (let from = 0; from < Math.max(list.length, 1); from += atOnce) {
      const done = await target.upload(pool, list.slice(from, from + atOnce))
      all.added += done.added
      all.known += done.known
      all.free = done.free
      all.rejected.push(...done.rejected)
    }
  } finally {
    target.close()
  }
  if (options.json) return void process.stdout.write(`${JSON.stringify({ pool, ...all })}\n`)
  for (const { code, reason, about } of all.rejected.slice(0, rejectedShownMax))
    process.stderr.write(`${JSON.stringify(code)} refused: ${reason}${about === null ? '' : `, ${about}`}\n`)
  if (all.rejected.length > rejectedShownMax) process.stderr.write(`and ${all.rejected.length - rejectedShownMax} more\n`)
  process.stdout.write(`${all.added} codes added to ${pool}, ${all.known} known already, ${all.rejected.length} refused; ${all.free} free\n`)
}

/** How many codes of each pool are in which state. */
export function listCodes(options: Options): void {
  const store = openRead(options)
  const pools = store.codes.counts(Date.now())
  store.close()
  if (options.json) return void process.stdout.write(`${JSON.stringify(pools)}\n`)
  if (pools.length === 0) process.stdout.write('no codes yet\n')
  for (const { pool, all, free, reserved, redeemed, expired } of pools)
    process.stdout.write(
      `${pool ?? 'made for letters'}: ${pool === null ? '' : `${free} free, `}${reserved} with customers, ${redeemed} redeemed, ${expired} expired, of ${all}\n`,
    )
}

/** All codes, or a pool's, as CSV. */
export function exportCodes(pool: string | undefined, options: Options): void {
  const store = openRead(options)
  const now = Date.now()
  try {
    const lines = (function* () {
      yield csvHead
      for (const code of store.codes.all(pool)) yield csvLine(code, now)
    })()
    if (options.out === undefined) for (const line of lines) process.stdout.write(line)
    else writeFileSync(options.out, [...lines].join(''))
  } finally {
    store.close()
  }
}

/** Puts the expired codes of a pool back into it, on the shop's word. */
export async function reclaimCodes(pool: string, options: Options): Promise<void> {
  const target = openTarget(options)
  try {
    const { freed } = await target.reclaim(pool)
    process.stdout.write(options.json ? `${JSON.stringify({ pool, freed })}\n` : `${freed} expired codes of ${pool} are free again\n`)
  } finally {
    target.close()
  }
}

function openRead({ data }: Options) {
  const path = join(data, 'beckon.db')
  if (!existsSync(path)) throw new BeckonError('file.missing', `there is no database in ${data}`)
  const store = openStore(path, { readonly: true })
  if (store.codes.isThere()) return store
  store.close()
  throw new BeckonError('store.older', `the database in ${data} was written before codes were kept like this`)
}

type Target = { upload(pool: string, list: readonly unknown[]): Promise<Done>; reclaim(pool: string): Promise<{ freed: number }>; close(): void }

function openTarget(options: Options): Target {
  mkdirSync(options.data, { recursive: true })
  let unlock: () => void
  try {
    unlock = lockDirectory(options.data)
  } catch (error) {
    if ((error as { code?: string }).code !== 'store.busy') throw error
    return toServer(options)
  }
  const store = openStore(join(options.data, 'beckon.db'))
  const counter = createCounter({
    codes: store.codes,
    // Nothing is read or redeemed here.
    secret: '',
    prefix: '',
    order: async (work) => store.letters.write(() => work(Date.now())),
    now: Date.now,
    leadOf: () => 0,
    identify: () => null,
  })
  return {
    async upload(pool, list) {
      const done = good(await counter.upload(pool, list))
      return { ...done, rejected: done.rejected.map(({ code, refused }) => ({ code, reason: refused.refused, about: refused.about ?? null })) }
    },
    reclaim: async (pool) => good(await counter.reclaim(pool)),
    close() {
      store.close()
      unlock()
    },
  }
}

function good<T extends object>(answer: T | Refusal): T {
  if (isRefusal(answer)) throw new BeckonError(answer.refused, `refused, ${answer.refused}: ${answer.about ?? ''}`)
  return answer
}

function toServer({ data, port, host }: Options): Target {
  const store = openStore(join(data, 'beckon.db'), { readonly: true })
  const key = store.meta.keys().find(({ kind }) => kind === 'secret')?.token
  store.close()
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/v1/codes/pools/`
  const ask = async <T>(method: string, path: string, body: unknown): Promise<T> => {
    const answer = await fetch(url + path, { method, body: JSON.stringify(body), headers: { authorization: `Bearer ${key}` } }).catch((error: unknown) => {
      throw new BeckonError('store.busy', `a server runs on ${data}, but not at ${url}: name its --port`, { cause: error })
    })
    const told = (await answer.json()) as T & { code?: Code; message?: string }
    if (answer.ok) return told
    throw new BeckonError(told.code !== undefined && told.code in errors ? told.code : 'store.busy', `the server at ${url}: ${told.message ?? answer.status}`)
  }
  return {
    upload: (pool, list) => ask('PUT', encodeURIComponent(pool), list),
    reclaim: (pool) => ask('POST', `${encodeURIComponent(pool)}/reclaim`, {}),
    close: () => {},
  }
}
