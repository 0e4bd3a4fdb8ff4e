/**
 * What the preference links in letters do.
 * 1. Looking changes nothing. What changes anything is a POST with the mark that only the page's own form has.
 * 2. A no is on disk as a suppression before anything else is told (R7). A yes lifts it only after its own commit, only
 *    where no later no has come, and never one that a complaint or a bounce made.
 * 3. A yes counts for the address that the letter went to, and for no other.
 */
import { createHash } from 'node:crypto'
import type { Intake, Outcome } from '../actors/intake.ts'
import type { Choice, Hit, Kept, Preferences, Wished } from '../gateway/links.ts'
import { refusesTopic } from '../profile/consent.ts'
import type { Profile } from '../profile/profile.ts'
import type { Letters, StoredLetter } from '../store/letters.ts'
import type { Suppressions } from '../store/suppressions.ts'
import { hintOf, isSame, letterOf, preferenceTokens, readToken } from './links.ts'

export type PreferencesOptions = {
  secret: string
  letters: Letters
  suppressions: Suppressions
  intake: Pick<Intake, 'tell'>
  hash: (address: string) => string
  /** A customer as memory has them. */
  profileOf: (customer: number) => Profile | undefined
  /** What may be chosen: topic → language → its words. */
  topics: Readonly<Record<string, Readonly<Record<string, { title: string; words: string }>>>>
}

export function createPreferences(options: PreferencesOptions): Preferences {
  const { secret, letters, suppressions, intake, hash, profileOf, topics } = options

  const letterBy = (token: string) => letterOf(letters, readToken(secret, 'preferences', token))
  const isMarked = (letter: StoredLetter, mark: string) => isSame(preferenceTokens(secret, letter.token).mark, mark)

  /** The profile, where the letter's address is still its own. */
  function ownerOf({ customer, recipient }: StoredLetter): Profile | null {
    const profile = profileOf(customer)
    return profile?.email?.toLowerCase() === recipient ? profile : null
  }

  function wishedIn(letter: StoredLetter): Wished {
    const owner = ownerOf(letter)
    const signed = preferenceTokens(secret, letter.token)
    const suppressed = suppressions.has(hash(letter.recipient))
    const locale = localeOf(letters.frozen(letter.id)?.data)
    return {
      recipientHint: hintOf(letter.recipient),
      locale,
      consent: suppressed === 'unsubscribed' ? 'unsubscribed' : (owner?.consent ?? 'not asked'),
      isBlocked: owner?.suppressed !== undefined || suppressed === 'bounce' || suppressed === 'complaint',
      topics: Object.entries(topics).map(([name, words]) => ({ name, ...inLanguage(words, locale, name), isWanted: !refusesTopic(owner ?? {}, name) })),
      token: signed.preferences,
      mark: signed.mark,
    }
  }

  const outcomeOf = (type: Outcome['type'], { id, customer, recipient }: StoredLetter, at: number, messageId: string): Outcome => ({
    type,
    letter: id,
    customer,
    at,
    messageId,
    recipient,
  })

  async function choose(letter: StoredLetter, { consent, topics: chosen }: Choice, at: number) {
    const before = wishedIn(letter)
    const changed = before.topics.filter(({ name, isWanted }) => chosen.has(name) !== isWanted).map(({ name, isWanted }) => [name, !isWanted] as const)
    const isNew = consent !== undefined && consent !== before.consent
    if (!isNew && changed.length === 0) return
    const said = { ...(isNew ? { consent } : {}), ...(changed.length === 0 ? {} : { topics: Object.fromEntries(changed) }) }
    const mark = createHash('sha256').update(JSON.stringify(said)).digest('base64url').slice(0, 8)
    if (said.consent === 'unsubscribed') suppressions.add(hash(letter.recipient), 'unsubscribed', at)
    await intake.tell({ ...outcomeOf('mail.preferences', letter, at, `preferences:${letter.id}:${at}:${mark}`), ...said })
    if (said.consent === 'subscribed' && ownerOf(letter)?.consent === 'subscribed') suppressions.lift(hash(letter.recipient), at)
  }

  const marked = async (token: string, mark: string, act: (letter: StoredLetter) => Promise<void>): Promise<Kept> => {
    const letter = letterBy(token)
    if (letter === null) return 'unknown'
    if (!isMarked(letter, mark)) return 'unmarked'
    await act(letter)
    return 'kept'
  }

  return {
    look(token) {
      const letter = letterBy(token)
      return letter === null ? null : wishedIn(letter)
    },
    choose: (token, mark, choice, hit: Hit) => marked(token, mark, (letter) => choose(letter, choice, hit.at)),
    confirm: (token, mark, hit: Hit) => marked(token, mark, (letter) => intake.tell(outcomeOf('mail.confirmed', letter, hit.at, `confirm:${letter.id}`))),
  }
}

function inLanguage(words: Readonly<Record<string, { title: string; words: string }>>, locale: string, name: string) {
  return words[locale.split('-')[0]!.toLowerCase()] ?? words['en'] ?? Object.values(words)[0] ?? { title: name, words: '' }
}

function localeOf(data: string | undefined): string {
  const { locale } = JSON.parse(data ?? '{}') as { locale?: unknown }
  return typeof locale === 'string' ? locale : 'en'
}
