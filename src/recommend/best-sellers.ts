/** The products that sell best, of the shop and of each category: only the first `most` of each are kept in order. */
const most = 64
const categoriesMax = 5_000

/** Strongest first. */
type List = { products: number[]; weights: number[] }

export class BestSellers {
  readonly #shop: List = { products: [], weights: [] }
  readonly #categories = new Map<string, List>()

  /** `weight`: all that the product has sold, never less than the last time. */
  add(product: number, weight: number, category: string | undefined): void {
    rise(this.#shop, product, weight)
    if (category === undefined) return
    let list = this.#categories.get(category)
    if (list === undefined) {
      if (this.#categories.size >= categoriesMax) return
      this.#categories.set(category, (list = { products: [], weights: [] }))
    }
    rise(list, product, weight)
  }

  /** Of a category, or of the shop. */
  of(category?: string): readonly number[] {
    return (category === undefined ? this.#shop : this.#categories.get(category))?.products ?? []
  }
}

function rise({ products, weights }: List, product: number, weight: number) {
  let place = products.indexOf(product)
  if (place < 0) {
    if (products.length < most) place = products.push(product) - 1
    else if (weights.at(-1)! < weight) place = most - 1
    else return
  }
  for (; place > 0 && weights[place - 1]! < weight; place--) {
    products[place] = products[place - 1]!
    weights[place] = weights[place - 1]!
  }
  products[place] = product
  weights[place] = weight
}
