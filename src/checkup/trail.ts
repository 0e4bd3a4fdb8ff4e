/** The latest events as far as they say which device belongs to whom, and which products are looked at. */
import { kinds } from '../core/retell.ts'
import { linesOf, lineOf } from '../kit/lines.ts'
import type { Row } from '../store/log.ts'
import { IdTable } from '../store/id-table.ts'
import { hashId } from '../store/seen.ts'
import type { Tally } from './report.ts'

const usersMin = 3
const usersKept = 50

type Said = { userId?: unknown; anonymousId?: unknown; properties?: Record<string, unknown> }

export function createTrail({ tally, onProduct }: { tally: Tally; onProduct: (id: string) => void }) {
  /** Hash of a device → hashes of the users it had. */
  const users = new IdTable()
  const shared = new Map<number, Set<number>>()

  function met(device: string, user: string, customer: number) {
    const hash = hashId(2, device)
    const before = users.get(hash)
    const one = hashId(3, user)
    if (!before.includes(one)) {
      if (before.length >= usersKept) return
      users.add(hash, one)
      before.push(one)
    }
    if (before.length < usersMin) return
    const customers = shared.get(hash) ?? new Set()
    if (customers.size < usersKept) shared.set(hash, customers.add(customer))
  }

  return {
    row({ kind, body, customer }: Row): void {
      if (kind > kinds.server) return
      const { userId, anonymousId, properties } = JSON.parse(body) as Said
      if (typeof userId === 'string' && typeof anonymousId === 'string') met(anonymousId, userId, customer)
      if (properties === undefined) return
      const line = lineOf(properties)
      if (line !== null) onProduct(line.id)
      for (const { id } of linesOf(properties) ?? []) onProduct(id)
    },
    finish(): void {
      for (const [hash, customers] of shared) tally.add('device_shared', { customers: [...customers].slice(0, 5), words: `${users.get(hash).length} user ids` })
    },
  }
}
