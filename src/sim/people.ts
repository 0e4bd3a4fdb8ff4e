/**
 * The judges' own picture of every customer, worked out from the tape alone: who is whom, what they said about letters, what
 * they were sent, and a model of their timers. Shares no code with the engine's lives, heap, policy or merge.
 */
import type { Timer } from '../core/life.ts'
import type { DecisionRow } from '../store/decisions.ts'
import type { Row } from '../store/log.ts'
import type { Entry, Turned } from './tape.ts'

export type Blame = (invariant: string, what: string) => void

const hour = 3_600_000
const day = 24 * hour

/** The contract's numbers, written down a second time. */
const capOf: Record<string, number> = { high: 3, medium: 2, low: 1 }
const windowOf: Record<string, number> = { 'win-back': 30 * day }

type Sent = { id: number; template: string; at: number; recipient: string }

export type Person = {
  ids: number[]
  consent: string | undefined
  topics: Record<string, boolean>
  /** Told together with another's: whose address a mailed link was for is not worked out again. */
  isJoined: boolean
  email: string
  suppressed: string | undefined
  users: Set<string>
  vouched: boolean
  sent: Sent[]
  /** As the model has them; null after a merge or a change of machines, which set them anew. */
  timers: readonly Timer[] | null
  at: number
  rows: number
}

export type People = ReturnType<typeof createPeople>

/** `isCareful`: the shop asks twice for consent, and holds one letter to a cap of its own. */
export function createPeople(blame: Blame, isCareful: boolean) {
  const byId = new Map<number, Person>()
  const keys = new Set<string>()
  const claimedTo = new Map<string, Sent[]>()
  const aliases = new Map<string, Set<string>>()
  let sweep = { number: 0, due: -Infinity }
  let pendingLetter: DecisionRow | null = null

  function of(customer: number): Person {
    let person = byId.get(customer)
    if (person === undefined)
      byId.set(
        customer,
        (person = {
          ids: [customer],
          consent: undefined,
          topics: {},
          isJoined: false,
          email: '',
          suppressed: undefined,
          users: new Set(),
          vouched: false,
          sent: [],
          timers: null,
          at: -Infinity,
          rows: 0,
        }),
      )
    return person
  }

  function hear(entry: Entry) {
    switch (entry.what) {
      case 'row':
        return hearRow(entry.row)
      case 'turn':
        return hearTurn(entry.turn, entry.wall)
      case 'decision':
        return hearDecision(entry.decision)
      case 'letter': {
        const { id, template, at, recipient } = entry.letter
        if (pendingLetter?.id !== id) blame('R3', `letter ${id} belongs to no decision of its turn`)
        return countClaimed(of(entry.letter.customer), { id, template, at, recipient })
      }
    }
  }

  function hearRow(row: Row) {
    const person = of(row.customer)
    person.rows++
    if (row.at < person.at) blame('R5', `customer ${row.customer}'s time ran back from ${person.at} to ${row.at} (row ${row.seq})`)
    person.at = row.at
    if (row.kind === 5) return merge(person, row)
    if (row.kind === 3 && row.inert === 2 && person.timers !== null) person.timers = without(person.timers, row.body, row.at)
    if (row.inert !== 0 && row.kind > 2) return
    if (row.kind <= 2) hearMessage(person, row)
    else if (row.kind === 4) hearOutcome(person, row)
  }

  function hearMessage(person: Person, row: Row) {
    const body = JSON.parse(row.body) as {
      type: string
      userId?: string
      previousId?: string
      traits?: Record<string, unknown>
      properties?: Record<string, unknown>
    }
    if (body.type === 'alias' && body.userId !== undefined) link(body.userId, body.previousId!)
    if (body.userId !== undefined) {
      for (const user of person.users)
        if (user !== body.userId && !isLinked(user, body.userId))
          blame('R8', `${body.userId} acts as customer ${row.customer}, who is ${user} (row ${row.seq})`)
      person.users.add(body.userId)
    }
    if (row.inert !== 0) return
    const told = body.type === 'identify' ? body.traits : body.properties
    const { consent } = (body.type === 'identify' ? (body.traits ?? {}) : {}) as { consent?: unknown }
    if (consent === 'unsubscribed') person.consent = consent
    else if (consent === 'subscribed' && (row.kind === 2 || person.consent === undefined)) person.consent = row.kind !== 2 && isCareful ? 'pending' : consent
    if (typeof told?.['email'] !== 'string' || !/^[\w.-]+@[\w.-]+$/.test(told['email'])) return
    if (row.kind > 0 || !person.vouched) person.email = told['email']
    if (row.kind > 0) person.vouched = true
  }

  function hearOutcome(person: Person, row: Row) {
    const { type, recipient, consent, topics } = JSON.parse(row.body) as {
      type: string
      recipient?: string
      consent?: string
      topics?: Record<string, boolean>
    }
    const isOwner = recipient !== undefined && recipient === person.email
    if (type === 'mail.unsubscribed') person.consent = 'unsubscribed'
    if (type === 'mail.bounced') person.suppressed = 'bounce'
    if (type === 'mail.complained') person.suppressed = 'complaint'
    if (consent === 'unsubscribed') person.consent = consent
    if (isOwner && (consent === 'subscribed' || (type === 'mail.confirmed' && person.consent === 'pending'))) {
      person.consent = 'subscribed'
      person.vouched = true
    }
    for (const [name, wants] of Object.entries(topics ?? {})) if (!wants || isOwner) person.topics[name] = wants
  }

  function merge(older: Person, row: Row) {
    const { otherId } = JSON.parse(row.body) as { otherId: number }
    const younger = of(otherId)
    if (older === younger) return blame('R8', `customer ${row.customer} is joined to itself (row ${row.seq})`)
    for (const a of older.users)
      for (const b of younger.users) if (!isLinked(a, b)) blame('R8', `${a} and ${b} are two people, and were joined (row ${row.seq})`)
    for (const consent of ['subscribed', 'pending', 'unsubscribed']) if ([older.consent, younger.consent].includes(consent)) older.consent = consent
    for (const [name, wants] of Object.entries(younger.topics)) older.topics[name] = wants && older.topics[name] !== false
    older.isJoined = true
    older.suppressed ??= younger.suppressed
    older.vouched ||= younger.vouched
    for (const user of younger.users) older.users.add(user)
    older.sent = [...older.sent, ...younger.sent]
    older.ids.push(...younger.ids)
    older.rows += younger.rows
    older.timers = null
    for (const id of younger.ids) byId.set(id, older)
  }

  function link(a: string, b: string) {
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const)
      aliases.set(one, (aliases.get(one) ?? new Set()).add(other))
  }

  /** Whether somebody said, perhaps over several steps, that these are one person's ids. */
  function isLinked(a: string, b: string): boolean {
    const seen = new Set([a])
    for (const name of seen) for (const next of aliases.get(name) ?? []) seen.add(next)
    return seen.has(b)
  }

  // ---- timers (R5)

  function hearTurn({ customer, kind, body, at, before, after, sweep: number }: Turned, wall: number) {
    const person = of(customer)
    const known = person.timers
    if (known !== null && text(known) !== text(before)) blame('R5', `customer ${customer} has timers ${text(before)}, and should have ${text(known)}`)
    if (kind === 3) {
      if (!before.some(([event, due]) => event === body && due === at)) blame('R5', `${body} of customer ${customer} fires at ${at} and is not armed`)
      if (at > wall && at > person.at) blame('R5', `${body} of customer ${customer}, due ${at}, fires ${at - wall} ms early`)
      if (after.some(([event, due]) => event === body && due === at)) blame('R5', `${body} of customer ${customer}, due ${at}, stays armed after it fired`)
      // What a new machine waits for besides is known only once its customer is loaded.
      if (known !== null) inOrder(number, at, customer)
    }
    person.timers = after
  }

  function inOrder(number: number, due: number, customer: number) {
    if (number === 0) return
    if (number !== sweep.number) sweep = { number, due }
    if (due < sweep.due) blame('R5', `customer ${customer}'s timer of ${due} fires after one of ${sweep.due} in the same sweep`)
    sweep.due = due
  }

  // ---- caps and windows (R3, R6)

  function hearDecision(decision: DecisionRow) {
    const { id, customer, key, template, at, priority } = decision
    pendingLetter = decision
    if (keys.has(key)) blame('R3', `${key} is decided twice`)
    keys.add(key)
    if (decision.decision !== 'queued') return
    const person = of(customer)
    if (template === 'confirm-subscription' ? person.consent !== 'pending' : person.consent === 'pending' && !person.isJoined)
      blame('R7', `${key} at ${at} is for somebody who is ${person.consent ?? 'silent'} on letters`)
    const lately = person.sent.filter((letter) => letter.template === template && at - letter.at < 3 * day)
    if (isCareful && template === 'cart-abandoned' && lately.length >= 2) blame('R6', `${key} at ${at} is the third ${template} in three days`)
    const recent = person.sent.filter((letter) => at - letter.at < day)
    const most = person.vouched ? capOf[priority]! : 1
    if (recent.length >= most) blame('R6', `${key} at ${at} is letter ${recent.length + 1} in 24 h, and ${most} are allowed`)
    const within = windowOf[template] ?? day
    const same = person.sent.find((letter) => letter.template === template && at - letter.at < within)
    if (same !== undefined) blame('R6', `${key} at ${at} comes ${at - same.at} ms after another ${template}`)
    person.sent.push({ id, template, at, recipient: '' })
  }

  /** One letter a day to an address that was only typed, over all who typed it. */
  function countClaimed(person: Person, letter: Sent) {
    const others = claimedTo.get(letter.recipient) ?? []
    if (!person.vouched) {
      const near = others.find((other) => letter.at - other.at < day)
      if (near !== undefined) blame('R6', `${letter.recipient}, only claimed, is written to twice in ${letter.at - near.at} ms`)
    }
    claimedTo.set(letter.recipient, [...others, letter])
  }

  return {
    hear,
    of: (customer: number) => byId.get(customer),
    all: () => new Set(byId.values()),
    isLinked,
    /** Another version of the machines runs from now on: it may set timers anew. */
    newMachines() {
      for (const person of byId.values()) person.timers = null
    },
  }
}

const text = (timers: readonly Timer[]) => JSON.stringify(timers)

const without = (timers: readonly Timer[], event: string, due: number) => timers.filter((timer) => timer[0] !== event || timer[1] !== due)
