/** A statement made when first needed: databases of before, opened for reading, may lack its table. */
import type { Statement } from 'better-sqlite3'
import type { Db } from './database.ts'

export function lazily<P extends unknown[], R = unknown>(db: Db, sql: string): () => Statement<P, R> {
  let made: Statement<P, R> | undefined
  return () => (made ??= db.prepare<P, R>(sql) as Statement<P, R>)
}

/** Whether a database, as old as it may be, has a table. */
export const hasTable = (db: Db, name: string): boolean => db.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(name) !== undefined
