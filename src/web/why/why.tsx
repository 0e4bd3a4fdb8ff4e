/** Why a letter was sent, or was not: for any template there is, also one that this customer never came near. */
import { useEffect, useRef } from 'preact/hooks'
import type { CustomerPage, WhyAnswer } from '../../studio/api.ts'
import { withQuery } from '../ask.ts'
import { useAsk } from '../hooks.ts'
import type { Life } from '../life/life.ts'
import { Fault, Spinner } from '../parts/basics.tsx'
import { count } from '../words.ts'
import { Never } from './never.tsx'
import { WhyDecided } from './decided.tsx'

type Asked = { life: Life; template: string; decision: string | null; onChoose: (template: string) => void; onClose: () => void }

export function Why({ life, template, decision, onChoose, onClose }: Asked) {
  const asked = useAsk<WhyAnswer>(withQuery(`customers/${life.id}/why`, { template: template || firstOf(life.page), decision }))
  const answer = asked.value
  const box = useRef<HTMLElement>(null)
  useEffect(() => {
    box.current?.focus({ preventScroll: true })
    box.current?.scrollIntoView({ block: 'nearest' })
  }, [])
  const answered = answer !== null
  useEffect(() => {
    // On a narrow screen the answer would begin at the foot of it.
    if (answered && box.current !== null && box.current.getBoundingClientRect().top > innerHeight / 2) box.current.scrollIntoView({ block: 'start' })
  }, [answered])
  useEffect(() => {
    let seen = life.page.decisions.length
    return life.onTold(() => {
      if (life.page.decisions.length === seen) return
      seen = life.page.decisions.length
      asked.again()
    })
  }, [life])
  return (
    <section class="card why" aria-labelledby="why-title" ref={box} tabIndex={-1}>
      <header>
        <h2 id="why-title">Why?</h2>
        {answer && (
          <select aria-label="Which letter" value={answer.template} onChange={(event) => onChoose(event.currentTarget.value)}>
            {answer.templates.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        )}
        <button type="button" class="button quiet small" onClick={onClose} aria-label="Close the explanation">
          Close
        </button>
      </header>
      <div class="body answer" aria-live="polite" aria-busy={asked.loading}>
        {asked.fault && <Fault fault={asked.fault} again={asked.again} />}
        {!answer && !asked.fault && <Spinner what="Looking into it" />}
        {answer && <Answer answer={answer} life={life} chosen={decision} />}
      </div>
    </section>
  )
}

/** What people most likely ask about: the last letter that came up. */
const firstOf = ({ decisions }: CustomerPage) => decisions.toSorted((a, b) => b.at - a.at)[0]?.template ?? null

/** The decision asked about, or the last; what came of it since; then the earlier ones. */
function Answer({ answer, life, chosen }: { answer: WhyAnswer; life: Life; chosen: string | null }) {
  const { decisions, never } = answer
  const first = decisions.find(({ id }) => String(id) === chosen) ?? decisions[0]
  const others = decisions.filter((decision) => decision !== first)
  return (
    <>
      {first && <WhyDecided key={first.id} decision={first} life={life} open />}
      {never && <Never never={never} life={life} template={answer.template} before={decisions.length} />}
      {!never && decisions.length === 0 && <p class="soft">It waits for an answer right now.</p>}
      {others.length > 0 && (
        <details class="other-times">
          <summary>{count(others.length, 'other time')} that it came up</summary>
          {others.map((decision) => (
            <WhyDecided key={decision.id} decision={decision} life={life} open={false} />
          ))}
        </details>
      )}
    </>
  )
}
