/** Looks over everything that a start relies on, and at the database beside its own log. */
import type { Machine } from '../actors/load-machine.ts'
import { lifeFromText, lifeToText } from '../core/life.ts'
import { migrate } from '../core/migrate.ts'
import type { Templates } from '../mail/templates.ts'
import type { Store } from '../store/store.ts'
import { retold } from './dossier.ts'

export type Finding = { level: 'error' | 'warning'; what: string }

/** Machines, templates and letters' rules against each other. */
export function checkFiles(machine: Machine, templates: Templates): Finding[] {
  const findings: Finding[] = machine.stepper.uncovered.map((feature) => ({ level: 'warning', what: `${feature}: not planned ahead, the machine runs slower` }))
  const asked = lettersOf(machine)
  for (const letter of asked) {
    if (!templates.names().includes(letter)) findings.push({ level: 'error', what: `the machine asks for ${letter}, and there is no templates/${letter}.eta` })
    if (!(letter in machine.letters)) findings.push({ level: 'error', what: `the machine asks for ${letter}, and machines/settings.ts has no rule for it` })
  }
  for (const [letter, { variants }] of Object.entries(machine.letters)) findings.push(...checkVariants(letter, variants ?? {}, templates))
  for (const letter of Object.keys(machine.letters))
    if (!asked.has(letter)) findings.push({ level: 'warning', what: `machines/settings.ts has a rule for ${letter}, and no machine asks for it` })
  return findings
}

function checkVariants(letter: string, variants: Readonly<Record<string, number>>, templates: Templates): Finding[] {
  const findings: Finding[] = []
  const fault = (what: string) => findings.push({ level: 'error', what })
  let sum = 0
  for (const [name, share] of Object.entries(variants)) {
    if (!templates.names().includes(name)) fault(`${letter} has a variant ${name}, and there is no templates/${name}.eta`)
    if (name === letter) fault(`${letter} has itself as a variant: name the other templates only, the rest of the customers get its own`)
    if (!(share > 0 && share <= 1)) fault(`${letter} gives its variant ${name} the share ${share}: write a number above 0, up to 1`)
    sum += share
  }
  if (sum > 1) fault(`${letter} gives its variants ${sum} in all: more than everybody`)
  return findings
}

function lettersOf(machine: Machine): Set<string> {
  const letters = new Set<string>()
  const visit = (node: { meta?: unknown; states: Record<string, unknown> }) => {
    const letter = (node.meta as { letter?: string } | undefined)?.letter
    if (letter !== undefined) letters.add(letter)
    for (const child of Object.values(node.states)) visit(child as typeof node)
  }
  visit(machine.stepper.machine.root as unknown as Parameters<typeof visit>[0])
  return letters
}

export type StoreCheck = { findings: Finding[]; customers: number; compared: number; toMigrate: number }

/** Every stored life against its log (R2), up to `most` of them; how many another machine version would move. */
export function checkStore(store: Store, of: (version: number) => Machine, current: Machine, most = 10_000): StoreCheck {
  const findings: Finding[] = []
  const health = store.integrity()
  if (health !== 'ok') findings.push({ level: 'error', what: `SQLite finds the file damaged: ${health}` })
  let compared = 0
  let toMigrate = 0
  for (let after = 0; compared < most;) {
    const ids = store.customers.ids(after, 500)
    if (ids.length === 0) break
    for (const id of ids) {
      const fault = differs(store, of, id)
      if (fault !== null) findings.push({ level: 'error', what: `customer ${id}: ${fault}` })
      const stored = store.customers.get(id)!
      if (of(stored.machine).hash !== current.hash) {
        toMigrate++
        migrate(stored.life, current.stepper)
      }
      compared++
    }
    after = ids.at(-1)!
  }
  return { findings, customers: store.customers.count(), compared, toMigrate }
}

/** How a stored life differs from the one its log tells; null when they are the same. */
export function differs(store: Store, of: (version: number) => Machine, id: number): string | null {
  const stored = store.customers.get(id)!
  const rows = store.log.life(stored.head)
  const head = rows.findLast((row) => row.seq === stored.head)
  if (head === undefined) return `its last row ${stored.head} is not in the log`
  // A life that joined this one after that row has brought its decisions along already.
  const members = new Set(rows.map(({ customer }) => customer))
  const decisions = store.decisions.of(id).filter(({ at, key }) => at <= head.at && members.has(Number(key.split('/')[0])))
  const chapter = retold(rows, decisions, of)!
  const { stepper } = of(stored.machine)
  const told =
    chapter.machine === stored.machine
      ? lifeToText(stepper, chapter.life)
      : lifeToText(stepper, migrate(lifeToText(of(chapter.machine).stepper, chapter.life), stepper))
  const kept = lifeToText(stepper, lifeFromText(stepper, stored.life))
  return told === kept ? null : `the stored life is not what its log tells\n  stored ${kept}\n  told   ${told}`
}
