/** `beckon check`: everything a start relies on, before it does. Exit 1 when something is wrong. */
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createArchive } from '../actors/machines.ts'
import { checkFiles, checkStore } from '../lab/check.ts'
import type { Finding, StoreCheck } from '../lab/check.ts'
import { loadMachine, loadTemplates, machinesDirectory, openStore, templatesDirectory } from '../main.ts'
import { parseSettings } from './options.ts'

type Options = { data: string; settings: string; json?: boolean }

export function check(options: Options): void {
  const machine = loadMachine(machinesDirectory, parseSettings(options.settings))
  const templates = loadTemplates(templatesDirectory)
  const findings: Finding[] = checkFiles(machine, templates)
  const path = join(options.data, 'beckon.db')
  let database: StoreCheck | null = null
  if (existsSync(path)) {
    const store = openStore(path, { readonly: true })
    database = checkStore(store, createArchive(store.meta, join(tmpdir(), 'beckon-machines')), machine)
    findings.push(...database.findings)
    store.close()
  }
  const isFine = !findings.some(({ level }) => level === 'error')
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ ok: isFine, machine: machine.hash, templates: templates.names(), findings, ...(database === null ? {} : { customers: database.customers, compared: database.compared, toMigrate: database.toMigrate }) })}\n`,
    )
  } else {
    process.stdout.write(`machine ${machine.hash}, ${templates.names().length} templates\n`)
    if (database === null) process.stdout.write(`no database in ${options.data} yet\n`)
    else process.stdout.write(`${database.customers} customers, ${database.compared} compared with their log, ${database.toMigrate} to migrate\n`)
    for (const { level, what } of findings) process.stdout.write(`${level}: ${what}\n`)
    process.stdout.write(isFine ? 'all is well\n' : '')
  }
  if (!isFine) process.exitCode = 1
}
