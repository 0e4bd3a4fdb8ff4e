/** What the links in a letter lead to. The gateway speaks HTTP; whoever implements this knows the letters. */

export type Hit = { at: number; ip?: string | undefined; userAgent?: string | undefined; method: string }

export interface Links {
  /** A picture was fetched. Never called for HEAD. */
  open(token: string, hit: Hit): void
  /** The stored destination, or null for a token that is not ours. A hit by HEAD counts for nothing. */
  click(token: string, hit: Hit): string | null
  /** Whom an unsubscribe link is about, in a form that shows no full address; null for a token that is not ours. */
  look(token: string): { recipientHint: string } | null
  /** Unsubscribes, once and again with the same answer; resolves after the commit. False: the token is not ours. */
  unsubscribe(token: string, hit: Hit): Promise<boolean>
}
