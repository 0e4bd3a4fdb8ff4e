/** `beckon replay`: recorded events in, letters out, and a summary on stderr. */
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { BeckonError } from '../core/errors.ts'
import { kinds } from '../core/retell.ts'
import { letterLines, replay } from '../lab/replay.ts'
import type { ReplayResult } from '../lab/replay.ts'
import { readEvents } from '../lab/files.ts'
import type { Format } from '../lab/files.ts'
import { createVirtual, sampleEvents } from '../main.ts'
import { nameOf } from '../profile/profile.ts'
import { parseSettings, parseUntil } from './options.ts'

type Options = { format?: Format; letters?: string; turns?: string; until?: string; settings: string; data?: string; json?: boolean }

export async function replayFiles(files: string[], options: Options): Promise<void> {
  const until = parseUntil(options.until)
  const settings = parseSettings(options.settings)
  const read = (files.length === 0 ? [sampleEvents] : files).map((file) => readEvents(file, options.format))
  const turns = options.turns === undefined ? null : openLines(options.turns)
  const { engine, store } = createVirtual(
    settings,
    options.data,
    turns === null
      ? undefined
      : (hot, before, after, kind, body) => {
          turns.write({
            at: new Date(after.at).toISOString(),
            customer: nameOf(after.profile),
            event: kind === kinds.timer ? body : kind === kinds.outcome ? (JSON.parse(body) as { type: string }).type : eventOf(body),
            from: before.snapshot.states.value,
            to: after.snapshot.states.value,
          })
        },
  )
  if (engine.counts.events > 0 || store.log.lastSeq() > 0)
    throw new BeckonError('file.invalid', `${options.data} already holds a database: replay into an empty directory`)
  const result = replay({ engine, store, messages: read.flatMap(({ messages }) => messages), until, stopwatch: () => performance.now(), ...progressBar() })
  await turns?.end()
  if (options.letters !== undefined) {
    const letters = openLines(options.letters)
    for (const line of letterLines(engine, store)) letters.write(line)
    await letters.end()
  }
  if (options.data !== undefined) {
    store.begin()
    engine.behind.finish()
    store.commit()
  }
  for (const { refused } of read) for (const [code, n] of refused) result.refused.set(code, (result.refused.get(code) ?? 0) + n)
  const skippedRows = read.reduce((sum, { duplicates }) => sum + duplicates, 0)
  report(result, store.decisions.counts(), skippedRows, options.json ?? false)
  store.close()
}

const eventOf = (body: string): string => {
  const { type, event } = JSON.parse(body) as { type: string; event?: string }
  return event ?? type
}

function openLines(path: string) {
  const stream = path === '-' ? process.stdout : createWriteStream(path)
  let pending = ''
  let failed: Error | null = null
  stream.on('error', (error: Error) => (failed = error))
  return {
    write(line: object) {
      pending += `${JSON.stringify(line)}\n`
      if (pending.length > 65_536) {
        stream.write(pending)
        pending = ''
      }
    },
    async end() {
      if (pending !== '') stream.write(pending)
      if (stream !== process.stdout) {
        stream.end()
        await finished(stream).catch((error: Error) => (failed = error))
      }
      if (failed !== null) throw new BeckonError('file.missing', `cannot write ${path}: ${failed.message}`)
    },
  }
}

function progressBar(): { progress?: (done: number, total: number) => void } {
  if (!process.stderr.isTTY) return {}
  return {
    progress(done, total) {
      const share = total === 0 ? 1 : done / total
      const filled = Math.round(share * 30)
      process.stderr.write(`\r${'█'.repeat(filled)}${'░'.repeat(30 - filled)} ${Math.round(share * 100)} %${done === total ? '\n' : ''}`)
    },
  }
}

type Counts = { template: string; decision: string; reason: string | null; n: number }[]

function report(result: ReplayResult, letters: Counts, duplicateRows: number, asJson: boolean) {
  const rate = Math.round((result.events / Math.max(result.ms, 1)) * 1_000)
  const refused = Object.fromEntries(result.refused)
  const duplicates = result.duplicates + duplicateRows
  if (asJson)
    process.stdout.write(`${JSON.stringify({ ...result, until: new Date(result.until).toISOString(), duplicates, refused, eventsPerSecond: rate, letters })}\n`)
  const line = (name: string, value: string | number) => `  ${name.padEnd(14)} ${typeof value === 'number' ? value.toLocaleString('en') : value}\n`
  process.stderr.write(
    `${line('events', result.events)}${line('duplicates', duplicates)}${line('customers', result.customers)}${line('transitions', result.transitions)}${line('timers fired', result.timers)}` +
      (result.quarantined > 0 ? line('quarantined', result.quarantined) : '') +
      Object.entries(refused)
        .map(([code, n]) => line(`refused`, `${n} ${code}`))
        .join('') +
      line('until', new Date(result.until).toISOString()) +
      line('events/s', rate) +
      `  letters\n` +
      letters
        .map(({ template, decision, reason, n }) => `    ${template.padEnd(16)} ${decision.padEnd(8)} ${(reason ?? '').padEnd(16)} ${String(n).padStart(8)}\n`)
        .join(''),
  )
}
