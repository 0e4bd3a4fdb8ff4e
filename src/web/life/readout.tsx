/** The instant looked at in words, above the scrubber, with steps to either side. */
import { clockOf, count as counted, dayOf, exactly, number } from '../words.ts'
import type { Life } from './life.ts'
import { useClock, useMoment, useTold } from './looking.ts'

export function Readout({ life }: { life: Life }) {
  const moment = useMoment(life)
  const now = useClock(life)
  useTold(life)
  const turn = life.turn(moment.index)
  const at = moment.now ? now : moment.at
  const { count } = life.track
  const isBetween = !moment.now && moment.at > life.track.at[moment.index]!
  return (
    <div class="readout">
      <div class="instant-words">
        <time class="numbers" dateTime={new Date(at).toISOString()} title={exactly(at)}>
          <span class="soft">{dayOf(at)}</span> <strong>{clockOf(at)}</strong>
        </time>
        <span class="what-happened">
          {moment.now ? (
            <span class="chip good">now</span>
          ) : (
            <>
              {isBetween && <span class="soft">after </span>}
              <span>{turn?.name ?? '…'}</span>
              {turn?.about && <span class="soft"> · {turn.about.slice(0, 200)}</span>}
            </>
          )}
        </span>
      </div>
      <div class="steps">
        <span class="soft small numbers which">{moment.now ? `after ${counted(count, 'turn')}` : `turn ${number(moment.index + 1)} of ${number(count)}`}</span>
        <button type="button" class="button small" onClick={() => life.step(-1)} disabled={!moment.now && moment.index === 0} aria-label="One turn back">
          ←
        </button>
        <button type="button" class="button small" onClick={() => life.step(1)} disabled={moment.now} aria-label="One turn on">
          →
        </button>
        <button type="button" class="button small" onClick={() => life.go(count)} disabled={moment.now}>
          Now
        </button>
      </div>
    </div>
  )
}
