/** How somebody stands to letters, with since when and by what; read from the stored lives and the log. */
import { kinds } from '../core/retell.ts'
import type { Profile } from '../profile/profile.ts'
import type { Store } from '../store/store.ts'
import { hashAddress } from '../store/suppressions.ts'
import type { ConsentChange, ConsentPage, ConsentRecord, ConsentStatus } from '../studio/api-consent.ts'
import { historyOf } from './history.ts'
import type { HistoryOptions } from './history.ts'

export type RecordContext = { store: Store; addressOf: HistoryOptions['addressOf']; isDouble: HistoryOptions['isDouble'] }

/** Of a stored life, which is JSON: see core/life.ts. */
export const profileIn = (life: string): Profile => (JSON.parse(life) as unknown[])[5] as Profile

/** What stands against an address most, with what its owner said. */
export function statusOf({ consent, suppressed }: Profile, ofAddress: 'unsubscribed' | 'bounce' | 'complaint' | undefined): ConsentStatus {
  if (suppressed === 'complaint' || ofAddress === 'complaint') return 'complaint'
  if (consent === 'unsubscribed' || ofAddress === 'unsubscribed') return 'unsubscribed'
  if (suppressed === 'bounce' || ofAddress === 'bounce') return 'bounce'
  return consent ?? 'not asked'
}

export function createRecords({ store, addressOf, isDouble }: RecordContext) {
  const { log, letters, suppressions, meta } = store
  const secret = String(meta.get('secret') ?? '')
  const options: HistoryOptions = { addressOf, isDouble, templateOf: (letter) => letters.get(letter)?.template }
  const suppressedBy = (email: string | undefined) => (email === undefined ? undefined : suppressions.has(hashAddress(secret, email)))

  function recordOf(profile: Profile, history: readonly ConsentChange[]): ConsentRecord {
    const { email } = profile
    const last = history.findLast(({ consent, suppressed }) => consent !== undefined || suppressed !== undefined)
    const ofAddress = suppressedBy(email)
    const status = statusOf(profile, ofAddress)
    // Another life said so of the same address, or an import without a customer.
    const isElsewhere = email !== undefined && status === ofAddress && profile.consent !== status && profile.suppressed !== status
    return {
      userId: profile.userId ?? null,
      email: email ?? null,
      status,
      topics: { ...profile.topics },
      since: isElsewhere ? (suppressions.since(hashAddress(secret, email)) ?? null) : (last?.saidAt ?? last?.at ?? null),
      source: isElsewhere ? 'the address' : last === undefined ? null : sourceWords(last),
    }
  }

  return {
    /** Of the customer whose life ends in the log row `head`. */
    page(id: number, head: number): ConsentPage {
      const { changes, profile } = historyOf(log.life(head), options)
      const userId = store.customers.keysOf(id).find((key) => key.startsWith('u:'))
      return { ...recordOf(profile, changes), userId: userId?.slice(2) ?? null, history: changes.toReversed() }
    },
    /** Of an address that no customer has; null when nothing stands against it. */
    ofAddress(email: string): ConsentPage | null {
      const reason = suppressedBy(email)
      if (reason === undefined) return null
      const since = suppressions.since(hashAddress(secret, email)) ?? null
      return { userId: null, email, status: reason, topics: {}, since, source: 'the address', history: [] }
    },
    /** Everybody with an address, after the customer `after`; `after` null at the end. */
    slice(after: number, limit: number): { records: ConsentRecord[]; after: number | null } {
      const stored = store.customers.slice(after, limit)
      const records = stored.flatMap(({ life, head }) => {
        const profile = profileIn(life)
        if (profile.email === undefined) return []
        const isSilent = profile.consent === undefined && profile.suppressed === undefined
        return [recordOf(profile, isSilent ? [] : historyOf(log.life(head), options).changes)]
      })
      return { records, after: stored.length < limit ? null : stored.at(-1)!.id }
    },
    templateOf: options.templateOf,
  }
}

/** `import: old newsletter`, `letter link`. */
const sourceWords = ({ by, source }: Pick<ConsentChange, 'by' | 'source'>): string => (source === null ? by : `${by}: ${source}`)

/** Whether a row may be about consent: for lists of what happened lately. */
export const isAboutConsent = ({ kind, body }: { kind: number; body: string }): boolean =>
  kind === kinds.outcome
    ? /"type":"mail\.(?:unsubscribed|bounced|complained|confirmed|preferences)"/.test(body)
    : kind <= kinds.server && body.includes('"identify"') && /"(?:consent|topics)":/.test(body)
