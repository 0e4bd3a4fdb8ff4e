/** `beckon why CUSTOMER`: reads the database beside a running server and explains. */
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createArchive } from '../actors/machines.ts'
import { BeckonError } from '../core/errors.ts'
import { findCustomer, openDossier } from '../lab/dossier.ts'
import { explain } from '../lab/why.ts'
import type { Why } from '../lab/why.ts'
import { duration } from '../lab/wording.ts'
import { openStore } from '../main.ts'
import type { Profile } from '../profile/profile.ts'
import { parseInstant } from './options.ts'

type Options = { template?: string; at?: string; data: string; json?: boolean }

export function why(name: string, options: Options): void {
  const until = options.at === undefined ? Infinity : parseInstant(options.at)
  const store = openExisting(options.data)
  try {
    const dossier = openDossier(store, createArchive(store.meta, join(tmpdir(), 'beckon-machines')), findCustomer(store, name), until)
    if (options.template !== undefined && !(options.template in dossier.machine.letters))
      throw new BeckonError('template.missing', `no machine knows a letter ${options.template}; there are ${Object.keys(dossier.machine.letters).join(', ')}`)
    const answer = explain(dossier, options.template)
    process.stdout.write(options.json ? `${JSON.stringify(answer)}\n` : inWords(dossier.life.profile, answer))
  } finally {
    store.close()
  }
}

/** The database of a directory, to read; it must be there. */
export function openExisting(directory: string) {
  const path = join(directory, 'beckon.db')
  if (!existsSync(path)) throw new BeckonError('file.missing', `there is no database in ${directory}`)
  return openStore(path, { readonly: true })
}

const instant = (ms: number) => new Date(ms).toISOString().replace('T', ' ').replace('.000Z', 'Z')

function inWords(profile: Profile, answer: Why): string {
  const lines = [[profile.userId ?? profile.anonymousId, profile.email].filter(Boolean).join('  '), '']
  for (const { template, variant, at, decision, words, steps } of answer.decisions) {
    lines.push(`${instant(at)}  ${template}${variant === null ? '' : ` as ${variant}`}  ${decision}: ${words}`)
    for (const step of steps) lines.push(`    ${instant(step.at)}  ${step.what}  ${step.from === step.to ? step.to : `${step.from} → ${step.to}`}`)
    lines.push('')
  }
  for (const { template, words, timers } of answer.never) {
    lines.push(`${template}  not asked for: ${words}`)
    for (const { timer, due } of timers) lines.push(`    ${instant(due)}  ${timer}`)
  }
  lines.push('', `as of ${instant(answer.at)}`)
  for (const [region, state] of Object.entries(answer.states)) lines.push(`    ${region.padEnd(12)} ${state}`)
  for (const { timer, due } of answer.timers) lines.push(`    in ${duration(due - answer.at).padEnd(10)} ${timer}`)
  return `${lines.join('\n')}\n`
}
