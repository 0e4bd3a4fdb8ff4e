/** Those who get letters: they open, click, complain and unsubscribe when they like, and what they were answered is remembered. */
import { unsubscribeToken } from '../mail/links.ts'
import type { StoredLetter } from '../store/letters.ts'
import { looking } from './disk.ts'
import type { Guard } from './disk.ts'
import type { Blame, People } from './people.ts'
import type { Trip } from './post.ts'
import type { Server } from './server.ts'
import type { World } from './world.ts'

const minute = 60_000
const day = 24 * 60 * minute

type Options = {
  world: World
  people: People
  blame: Blame
  note: (line: string) => void
  /** The process, when there is one; while it stops it takes no requests. */
  server: () => { server: Server; guard: Guard; isStopping: boolean } | null
  /** Hears of every request that changes something. */
  asked: () => void
}

export type Readers = ReturnType<typeof createReaders>

export function createReaders({ world, people, blame, note, server: running, asked }: Options) {
  const random = world.random.fork('readers')
  /** Addresses that were told they are unsubscribed. */
  const unsubscribed = new Set<string>()
  /** When somebody first asked for that, answered or not, or the address bounced: ms from the start. */
  const suppressed = new Map<string, number>()
  /** Outcomes that were answered for. */
  const told = new Set<string>()

  function stored(name: number | string): StoredLetter | undefined {
    const found = running()
    if (found === null || found.guard.isDead) return undefined
    const { letters } = found.server.store
    return looking(found.guard, () => (typeof name === 'number' ? letters.get(name) : letters.byToken(name)))
  }

  function outcome(id: number, type: 'mail.opened' | 'mail.clicked' | 'mail.complained', machine: boolean) {
    const letter = stored(id)
    if (letter === undefined || running()!.isStopping) return
    asked()
    const messageId = `${type}:${id}:${world.elapsed()}`
    const at = world.wall() - random.pick([0, 0, minute])
    running()!
      .server.batch.tell({ type, letter: id, customer: letter.customer, at, messageId, ...(machine ? { machine } : {}) })
      .then(
        () => told.add(messageId),
        () => {},
      )
  }

  const suppress = (address: string) => void suppressed.set(address, Math.min(world.elapsed(), suppressed.get(address) ?? Infinity))

  async function unsubscribe(id: number, recipient: string) {
    const letter = stored(id)
    if (letter === undefined || running()!.isStopping) return
    const { server } = running()!
    const at = world.wall()
    suppress(recipient)
    asked()
    try {
      if (!(await server.links.unsubscribe(unsubscribeToken(server.secret, letter.token), { at, method: 'POST' })))
        blame('R7', `letter ${id}'s own unsubscribe link is called unknown`)
    } catch {
      return
    }
    note(`unsubscribed ${recipient}`)
    unsubscribed.add(recipient)
    told.add(`unsubscribe:${id}`)
  }

  return {
    suppressed,
    told,
    suppress,

    /** A letter was queued: what its reader will do with it, and when. */
    plan(id: number, recipient: string) {
      const what = random.fork(String(id))
      if (what.chance(0.4)) world.later(what.between(0, 3 * day), () => outcome(id, what.pick(['mail.opened', 'mail.clicked']), what.chance(0.3)))
      if (what.chance(recipient.endsWith('@family.test') ? 0.4 : 0.06))
        world.later(what.pick([0, 1, what.between(0, 10 * minute), what.between(0, 2 * day)]), () => void unsubscribe(id, recipient))
      if (what.chance(0.03)) world.later(what.between(0, day), () => outcome(id, 'mail.complained', false))
    },

    /** R4, R7: at the first byte, the file must say `flushing`, and nobody may have asked not to be written to. */
    firstByte({ messageId, to }: Trip) {
      note(`first byte ${messageId}`)
      const letter = stored(/<([^@]*)@/.exec(messageId)?.[1] ?? '')
      if (letter === undefined) return blame('R4', `${messageId} leaves and is in no row`)
      if (running()!.server.store.db.inTransaction || letter.state !== 'flushing') blame('R4', `letter ${letter.id} leaves while its row says ${letter.state}`)
      if (unsubscribed.has(to)) blame('R7', `letter ${letter.id} leaves for ${to}, who has unsubscribed`)
      else if (people.of(letter.customer)?.consent === 'unsubscribed')
        blame('R7', `letter ${letter.id} leaves for customer ${letter.customer}, who has said no`)
    },
  }
}
