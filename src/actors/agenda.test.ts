import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Agenda } from './agenda.ts'

test('whoever is due first comes out first, however many there are', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.nat(1_000)), { maxLength: 3_000 }), (entries) => {
      const agenda = new Agenda()
      for (const [due, customer] of entries) agenda.push(due, customer)
      const out: number[][] = []
      while (agenda.size > 0) out.push([agenda.next(), agenda.pop()])
      expect(out).toEqual(entries.toSorted(([a, x], [b, y]) => a - b || x - y))
      expect(agenda.next()).toBe(Infinity)
    }),
    { numRuns: 50 },
  )
})
