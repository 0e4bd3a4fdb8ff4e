/** What the studio asks about consent: one person's, everybody's in slices, and how the shop stands. Read-only. */
import type { Config } from '../actors/deciding.ts'
import type { Machine } from '../actors/load-machine.ts'
import { createRecords, isAboutConsent, profileIn, statusOf } from '../consent/record.ts'
import { whoSaid } from '../consent/history.ts'
import { rowAbout, rowName } from '../lab/about.ts'
import { addressOf } from '../mail/address.ts'
import { nameOf } from '../profile/profile.ts'
import type { Row } from '../store/log.ts'
import type { Store } from '../store/store.ts'
import { hashAddress } from '../store/suppressions.ts'
import type { ConsentPage, ConsentRecord, ConsentStatus, ConsentSummary } from './api-consent.ts'

type Context = { store: Store; of: (version: number) => Machine; version: number; config: Config }

const sliceMax = 500
const recentRowsMax = 50_000
const recentMax = 40
/** A shop's numbers are counted anew when this old, ms. */
const freshMs = 5_000

export function createConsentQuestions({ store, of, version, config }: Context) {
  const records = createRecords({ store, addressOf, isDouble: (at) => of(at).isDouble })
  let counted: { at: number; summary: Promise<ConsentSummary> } | null = null

  return {
    /** `head`: as for every customer's questions. */
    consent({ id, head }: { id: number; head: number }): ConsentPage | { refused: 'customer.unknown' } {
      const last = store.log.get(head) === undefined ? store.customers.get(id)?.head : head
      return last === undefined ? { refused: 'customer.unknown' } : records.page(id, last)
    },

    consentOfAddress: ({ email }: { email: string }): ConsentPage | { refused: 'customer.unknown' } => {
      const address = addressOf(email)
      return (address === null ? null : records.ofAddress(address)) ?? { refused: 'customer.unknown' }
    },

    /** Everybody with an address, a slice at a time: `after` 0 begins, null ends. */
    consentSlice: ({ after }: { after: number }): { records: ConsentRecord[]; after: number | null } => records.slice(after, sliceMax),

    consentSummary({ now }: { now: number }): Promise<ConsentSummary> {
      if (counted === null || now - counted.at > freshMs || now < counted.at) counted = { at: now, summary: summarize() }
      return counted.summary
    },
  }

  async function summarize(): Promise<ConsentSummary> {
    const machine = of(version)
    const secret = String(store.meta.get('secret') ?? '')
    const counts: Record<ConsentStatus, number> = { 'not asked': 0, pending: 0, subscribed: 0, unsubscribed: 0, bounce: 0, complaint: 0 }
    const chosen = new Map(Object.keys(machine.topics).map((name) => [name, { wanted: 0, refused: 0 }]))
    const isAnySuppressed = store.suppressions.count() > 0
    for (let after: number | null = 0; after !== null;) {
      const stored: ReturnType<Store['customers']['slice']> = store.customers.slice(after, sliceMax)
      for (const { life } of stored) {
        const profile = profileIn(life)
        if (profile.email === undefined) continue
        counts[statusOf(profile, isAnySuppressed ? store.suppressions.has(hashAddress(secret, profile.email)) : undefined)]++
        for (const [name, wants] of Object.entries(profile.topics ?? {})) {
          const topic = chosen.get(name)
          if (topic !== undefined) topic[wants ? 'wanted' : 'refused']++
        }
      }
      after = stored.length < sliceMax ? null : stored.at(-1)!.id
      // Whoever else asks something is answered in between.
      await new Promise(setImmediate)
    }
    const suppressed = { unsubscribed: 0, bounce: 0, complaint: 0 }
    for (const { reason, n } of store.suppressions.counts()) suppressed[reason] = n
    return {
      counts,
      suppressed,
      topics: [...chosen].map(([name, numbers]) => ({ name, title: machine.topics[name]?.['en']?.title ?? name, ...numbers })),
      recent: recent(),
      rules: rulesOf(machine, config),
    }
  }

  function recent(): ConsentSummary['recent'] {
    const found: Row[] = []
    const last = store.log.newestSeq()
    for (let seq = last; seq > Math.max(0, last - recentRowsMax) && found.length < recentMax; seq -= 1_000)
      found.push(
        ...store.log
          .after(Math.max(0, seq - 1_000), 1_000)
          .filter(isAboutConsent)
          .toReversed(),
      )
    return found.slice(0, recentMax).map((row) => {
      const { by, source, letter } = whoSaid(row, records)
      const about = letter === null ? (rowAbout(row) ?? (source === null ? null : `from ${source}`)) : letter.template
      return { at: row.at, customer: row.customer, who: whoIn(row), words: [rowName(row), about].filter(Boolean).join(' · '), by }
    })
  }

  /** By what they are called now; a life that went into another is not looked for. */
  function whoIn({ customer }: Row): string {
    const stored = store.customers.get(customer)
    return stored === undefined ? `customer ${customer}` : nameOf(profileIn(stored.life))
  }
}

function rulesOf(machine: Machine, config: Config): ConsentSummary['rules'] {
  const { window, ...caps } = machine.caps
  return {
    asks: machine.isDouble ? 'double' : config.consentRequired ? 'required' : 'nobody',
    quietHours: machine.quietHours,
    caps: { windowMs: window, ...caps },
    letters: Object.entries(machine.letters).map(([template, rule]) => ({
      template,
      priority: rule.priority,
      topic: rule.topic ?? null,
      windowMs: rule.window,
      cap: rule.cap === undefined ? null : { most: rule.cap.most, withinMs: rule.cap.within },
      sendBetween: rule.sendBetween ?? null,
      asksConsent: rule.asksConsent === true,
    })),
  }
}
