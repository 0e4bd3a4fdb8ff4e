/** What the studio's server, the API and the pages say to each other of consent: shapes only. Instants are ms. */

/** `bounce` and `complaint`: nobody may write to the address any more. */
export type ConsentStatus = 'not asked' | 'pending' | 'subscribed' | 'unsubscribed' | 'bounce' | 'complaint'

/** Who changed it: a browser, a browser with a signed token, the shop's server, an import, the link of a letter, … */
export type ConsentBy = 'browser' | 'token' | 'server' | 'import' | 'letter link' | 'bounce' | 'complaint' | 'merge'

export type ConsentChange = {
  at: number
  /** What it was afterwards, of what changed. */
  consent?: string
  suppressed?: string
  topics?: Record<string, boolean>
  by: ConsentBy
  /** What an import said of where it came from, and when that was. */
  source: string | null
  saidAt: number | null
  /** The letter whose link it was, or that came back. */
  letter: { id: number; template: string } | null
}

export type ConsentRecord = {
  userId: string | null
  email: string | null
  status: ConsentStatus
  /** Those that were ever chosen about. */
  topics: Record<string, boolean>
  /** When, and by what, consent or suppression last changed; null when it never did. */
  since: number | null
  source: string | null
}

/** GET customers/:id/consent, and GET /v1/consent: how it stands, and each change, the last first. */
export type ConsentPage = ConsentRecord & { history: ConsentChange[] }

/** GET consent */
export type ConsentSummary = {
  /** Customers with an address, by status. */
  counts: Record<ConsentStatus, number>
  /** Suppressed addresses, of customers or not. */
  suppressed: Record<'unsubscribed' | 'bounce' | 'complaint', number>
  topics: { name: string; title: string; wanted: number; refused: number }[]
  recent: { at: number; who: string; customer: number; words: string; by: ConsentBy }[]
  rules: {
    asks: 'nobody' | 'required' | 'double'
    quietHours: { from: string; to: string; timeZone: string } | null
    caps: { windowMs: number; low: number; medium: number; high: number }
    letters: {
      template: string
      priority: 'low' | 'medium' | 'high'
      topic: string | null
      windowMs: number
      cap: { most: number; withinMs: number } | null
      sendBetween: { from: string; to: string } | null
      asksConsent: boolean
    }[]
  }
}

/** POST consent { text } → what became of an upload; the first refusals by number of row. */
export type ConsentUpload = { taken: number; refused: number; reasons: { row: number; why: string }[] }
