/**
 * The shop's side of discount codes: it uploads them to a pool, and redeems what customers bring. What it was answered is
 * its ledger, which outlives every crash and is held against the table.
 */
import { isRefusal } from '../core/errors.ts'
import type { StoredLetter } from '../store/letters.ts'
import type { Store } from '../store/store.ts'
import { looking } from './disk.ts'
import type { Guard } from './disk.ts'
import type { Blame } from './people.ts'
import type { Server } from './server.ts'
import type { World } from './world.ts'

const hour = 3_600_000
const day = 24 * hour
const pool = 'spring'

type Options = {
  world: World
  blame: Blame
  note: (line: string) => void
  server: () => { server: Server; guard: Guard; isStopping: boolean } | null
  /** Hears of every request that changes something. */
  asked: () => void
}

export type Till = ReturnType<typeof createTill>

export function createTill({ world, blame, note, server: running, asked }: Options) {
  const random = world.random.fork('till')
  /** Codes that the shop was told are in the pool; those that an order has; those whose letter has begun to leave. */
  const uploaded = new Set<string>()
  const redeemed = new Map<string, string>()
  const left = new Map<string, number>()
  let made = 0

  const open = () => {
    const found = running()
    return found === null || found.guard.isDead || found.isStopping ? null : found
  }

  async function upload() {
    const found = open()
    if (found === null) return
    const codes = Array.from({ length: random.between(1, 4) }, () => `SPRING-${made++}`)
    asked()
    try {
      const told = await found.server.codes.upload(pool, codes)
      if (!isRefusal(told)) for (const code of codes) uploaded.add(code)
      note(`uploaded ${codes.join(' ')}`)
    } catch {
      // The process died with it: whether they are in the pool nobody knows.
    }
  }

  async function redeem(letter: number, orderId: string) {
    const found = open()
    const code = found === null ? undefined : looking(found.guard, () => found.server.store.codes.ofLetter(letter)?.code)
    if (found === null || code === undefined) return
    asked()
    try {
      const told = await found.server.codes.redeem({ code, orderId })
      if (isRefusal(told)) return note(`not redeemed ${code} ${told.refused}`)
      const before = redeemed.get(code)
      if (before !== undefined && before !== orderId) blame('R1', `the code ${code} was redeemed by ${before}, and again by ${orderId}`)
      redeemed.set(code, orderId)
      note(`redeemed ${code} ${orderId}`)
    } catch {
      // As above.
    }
  }

  return {
    open() {
      for (let n = 0; n < 6; n++) world.later(random.between(0, 20 * day), () => void upload())
    },
    /** A letter with a code was queued: its customer may bring it, now and then twice. */
    plan(letter: number) {
      const what = random.fork(String(letter))
      for (let order = 0; what.chance(0.6) && order < 3; order++)
        world.later(what.pick([what.between(0, hour), what.between(0, 9 * day)]), () => void redeem(letter, `o-${letter}-${order}`))
    },
    /** A letter begins to leave. */
    leaving({ id }: StoredLetter, store: Store) {
      const code = store.codes.ofLetter(id)?.code
      if (code !== undefined) left.set(code, id)
    },
    /** Every code stands where it was promised to. */
    judge(store: Store) {
      const rows = new Map(Array.from(store.codes.all(), (row) => [row.code, row]))
      for (const code of uploaded) if (!rows.has(code)) blame('R1', `the code ${code} was taken into the pool, and is not there`)
      for (const [code, orderId] of redeemed)
        if (rows.get(code)?.orderId !== orderId) blame('R1', `the code ${code} was redeemed by ${orderId}, and the table says ${rows.get(code)?.orderId}`)
      for (const [code, letter] of left)
        if (rows.get(code)?.letter !== letter) blame('R3', `the code ${code} left with letter ${letter}, and is ${rows.get(code)?.letter}'s`)
      for (const { code, letter } of rows.values()) {
        if (letter === null) continue
        const data = store.letters.frozen(letter)?.data
        const shown = data === undefined ? undefined : (JSON.parse(data) as { code?: { code: string } }).code?.code
        if (shown !== code) blame('R3', `letter ${letter} has the code ${code}, and shows ${shown}`)
      }
      for (const { id, template, state } of store.letters.list({ limit: 100_000 }))
        if (template === 'cart-discount' && state !== 'failed' && store.codes.ofLetter(id) === undefined) blame('R3', `letter ${id} has no code`)
    },
  }
}
