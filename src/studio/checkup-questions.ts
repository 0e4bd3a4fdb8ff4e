/** The checkup, asked of the reader: made in slices, between which other questions have their turn. */
import { examine } from '../checkup/examine.ts'
import type { Report } from '../checkup/report.ts'
import { lastKept, toldReport } from '../checkup/told.ts'
import type { CheckupPage } from './api-checkup.ts'
import type { QuestionsContext } from './questions.ts'

export function createCheckupQuestions({ store, of, letters, breathe = async () => {} }: QuestionsContext) {
  const { shop, shelves } = letters
  return {
    async checkup({ now }: { now: number }): Promise<Report> {
      const slices = examine({ store, of, shop, now, ...(shelves === undefined ? {} : { lent: shelves.get }) })
      for (;;) {
        const slice = slices.next()
        if (slice.done) return slice.value
        await breathe()
      }
    },

    checkedUp(_: object): { last: CheckupPage['last'] } {
      const kept = lastKept(store)
      return { last: kept === null ? null : toldReport(store, kept) }
    },
  }
}
