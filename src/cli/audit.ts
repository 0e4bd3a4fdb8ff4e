/**
 * `beckon audit`: looks over profiles, letters and products now, beside a running server or without one; it writes nothing.
 * Exit 1 when a promise is broken (`wrong`), 0 when there is only something to look at, or nothing.
 */
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createArchive } from '../actors/machines.ts'
import { examine } from '../checkup/examine.ts'
import { toldReport } from '../checkup/told.ts'
import { readConfig } from './config.ts'
import { openExisting } from './why.ts'

type Options = { data: string; port: number; host: string; json?: boolean }
type Told = ReturnType<typeof toldReport>

const examplesShown = 5

export async function audit(options: Options): Promise<void> {
  if (existsSync('.env')) process.loadEnvFile('.env')
  const config = readConfig({ port: options.port, host: options.host, data: options.data, settings: '' })
  const { lentTo } = await import('../serve.ts')
  const lent = new Map(lentTo(config).map((product) => [product.id, product]))
  const store = openExisting(options.data)
  try {
    const from = Date.now()
    const slices = examine({
      store,
      of: createArchive(store.meta, join(tmpdir(), 'beckon-machines')),
      shop: config.shop,
      lent: (id) => lent.get(id),
      now: from,
    })
    for (;;) {
      const slice = slices.next()
      if (!slice.done) continue
      const told = toldReport(store, { at: from, tookMs: Date.now() - from, report: slice.value })
      const isWrong = told.findings.some(({ severity }) => severity === 'wrong')
      process.stdout.write(options.json ? `${JSON.stringify({ ok: !isWrong, ...told })}\n` : inWords(told))
      if (isWrong) process.exitCode = 1
      return
    }
  } finally {
    store.close()
  }
}

function inWords({ looked, tookMs, findings, clean }: Told): string {
  const n = (count: number) => count.toLocaleString('en')
  const lines = [
    `${n(looked.customers)} customers, ${n(looked.compared)} of them told again from the log; ${n(looked.letters)} letters, ${n(looked.products)} products, ${n(looked.rows)} events; ${(tookMs / 1_000).toFixed(1)} s`,
    '',
  ]
  for (const { severity, title, count, why, todo, since, examples } of findings) {
    lines.push(`${severity.padEnd(5)} ${n(count)}  ${title}${since === null ? '' : `, since ${new Date(since).toISOString().slice(0, 10)}`}`, `      ${why}`)
    for (const { customers, product, letter, words } of examples.slice(0, examplesShown)) {
      const who = customers.map(({ id, name, email }) => [`#${id}`, name, email === name ? null : email].filter(Boolean).join(' ')).join('; ')
      lines.push(`        ${[product, who, words, letter === null ? null : `letter ${letter}`].filter(Boolean).join(' · ')}`)
    }
    if (count > examplesShown) lines.push('        …')
    lines.push(`      → ${todo}`, '')
  }
  lines.push(findings.length === 0 ? 'nothing found' : `not found: ${clean.length} other kinds`)
  return `${lines.join('\n')}\n`
}
