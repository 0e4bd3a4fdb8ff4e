/** Why a step went as it did: each transition considered, and what its guard said. */
import type { Group, Transition } from './descriptors.ts'
import { compileGuard, guardName, type GuardView } from './guards.ts'
import type { Args } from './run.ts'

/** One transition considered. `event` is the name it listens to; 'always' for an eventless one. */
export type Candidacy = { source: string; event: string; targets: string[]; guard: string | null; held: boolean; taken: boolean }

/** The transitions of `groups` as rows, in order. A guard that throws did not hold. */
export function rowsOf(groups: readonly Group[], view: GuardView, args: Args, taken: ReadonlySet<Transition> | undefined): Candidacy[] {
  const seen = new Set(groups.flatMap(({ transitions }) => transitions))
  return [...seen].map((transition) => ({
    source: transition.source.id,
    event: transition.eventType || 'always',
    targets: (transition.target ?? []).map((node) => node.id),
    guard: guardName(transition.guard),
    held: holds(transition, view, args),
    taken: taken?.has(transition) ?? false,
  }))
}

function holds(transition: Transition, view: GuardView, args: Args): boolean {
  try {
    const guard = compileGuard(transition.guard, view)
    return typeof guard === 'boolean' ? guard : Boolean(guard(args))
  } catch {
    return false
  }
}
