/** What the links in a letter lead to. The gateway speaks HTTP; whoever implements this knows the letters. */

export type Hit = { at: number; ip?: string | undefined; userAgent?: string | undefined; method: string }

export interface Links {
  /** A picture was fetched. Never called for HEAD. */
  open(token: string, hit: Hit): void
  /** The stored destination, or null for a token that is not ours. A hit by HEAD counts for nothing. */
  click(token: string, hit: Hit): string | null
  /** Whom an unsubscribe link is about, in a form that shows no full address, and the token of their preference page; null for a token that is not ours. */
  look(token: string): { recipientHint: string; preferences: string } | null
  /** Unsubscribes, once and again with the same answer; resolves after the commit. False: the token is not ours. */
  unsubscribe(token: string, hit: Hit): Promise<boolean>
}

/** How somebody stands to the letters that go to an address. */
export type Wished = {
  /** Enough of the address for its owner to know it by. */
  recipientHint: string
  /** BCP 47, of the letter that led here. */
  locale: string
  consent: 'not asked' | 'pending' | 'subscribed' | 'unsubscribed'
  /** The address was reported or came back: nothing that is chosen here brings letters back. */
  isBlocked: boolean
  topics: { name: string; title: string; words: string; isWanted: boolean }[]
  /** Of the page, as in its address. */
  token: string
  /** What the page's own form sends along; a blind POST does not know it. */
  mark: string
}

/** `consent` not given: they left that as it is. Topics not named are not wanted. */
export type Choice = { consent?: 'subscribed' | 'unsubscribed'; topics: ReadonlySet<string> }

/** `unmarked`: the mark is not the page's. `unknown`: the token is not ours. */
export type Kept = 'kept' | 'unmarked' | 'unknown'

/** What the preference links in a letter lead to. */
export interface Preferences {
  /** Changes nothing; null for a token that is not ours. */
  look(token: string): Wished | null
  /** Keeps a choice; resolves after the commit. The same choice again changes nothing. */
  choose(token: string, mark: string, choice: Choice, hit: Hit): Promise<Kept>
  /** Confirms that the letter's reader asked for letters. Again, or after a no, it changes nothing. */
  confirm(token: string, mark: string, hit: Hit): Promise<Kept>
}
