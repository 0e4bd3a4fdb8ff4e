/** How a check went, as a sign that is also told apart by its form. */
import type { LetterCheck } from '../../studio/api.ts'
import { Icon } from '../parts/icons.tsx'

type Result = LetterCheck['result']

export const verdictWords: Record<Result, string> = { good: 'fine', note: 'worth knowing', warn: 'look at this', bad: 'mend this' }

const forms: Record<Result, string> = {
  good: 'm4.6 8.300 2.300 2.300 4.600-5',
  note: 'M8 7.300v3.700M8 4.700v.1',
  warn: 'M8 4.600v4.200M8 11.200v.1',
  bad: 'm5.500 5.500 5 5m0-5-5 5',
}

export function Verdict({ result }: { result: Result }) {
  return (
    <span class={`verdict ${result}`}>
      <Icon box={16} size={16} weight={1.7}>
        {result === 'warn' ? <path d="M8 1.500 15 14H1Z" stroke-width="1.3" /> : <circle cx="8" cy="8" r="6.800" stroke-width="1.3" />}
        <path d={result === 'warn' ? 'M8 6v3.700M8 11.900v.1' : forms[result]} />
      </Icon>
      <span class="out-of-sight">{verdictWords[result]}: </span>
    </span>
  )
}
