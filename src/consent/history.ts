/**
 * How somebody's consent came about, told again from the rows of their life: each that changed consent, topics or
 * suppression, with when, by whom, and by which letter. Nothing of it is stored. Pure.
 */
import type { Trust } from '../core/event.ts'
import { readMessage } from '../core/parse.ts'
import { inert, kinds } from '../core/retell.ts'
import type { MergeBody, Told } from '../core/retell.ts'
import { learnOutcome } from '../profile/consent.ts'
import type { Said, Topics, Wishes } from '../profile/consent.ts'
import { learn } from '../profile/profile.ts'
import type { Profile } from '../profile/profile.ts'
import type { ConsentBy, ConsentChange } from '../studio/api-consent.ts'

export type HistoryOptions = {
  addressOf: (text: string) => string | null
  /** Whether the version of the machines that took a row asked for a yes to be confirmed. */
  isDouble: (version: number) => boolean
  /** The template of a letter; undefined when it was erased. */
  templateOf: (letter: number) => string | undefined
}

const trusts: readonly Trust[] = ['browser', 'verified', 'server']
const bys: readonly ConsentBy[] = ['browser', 'token', 'server']

/** Every change, the first first, and what they come to; `rows` as store/log.ts gives a life's. */
export function historyOf(rows: readonly Told[], options: HistoryOptions): { changes: ConsentChange[]; profile: Profile } {
  const changes: ConsentChange[] = []
  let profile: Profile = {}
  for (const row of rows) {
    if (row.inert !== inert.no || row.kind === kinds.timer || !teaches(row)) continue
    const after = profileAfter(profile, row, options)
    const changed = differences(profile, after)
    if (changed !== null) changes.push({ at: row.at, ...changed, ...whoSaid(row, options) })
    profile = after
  }
  return { changes, profile }
}

/** Saves parsing the events of a long life that cannot say anything of it. */
const teaches = ({ kind, body }: Told): boolean => kind >= kinds.outcome || body.includes('identify') || body.includes('email')

function profileAfter(profile: Profile, row: Told, { addressOf, isDouble }: HistoryOptions): Profile {
  if (row.kind === kinds.merge) return { ...profile, ...wishesOf(JSON.parse(row.body) as MergeBody) }
  if (row.kind === kinds.outcome) return learnOutcome(profile, JSON.parse(row.body) as Said)
  const trust = trusts[row.kind]!
  return learn(profile, readMessage(row.body, row.at), trust, addressOf, trust !== 'server' && isDouble(row.machine))
}

const wishesOf = ({ consent, suppressed, topics }: Wishes): Wishes => ({
  ...(consent === undefined ? {} : { consent }),
  ...(suppressed === undefined ? {} : { suppressed }),
  ...(topics === undefined ? {} : { topics }),
})

function differences(before: Wishes, after: Wishes): Pick<ConsentChange, 'consent' | 'suppressed' | 'topics'> | null {
  const topics = after.topics === before.topics ? [] : Object.entries(after.topics ?? {}).filter(([name, wants]) => before.topics?.[name] !== wants)
  const changed = {
    ...(after.consent !== before.consent && after.consent !== undefined ? { consent: after.consent } : {}),
    ...(after.suppressed !== before.suppressed && after.suppressed !== undefined ? { suppressed: after.suppressed } : {}),
    ...(topics.length === 0 ? {} : { topics: Object.fromEntries(topics) as Topics }),
  }
  return Object.keys(changed).length === 0 ? null : changed
}

/** By whom a row was said, and what it says of that. */
export function whoSaid({ kind, body }: Pick<Told, 'kind' | 'body'>, { templateOf }: Pick<HistoryOptions, 'templateOf'>) {
  const said: Pick<ConsentChange, 'by' | 'source' | 'saidAt' | 'letter'> = { by: bys[kind] ?? 'merge', source: null, saidAt: null, letter: null }
  if (kind === kinds.outcome) {
    const { type, letter } = JSON.parse(body) as { type: string; letter?: number }
    said.by = type === 'mail.bounced' ? 'bounce' : type === 'mail.complained' ? 'complaint' : 'letter link'
    if (letter !== undefined) said.letter = { id: letter, template: templateOf(letter) ?? '' }
  }
  if (kind === kinds.server && body.includes('"imported"')) {
    const { imported } = (JSON.parse(body) as { traits?: { imported?: { source?: unknown; at?: unknown } } }).traits ?? {}
    if (typeof imported === 'object' && imported !== null) {
      said.by = 'import'
      said.source = typeof imported.source === 'string' ? imported.source : null
      said.saidAt = typeof imported.at === 'string' ? Date.parse(imported.at) : null
    }
  }
  return said
}
