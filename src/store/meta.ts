/** Small facts about the database itself, the keys of its API, the machines it ran. */
import type { Db } from './database.ts'

export type Meta = ReturnType<typeof createMeta>

export function createMeta(db: Db) {
  const get = db.prepare<[string], { value: string | number }>('SELECT value FROM meta WHERE key = ?')
  const set = db.prepare('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value')
  const keys = db.prepare<[], { id: number; token: string; kind: 'public' | 'secret' }>('SELECT id, token, kind FROM api_key ORDER BY id')
  const addKey = db.prepare('INSERT INTO api_key (token, kind, at) VALUES (?, ?, ?)')
  const machine = db.prepare<[string], { version: number }>('SELECT version FROM machine WHERE hash = ?')
  const machineFiles = db.prepare<[number], { hash: string; files: string }>('SELECT hash, files FROM machine WHERE version = ?')
  const addMachine = db.prepare('INSERT INTO machine (hash, files, at) VALUES (?, ?, ?)')

  return {
    get: (key: string): string | number | undefined => get.get(key)?.value,
    set: (key: string, value: string | number) => void set.run(key, value),
    /** The value under `key`, made once. */
    once(key: string, make: () => string): string {
      const kept = get.get(key)?.value
      if (kept !== undefined) return String(kept)
      const value = make()
      set.run(key, value)
      return value
    },
    keys: () => keys.all(),
    addKey: (token: string, kind: 'public' | 'secret', at: number) => void addKey.run(token, kind, at),
    /** The number of the machine with this hash; its files are kept so that it can run again (R12). */
    machineVersion: (hash: string, files: string, at: number): number => machine.get(hash)?.version ?? Number(addMachine.run(hash, files, at).lastInsertRowid),
    /** The number it has; undefined when it never ran here. */
    machineKnown: (hash: string): number | undefined => machine.get(hash)?.version,
    machineFiles: (version: number) => machineFiles.get(version),
  }
}
