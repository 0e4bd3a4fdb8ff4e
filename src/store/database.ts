/**
 * Opens the one SQLite file.
 * 1. `synchronous` is FULL and the journal is WAL at every open, asserted: SQLite forgets the first (R1).
 * 2. The schema only goes forward; a database from a newer Beckon is refused untouched.
 */
import Database from 'better-sqlite3'
import { BeckonError } from '../core/errors.ts'
import { steps } from './schema.ts'

export type Db = Database.Database

export type OpenOptions = {
  readonly?: boolean
  /** How long a lock held by another process is waited for, ms. */
  busyMs?: number
  /** Trades durability for speed where nothing needs to outlive the process (replay on virtual time). */
  scratch?: boolean
}

/** The database at `path` (or `:memory:`), with the current schema. Throws a BeckonError that names the repair. */
export function openDatabase(path: string, options: OpenOptions = {}): Db {
  let db: Db
  try {
    db = new Database(path, { readonly: options.readonly ?? false, timeout: options.busyMs ?? 5_000 })
    prepare(db, options)
  } catch (error) {
    throw toStoreError(error, path)
  }
  return db
}

function prepare(db: Db, options: OpenOptions) {
  if (!options.readonly) {
    db.pragma(`journal_mode = ${options.scratch ? 'OFF' : 'WAL'}`)
    db.pragma(`synchronous = ${options.scratch ? 'OFF' : 'FULL'}`)
    const synchronous = db.pragma('synchronous', { simple: true })
    if (synchronous !== (options.scratch ? 0 : 2)) throw new BeckonError('store.unsafe', `SQLite runs with synchronous=${synchronous}`)
    db.pragma('secure_delete = ON')
    db.pragma('foreign_keys = OFF')
  }
  db.pragma('cache_size = -32768')
  db.pragma('temp_store = MEMORY')
  migrate(db, options.readonly ?? false)
}

function migrate(db: Db, readonly: boolean) {
  const version = db.pragma('user_version', { simple: true }) as number
  if (version > steps.length) throw new BeckonError('store.newer', `the database has schema ${version}, this Beckon knows ${steps.length}`)
  if (readonly || version === steps.length) return
  db.transaction(() => {
    for (const step of steps.slice(version)) db.exec(step)
    db.pragma(`user_version = ${steps.length}`)
  }).immediate()
}

/** What SQLite said, as one of our named errors. */
export function toStoreError(error: unknown, path: string): unknown {
  const code = (error as { code?: string }).code
  if (error instanceof BeckonError || typeof code !== 'string' || !code.startsWith('SQLITE_')) return error
  if (code.startsWith('SQLITE_FULL')) return new BeckonError('store.full', `the disk under ${path} is full`, { cause: error })
  if (code.startsWith('SQLITE_BUSY')) return new BeckonError('store.busy', `${path} is locked by another process`, { cause: error })
  if (code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB')) return new BeckonError('store.corrupt', `${path} is damaged`, { cause: error })
  return new BeckonError('store.failed', `${path}: ${(error as Error).message}`, { cause: error })
}
