/**
 * Judges that look at the database itself, after every crash and at the end: the ledgers of those outside (senders, mail
 * server) and the judges' own picture of the customers are held against what stands in the file.
 */
import type { Machine } from '../actors/load-machine.ts'
import type { Life, Timer } from '../core/life.ts'
import { lifeToText } from '../core/life.ts'
import { migrate } from '../core/migrate.ts'
import { pastAnswer, retell } from '../core/retell.ts'
import type { Chapter } from '../core/retell.ts'
import type { Decide } from '../core/turn.ts'
import { differs } from '../lab/check.ts'
import { retold } from '../lab/dossier.ts'
import { addressOf } from '../mail/address.ts'
import { judge as askPolicy } from '../policy/policy.ts'
import type { Facts, Rules } from '../policy/policy.ts'
import type { Store } from '../store/store.ts'
import type { Entry as Sent } from './clients.ts'
import type { Blame, People } from './people.ts'

type Of = (version: number) => Machine

/** R11: the file is sound. */
export function judgeFile(store: Store, blame: Blame) {
  const health = store.db.pragma('integrity_check', { simple: true })
  if (health !== 'ok') blame('R11', `integrity_check says ${String(health)}`)
}

type Kept = { seq: number; source: number; kind: number; body: string }

/** R1: what was acked stands in the log, once, as it was told; what was refused does not. */
export function judgeLedger(store: Store, sent: readonly Sent[], isEnd: boolean, blame: Blame) {
  const rows = new Map<string, Kept[]>()
  for (const row of store.db.prepare<[], Kept>('SELECT seq, source, kind, body FROM log WHERE kind <= 2').iterate()) {
    const key = `${row.source}/${(JSON.parse(row.body) as { messageId: string }).messageId}`
    rows.set(key, [...(rows.get(key) ?? []), row])
  }
  const known = new Set<string>()
  for (const entry of sent) {
    known.add(entry.key)
    const found = rows.get(entry.key) ?? []
    if (found.length > 1) blame('R1', `${entry.key} stands in the log ${found.length} times`)
    if (entry.state === 'acked' && found.length === 0) blame('R1', `${entry.key} was acked and is not in the log`)
    if (entry.state === 'acked' && found.length === 1 && !says(found[0]!.body, entry))
      blame('R1', `${entry.key} was acked, and the log says something else under its id`)
    if (isEnd && (entry.state === 'new' || entry.state === 'under way')) blame('R10', `${entry.key} got no answer`)
    if (entry.state === 'refused' && entry.refusal !== 'event.id_reused') blame('R1', `${entry.key} was refused: ${entry.refusal}`)
    if (entry.state === 'refused' && found.length === 1 && says(found[0]!.body, entry)) blame('R1', `${entry.key} was refused, and is what the log says`)
  }
  for (const key of rows.keys()) if (!known.has(key)) blame('R1', `${key} is in the log and nobody sent it`)
}

/** What a body says beside times and context, which may change when it is sent again. */
const gist = ({ type, event, userId, anonymousId, previousId, properties, traits }: Record<string, unknown>) =>
  JSON.stringify([type, type === 'track' ? event : null, userId, anonymousId, previousId, properties, traits])

function says(text: string, { deed }: Sent): boolean {
  const { withheld, ...body } = JSON.parse(text) as Record<string, unknown>
  return gist(withheld === undefined ? body : { ...body, userId: withheld }) === gist(JSON.parse(JSON.stringify(deed.body)) as Record<string, unknown>)
}

/** Whether a life's bit was flipped and nobody has written it since. */
export const isSpoiled = (store: Store, spoiled: ReadonlyMap<number, string>, id: number): boolean =>
  spoiled.has(id) && store.db.prepare<[number], string>('SELECT life FROM customer WHERE id = ?').pluck().get(id) === spoiled.get(id)

/** R2, R12: every stored life is what its log tells, by the machines that took each row. */
export function judgeStored(store: Store, of: Of, spoiled: ReadonlyMap<number, string>, blame: Blame) {
  for (const id of store.customers.ids(0, 10_000)) {
    // Nobody has read it since its bit was flipped.
    if (isSpoiled(store, spoiled, id)) continue
    const fault = differs(store, of, id)
    if (fault !== null) blame('R2', `customer ${id}: ${fault}`)
  }
}

/** R1 for outcomes: what a mail server or reader was answered for stands in the log, once. */
export function judgeOutcomes(store: Store, told: ReadonlySet<string>, blame: Blame) {
  const counts = new Map<string, number>()
  for (const { body } of store.db.prepare<[], { body: string }>('SELECT body FROM log WHERE kind = 4').iterate()) {
    const { messageId } = JSON.parse(body) as { messageId: string }
    counts.set(messageId, (counts.get(messageId) ?? 0) + 1)
  }
  for (const [messageId, n] of counts) if (n > 1) blame('R1', `the outcome ${messageId} stands in the log ${n} times`)
  for (const messageId of told) if (!counts.has(messageId)) blame('R1', `the outcome ${messageId} was answered for and is not in the log`)
  for (const { id, state, nextAt } of store.letters.list({ limit: 100_000 })) {
    if (state === 'sent' && nextAt === null && !counts.has(`sent:${id}`)) blame('R4', `letter ${id} was sent, and its customer's log does not say so`)
  }
}

/** R10: only what is cursed is set aside, and all that is set aside is listed with its reason. */
export function judgeQuarantine(store: Store, blame: Blame) {
  const listed = store.quarantine.latest(100_000)
  for (const { seq, reason } of listed) if (!/cursed|bomb/.test(reason)) blame('R10', `row ${seq} was set aside: ${reason}`)
  const seqs = new Set(listed.map(({ seq }) => seq))
  for (const { seq } of store.db.prepare<[], { seq: number }>('SELECT seq FROM log WHERE inert = 2').iterate())
    if (!seqs.has(seq)) blame('R10', `row ${seq} was set aside and is in no list`)
}

/** R2: a life in memory is what the log tells; a restart must not change it. */
export function judgeLife(store: Store, of: Of, one: { id: number; head: number; machine: number; life: Life }, blame: Blame) {
  const chapter = retold(
    store.log.life(one.head),
    store.decisions.of(one.id).filter(({ at }) => at <= one.life.at),
    of,
  )
  if (chapter === null || chapter.machine !== one.machine) return
  const { stepper } = of(one.machine)
  const told = lifeToText(stepper, chapter.life)
  const kept = lifeToText(stepper, one.life)
  if (told !== kept) blame('R2', `customer ${one.id} after the restart\n  kept ${kept}\n  told ${told}`)
}

/** R2, R6: the policy, asked again with the facts on record, decides as it did. Lives that were joined are left out. */
export function judgePolicy(store: Store, of: Of, config: Pick<Rules, 'consentRequired' | 'holdout'>, blame: Blame): number {
  let asked = 0
  for (const customer of store.customers.ids(0, 10_000)) {
    const rows = store.log.life(store.customers.get(customer)!.head)
    if (rows.some(({ kind }) => kind === 5)) continue
    const record = new Map(store.decisions.of(customer).map((decision) => [decision.key, decision]))
    let chapter: Chapter | null = null
    let lastOrderAt: number | null = null
    for (const row of rows) {
      const { letters, caps, quietHours } = of(row.machine)
      const decide: Decide = (ask, life, at) => {
        const before = pastAnswer(life, ask)
        if (before !== null) return before
        const key = `${customer}/${letters[ask.template]!.journey}/${ask.run}/${ask.template}`
        const decision = record.get(key)
        // What stood outside is on record for the instant of the decision; before, while it waited for the morning, nothing did.
        const outside = decision?.at !== at ? {} : ((JSON.parse(decision!.numbers) as { outside?: Facts['outside'] }).outside ?? {})
        const facts: Facts = { at, customer, profile: life.profile, dormant: life.snapshot.states.tags.has('dormant'), lastOrderAt, past: life.past, outside }
        const verdict = askPolicy(ask, facts, { letters, caps, quietHours, ...config })
        if ('wait' in verdict) return verdict
        asked++
        const expected = verdict.send ? 'queued' : verdict.reason
        const found = decision === undefined ? 'nothing' : (decision.reason ?? decision.decision)
        if (found !== expected || decision!.at !== at) blame('R2', `${key}: the record says ${found} at ${decision?.at}, the policy ${expected} at ${at}`)
        return verdict.send ? 'queued' : 'skipped'
      }
      chapter = retell(chapter, row, { ...telling(of), decide })
      if (row.kind <= 2 && row.inert === 0 && isOrder(row.body)) lastOrderAt = row.at
    }
  }
  return asked
}

const telling = (of: Of) => ({
  stepper: (version: number) => of(version).stepper,
  addressOf,
  waits: () => null,
  isDouble: (version: number) => of(version).isDouble,
})

const isOrder = (body: string) => /^order[ _.:-]completed$/i.test(String((JSON.parse(body) as { event?: string }).event))

/** R8: every row of the log belongs to exactly one living customer; consent came through every merge; ids lead to one person. */
export function judgePeople(store: Store, people: People, blame: Blame) {
  const owner = new Map<number, number>()
  for (const id of store.customers.ids(0, 10_000)) {
    const stored = store.customers.get(id)!
    for (const { seq } of store.log.life(stored.head)) {
      if (owner.has(seq)) blame('R8', `row ${seq} belongs to customers ${owner.get(seq)} and ${id}`)
      owner.set(seq, id)
    }
    const person = people.of(id)
    const profile = (JSON.parse(stored.life) as unknown[])[5] as { consent?: string; suppressed?: string; topics?: Record<string, boolean> }
    if (person === undefined) blame('R1', `customer ${id} is in the database and no transaction wrote it`)
    else if ((person.consent !== profile.consent && !person.isJoined) || (person.suppressed === undefined) !== (profile.suppressed === undefined))
      blame(
        'R8',
        `customer ${id} should be ${person.consent ?? 'silent'} (${person.suppressed ?? 'reachable'}) on letters, and is ${profile.consent ?? 'silent'} (${profile.suppressed ?? 'reachable'})`,
      )
    for (const [name, wants] of Object.entries(person?.topics ?? {}))
      if (!wants && profile.topics?.[name] !== false) blame('R8', `customer ${id} said no to ${name}, and is ${String(profile.topics?.[name])} on it`)
    const users = store.customers
      .keysOf(id)
      .filter((key) => key.startsWith('u:'))
      .map((key) => key.slice(2))
    for (const user of users) if (!people.isLinked(users[0]!, user)) blame('R8', `${users[0]} and ${user} are two people, and both lead to customer ${id}`)
  }
  for (const { seq } of store.log.after(0, 1_000_000)) if (!owner.has(seq)) blame('R8', `row ${seq} belongs to nobody`)
}

/** R5, R10: nothing that was due is left over, in whatever machine the customer would be loaded. */
export function judgeTimers(store: Store, of: Of, running: number, people: People, now: number, blame: Blame) {
  for (const id of store.customers.ids(0, 10_000)) {
    const stored = store.customers.get(id)!
    const own = (JSON.parse(stored.life) as unknown[])[2] as Timer[]
    // What a new machine waits for besides is armed when the customer is next loaded.
    const carried = (timer: Timer) => own.some(([event, due]) => event === timer[0] && due === timer[1])
    const timers = stored.machine === running ? own : migrate(stored.life, of(running).stepper).timers.filter(carried)
    for (const [event, due] of timers) if (due <= now) blame('R10', `${event} of customer ${id} was due at ${due}, and it is ${now}`)
    const known = people.of(id)?.timers ?? null
    if (known !== null && stored.machine === running && JSON.stringify(known) !== JSON.stringify(timers))
      blame('R5', `customer ${id} has timers ${JSON.stringify(timers)}, and should have ${JSON.stringify(known)}`)
  }
}
