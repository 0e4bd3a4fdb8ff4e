/** Every turn of a life as a list. The row of the instant looked at is marked; a click on a row goes there. */
import type { TargetedKeyboardEvent } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import type { Track, Turn } from '../../studio/api.ts'
import { LongList, Tabs } from '../parts/basics.tsx'
import { clockOf, count, dayOf, exactly } from '../words.ts'
import type { Life } from './life.ts'
import { useUnhurried, useTold } from './looking.ts'
import { LetterMark } from './told.tsx'

const filters = [
  ['all', 'Everything'],
  ['moves', 'Moves'],
  ['letters', 'Letters'],
] as const
type Filter = (typeof filters)[number][0]

const rowPx = 46
/** The list follows a drag at this pace; the scrubber itself goes with every frame. */
const followMs = 160

/** Which turns a filter leaves; null: all of them. Pure. */
export function chosen({ count, states, letters }: Track, filter: Filter): number[] | null {
  if (filter === 'all') return null
  const found: number[] = []
  for (let index = 0; index < count; index++)
    if (filter === 'letters' ? letters[index] !== 0 : index === 0 || states[index] !== states[index - 1]) found.push(index)
  return found
}

export function Story({ life }: { life: Life }) {
  useTold(life)
  const moment = useUnhurried(life, followMs)
  const [filter, setFilter] = useState<Filter>('all')
  const indices = useMemo(() => chosen(life.track, filter), [life.track, filter])
  const turns = indices?.length ?? life.track.count
  const indexOf = (row: number) => indices?.[row] ?? row
  const row = rowOf(indices, moment.index)
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>) => {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : null
    if (by === null || turns === 0 || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    const here = rowOf(indices, life.heading.index)
    life.go(indexOf(Math.min(turns - 1, Math.max(0, here + by))))
  }
  return (
    <section class="card story" aria-label="The story">
      <header>
        <h2>The story</h2>
        <span class="soft small numbers">{filter === 'all' ? count(turns, 'turn') : `${count(turns, 'turn')} of ${life.track.count.toLocaleString()}`}</span>
        <span class="grow" />
        <Tabs label="Which turns" tabs={filters} value={filter} onChange={setFilter} />
      </header>
      {turns === 0 ? (
        <p class="body soft">{filter === 'letters' ? 'No letter ever came up in this life.' : 'Nothing ever moved.'}</p>
      ) : (
        <div onKeyDown={onKeyDown}>
          <LongList
            count={turns}
            rowPx={rowPx}
            heightPx={turns < 6 ? rowPx * 6 : 'min(460px, 60vh)'}
            label="Turns, the first on top. Arrow keys go from turn to turn."
            scrollTo={row}
            onSeen={(from, to) => life.see(indexOf(from), indexOf(Math.max(from, Math.min(to, turns) - 1)))}
            row={(at) => <Row life={life} index={indexOf(at)} isHere={indexOf(at) === moment.index} />}
          />
        </div>
      )}
    </section>
  )
}

/** The row of a turn, or of the last one before it that the filter leaves. */
function rowOf(indices: readonly number[] | null, index: number): number {
  if (indices === null) return index
  let row = indices.findIndex((other) => other > index)
  if (row === -1) row = indices.length
  return Math.max(0, row - 1)
}

const kinds = ['of-customer', 'of-clock', 'of-post', 'of-merge'] as const

function Row({ life, index, isHere }: { life: Life; index: number; isHere: boolean }) {
  const { track } = life
  const turn = life.turn(index)
  const at = track.at[index]!
  const isNewDay = index === 0 || new Date(at).toDateString() !== new Date(track.at[index - 1]!).toDateString()
  return (
    <button
      type="button"
      class={`turn-row ${kinds[track.kinds[index]!]} ${turn?.unheard ? 'unheard' : ''}`}
      aria-current={isHere ? 'step' : undefined}
      tabIndex={isHere ? 0 : -1}
      onClick={() => life.go(index)}
    >
      <span class="at numbers" title={exactly(at)}>
        {clockOf(at)}
        <span class="soft day">{isNewDay ? dayOf(at) : ''}</span>
      </span>
      <span class="dot" aria-hidden="true" />
      {turn === null ? <span class="soft">…</span> : <Told turn={turn} />}
    </button>
  )
}

function Told({ turn }: { turn: Turn }) {
  const moves = turn.moves.map(({ region, to }) => `${region} → ${to}`).join(', ')
  const timers = [turn.set.length > 0 ? `${count(turn.set.length, 'timer')} set` : '', turn.cancelled.length > 0 ? `${turn.cancelled.length} called off` : '']
  const under = turn.unheard === null ? [moves, ...timers].filter(Boolean).join(' · ') : `not heard: ${turn.unheard}`
  return (
    <span class="told">
      <span class="name">
        {turn.name}
        {turn.about && <span class="soft"> · {turn.about.slice(0, 160)}</span>}
      </span>
      <span class="soft small under">{under || 'nothing moved'}</span>
      {turn.decisions.length > 0 && (
        <span class="marks">
          {turn.decisions.map(({ id, decision, template }) => (
            <span key={id} class={`chip ${decision === 'queued' ? 'good' : ''}`}>
              <LetterMark queued={decision === 'queued'} />
              {template}
              {decision === 'skipped' && <span class="out-of-sight"> not sent</span>}
            </span>
          ))}
        </span>
      )}
    </span>
  )
}
