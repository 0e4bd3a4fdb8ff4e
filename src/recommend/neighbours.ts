/**
 * For each product, which others go with it, and how strongly: at most `most` of them, in memory that is had in pieces, so
 * that growing copies nothing. When a list is full, a newcomer wears the weakest down before it takes its place.
 */
const most = 24
const pieceProducts = 64

type Piece = { others: Int32Array; weights: Float64Array; counts: Uint8Array }

export class Neighbours {
  /** Product → its list, -1 while it has none. */
  readonly #slots: number[] = []
  readonly #pieces: Piece[] = []
  #used = 0

  /** Makes `other` go with `product` by `weight` more. */
  add(product: number, other: number, weight: number): void {
    while (this.#slots.length <= product) this.#slots.push(-1)
    let slot = this.#slots[product]!
    if (slot < 0) slot = this.#slots[product] = this.#newSlot()
    const { others, weights, counts } = this.#pieces[Math.floor(slot / pieceProducts)]!
    const place = slot % pieceProducts
    const from = place * most
    const to = from + counts[place]!
    let weakest = from
    for (let at = from; at < to; at++) {
      if (others[at] === other) {
        weights[at]! += weight
        return
      }
      if (weights[at]! < weights[weakest]!) weakest = at
    }
    if (to < from + most) {
      counts[place]!++
      weakest = to
    } else if (weights[weakest]! > weight) {
      weights[weakest]! -= weight
      return
    }
    others[weakest] = other
    weights[weakest] = weight
  }

  each(product: number, tell: (other: number, weight: number) => void): void {
    const slot = this.#slots[product] ?? -1
    if (slot < 0) return
    const { others, weights, counts } = this.#pieces[Math.floor(slot / pieceProducts)]!
    const from = (slot % pieceProducts) * most
    const to = from + counts[slot % pieceProducts]!
    for (let at = from; at < to; at++) tell(others[at]!, weights[at]!)
  }

  #newSlot(): number {
    if (this.#used % pieceProducts === 0) {
      const length = pieceProducts * most
      this.#pieces.push({ others: new Int32Array(length), weights: new Float64Array(length), counts: new Uint8Array(pieceProducts) })
    }
    return this.#used++
  }
}
