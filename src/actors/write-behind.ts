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

  /** Up to `most` rows in the open transaction; true when the watermark moved. */
  function slice(most: number): boolean {
    for (let n = 0; n < most && leaving!.length > 0; n++) lives.store(leaving!.pop()!)
    if (leaving!.length > 0 || !seen.leave(most * 4)) return false
    meta.set('watermark', target)
    watermark = target
    leaving = null
    seen.left()
    return true
  }

  return {
    /** How far the stored lives are behind, in rows of the log. */
    behind: () => log.lastSeq() - watermark,
    watermark: () => watermark,
    isIdle: () => leaving === null && lives.dirtySize() === 0 && seen.size() === 0,

    /** A share of the work, in the open transaction: small while there is time, large when the bound comes near. */
    step(now: number) {
      const behind = log.lastSeq() - watermark
      if (leaving === null) {
        if (behind === 0 && lives.dirtySize() === 0) return
        if (since === 0) since = now
        if (behind < eventsMax * 0.4 && now - since < ageMaxMs * 0.4) return
        begin()
        since = 0
      }
      slice(behind > eventsMax * 0.9 ? 20_000 : 128)
    },

    /** On virtual time: frees memory, and only when there is much to free. */
    relieve() {
      if (lives.dirtySize() > 100_000 || seen.size() > 1_000_000) this.finish()
    },

    /** Everything at once, in the open transaction: a clean stop. */
    finish() {
      if (leaving === null) begin()
      while (!slice(20_000)) continue
      if (lives.dirtySize() > 0 || seen.size() > 0) {
        begin()
        while (!slice(20_000)) continue
      }
    },
  }
}
