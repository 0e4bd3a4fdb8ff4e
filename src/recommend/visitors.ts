/** What each customer viewed and bought last, by the products' numbers: of the latest `customersMax` customers. */

/** Oldest first; the same product stands once. */
export type Trail = { products: number[]; at: number[] }
export type Visitor = { viewed: Trail; bought: Trail | null }

const trailMax = 20
const customersMax = 50_000

export class Visitors {
  readonly #visitors = new Map<number, Visitor>()

  get(customer: number): Visitor | undefined {
    return this.#visitors.get(customer)
  }

  /** For writing: it is the last to be forgotten from now on. */
  touch(customer: number): Visitor {
    let visitor = this.#visitors.get(customer)
    if (visitor === undefined) {
      if (this.#visitors.size >= customersMax) this.#visitors.delete(this.#visitors.keys().next().value!)
      visitor = { viewed: { products: [], at: [] }, bought: null }
    } else this.#visitors.delete(customer)
    this.#visitors.set(customer, visitor)
    return visitor
  }

  join(kept: number, gone: number): void {
    const other = this.#visitors.get(gone)
    if (other === undefined || kept === gone) return
    this.#visitors.delete(gone)
    const visitor = this.touch(kept)
    const { viewed, bought } = other
    viewed.products.forEach((product, index) => follow(visitor.viewed, product, viewed.at[index]!))
    bought?.products.forEach((product, index) => follow((visitor.bought ??= { products: [], at: [] }), product, bought.at[index]!))
  }
}

/** Puts a product in by its time; its place, or -1 when it was there later already. */
export function follow(trail: Trail, product: number, at: number): number {
  const before = trail.products.indexOf(product)
  if (before >= 0) {
    if (trail.at[before]! > at) return -1
    trail.products.splice(before, 1)
    trail.at.splice(before, 1)
  }
  let place = trail.products.length
  // The log of before a restart is told while new events come in.
  while (place > 0 && trail.at[place - 1]! > at) place--
  trail.products.splice(place, 0, product)
  trail.at.splice(place, 0, at)
  if (trail.products.length <= trailMax) return place
  trail.products.shift()
  trail.at.shift()
  return place - 1
}
