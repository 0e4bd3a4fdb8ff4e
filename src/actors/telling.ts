/** How the engine's lives are told again: by the machines that took their rows, with their own quiet hours. */
import type { Telling } from '../core/retell.ts'
import { endOfNight } from '../policy/quiet-hours.ts'
import type { Machines } from './machines.ts'

export function createTelling(of: Machines['of'], addressOf: (text: string) => string | null): Omit<Telling, 'decide'> {
  return {
    stepper: (version) => of(version).stepper,
    addressOf,
    waits: (version, life, at) => {
      const hours = of(version).quietHours
      return hours === null ? null : endOfNight(at, hours, life.profile.timeZone)
    },
  }
}
