/** Questions about discount codes: how the pools are, what codes brought, the story of one. For the reader's thread. */
import { stateOf } from '../codes/export.ts'
import { readSpelling } from '../codes/spelling.ts'
import { poolsOf, supplyOf } from '../codes/supply.ts'
import type { LetterRule } from '../kit/letter-rule.ts'
import type { CodeWithLetter } from '../store/codes.ts'
import type { Store } from '../store/store.ts'
import type { CodeLook, CodeRow, CodesPage, PoolRow } from './api-codes.ts'

type Options = { store: Pick<Store, 'codes' | 'meta'>; letters: Readonly<Record<string, LetterRule>>; prefix: string }

const redemptionsShown = 15
const dayMs = 86_400_000
const weekMs = 7 * dayMs
const weeksShown = 12
/** 1970 began on a Thursday. */
const firstMonday = 4 * dayMs

export function createCodeQuestions({ store: { codes, meta }, letters, prefix }: Options) {
  return {
    codes({ now }: { now: number }): CodesPage {
      const counts = codes.counts(now)
      const made = counts.find(({ pool }) => pool === null)
      const names = new Set([...poolsOf(letters), ...counts.flatMap(({ pool }) => (pool === null ? [] : [pool]))])
      const pools = [...names].toSorted().map((pool): PoolRow => {
        const { all = 0, free = 0, reserved = 0, redeemed = 0, expired = 0 } = counts.find((row) => row.pool === pool) ?? {}
        const users = Object.entries(letters).flatMap(([template, { discount }]) => (discount?.pool === pool ? [template] : []))
        const { perDay, level, words } = supplyOf(pool, free, codes.reservedSince(pool, now - weekMs, Number.MAX_SAFE_INTEGER))
        const isUsed = users.length > 0
        return { pool, all, free, reserved, redeemed, expired, letters: users, perDay, level: isUsed ? level : 'good', words: isUsed ? words : null }
      })
      const from = firstMonday + (Math.floor((now - firstMonday) / weekMs) - weeksShown + 1) * weekMs
      const byWeek = new Map(codes.byWeek(from, now).map((row) => [row.week, row]))
      return {
        pools,
        made: made === undefined ? null : { all: made.all, reserved: made.reserved, redeemed: made.redeemed, expired: made.expired },
        templates: codes.byTemplate(),
        weeks: Array.from({ length: weeksShown }, (_, n) => ({
          at: from + n * weekMs,
          sent: byWeek.get(n)?.sent ?? 0,
          redeemed: byWeek.get(n)?.redeemed ?? 0,
        })),
        redemptions: codes.lastRedeemed(redemptionsShown).map((row) => toCodeRow(row, now)),
      }
    },

    code({ text, now }: { text: string; now: number }): CodeLook {
      const { is, folded, body } = readSpelling(String(meta.get('secret') ?? ''), prefix, text)
      const found = (is === 'made' ? codes.find(body) : undefined) ?? codes.find(folded)
      if (found === undefined) return { none: is === 'mistyped' ? 'mistyped' : 'unknown' }
      return { code: toCodeRow(found, now) }
    },
  }
}

export function toCodeRow(row: CodeWithLetter, now: number): CodeRow {
  const { code, pool, percent, template, addedAt, reservedAt, leftAt, expiresAt, redeemedAt, orderId, letter, customer, recipient, state } = row
  return {
    code,
    pool,
    state: stateOf(row, now),
    percent,
    template,
    letter: letter === null || customer === null ? null : { id: letter, customer, recipient: recipient ?? '', state: state ?? '' },
    addedAt,
    reservedAt,
    leftAt,
    expiresAt,
    redeemedAt,
    orderId,
  }
}
