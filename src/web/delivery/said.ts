/** What came back, in one line. Pure. */
import type { CameBack } from '../../studio/api-bounces.ts'

const sources: Record<string, string> = { dsn: 'by mail', arf: 'by a feedback loop' }

/** What the other side said, who that was, and by which way it came. */
export function saidBy({ status, words, mta, source }: Pick<CameBack, 'status' | 'words' | 'mta' | 'source'>): string {
  const said = status === null || words.includes(status) ? words : `${status} ${words}`.trim()
  const way = sources[source] ?? `by ${source.replace('webhook:', '')}`
  return [said === '' ? 'no words' : said, mta, way].filter((part) => part !== null).join(' · ')
}
