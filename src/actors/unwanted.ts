/** Letters that were decided, wait for the relay, and must not go out any more (R7). */
import type { LetterRule } from '../kit/letter-rule.ts'
import { refusesTopic, wantsNone } from '../profile/consent.ts'
import type { Wishes } from '../profile/consent.ts'
import type { Letters } from '../store/letters.ts'

/** Withdraws what a customer's wishes do not allow now; `before` null: whatever they were. In the transaction of the row that changed them. */
export function withdrawUnwanted(
  letters: Letters,
  rules: Readonly<Record<string, LetterRule>>,
  customer: number,
  before: Wishes | null,
  after: Wishes,
  now: number,
): void {
  if (wantsNone(after)) return letters.withdraw(customer, now)
  if (after.topics === undefined || after.topics === before?.topics) return
  for (const [template, { topic }] of Object.entries(rules)) if (refusesTopic(after, topic)) letters.withdrawOf(customer, template, now)
}
