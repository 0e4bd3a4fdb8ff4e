/** Reads one version of `machines/` and its settings, and makes it ready to run. The files may lie anywhere. */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { BeckonError } from '../core/errors.ts'
import { compileStepper } from '../core/step/step.ts'
import type { Stepper } from '../core/step/step.ts'
import type { LetterRule } from '../kit/letter-rule.ts'
import type { Rules } from '../policy/policy.ts'
import { neverMeet } from '../policy/quiet-hours.ts'
import type { QuietHours } from '../policy/quiet-hours.ts'

type Settings = Record<string, number>

/** One version of `machines/`, ready to run. */
export type Machine = {
  hash: string
  /** The files and settings as JSON, as kept in the database. */
  files: string
  stepper: Stepper
  settings: Settings
  letters: Record<string, LetterRule>
  caps: Rules['caps']
  quietHours: QuietHours | null
  /** Topic → language → what the preference page calls it. */
  topics: TopicWords
  /** A yes to letters that nobody vouches for has to be confirmed by a mailed link. */
  isDouble: boolean
}

export type TopicWords = Record<string, Record<string, { title: string; words: string }>>

/** Loads a `machines/` directory. Throws `machine.refused` naming what is wrong, and `setting.unknown`. */
export function loadMachine(directory: string, overrides: Record<string, string> = {}): Machine {
  const names = readdirSync(directory)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .sort()
  const sources = Object.fromEntries(names.map((name) => [name, readFileSync(join(directory, name), 'utf8')]))
  return build(resolve(directory), { sources, overrides })
}

type Kept = { sources: Record<string, string>; overrides: Record<string, string> }

/** A version as it was kept, its files laid out in `directory`. */
export function fromFiles(text: string, directory: string): Machine {
  const kept = JSON.parse(text) as Kept
  mkdirSync(directory, { recursive: true })
  for (const [name, source] of Object.entries(kept.sources)) writeFileSync(join(directory, name), source)
  return build(resolve(directory), kept)
}

function build(directory: string, kept: Kept): Machine {
  const files = JSON.stringify(kept)
  const { settings, letters: rules, presets, caps, quietHours, topics } = load(join(directory, 'settings.ts'))
  const chosen = override(settings as Settings, presets as Record<string, Partial<Settings>>, kept.overrides)
  const machine = load(join(directory, 'customer.ts'))['customer'] as (settings: Settings) => Parameters<typeof compileStepper>[0]
  const stepper = compileStepper(machine(chosen))
  const forbidden = stepper.uncovered.find((feature) => /invoke|spawn/.test(feature))
  if (forbidden !== undefined)
    throw new BeckonError('machine.refused', `${directory}: ${forbidden} would run again at every restart; ask for a letter and wait for its event instead`)
  const letters = (rules as (settings: Settings) => Record<string, LetterRule>)(chosen)
  const night = (quietHours ?? null) as QuietHours | null
  for (const [name, rule] of Object.entries(letters)) checkRule(directory, name, rule, night)
  return {
    hash: createHash('sha256').update(files).digest('hex').slice(0, 16),
    files,
    stepper,
    settings: chosen,
    letters,
    caps: caps as Rules['caps'],
    quietHours: night,
    topics: (topics ?? {}) as TopicWords,
    isDouble: chosen['doubleOptIn'] === 1,
  }
}

const capWithinMaxMs = 31 * 86_400_000

/** A letter that could never leave, or a cap over more than a life remembers, is a mistake that nobody would notice. */
function checkRule(directory: string, name: string, { sendBetween, cap }: LetterRule, night: QuietHours | null) {
  const wrong = (what: string) => new BeckonError('machine.refused', `${join(directory, 'settings.ts')}: ${what}`)
  if (cap !== undefined && !(cap.most >= 1 && cap.within > 0 && cap.within <= capWithinMaxMs))
    throw wrong(`the cap of ${name} needs a number from 1 within at most 31 days`)
  if (sendBetween === undefined) return
  const times = [sendBetween.from, sendBetween.to, ...(night === null ? [] : [night.from, night.to])]
  if (!times.every((time) => /^([01]\d|2[0-3]):[0-5]\d$/.test(time))) throw wrong(`the hours of ${name} are written as 09:00 and 20:00`)
  if (neverMeet(sendBetween, night)) throw wrong(`${name} could never leave: all of its hours are quiet hours`)
}

function load(file: string): Record<string, unknown> {
  resolveKit()
  try {
    return createRequire(pathToFileURL(file))(file)
  } catch (error) {
    throw new BeckonError('machine.refused', `${file}: ${(error as Error).message.split('\n')[0]}`, { cause: error })
  }
}

let resolving = false

/** Machine files may lie anywhere: `#kit` and `xstate` mean ours. */
function resolveKit() {
  if (resolving) return
  resolving = true
  const kit = new URL('../kit/kit.ts', import.meta.url).href
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === '#kit') return { url: kit, shortCircuit: true }
      if (specifier === 'xstate') return next(specifier, { ...context, parentURL: import.meta.url })
      return next(specifier, context)
    },
  })
}

function override(settings: Settings, presets: Record<string, Partial<Settings>>, overrides: Record<string, string>): Settings {
  const chosen = { ...settings }
  for (const [name, text] of Object.entries(overrides)) {
    if (name === 'preset') {
      if (!Object.hasOwn(presets, text)) throw new BeckonError('setting.unknown', `there is no preset "${text}", only ${Object.keys(presets).join(', ')}`)
      Object.assign(chosen, presets[text])
      continue
    }
    if (!Object.hasOwn(settings, name)) throw new BeckonError('setting.unknown', `there is no setting "${name}", only ${Object.keys(settings).join(', ')}`)
    chosen[name] = amountOf(name, text)
  }
  return chosen
}

const units: Record<string, number> = { '': 1, ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90s`, `30m`, `24h`, `30d`, or a bare number (ms, or a count). */
function amountOf(name: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|)$/.exec(text.trim())
  if (match === null) throw new BeckonError('setting.unknown', `"${text}" is no amount for ${name}: write 90s, 30m, 24h, 30d or a number`)
  return Math.round(Number(match[1]) * units[match[2]!]!)
}
