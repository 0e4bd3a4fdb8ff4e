/** What the studio's section about bounces and complaints shows. Shapes only. */

export type BounceKind = 'hard' | 'soft' | 'complaint'

/** What came back of a letter. */
export type BounceRow = {
  id: number
  letter: number
  customer: number
  template: string
  /** The address, as far as is needed to know it by. */
  hint: string
  at: number
  kind: BounceKind
  reason: string
  /** What the reason means, in a sentence. */
  meaning: string
  status: string | null
  /** What the other side said. */
  words: string
  mta: string | null
  source: string
}

/** Of one letter, on its own page. */
export type CameBack = Pick<BounceRow, 'at' | 'kind' | 'meaning' | 'status' | 'words' | 'mta' | 'source'>

export type BounceReport = {
  /** Since when, ms. */
  since: number
  days: { at: number; hard: number; soft: number; complaint: number }[]
  reasons: { kind: BounceKind; reason: string; meaning: string; n: number }[]
  latest: BounceRow[]
  /** Addresses that are not written to, by why. */
  suppressed: { reason: string; n: number }[]
}

/** How a way back is set up, and what was heard by it. */
export type BounceSource = {
  /** `smtp`, or a provider. */
  name: 'smtp' | 'ses' | 'sendgrid' | 'mailgun' | 'postmark' | 'resend'
  isOn: boolean
  /** When it last said something, ms. */
  lastHeard: number | null
  /** What it said, and how often. */
  said: { what: string; n: number }[]
}

export type BounceSetup = {
  /** Null: letters go out under the shop's own address. */
  smtp: { domain: string; host: string; port: number; feedback: string; sample: string; refused: number; isLocal: boolean } | null
  /** To which a provider's name is added. */
  webhookUrl: string
  /** Providers reach no address of this machine's own. */
  isReachable: boolean
  sources: BounceSource[]
}
