/** Orders net of what was given back. Pure. */
import type { Sale } from '../store/sales.ts'
import { saleKinds } from '../store/sales.ts'

/** `amount`: thousandths, net; null where none was told. */
export type NetOrder = { customer: number; at: number; amount: number | null; currency: string }

/**
 * Orders as they stand: a refund takes away what it names, or all, and never more than there was; one in another currency
 * takes nothing, and a cancelled order is none. `currency`: of those that named none.
 */
export function netOrders(orders: readonly Sale[], back: readonly Sale[], currency: string): NetOrder[] {
  const given = Map.groupBy(back, ({ orderId }) => orderId)
  return orders.flatMap((order): NetOrder[] => {
    const own = order.currency ?? currency
    const changes = order.orderId === null ? [] : (given.get(order.orderId) ?? [])
    if (changes.some(({ kind }) => kind === saleKinds.cancellation)) return []
    const net = { customer: order.customer, at: order.at, currency: own }
    if (order.amount === null) return [{ ...net, amount: null }]
    const refunds = changes.filter((refund) => (refund.currency ?? own) === own)
    const taken = refunds.reduce((sum, { amount }) => sum + (amount ?? Infinity), 0)
    return [{ ...net, amount: Math.max(0, order.amount - taken) }]
  })
}

/** By customer, each one's in order of time. */
export const byCustomer = <T extends { customer: number }>(facts: readonly T[]): Map<number, T[]> => Map.groupBy(facts, ({ customer }) => customer)

/** Sums of thousandths by currency: exact. */
export class Sums {
  #sums = new Map<string, number>()

  add({ amount, currency }: Pick<NetOrder, 'amount' | 'currency'>): void {
    if (amount !== null) this.#sums.set(currency, (this.#sums.get(currency) ?? 0) + amount)
  }

  /** In units, each divided by `by`, to a thousandth. */
  toMoney(by = 1): Record<string, number> {
    return Object.fromEntries([...this.#sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([currency, sum]) => [currency, Math.round(sum / by) / 1_000]))
  }

  of(currency: string): number {
    return this.#sums.get(currency) ?? 0
  }
}
