/** How the engine's lives are told again: by the machines that took their rows, with their own hours and their own way of asking for consent. */
import type { Telling } from '../core/retell.ts'
import { opensAt } from '../policy/quiet-hours.ts'
import type { Machines } from './machines.ts'

export function createTelling(of: Machines['of'], addressOf: (text: string) => string | null): Omit<Telling, 'decide'> {
  return {
    stepper: (version) => of(version).stepper,
    addressOf,
    waits: (version, life, at, template) => {
      const { quietHours, letters } = of(version)
      return opensAt(at, quietHours, letters[template], life.profile.timeZone)
    },
    isDouble: (version) => of(version).isDouble,
  }
}
