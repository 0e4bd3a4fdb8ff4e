/** The machines the simulated shop runs, changes and rolls back (R12), and the faults that some products carry into them (R10). */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Prepare } from '../actors/deciding.ts'
import { loadMachine } from '../actors/load-machine.ts'
import type { Machine } from '../actors/load-machine.ts'
import type { Line } from '../kit/lines.ts'
import { scratchDirectory } from './disk.ts'
import { bomb, cursed } from './shoppers.ts'

const shipped = fileURLToPath(new URL('../../machines', import.meta.url))

/** Settings, and what else is different in the files: [file, from, to]. */
type Variant = { settings: Record<string, string>; edits: readonly (readonly [file: string, from: string, to: string])[] }

const variants: Record<string, Variant> = {
  shipped: { settings: {}, edits: [] },
  hasty: { settings: { abandonAfter: '45m', followUpAfter: '2h', views: '2', quietFor: '5m', lapseAfter: '10d' }, edits: [] },
  /** A state has another name and one region is gone. */
  rebuilt: {
    settings: {},
    edits: [
      ['cart.ts', "{ abandonAfter: 'abandoned' }", "{ abandonAfter: 'left' }"],
      ['cart.ts', 'abandoned: {', 'left: {'],
      ['customer.ts', 'engagement, presence,', 'presence,'],
    ],
  },
  /** Asks twice for consent, has codes from a pool, and a letter with a cap of its own. */
  careful: {
    settings: { doubleOptIn: '1' },
    edits: [
      ['settings.ts', 'discount: { percent: 10, validFor: days(7) }', "discount: { percent: 10, validFor: days(7), pool: 'spring' }"],
      [
        'settings.ts',
        "topic: 'reminders', window: hours(24), allowClaimed: true,",
        "topic: 'reminders', window: hours(24), cap: { most: 2, within: days(3) }, allowClaimed: true,",
      ],
    ],
  },
  night: { settings: {}, edits: [['settings.ts', '| null = null', "| null = { from: '21:00', to: '08:00', timeZone: 'Europe/Berlin' }"]] },
}

export type VariantName = 'shipped' | 'hasty' | 'rebuilt' | 'night' | 'careful'

const running = new Map<VariantName, Machine>()
const pristine = new Map<string, Machine>()
let workshop: string | null = null

/** One of the shop's machines, with the curse in it. Loaded once a process, as is a copy without it, for the judges. */
export function machineOf(name: VariantName): Machine {
  let machine = running.get(name)
  if (machine === undefined) {
    running.set(name, (machine = load(variants[name]!, name)))
    pristine.set(machine.hash, load(variants[name]!, name))
    curse(machine)
  }
  return machine
}

/** The machine that took a row, free of curses, by its hash. */
export const judgesMachine = (hash: string): Machine => pristine.get(hash)!

function load({ settings, edits }: Variant, name: string): Machine {
  if (edits.length === 0) return loadMachine(shipped, settings)
  workshop ??= openWorkshop()
  const directory = join(workshop, name)
  mkdirSync(directory, { recursive: true })
  cpSync(shipped, directory, { recursive: true })
  for (const [file, from, to] of edits) {
    const path = join(directory, file)
    const text = readFileSync(path, 'utf8')
    if (!text.includes(from)) throw new Error(`machines/${file} has no "${from}" any more: mend the simulator's variant "${name}"`)
    writeFileSync(path, text.replace(from, to))
  }
  return loadMachine(directory, settings)
}

class Curse extends Error {}

/** Where changed machine files lie while this process runs. */
function openWorkshop(): string {
  const directory = scratchDirectory()
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Adding a cursed product at an odd instant throws, and so does the first timer of a cart that holds one. */
function curse({ stepper }: Machine) {
  const step = stepper.step.bind(stepper)
  stepper.step = (snapshot, event) => {
    const { properties } = event as { properties?: { product_id?: unknown } }
    if (properties?.product_id === cursed && event.at % 2 === 1) throw new Curse('a cursed product was added')
    if (event.type.startsWith('xstate.after.abandonAfter') && linesOf(snapshot.context).some(({ id }) => id === cursed))
      throw new Curse('a cursed product was left')
    return step(snapshot, event)
  }
}

const linesOf = (context: unknown): readonly Line[] => (context as { cart?: { lines?: readonly Line[] } }).cart?.lines ?? []

/** Writes letters, but not about bombs. */
export const withBombs =
  (prepare: Prepare): Prepare =>
  (asked) => {
    if ((asked.ask['lines'] as Line[] | undefined)?.some(({ id }) => id === bomb)) throw new Curse('a template met a bomb')
    return prepare(asked)
  }
