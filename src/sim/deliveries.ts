/** Judges of letters: what stands in the outbox against what the mail server saw (R2, R3, R4, R10). */
import type { Mailbox } from '../mail/address.ts'
import { composeMime } from '../mail/compose.ts'
import { render } from '../mail/render.ts'
import type { Templates } from '../mail/templates.ts'
import type { LetterData } from '../mail/view.ts'
import type { Store } from '../store/store.ts'
import type { Blame } from './people.ts'
import { digest } from './post.ts'
import type { Trip } from './post.ts'

/** R2, R3: a letter's frozen data still gives its frozen bytes, and every queued decision has its letter. */
export function judgeLetters(store: Store, templates: Templates, from: Mailbox, blame: Blame) {
  const letters = new Map(store.letters.list({ limit: 100_000 }).map((letter) => [letter.id, letter]))
  for (const decision of store.decisions.all()) {
    if (letters.has(decision.id) !== (decision.decision === 'queued'))
      blame('R4', `${decision.key} is ${decision.decision}, and its letter is ${letters.has(decision.id) ? 'there' : 'not there'}`)
  }
  for (const letter of letters.values()) {
    const { data, mime } = store.letters.frozen(letter.id)!
    const frozen = JSON.parse(data) as LetterData
    const again = render(templates, letter.template, frozen)
    if ('missing' in again) {
      blame('R2', `letter ${letter.id} does not render from its own data: ${again.missing}`)
      continue
    }
    const bytes = composeMime({
      from,
      to: { address: frozen.customer.email },
      subject: again.subject,
      html: again.html,
      text: again.text,
      messageId: letter.messageId,
      date: letter.at,
      unsubscribeUrl: frozen.links.unsubscribe,
    })
    if (digest(bytes) !== digest(mime)) blame('R2', `letter ${letter.id} renders to other bytes from its own data`)
  }
}

/** R3, R4: states against the mail server's own ledger. `now`: nothing due before it may be left over. */
export function judgeDeliveries(store: Store, trips: readonly Trip[], queued: ReadonlyMap<string, string>, now: number, blame: Blame) {
  const byId = Map.groupBy(trips, ({ messageId }) => messageId)
  for (const messageId of byId.keys()) if (!queued.has(messageId)) blame('R4', `the mail server saw ${messageId}, which was never queued`)
  for (const letter of store.letters.list({ limit: 100_000 })) {
    const theirs = byId.get(letter.messageId) ?? []
    if (theirs.some(({ mime }) => mime !== queued.get(letter.messageId))) blame('R3', `letter ${letter.id} left with other bytes than it was queued with`)
    const arrived = theirs.filter(({ arrived }) => arrived).length
    const doubtful = theirs.filter(({ left, lost, receipt }) => left && (lost || receipt === 'none' || receipt === 'unknown'))
    const allowed = resends.has(letter.template) ? 1 + Math.min(1, doubtful.length) : 1
    if (arrived > allowed) blame('R4', `letter ${letter.id} (${letter.template}) arrived ${arrived} times, and ${allowed} are allowed`)
    const first = doubtful[0]
    if (first !== undefined && !resends.has(letter.template) && theirs.slice(theirs.indexOf(first) + 1).some(({ left }) => left))
      blame('R4', `letter ${letter.id} (${letter.template}) left again after nobody knew what became of it`)
    if (letter.state === 'sent' && arrived === 0) blame('R4', `letter ${letter.id} is called sent, and never arrived`)
    if (letter.state === 'failed' && arrived > 0 && doubtful.length === 0) blame('R4', `letter ${letter.id} is called failed, and arrived`)
    const isWaiting = (letter.state === 'queued' || letter.state === 'deferred') && letter.nextAt !== null && letter.nextAt > now
    if (!isWaiting && !['sent', 'failed', 'unknown'].includes(letter.state))
      blame('R10', `letter ${letter.id} is still ${letter.state}, due ${letter.nextAt}, and it is ${now}`)
  }
}

/** After a death: what the file calls flushing, the process knows nothing of. */
export function markLost(store: Store, trips: readonly Trip[]) {
  for (const { messageId } of store.letters.list({ state: 'flushing', limit: 1_000 })) {
    const last = trips.findLast((trip) => trip.messageId === messageId && trip.left)
    if (last !== undefined) last.lost = true
  }
}

const resends = new Set(['order-thanks', 'confirm-subscription'])
