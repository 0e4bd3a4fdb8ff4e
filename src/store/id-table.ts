/**
 * Hashes and the rows they stand for, in two typed arrays: 16 bytes an entry at most half full, no garbage.
 * An entry's place is its hash scaled to the table, so walking the table gives the hashes in order, or nearly.
 */
export class IdTable {
  #hashes: Float64Array
  #seqs: Float64Array
  size = 0

  constructor(capacity = 1_024) {
    this.#hashes = new Float64Array(capacity)
    this.#seqs = new Float64Array(capacity)
  }

  get capacity(): number {
    return this.#hashes.length
  }

  /** `hash` from 1 to 2^53; one hash may be added with several rows. */
  add(hash: number, seq: number) {
    if (this.size * 2 >= this.capacity) this.#grow()
    let place = this.#placeOf(hash)
    while (this.#hashes[place] !== 0) place = place + 1 === this.capacity ? 0 : place + 1
    this.#hashes[place] = hash
    this.#seqs[place] = seq
    this.size++
  }

  has(hash: number): boolean {
    for (let place = this.#placeOf(hash); this.#hashes[place] !== 0; place = place + 1 === this.capacity ? 0 : place + 1)
      if (this.#hashes[place] === hash) return true
    return false
  }

  /** All rows of a hash. */
  get(hash: number): number[] {
    const rows: number[] = []
    for (let place = this.#placeOf(hash); this.#hashes[place] !== 0; place = place + 1 === this.capacity ? 0 : place + 1)
      if (this.#hashes[place] === hash) rows.push(this.#seqs[place]!)
    return rows
  }

  /** The hash at a place, 0 where there is none; its row is `seqAt`. */
  hashAt(place: number): number {
    return this.#hashes[place]!
  }

  seqAt(place: number): number {
    return this.#seqs[place]!
  }

  clear() {
    this.#hashes.fill(0)
    this.size = 0
  }

  #placeOf(hash: number): number {
    return Math.min(Math.floor((hash / 2 ** 53) * this.capacity), this.capacity - 1)
  }

  #grow() {
    const { capacity } = this
    const hashes = this.#hashes
    const seqs = this.#seqs
    this.#hashes = new Float64Array(capacity * 2)
    this.#seqs = new Float64Array(capacity * 2)
    this.size = 0
    for (let place = 0; place < capacity; place++) if (hashes[place] !== 0) this.add(hashes[place]!, seqs[place]!)
  }
}
