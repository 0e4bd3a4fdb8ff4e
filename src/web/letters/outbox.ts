/** The list of letters as far as it was scrolled: pages fetched one after the other, and softly renewed when something happens. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { FeedTick, LetterList, LetterRow, LetterState } from '../../studio/api.ts'
import { ask, withQuery } from '../ask.ts'
import { onTick } from '../live.ts'

export type Filter = { state: LetterState | null; template: string | null }

export type Outbox = {
  letters: LetterRow[]
  /** What to ask for next; null: that is all. */
  before: number | null
  counts: LetterList['counts']
  templates: string[]
  /** Letters that came in while the reader was further down; they are shown when asked for. */
  news: number
}

const pageSize = 100
const renewEveryMs = 2_000

type Answer = { filter: string; outbox: Outbox | null; fault: Error | null }

/** `seen`: the rows on screen, as the list tells them. */
export function useOutbox({ state, template }: Filter) {
  const [answer, setAnswer] = useState<Answer>({ filter: '', outbox: null, fault: null })
  const [round, setRound] = useState(0)
  const filter = `${state}/${template}`
  const latest = useRef({ filter, outbox: null as Outbox | null, from: 0, to: 0, isFetching: false })
  if (latest.current.filter !== filter) latest.current = { filter, outbox: null, from: 0, to: 0, isFetching: false }
  const here = latest.current

  const show = (outbox: Outbox) => {
    if (latest.current !== here) return
    here.outbox = outbox
    setAnswer({ filter, outbox, fault: null })
  }
  const fail = (fault: Error) => {
    if (latest.current === here) setAnswer((before) => ({ filter, outbox: here.outbox ?? before.outbox, fault }))
  }
  const fetchPage = (before?: number) => ask<LetterList>(withQuery('letters', { state, template, before, limit: pageSize }))

  useEffect(() => {
    fetchPage().then((page) => show({ ...page, news: 0 }), fail)
  }, [filter, round])

  useHappenings(() => {
    if (here.outbox === null || here.isFetching) return
    here.isFetching = true
    const isDown = here.from > rowsAtTop
    const middle = here.from < pageSize ? null : (here.outbox.letters[here.from]?.id ?? null)
    Promise.all([fetchPage(), middle === null ? null : fetchPage(middle + 1)])
      .then(([top, around]) => show(isDown ? touched(here.outbox!, top, around) : joined(here.outbox!, top)), fail)
      .finally(() => (here.isFetching = false))
  })

  const more = () => {
    const { outbox } = here
    if (outbox === null || outbox.before === null || here.isFetching) return
    here.isFetching = true
    fetchPage(outbox.before)
      .then((page) => show({ ...here.outbox!, letters: [...here.outbox!.letters, ...page.letters], before: page.before }), fail)
      .finally(() => (here.isFetching = false))
  }

  return {
    /** Until a new filter is answered, what the one before it gave; `shown` says which. */
    outbox: answer.outbox,
    shown: answer.filter,
    fault: answer.filter === filter ? answer.fault : null,
    again: () => setRound((n) => n + 1),
    /** Hears which rows are on screen, and fetches more before the end is reached. */
    seen(from: number, to: number) {
      here.from = from
      here.to = to
      if (here.outbox !== null && to > here.outbox.letters.length - pageSize / 2) more()
    },
  }
}

const rowsAtTop = 3

/** The newest page in front of what was known before. */
function joined(known: Outbox, top: LetterList): Outbox {
  const last = top.letters.at(-1)?.id ?? Infinity
  const first = known.letters[0]?.id ?? -Infinity
  // More than a page is new: what lies between is not known.
  if (top.before === null || last > first) return { ...top, news: 0 }
  return { ...top, letters: [...top.letters, ...known.letters.filter(({ id }) => id < last)], before: known.before, news: 0 }
}

/** What is known stays where it is, so that nothing moves under the reader; only its states are renewed. */
function touched(known: Outbox, top: LetterList, around: LetterList | null): Outbox {
  const renewed = new Map([...top.letters, ...(around?.letters ?? [])].map((letter) => [letter.id, letter]))
  const first = known.letters[0]?.id ?? 0
  return {
    ...known,
    counts: top.counts,
    letters: known.letters.map((letter) => renewed.get(letter.id) ?? letter),
    news: top.letters.filter(({ id }) => id > first).length,
  }
}

/** Calls `renew` when the feed says that letters came or changed, not more often than every two seconds. */
export function useHappenings(renew: () => void): void {
  const latest = useRef(renew)
  latest.current = renew
  useEffect(() => {
    let before = ''
    let at = 0
    let waiting: ReturnType<typeof setTimeout> | null = null
    const stop = onTick(({ health }: FeedTick) => {
      const now = `${health.backlog.letters}/${health.letters.failed}/${health.letters.unknown}/${health.perSecond.letters}`
      const isNew = before !== '' && now !== before
      before = now
      if (!isNew || waiting !== null) return
      const run = () => {
        waiting = null
        at = Date.now()
        latest.current()
      }
      waiting = setTimeout(run, Math.max(0, at + renewEveryMs - Date.now()))
    })
    return () => {
      stop()
      if (waiting !== null) clearTimeout(waiting)
    }
  }, [])
}
