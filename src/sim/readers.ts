/** Those who get letters: they open, click, complain and unsubscribe when they like, and what they were answered is remembered. */
import { preferenceTokens, unsubscribeToken } from '../mail/links.ts'
import type { StoredLetter } from '../store/letters.ts'
import { looking } from './disk.ts'
import type { Guard } from './disk.ts'
import type { Blame, People } from './people.ts'
import type { Trip } from './post.ts'
import { topics } from './server.ts'
import type { Server } from './server.ts'
import type { Till } from './till.ts'
import type { Random, World } from './world.ts'

/** What the shipped rules say a letter is about, written down a second time. */
const topicOf: Record<string, string> = {
  'cart-abandoned': 'reminders',
  'cart-discount': 'offers',
  'browse-reminder': 'reminders',
  'order-thanks': 'orders',
  'win-back': 'offers',
}

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
  till: Till
  /** Whether they meet pages of choices, which the oracle of the journeys knows nothing of. */
  isCareful: boolean
}

export type Readers = ReturnType<typeof createReaders>

export function createReaders({ world, people, blame, note, server: running, asked, till, isCareful }: Options) {
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

  /** Presses the button of a letter that asks, or chooses on the page that every letter leads to. */
  async function wish(id: number, recipient: string, what: Random) {
    const letter = stored(id)
    if (letter === undefined || running()!.isStopping) return
    const { server } = running()!
    const { preferences: token, mark } = preferenceTokens(server.secret, letter.token)
    const hit = { at: world.wall(), method: 'POST' }
    asked()
    try {
      if (letter.template === 'confirm-subscription') return void (await server.preferences.confirm(token, mark, hit))
      const consent = what.pick([undefined, undefined, 'unsubscribed', 'subscribed'] as const)
      if (consent === 'unsubscribed') suppress(recipient)
      if (consent === 'subscribed') unsubscribed.delete(recipient)
      const chosen = { topics: new Set(topics.filter(() => what.chance(0.6))), ...(consent === undefined ? {} : { consent }) }
      if ((await server.preferences.choose(token, mark, chosen, hit)) !== 'kept') blame('R7', `letter ${id}'s own page of choices is called unknown`)
      if (consent === 'unsubscribed') unsubscribed.add(recipient)
      note(`chose ${recipient} ${consent ?? ''} ${[...chosen.topics].join(' ')}`)
    } catch {
      // The process died with it.
    }
  }

  return {
    suppressed,
    told,
    suppress,

    /** A letter was queued: what its reader will do with it, and when. */
    plan(id: number, template: string, recipient: string) {
      const what = random.fork(String(id))
      if (template === 'cart-discount') till.plan(id)
      if (isCareful)
        for (let n = 0; n < 2 && what.chance(template === 'confirm-subscription' ? 0.8 : 0.3); n++)
          world.later(what.pick([0, what.between(0, 10 * minute), what.between(0, 3 * day)]), () => void wish(id, recipient, what))
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
      till.leaving(letter, running()!.server.store)
      const topic = topicOf[letter.template]
      if (topic !== undefined && people.of(letter.customer)?.topics[topic] === false)
        blame('R7', `letter ${letter.id} is about ${topic}, which its customer wants no letters of`)
      if (unsubscribed.has(to)) blame('R7', `letter ${letter.id} leaves for ${to}, who has unsubscribed`)
      else if (people.of(letter.customer)?.consent === 'unsubscribed')
        blame('R7', `letter ${letter.id} leaves for customer ${letter.customer}, who has said no`)
    },
  }
}
