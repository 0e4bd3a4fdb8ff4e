/**
 * `beckon consent`: takes a list of consents in, and hands one out. A list goes to the server that runs on the same data,
 * and otherwise through an engine of its own: either way each row is an event of the log, taken once.
 */
import { createWriteStream, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBatch } from '../actors/batch.ts'
import { loadMachine } from '../actors/load-machine.ts'
import { createArchive } from '../actors/machines.ts'
import { createDesk, refusalWords } from '../consent/desk.ts'
import { createRecords } from '../consent/record.ts'
import { headOf, lineOf, readRows } from '../consent/rows.ts'
import type { Format } from '../consent/rows.ts'
import { BeckonError } from '../core/errors.ts'
import { addressOf } from '../mail/address.ts'
import { loadTemplates } from '../mail/templates.ts'
import { createHeart, givenKeys, lockDirectory, machinesDirectory, openStore, systemClock, systemIds, templatesDirectory } from '../main.ts'
import { readConfig } from './config.ts'
import { openExisting } from './why.ts'

type ImportOptions = { data: string; port: number; host: string; json?: boolean }
type ExportOptions = { data: string; format: Format; out?: string }

/** Where rows go, so many at once; what is wrong with each, null where nothing is. */
type Target = { take(rows: readonly unknown[]): Promise<(string | null)[]>; close(): void }

const atOnce = 500
const shownMax = 20
const triesMax = 20
const sliceMax = 500

export async function importConsents(file: string, options: ImportOptions): Promise<void> {
  if (!existsSync(file)) throw new BeckonError('file.missing', `there is no file ${file}`)
  const rows = await readRows(readFileSync(file, 'utf8'))
  const target = openTarget(options)
  const refused: { row: number; why: string }[] = []
  let refusals = 0
  try {
    for (let from = 0; from < rows.length; from += atOnce) {
      const answers = await target.take(rows.slice(from, from + atOnce))
      for (const [index, why] of answers.entries()) if (why !== null && refusals++ < shownMax) refused.push({ row: from + index + 1, why })
    }
  } finally {
    target.close()
  }
  const counts = { taken: rows.length - refusals, refused: refusals }
  if (options.json) return void process.stdout.write(`${JSON.stringify({ ...counts, reasons: refused })}\n`)
  for (const { row, why } of refused) process.stderr.write(`row ${row} refused: ${why}\n`)
  if (refusals > refused.length) process.stderr.write(`and ${refusals - refused.length} more\n`)
  process.stdout.write(`${counts.taken} taken, ${counts.refused} refused\n`)
}

function openTarget(options: ImportOptions): Target {
  mkdirSync(options.data, { recursive: true })
  let unlock: () => void
  try {
    unlock = lockDirectory(options.data)
  } catch (error) {
    if ((error as { code?: string }).code !== 'store.busy') throw error
    return toServer(options)
  }
  if (existsSync('.env')) process.loadEnvFile('.env')
  // As `start` would read them: other settings would be another version of the machines.
  const config = readConfig({ port: options.port, host: options.host, data: options.data, settings: process.env['BECKON_SETTINGS'] ?? '' })
  const store = openStore(join(options.data, 'beckon.db'))
  const { engine, hash, epoch } = createHeart({
    store,
    ids: systemIds,
    shop: config.shop,
    publicUrl: config.publicUrl,
    dataDir: options.data,
    machine: loadMachine(machinesDirectory, config.settings),
    templates: loadTemplates(templatesDirectory),
    from: config.from,
    policy: config.policy,
    now: systemClock.now(),
  })
  const source = givenKeys(store, systemIds, systemClock.now()).find(({ kind }) => kind === 'secret')!.id
  let fault: unknown = null
  const batch = createBatch({ engine, store, clock: systemClock, epoch, onLetters: () => {}, onFatal: (error) => (fault = error), soon: setImmediate })
  batch.start()
  const desk = createDesk({ intake: batch, order: batch.order, suppressions: store.suppressions, clock: systemClock, hash, addressOf })
  return {
    async take(rows) {
      const refusals = await desk.take(rows, source)
      if (fault !== null) throw fault
      return refusals.map((refusal) => (refusal === null ? null : refusalWords(refusal)))
    },
    close() {
      batch.stop()
      store.close()
      unlock()
    },
  }
}

function toServer({ data, port, host }: ImportOptions): Target {
  const store = openStore(join(data, 'beckon.db'), { readonly: true })
  const key = store.meta.keys().find(({ kind }) => kind === 'secret')?.token
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/v1/consent`
  return {
    async take(rows) {
      for (let tries = 1; ; tries++) {
        const answer = await fetch(url, { method: 'POST', body: JSON.stringify(rows), headers: { authorization: `Bearer ${key}` } }).catch((error: unknown) => {
          throw new BeckonError('store.busy', `a server runs on ${data}, but not at ${url}: name its --port`, { cause: error })
        })
        if (answer.ok) {
          const { rejected = [] } = (await answer.json()) as { rejected?: { index: number; code: string; about: string | null; hint: string }[] }
          const why = new Map(rejected.map(({ index, code, about, hint }) => [index, `${code}${about === null ? '' : `, ${about}`}: ${hint}`]))
          return rows.map((_, index) => why.get(index) ?? null)
        }
        const isBusy = answer.status === 429 || answer.status === 503
        if (!isBusy || tries === triesMax) throw new BeckonError('store.busy', `the server at ${url} answers ${answer.status}: ${await answer.text()}`)
        await new Promise((again) => setTimeout(again, 1_000 * Number(answer.headers.get('retry-after') ?? 1)))
      }
    },
    close: () => store.close(),
  }
}

/** Everybody with an address, to a file or to stdout. Beside a running server it may be a few seconds behind. */
export async function exportConsents(options: ExportOptions): Promise<void> {
  const store = openExisting(options.data)
  const out = options.out === undefined ? process.stdout : createWriteStream(options.out)
  const write = async (text: string) => void (out.write(text) || (await once(out, 'drain')))
  try {
    const of = createArchive(store.meta, join(tmpdir(), 'beckon-machines'))
    const records = createRecords({ store, addressOf, isDouble: (version) => of(version).isDouble })
    await write(headOf(options.format))
    for (let after: number | null = 0; after !== null;) {
      const slice: ReturnType<typeof records.slice> = records.slice(after, sliceMax)
      await write(slice.records.map((record) => lineOf(record, options.format)).join(''))
      after = slice.after
    }
    if (out !== process.stdout) {
      out.end()
      await once(out, 'finish')
    }
  } finally {
    store.close()
  }
}
