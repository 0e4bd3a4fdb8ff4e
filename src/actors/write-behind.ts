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

export type WriteBehind = ReturnType<typeof createWriteBehind>

export function createWriteBehind(options: { lives: Lives; seen: Seen; log: Log; meta: Meta; eventsMax?: number; ageMaxMs?: number }) {
  const { lives, seen, log, meta } = options
  const eventsMax = options.eventsMax ?? limits.replayEventsMax
  const ageMaxMs = options.ageMaxMs ?? limits.replayAgeMaxMs
  let watermark = Number(meta.get('watermark') ?? 0)
  let since = 0
  let target = 0
  let leaving: Hot[] | null = null

  function begin() {
    target = log.lastSeq()
    leaving = lives.takeDirty()
    seen.beginLeaving()
  }

  /** Up to `most` lives and some ids in the open transaction; true when the watermark moved. */
  function slice(most: number): boolean {
    for (let n = 0; n < most && leaving!.length > 0; n++) lives.store(leaving!.pop()!)
    const idsWritten = seen.leave(most * 2)
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
    return behind >= eventsMax * 0.5 || now - since >= ageMaxMs * 0.5 || lives.isCrowded()
  }

  return {
    /** How far the stored lives are behind, in rows of the log. */
    behind: () => log.lastSeq() - watermark,
    watermark: () => watermark,
    isIdle: () => leaving === null && lives.dirtySize() === 0 && seen.size() === 0,
    /** Whether it is in the middle of it. */
    isLeaving: () => leaving !== null,

    /**
     * A share of the work in the open transaction, after a batch of `taken` rows: about as much as came in, so that it
     * keeps pace and never stalls a batch; more when nothing comes in or the bound is near. Frees memory too.
     */
    step(now: number, taken: number) {
      lives.letGo()
      seen.warm(1_000)
      const behind = log.lastSeq() - watermark
      if (leaving === null) {
        if (!isDue(now, behind)) return
        begin()
        since = 0
      }
      const share = taken === 0 ? 256 : 32 + taken
      slice(behind > eventsMax * 0.8 || lives.isCrowded() ? share * 3 : share)
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
        while (!slice(20_000)) continue
      }
    },
  }
}
