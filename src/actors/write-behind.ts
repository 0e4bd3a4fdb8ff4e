/**
 * Lets the stored lives and seen ids catch up with the log, in slices between batches.
 * 1. `watermark` (in table meta) says: everything up to this row of the log is in the stored lives and in `seen`.
 *    It moves in the same transaction as the last slice before it.
 * 2. A restart tells the rows after it again; there are at most about `replayEventsMax` of them, or `replayAgeMaxMs` of work.
 */
import { limits } from '../core/limits.ts'
import type { Log } from '../store/log.ts'
import type { Meta } from '../store/meta.ts'
import type { Seen } from '../store/seen.ts'
import type { Hot, Lives } from './lives.ts'

/** Of the bound: where it begins, and the rows over which the work is spread. */
const beginAt = 0.45
const paidWithin = 0.45
/** Lives written in one go when nothing comes in. */
const idleShare = 256

export function createWriteBehind(options: { lives: Lives; seen: Seen; log: Log; meta: Meta; eventsMax?: number; ageMaxMs?: number }) {
  const { lives, seen, log, meta } = options
  const eventsMax = options.eventsMax ?? limits.replayEventsMax
  const ageMaxMs = options.ageMaxMs ?? limits.replayAgeMaxMs
  let watermark = Number(meta.get('watermark') ?? 0)
  let since = 0
  let target = 0
  let leaving: Hot[] | null = null
  /** What each row taken meanwhile pays of the work, so that it is done in time and stalls no batch; and what is owed. */
  const share = { lives: 0, ids: 0 }
  const owed = { lives: 0, ids: 0 }

  function begin() {
    target = log.lastSeq()
    leaving = lives.takeDirty()
    share.lives = leaving.length / (eventsMax * paidWithin)
    share.ids = seen.size() / (eventsMax * paidWithin)
    owed.lives = owed.ids = 0
    seen.beginLeaving()
  }

  /** Up to so many lives and ids in the open transaction; true when the watermark moved. */
  function slice(livesMost: number, idsMost: number): boolean {
    for (let n = 0; n < livesMost && leaving!.length > 0; n++) lives.store(leaving!.pop()!)
    const idsWritten = seen.leave(idsMost)
    if (leaving!.length > 0 || !idsWritten) return false
    meta.set('watermark', target)
    watermark = target
    leaving = null
    seen.left()
    return true
  }

  function isDue(now: number, behind: number): boolean {
    if (behind === 0 && lives.dirtySize() === 0) return false
    if (since === 0) since = now
    return behind >= eventsMax * beginAt || now - since >= ageMaxMs * 0.5 || lives.isCrowded()
  }

  return {
    /** How far the stored lives are behind, in rows of the log. */
    behind: () => log.lastSeq() - watermark,
    watermark: () => watermark,
    isIdle: () => leaving === null && lives.dirtySize() === 0 && seen.size() === 0,
    /** Whether it is in the middle of it. */
    isLeaving: () => leaving !== null,

    /** A share of the work in the open transaction, after a batch of `taken` rows; more when nothing comes in. Frees memory too. */
    step(now: number, taken: number) {
      lives.letGo()
      seen.warm(1_000)
      const behind = log.lastSeq() - watermark
      if (leaving === null) {
        if (!isDue(now, behind)) return
        begin()
        since = 0
      }
      if (taken === 0) return void slice(idleShare, idleShare * 2)
      const hurry = behind > eventsMax * 0.95 || lives.isCrowded() ? 4 : 1
      owed.lives += taken * share.lives * hurry
      owed.ids += taken * share.ids * hurry
      const [livesDue, idsDue] = [Math.ceil(owed.lives), Math.ceil(owed.ids)]
      owed.lives -= livesDue
      owed.ids -= idsDue
      slice(livesDue, idsDue)
    },

    /** On virtual time: frees memory, and only when there is much to free. */
    relieve() {
      if (lives.isCrowded() || seen.size() > 1_000_000) this.finish()
      lives.letGo()
    },

    /** Everything at once, in the open transaction: a clean stop. */
    finish() {
      for (let round = 0; round < 2; round++) {
        if (leaving === null) begin()
        while (!slice(20_000, 40_000)) continue
      }
    },
  }
}
