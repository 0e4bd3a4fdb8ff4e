/**
 * Who is due next: a binary heap of (due, customer) in typed arrays, 12 bytes an entry.
 * It holds the near future only, and an entry may be stale: whoever pops one asks the customer's life when it is
 * really due (R5: a timer fires at its row's time, never at the heap's).
 */
export class Agenda {
  #due = new Float64Array(1_024)
  #customer = new Uint32Array(1_024)
  size = 0

  /** When the first entry is due, ms; Infinity when there is none. */
  next(): number {
    return this.size === 0 ? Infinity : this.#due[0]!
  }

  /** How many entries are due by `now`, stale ones included. */
  countDue(now: number): number {
    let due = 0
    for (let at = 0; at < this.size; at++) if (this.#due[at]! <= now) due++
    return due
  }

  push(due: number, customer: number) {
    if (this.size === this.#due.length) this.#grow()
    let at = this.size++
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#due[parent]! < due || (this.#due[parent]! === due && this.#customer[parent]! <= customer)) break
      this.#move(parent, at)
      at = parent
    }
    this.#set(at, due, customer)
  }

  /** Takes the first entry out and returns its customer. */
  pop(): number {
    const first = this.#customer[0]!
    const due = this.#due[--this.size]!
    const customer = this.#customer[this.size]!
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= this.size) break
      if (child + 1 < this.size && this.#isBefore(child + 1, child)) child++
      if (due < this.#due[child]! || (due === this.#due[child]! && customer <= this.#customer[child]!)) break
      this.#move(child, at)
      at = child
    }
    if (this.size > 0) this.#set(at, due, customer)
    return first
  }

  #isBefore(a: number, b: number): boolean {
    return this.#due[a]! < this.#due[b]! || (this.#due[a]! === this.#due[b]! && this.#customer[a]! < this.#customer[b]!)
  }

  #move(from: number, to: number) {
    this.#set(to, this.#due[from]!, this.#customer[from]!)
  }

  #set(at: number, due: number, customer: number) {
    this.#due[at] = due
    this.#customer[at] = customer
  }

  #grow() {
    const due = new Float64Array(this.#due.length * 2)
    due.set(this.#due)
    this.#due = due
    const customer = new Uint32Array(this.#customer.length * 2)
    customer.set(this.#customer)
    this.#customer = customer
  }
}
