/** The versions of the machines: the one that runs, and those that took older rows, from the files kept in the database (R12). */
import { join } from 'node:path'
import { BeckonError } from '../core/errors.ts'
import type { Meta } from '../store/meta.ts'
import { fromFiles } from './load-machine.ts'
import type { Machine } from './load-machine.ts'

/** `of` gives the machine that took a row; it throws `machine.refused` when its files are gone or do not load any more. */
export type Machines = { version: number; current: Machine; of: (version: number) => Machine }

/** Keeps `current` under its version in the database, and finds older ones there. `scratch` is a directory to lay their files out in. */
export function createMachines(current: Machine, meta: Meta, now: number, scratch: string): Machines {
  const version = meta.machineVersion(current.hash, current.files, now)
  return { version, current, of: createArchive(meta, scratch, new Map([[version, current]])) }
}

/** Every version of the machines that a database knows, loaded when first asked for. */
export function createArchive(meta: Meta, scratch: string, known = new Map<number, Machine>()): Machines['of'] {
  return (wanted) => {
    let machine = known.get(wanted)
    if (machine === undefined) {
      const kept = meta.machineFiles(wanted)
      if (kept === undefined) throw new BeckonError('machine.refused', `version ${wanted} of the machines is not in the database`)
      machine = fromFiles(kept.files, join(scratch, kept.hash))
      known.set(wanted, machine)
    }
    return machine
  }
}
