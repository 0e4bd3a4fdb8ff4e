/**
 * Looks over every stored life and the ids that lead to it, a slice at a time. What must be known of all at once (who has
 * which address) is kept as hashes in typed arrays: 32 bytes a customer at most, whatever their texts.
 */
import { heldIn } from '../mail/stock.ts'
import { hasSandboxName, isSandbox } from '../profile/sandbox.ts'
import type { Profile } from '../profile/profile.ts'
import type { Identity, Stored } from '../store/customers.ts'
import { IdTable } from '../store/id-table.ts'
import { hashId } from '../store/seen.ts'
import { mailboxOf, meantDomain } from './addresses.ts'
import type { Tally } from './report.ts'

const devicesMax = 20
const forgottenMs = 365 * 86_400_000
const domainsKept = 10_000
const togetherMax = 10

type Options = { now: number; tally: Tally; isSuppressed: (email: string) => boolean; onCart: (product: string, customer: number) => void }

export function createProfiles({ now, tally, isSuppressed, onCart }: Options) {
  /** Hash of an address → customers, twice their number and 1 where it is vouched for. */
  const addresses = new IdTable()
  const mailboxes = new IdTable()
  const shared = new Set<number>()
  const alike = new Set<number>()
  const meant = new Map<string, string | null>()

  function address(customer: number, email: string, isVerified: boolean) {
    const folded = email.toLowerCase()
    const hash = hashId(0, folded)
    if (addresses.has(hash)) shared.add(hash)
    else {
      const box = hashId(1, mailboxOf(folded))
      if (mailboxes.has(box)) alike.add(box)
      mailboxes.add(box, customer)
    }
    addresses.add(hash, customer * 2 + (isVerified ? 1 : 0))
    const domain = folded.slice(folded.lastIndexOf('@') + 1)
    let better = meant.get(domain)
    if (better === undefined) {
      better = meantDomain(folded)
      if (meant.size < domainsKept) meant.set(domain, better)
    }
    if (better !== null) tally.add('address_mistyped', { customers: [customer], words: `meant ${better}?` })
  }

  function ids(customer: number, { userId }: Profile, keys: readonly string[]) {
    if (keys.length === 0) return tally.add('lives_unreached', { customers: [customer] })
    const users = keys.filter((key) => key.startsWith('u:'))
    const isOther = (key: string) => userId !== undefined && key.slice(2) !== userId
    if (users.some(isOther) || users.length > 1)
      tally.add('ids_mismatched', {
        customers: [customer],
        words: users.length > 1 ? `${users.length} user ids lead here` : 'the profile says another user id',
      })
    const devices = keys.filter((key) => key.startsWith('a:')).length
    if (devices > devicesMax) tally.add('devices_many', { customers: [customer], words: `${devices} devices` })
  }

  function look({ id, life }: Stored, keys: readonly string[]) {
    const [at, snapshot, , , , profile] = JSON.parse(life) as [number, { context?: unknown }, unknown, unknown, unknown, Profile]
    if (profile.erased === true) return
    ids(id, profile, keys)
    for (const product of heldIn(snapshot.context)) onCart(product, id)
    if (isSandbox(profile)) return tally.add('sandboxes', { customers: [id] })
    if (hasSandboxName(profile)) tally.add('sandbox_address', { customers: [id] })
    const { email } = profile
    if (email === undefined) {
      if (now - at > forgottenMs) tally.add('lives_forgotten', { customers: [id] })
      return
    }
    address(id, email, profile.verified === true)
    if (profile.consent === 'subscribed' && (profile.suppressed !== undefined || isSuppressed(email)))
      tally.add('consent_suppressed', { customers: [id], ...(profile.suppressed === undefined ? {} : { words: profile.suppressed }) })
  }

  return {
    /** `keys`: all ids that lead to one of these lives. */
    slice(lives: readonly Stored[], keys: readonly Identity[]): void {
      const of = Map.groupBy(keys, ({ customer }) => customer)
      for (const stored of lives) {
        const keysOf = (of.get(stored.id) ?? []).map(({ key }) => key)
        try {
          look(stored, keysOf)
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error
          tally.add('lives_differ', { customers: [stored.id], words: 'what is stored is no JSON' })
        }
      }
    },
    /** After the last slice: what only all of them together show. */
    finish(): void {
      for (const hash of shared) {
        const entries = addresses.get(hash)
        const isVouched = entries.filter((entry) => entry % 2 === 1).length > 1
        const customers = entries.slice(0, togetherMax).map((entry) => Math.floor(entry / 2))
        tally.add(isVouched ? 'address_shared' : 'address_claimed', { customers, words: `${entries.length} customers` })
      }
      for (const box of alike) tally.add('address_alike', { customers: mailboxes.get(box).slice(0, togetherMax) })
    },
  }
}
