/** What recommending costs with a large catalogue, and how often it is right on real shops' data. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readEvents } from '../lab/files.ts'
import { createRecommender } from '../recommend/recommend.ts'
import { guessNext } from './next-product.ts'
import type { Measure } from './targets.ts'
import { createRandom } from './traffic.ts'

const shared = fileURLToPath(new URL('../../../shared/data/', import.meta.url))
const rankings = 2_000
const visitMs = 40_000

export const measureRecommend: Measure = async ({ quick, say, figures }) => {
  say('recommendations')
  Object.assign(figures, timesOf(quick ? 20_000 : 100_000, quick ? 100_000 : 1_000_000))
  for (const [name, file] of [
    ['rees46', 'rees46-2019-10-01.csv.gz'],
    ['taobao', 'taobao-9-days.csv'],
    ['retail', 'online-retail-2010-2011.csv.gz'],
  ] as const) {
    if (!existsSync(shared + file)) {
      say(`left out: ${file} is not here`)
      continue
    }
    for (const [kind, guessed] of Object.entries(guessNext(readEvents(shared + file).messages)))
      if (guessed.guesses > 0) for (const [figure, value] of Object.entries(guessed)) figures[`recommend.${name}.${kind}.${figure}`] = value
  }
}

/** Microseconds, with every product known and a few much sought. */
function timesOf(products: number, events: number): Record<string, number> {
  const random = createRandom(7)
  const ids = Array.from({ length: products }, (_, n) => `product-${n}`)
  const categories = new Map(ids.map((id, n) => [id, `category-${n % 500}`]))
  const recommender = createRecommender({ knows: () => true, fits: () => true, categoryOf: (id) => categories.get(id) })
  const draw = () => ids[Math.floor(products * random() ** 3)]!
  ids.forEach((id, n) => recommender.viewed(n % 20_000, id, n))
  const customers = 20_000
  const begun = performance.now()
  for (let n = 0; n < events; n++) {
    const customer = Math.floor(n / 8) % customers
    if (n % 40 === 0) recommender.bought(customer, [draw(), draw(), draw()], n * visitMs)
    else recommender.viewed(customer, draw(), n * visitMs)
  }
  const update = ((performance.now() - begun) * 1_000) / events
  const times: number[] = []
  for (let n = 0; n < rankings; n++) {
    const about = [draw(), draw(), draw()]
    const from = performance.now()
    recommender.rank({ customer: Math.floor(random() * customers), at: events * visitMs, about, not: [], most: 4 })
    times.push((performance.now() - from) * 1_000)
  }
  times.sort((a, b) => a - b)
  return {
    'recommend.products': products,
    'recommend.updateUs': update,
    'recommend.rankUs': times[Math.floor(rankings / 2)]!,
    'recommend.rankP99Us': times[Math.floor(rankings * 0.99)]!,
  }
}
