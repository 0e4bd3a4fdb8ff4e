/**
 * Recommendations for letters that are only looked at: what goes with what is known to the engine's thread alone, and a
 * letter is written in one go. So it is written once without them, they are asked for together, and it is written again.
 */
import type { Shelves } from '../mail/stock.ts'

/** What `Shelves.recommend` is asked. */
export type Wish = [customer: number, about: readonly string[], not: readonly string[], at: number]
export type Advice = ReturnType<NonNullable<Shelves['recommend']>>
export type Advise = (wishes: readonly Wish[]) => Promise<Advice[]>

/** A second answer may need other products; further ones make no better preview. */
const roundsMax = 3

/** What `work` gives once it has whatever recommendations it asked for. */
export async function withAdvice<T>(shelves: Shelves | undefined, advise: Advise, work: (shelves: Shelves) => T): Promise<T> {
  const known = new Map<string, Advice>()
  for (let round = 1; ; round++) {
    const wishes = new Map<string, Wish>()
    const recommend = (...wish: Wish): Advice => {
      const key = JSON.stringify(wish)
      if (!known.has(key)) wishes.set(key, wish)
      return known.get(key) ?? null
    }
    const answer = work({ get: (id) => shelves?.get(id), recommend })
    if (wishes.size === 0 || round === roundsMax) return answer
    const advice = await advise([...wishes.values()])
    for (const [index, key] of [...wishes.keys()].entries()) known.set(key, advice[index] ?? null)
  }
}
