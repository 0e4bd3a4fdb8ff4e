/** `beckon doctor [DOMAIN]`: what stands between a domain and the inbox, and the record to add. Exit 1 when something is bad. */
import { existsSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { BeckonError } from '../core/errors.ts'
import { makeDkim } from '../doctor/dkim.ts'
import { createInstruments, examine } from '../doctor/doctor.ts'
import { toDomain, toPatient } from '../doctor/patient.ts'
import { isSelector } from '../doctor/visits.ts'
import { defaultShop, systemClock } from '../main.ts'
import type { DnsRecord, DoctorReport, DoctorState } from '../studio/api-doctor.ts'
import { readConfig } from './config.ts'

type Options = { selector?: string; ip?: string; bounce?: string; makeDkim?: string; json?: boolean }

export async function doctor(name: string | undefined, options: Options): Promise<void> {
  if (existsSync('.env')) process.loadEnvFile('.env')
  const { selector, ip } = options
  if (selector !== undefined && !isSelector(selector)) throw new BeckonError('usage', `"${selector}" is no selector`)
  if (ip !== undefined && isIP(ip) === 0) throw new BeckonError('usage', `"${ip}" is no address such as 192.0.2.1`)
  const domain = name === undefined ? undefined : known(name)
  const bounceDomain = options.bounce === undefined ? undefined : known(options.bounce)
  const config = readConfig({ port: Number(process.env['PORT'] ?? 4650), host: process.env['BECKON_HOST'] ?? '127.0.0.1', data: 'data', settings: '' })
  const asked = { ...given('domain', domain), ...given('selector', selector), ...given('bounceDomain', bounceDomain), ...given('ip', ip) }
  const patient = toPatient(config, asked, defaultShop.address)
  if (options.makeDkim !== undefined) return makeKey(options.makeDkim, patient.dkim, options.json === true)

  const report = await examine(patient, createInstruments(systemClock))
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : inWords(report))
  if (report.state === 'bad') process.exitCode = 1
}

function known(name: string): string {
  const domain = toDomain(name)
  if (domain === null) throw new BeckonError('usage', `"${name}" is no domain such as shop.example`)
  return domain
}

const given = <K extends string>(key: K, value: string | undefined): { [P in K]?: string } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: string }

/** A file that is there already may hold the key that signs today, so it is never written over. */
function makeKey(file: string, { domain, selector }: { domain: string; selector: string }, asJson: boolean): void {
  const { privateKey, record } = makeDkim(domain, selector)
  try {
    writeFileSync(file, privateKey, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw new BeckonError('usage', `${file} is there already; name another`)
    throw new BeckonError('file.missing', `${file} could not be written (${(error as NodeJS.ErrnoException).code})`, { cause: error })
  }
  const lines = [`The private key is in ${file}, which only you can read. Publish its public half:`, '', ...recordLines(record), '']
  const start = `Then start the server with BECKON_DKIM_KEY_FILE=${file} BECKON_DKIM_DOMAIN=${domain} BECKON_DKIM_SELECTOR=${selector}`
  process.stdout.write(asJson ? `${JSON.stringify({ file, domain, selector, record })}\n` : `${[...lines, start].join('\n')}\n`)
}

const marks: Record<DoctorState, string> = { ok: 'ok', warn: 'look', bad: 'BAD', unknown: '?' }
const indent = ' '.repeat(6)

function inWords({ domain, checks }: DoctorReport): string {
  const count = (state: DoctorState) => checks.filter((check) => check.state === state).length
  const lines = [`${domain}: ${count('ok')} in order, ${count('bad')} to mend, ${count('warn')} to look at, ${count('unknown')} not found out`, '']
  for (const { title, state, found, why, todo, records } of checks) {
    lines.push(`${marks[state].padEnd(indent.length)}${title}`)
    const words = [...found, ...(state === 'ok' || state === 'unknown' ? [] : [`Why: ${why}`]), ...(todo === null ? [] : [`To do: ${todo}`])]
    for (const text of words) lines.push(...wrapped(text, 96).map((line) => indent + line))
    for (const record of records) lines.push('', ...recordLines(record).map((line) => indent + line))
    lines.push('')
  }
  return lines.join('\n')
}

/** Whole values on lines of their own, so that they can be copied. */
const recordLines = ({ name, type, value, line, instead }: DnsRecord): string[] => [
  `name   ${name}`,
  `type   ${type}`,
  `value  ${value}`,
  ...(value.length > 255 ? [`zone   ${line}`] : []),
  ...instead.map((text) => `not    ${text}`),
]

function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
