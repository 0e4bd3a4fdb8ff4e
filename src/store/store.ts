/** All tables of one database, opened together. */
import { createCheckups } from './checkups.ts'
import { createBounces } from './bounces.ts'
import { createCustomers } from './customers.ts'
import { openDatabase } from './database.ts'
import type { OpenOptions } from './database.ts'
import { createDecisions } from './decisions.ts'
import { createExperiments } from './experiments.ts'
import { createLetters } from './letters.ts'
import { createLog } from './log.ts'
import { createMailings } from './mailings.ts'
import { createMeta } from './meta.ts'
import { createPeople } from './people.ts'
import { createProducts } from './products.ts'
import { createQuarantine } from './quarantine.ts'
import { createSales } from './sales.ts'
import { createSeen } from './seen.ts'
import { createSuppressions } from './suppressions.ts'
import { createTouches } from './touches.ts'

export type Store = ReturnType<typeof openStore>

export function openStore(path: string, options: OpenOptions = {}) {
  const db = openDatabase(path, options)
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const rollback = db.prepare('ROLLBACK')
  return {
    db,
    path,
    log: createLog(db),
    seen: createSeen(db),
    customers: createCustomers(db),
    decisions: createDecisions(db),
    letters: createLetters(db),
    suppressions: createSuppressions(db),
    meta: createMeta(db),
    quarantine: createQuarantine(db),
    people: createPeople(db),
    products: createProducts(db),
    checkups: createCheckups(db),
    bounces: createBounces(db),
    sales: createSales(db),
    touches: createTouches(db),
    mailings: createMailings(db),
    experiments: createExperiments(db),
    begin: () => void begin.run(),
    commit: () => void commit.run(),
    rollback: () => void (db.inTransaction && rollback.run()),
    /** What SQLite's own check finds: `ok`, or the damage. */
    integrity: (): string => String(db.pragma('integrity_check', { simple: true })),
    close: () => db.close(),
  }
}
