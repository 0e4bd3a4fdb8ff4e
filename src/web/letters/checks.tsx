/** What mail programs and filters will make of a letter: one line for all checks, and each with its findings. */
import type { LetterCheck } from '../../studio/api.ts'
import { count } from '../words.ts'
import { Verdict, verdictWords } from './verdict.tsx'

/** All checks in one line; choosing one opens it. */
export function CheckLine({ checks, onChoose }: { checks: LetterCheck[]; onChoose: (id: string) => void }) {
  return (
    <ul class="check-line" aria-label="Checks">
      {checks.map(({ id, title, result }) => (
        <li key={id}>
          <button type="button" class={`check-pill ${result}`} onClick={() => onChoose(id)} title={`${title}: ${verdictWords[result]}`}>
            <Verdict result={result} />
            {title}
          </button>
        </li>
      ))}
    </ul>
  )
}

const shownAtOnce = 12

/** `chosen`: the check that is open from the start, besides those that ask for attention. */
export function Checks({ checks, chosen }: { checks: LetterCheck[]; chosen: string | null }) {
  const worries = checks.filter(({ result }) => result === 'warn' || result === 'bad').length
  return (
    <div class="checks">
      <p class="soft">
        {worries === 0 ? 'Nothing here needs mending.' : `${count(worries, 'check needs', 'checks need')} a look.`} Mail programs are judged by the tests of{' '}
        <a href="https://www.caniemail.com" target="_blank" rel="noopener noreferrer">
          caniemail.com
        </a>
        .
      </p>
      {checks.map((check) => (
        <Check
          key={`${check.id} ${chosen}`}
          check={check}
          isOpen={check.id === chosen || (chosen === null && (check.result === 'warn' || check.result === 'bad'))}
        />
      ))}
    </div>
  )
}

function Check({ check, isOpen }: { check: LetterCheck; isOpen: boolean }) {
  const head = (
    <>
      <Verdict result={check.result} />
      <span class="check-title">{check.title}</span>
      <span class="check-words">{check.words}</span>
    </>
  )
  if (check.items.length === 0) return <div class="check plain">{head}</div>
  return (
    <details class="check" open={isOpen}>
      <summary>{head}</summary>
      <ul class="findings">
        {check.items.slice(0, shownAtOnce).map((item) => (
          <FindingRow key={item.words} item={item} />
        ))}
      </ul>
      {check.items.length > shownAtOnce && (
        <details class="rest">
          <summary>{count(check.items.length - shownAtOnce, 'more finding')}</summary>
          <ul class="findings">
            {check.items.slice(shownAtOnce).map((item) => (
              <FindingRow key={item.words} item={item} />
            ))}
          </ul>
        </details>
      )}
    </details>
  )
}

const FindingRow = ({ item }: { item: LetterCheck['items'][number] }) => (
  <li class="finding">
    <Verdict result={item.result} />
    <div>
      <p class="break">{item.words}</p>
      {item.detail !== undefined && <p class="soft small break">{item.detail}</p>}
    </div>
  </li>
)
