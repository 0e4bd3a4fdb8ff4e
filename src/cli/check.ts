/**
 * `beckon check`: everything a start relies on, before it does; and what the letters would say to a sample of real customers.
 * Exit 1 when something is wrong; a letter that has nothing to say to somebody is not.
 */
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Machine } from '../actors/load-machine.ts'
import { createArchive } from '../actors/machines.ts'
import { checkFiles, checkStore, checkWords } from '../lab/check.ts'
import type { Finding, StoreCheck } from '../lab/check.ts'
import { loadMachine, loadTemplates, machinesDirectory, openStore, templatesDirectory } from '../main.ts'
import { sampleLetters } from '../lab/sampled.ts'
import type { Templates } from '../mail/templates.ts'
import { readConfig } from './config.ts'
import { parseSettings } from './options.ts'

type Store = ReturnType<typeof openStore>
type TemplateSample = ReturnType<typeof sampleLetters>
type Sampled = TemplateSample['letters'][number]
type Options = { data: string; settings: string; sample: number; json?: boolean }

export function check(options: Options): void {
  const machine = loadMachine(machinesDirectory, parseSettings(options.settings))
  const templates = loadTemplates(templatesDirectory)
  const findings: Finding[] = [...checkFiles(machine, templates), ...checkWords(templates)]
  const path = join(options.data, 'beckon.db')
  let database: StoreCheck | null = null
  let letters: TemplateSample | null = null
  if (existsSync(path)) {
    const store = openStore(path, { readonly: true })
    const of = createArchive(store.meta, join(tmpdir(), 'beckon-machines'))
    database = checkStore(store, of, machine)
    findings.push(...database.findings)
    if (options.sample > 0) {
      letters = sampledBy(store, of, machine, templates, options)
      findings.push(...letters.letters.flatMap(findingsOf))
    }
    store.close()
  }
  const isFine = !findings.some(({ level }) => level === 'error')
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ ok: isFine, machine: machine.hash, templates: templates.names(), findings, ...(database === null ? {} : { customers: database.customers, compared: database.compared, toMigrate: database.toMigrate }), ...(letters === null ? {} : { sample: letters }) })}\n`,
    )
  } else {
    process.stdout.write(`machine ${machine.hash}, ${templates.names().length} templates\n`)
    if (database === null) process.stdout.write(`no database in ${options.data} yet\n`)
    else process.stdout.write(`${database.customers} customers, ${database.compared} compared with their log, ${database.toMigrate} to migrate\n`)
    if (letters !== null) process.stdout.write(sampleWords(letters))
    for (const { level, what } of findings) process.stdout.write(`${level}: ${what}\n`)
    process.stdout.write(isFine ? 'all is well\n' : '')
  }
  if (!isFine) process.exitCode = 1
}

function sampledBy(
  store: Store,
  of: (version: number) => Machine,
  machine: Machine,
  templates: Templates,
  { data, settings, sample }: Options,
): TemplateSample {
  const { shop, publicUrl, from, policy } = readConfig({ port: 4650, host: '127.0.0.1', data, settings })
  const stage = { store, machine, config: policy, letters: { templates, shop, publicUrl, from, shelves: { get: store.products.get } } }
  // Machines that never ran here have no number yet.
  const version = store.meta.machineKnown(machine.hash) ?? 0
  return sampleLetters({ stage, of: (wanted) => (wanted === version ? machine : of(wanted)), version, now: Date.now(), count: sample })
}

const findingsOf = ({ template, faults, worries }: Sampled): Finding[] => [
  ...faults.map((what): Finding => ({ level: 'error', what: `${template}: ${what}` })),
  ...worries.map((what): Finding => ({ level: 'warning', what: `${template}: ${what}` })),
]

/** A block for each letter: what came out, what did not for want of what, and which parts fell back. */
function sampleWords({ customers, letters }: TemplateSample): string {
  const lines = [`letters as ${customers} customers would get them now:`]
  for (const { template, written, languages, lacking, fell, htmlBytesMax } of letters) {
    const spoken = Object.entries(languages).map(([language, times]) => `${times} ${language}`)
    lines.push(`  ${template}: ${written} written${written === 0 ? '' : ` (${spoken.join(', ')}; at most ${Math.ceil(htmlBytesMax / 1024)} KB)`}`)
    for (const { what, times } of lacking) lines.push(`    ${times} would be skipped for want of ${what}`)
    for (const { block, lacks, times } of fell) lines.push(`    ${times} with ${block} as its fallback, for want of ${lacks}`)
  }
  return `${lines.join('\n')}\n`
}
